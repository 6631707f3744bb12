"""How do messages from an MQTT broker become readings in the city without one being lost?

A message is acknowledged only when the city has taken its readings. A broker sends no more than its window of
unacknowledged messages (MQTT 3.1.1, 4.6), so a slow city slows the broker and no queue grows here.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

import aiomqtt

from machinami.foundation.errors import MachinamiError, Overloaded, SettingsError, StoreUnavailable
from machinami.foundation.settings import MqttSettings
from machinami.ingest.mqtt.mapping import TopicRule
from machinami.ingest.mqtt.parse import Message, UnreadableMessage, parse
from machinami.model.reading import Reading
from machinami.wire.mqtt import PORTS, Client, ClosingSocket, present

Deliver = Callable[[Sequence[Reading]], Awaitable[None]]
Clock = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]

QUEUE = 2_000
BATCH = 500
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
_PASSING = (StoreUnavailable, Overloaded, OSError, TimeoutError)
_KEPT_BYTES = 500

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is and how to get in; ``tls`` is None on a connection in the clear."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: ssl.SSLContext | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that could not be used: for the operator to look at."""

    topic: str
    payload: bytes
    reason: str
    arrived: datetime


@dataclass(slots=True)
class Account:
    """What an operator wants to know about one broker: counts since the start, and what went wrong last."""

    connected: bool = False
    connections: int = 0
    received: int = 0
    readings: int = 0
    refused: int = 0
    last_refused: Refusal | None = None
    last_error: str | None = None


def address(settings: MqttSettings) -> Address:
    """Return the broker's address from its URL; words in the URL yield to those in the settings.

    Raises SettingsError where the URL is no mqtt:// or mqtts:// URL or the certificate file cannot be used.
    """
    url = urlsplit(settings.url)
    try:
        port = url.port
    except ValueError:
        port = 0
    if url.scheme not in PORTS or not url.hostname or port == 0:
        raise SettingsError(
            f"{_without_password(settings.url)!r} is no address of an MQTT broker; "
            "write mqtt://host:1883 or mqtts://host:8883",
            key="url",
        )
    tls = None
    if url.scheme == "mqtts":
        try:
            tls = ssl.create_default_context(cafile=settings.ca_file)
        except OSError as fault:
            raise SettingsError(
                f"The certificate file {settings.ca_file} cannot be used: {fault}", key="ca_file"
            ) from fault
        if settings.certificate is not None:
            present(tls, settings.certificate, settings.key)
        tls.sslsocket_class = ClosingSocket
    elif settings.ca_file is not None or settings.certificate is not None:
        raise SettingsError("A certificate file needs an mqtts:// URL", key="ca_file")
    user = settings.user or (unquote(url.username) if url.username else None)
    password = settings.password or (unquote(url.password) if url.password else None)
    return Address(url.hostname, port or PORTS[url.scheme], user, password, tls)


def _without_password(url: str) -> str:
    front, at, back = url.rpartition("@")
    return f"{front.split('//')[0]}//…@{back}" if at else url


class Subscription:
    """Listens to one broker until cancelled; outlives its restarts, bad messages and a busy city."""

    def __init__(
        self,
        settings: MqttSettings,
        rules: tuple[TopicRule, ...],
        deliver: Deliver,
        clock: Clock,
        sleep: Sleep,
        queue: int = QUEUE,
    ) -> None:
        self.account = Account()
        self.ready = asyncio.Event()
        self._address = address(settings)
        self._client_id = settings.client_id
        self._queue = queue
        self._rules = rules
        self._deliver = deliver
        self._clock = clock
        self._sleep = sleep

    async def run(self) -> None:
        """Connect, listen, and connect again after ever longer waits, until cancelled."""
        wait = FIRST_WAIT
        while True:
            before = self.account.connections
            try:
                await self._listen()
            except (aiomqtt.MqttError, OSError) as fault:
                self.account.last_error = f"{type(fault).__name__}: {fault}"
                log.warning("MQTT broker %s:%d: %s", self._address.host, self._address.port, fault)
            finally:
                self.account.connected = False
                self.ready.clear()
            wait = FIRST_WAIT if self.account.connections > before else wait
            await self._sleep(wait)
            wait = min(2.0 * wait, LONGEST_WAIT)

    async def _listen(self) -> None:
        """Hold one connection until it breaks, or until it must be renewed to be sent again what did not
        fit."""
        at = self._address
        client = Client(
            at.host, at.port, username=at.user, password=at.password, tls_context=at.tls,
            identifier=self._client_id, clean_session=False, max_queued_incoming_messages=self._queue,
        )  # fmt: skip
        # aiomqtt acknowledges on receipt; its paho client can be told to leave that to us.
        wire = client._client
        wire.manual_ack_set(True)
        async with client:
            await client.subscribe([(rule.topic_filter, 1) for rule in self._rules])
            self.account.connected = True
            self.account.connections += 1
            self.ready.set()
            overflowed = False
            while not (overflowed and len(client.messages) == 0):
                batch = [await anext(client.messages)]
                # aiomqtt drops what its queue cannot hold. It stays unacknowledged: a new connection brings it again.
                overflowed = overflowed or len(client.messages) >= self._queue - 1
                while len(client.messages) and len(batch) < BATCH:
                    batch.append(await anext(client.messages))
                    overflowed = overflowed or len(client.messages) >= self._queue - 1
                await self._take([self._message(sent) for sent in batch])
                for sent in batch:
                    wire.ack(sent.mid, sent.qos)

    def _message(self, sent: aiomqtt.Message) -> Message:
        return Message(str(sent.topic), bytes(sent.payload), self._clock(), bool(sent.retain))

    async def _take(self, messages: Sequence[Message]) -> None:
        """Bring the readings of messages into the city, however long that takes; note what cannot be used."""
        self.account.received += len(messages)
        readable: list[tuple[Message, list[Reading]]] = []
        for message in messages:
            try:
                readable.append((message, parse(self._rules, message)))
            except UnreadableMessage as fault:
                self._refuse(message, fault.detail)
        whole = [reading for _, readings in readable for reading in readings]
        if not whole or await self._delivered(whole) is None:
            return
        for message, readings in readable:
            reason = await self._delivered(readings) if readings else None
            if reason is not None:
                self._refuse(message, reason)

    async def _delivered(self, readings: list[Reading]) -> str | None:
        """Deliver readings, waiting as long as the city cannot take any; return why it refuses them, or
        None."""
        wait = FIRST_WAIT
        while True:
            try:
                await self._deliver(readings)
            except _PASSING as fault:
                self.account.last_error = f"the city cannot take readings now: {fault}"
                await self._sleep(wait)
                wait = min(2.0 * wait, LONGEST_WAIT)
            except MachinamiError as fault:
                return fault.detail
            except Exception as fault:
                log.exception("readings from MQTT could not be taken")
                return f"{type(fault).__name__}: {fault}"
            else:
                self.account.readings += len(readings)
                return None

    def _refuse(self, message: Message, reason: str) -> None:
        self.account.refused += 1
        kept = message.payload[:_KEPT_BYTES]
        self.account.last_refused = Refusal(message.topic, kept, reason, message.arrived)
        log.warning("%s", reason)
