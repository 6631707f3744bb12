"""How does a notification reach a topic of an MQTT broker? (ETSI GS CIM 009, 7.2)

A broker is connected at the first message for it and let go of when there was none for a while. With a quality of
service of 1 or 2 a message counts as delivered when the broker has said that it has it; with 0, when it is sent.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import aiomqtt
import orjson

from machinami.foundation.errors import SettingsError
from machinami.wire.http import trusting
from machinami.wire.protocol import Channel, Delivery
from machinami.wire.reasons import unreached
from machinami.wire.targets import ANYWHERE, Targets

SCHEMES = ("mqtt", "mqtts")
PORTS = {"mqtt": 1883, "mqtts": 8883}
_VERSIONS = {"mqtt3.1.1": aiomqtt.ProtocolVersion.V311, "mqtt5.0": aiomqtt.ProtocolVersion.V5}
_DEFAULT_VERSION = "mqtt5.0"
_IDLE_SECONDS = 60.0
_CONNECT_SECONDS = 10.0
_QUIET = logging.getLogger("machinami.wire.mqtt.client")
_QUIET.setLevel(logging.ERROR)


class ClosingSocket(ssl.SSLSocket):
    """A TLS socket that closes when its handshake fails; paho-mqtt leaves it open."""

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands, or close."""
        try:
            super().do_handshake(block)
        except (OSError, ValueError):
            self.close()
            raise


class Client(aiomqtt.Client):
    """A client whose connection may end at any moment without an error that nobody asked about.

    aiomqtt keeps how a connection ended in a future, which complains when it goes unread: a broker that stops while
    nobody publishes is no error. It also begins to write to a socket that may be closed by then, and warns of full
    queues and many calls at once, which its users here expect and mend.
    """

    def __init__(self, hostname: str, port: int, **options: Any) -> None:
        super().__init__(hostname, port, logger=_QUIET, **options)

    @property
    def gone(self) -> asyncio.Future[None]:
        """Done when the connection has ended."""
        return self._disconnected

    async def __aenter__(self) -> Self:
        """Connect."""
        await super().__aenter__()
        self._disconnected.add_done_callback(_look)
        return self

    def connect_by(self, connect: Callable[[float], socket.socket]) -> None:
        """Have the connection made by this function of its time-out; TLS, if any, is begun on what it gives."""
        made = partial(connect, _CONNECT_SECONDS)
        self._client._create_socket_connection = made  # type: ignore[method-assign]  # paho has no other place for it

    def _on_socket_register_write(self, client: Any, userdata: Any, sock: Any) -> None:
        register = super()._on_socket_register_write

        def unless_closed() -> None:
            if sock.fileno() >= 0:
                register(client, userdata, sock)

        self._loop.call_soon_threadsafe(unless_closed)


def _look(ended: asyncio.Future[None]) -> None:
    if not ended.cancelled():
        ended.exception()


@dataclass(frozen=True, slots=True)
class Address:
    """Which broker, and how it is spoken to."""

    host: str
    port: int
    secure: bool
    user: str | None
    password: str | None
    version: str


@dataclass(slots=True)
class _Line:
    """One connection to a broker; whoever wants it first opens it, the others wait."""

    client: Client
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    open: bool = False
    used: int = 0
    busy: int = 0
    idle_since: float = 0.0


class MqttPublisher:
    """The connections to MQTT brokers, by address. trust gives what certificates of brokers are held against, targets
    where they may be."""

    def __init__(
        self, trust: Callable[[], ssl.SSLContext] = ssl.create_default_context, targets: Targets = ANYWHERE
    ) -> None:
        self._targets = targets
        self._trust = cache(partial(_closing, trust))
        self._lines: dict[Address, _Line] = {}
        self._sweeper: asyncio.Task[None] | None = None

    async def send(
        self, uri: str, body: bytes, headers: Mapping[str, str], timeout: float, channel: Channel = ()
    ) -> Delivery:
        """Publish a notification; what would be HTTP headers travels as `metadata` beside it."""
        try:
            address, topic, quality = _target(uri, channel)
            message = b'{"metadata":%b,"body":%b}' % (orjson.dumps(dict(headers)), body)
            async with asyncio.timeout(timeout):
                await self._publish(address, topic, message, quality)
        except TimeoutError:
            return Delivery(False, None, f"the MQTT broker did not take it within {timeout:g} s")
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            return Delivery(False, None, unreached(error))
        return Delivery(True)

    async def _publish(self, address: Address, topic: str, message: bytes, quality: int) -> None:
        while True:
            line = self._line(address)
            line.busy += 1
            try:
                async with line.opening:
                    if not line.open:
                        await line.client.__aenter__()
                        line.open = True
                await _put(line.client, topic, message, quality)
            except BaseException as error:
                await self._drop(address, line)
                if isinstance(error, aiomqtt.MqttError) and line.used:
                    continue  # it broke while nobody used it: a message may be told twice, never not
                raise
            finally:
                line.busy -= 1
            line.used += 1
            line.idle_since = asyncio.get_running_loop().time()
            return

    def _line(self, address: Address) -> _Line:
        line = self._lines.get(address)
        if line is None:
            self._targets.check_way(address.secure, address.host)
            client = Client(
                address.host,
                address.port,
                username=address.user,
                password=address.password,
                protocol=_VERSIONS[address.version],
                tls_context=self._trust() if address.secure else None,
            )
            if not self._targets.private:
                client.connect_by(partial(self._targets.connect, address.host, address.port))
            line = self._lines[address] = _Line(client, idle_since=asyncio.get_running_loop().time())
            if self._sweeper is None or self._sweeper.done():
                self._sweeper = asyncio.create_task(self._close_idle())
        return line

    async def _drop(self, address: Address, line: _Line) -> None:
        if self._lines.get(address) is line:
            del self._lines[address]
        if line.open:
            line.open = False
            with contextlib.suppress(aiomqtt.MqttError, OSError, TimeoutError):
                await line.client.__aexit__(None, None, None)

    async def _close_idle(self) -> None:
        while self._lines:
            await asyncio.sleep(_IDLE_SECONDS)
            now = asyncio.get_running_loop().time()
            for address, line in list(self._lines.items()):
                if not line.busy and now - line.idle_since >= _IDLE_SECONDS:
                    await self._drop(address, line)

    async def close(self) -> None:
        """Let go of every connection."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
            self._sweeper = None
        for address, line in list(self._lines.items()):
            await self._drop(address, line)


async def _put(client: Client, topic: str, message: bytes, quality: int) -> None:
    """Publish; raises MqttError as soon as the connection is gone, for which aiomqtt would wait until its time-out."""
    publishing = asyncio.ensure_future(client.publish(topic, message, qos=quality))
    try:
        await asyncio.wait({publishing, client.gone}, return_when=asyncio.FIRST_COMPLETED)
        if not publishing.done():
            raise aiomqtt.MqttError("the broker closed the connection")
        publishing.result()
    finally:
        publishing.cancel()


@lru_cache(1_024)
def _target(uri: str, channel: Channel) -> tuple[Address, str, int]:
    """Which broker, which topic and which quality of service. Raises ValueError."""
    parts, settings = urlsplit(uri), dict(channel)
    topic = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in SCHEMES or not parts.hostname or not topic:
        raise ValueError(f"{parts.scheme}://{parts.hostname}… names no topic of an MQTT broker")
    version = settings.get("MQTT-Version", _DEFAULT_VERSION)
    quality = settings.get("MQTT-QoS", "0")
    if version not in _VERSIONS or quality not in ("0", "1", "2"):
        raise ValueError(f"MQTT-Version {version} with MQTT-QoS {quality} cannot be spoken")
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    port = parts.port or PORTS[parts.scheme]
    return Address(parts.hostname, port, parts.scheme == "mqtts", user, password, version), topic, int(quality)


def present(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    """Have connections show this client certificate. Raises SettingsError where it cannot be used."""
    try:
        context.load_cert_chain(certificate, key)
    except OSError as fault:  # ssl.SSLError is one too
        raise SettingsError(f"The certificate {certificate} cannot be used: {fault}", key="certificate") from fault


def presenting(ca_file: Path | None, certificate: Path, key: Path | None) -> Callable[[], ssl.SSLContext]:
    """What certificates of brokers are held against, for who shows one of its own. Raises SettingsError."""
    context = trusting(ca_file)
    present(context, certificate, key)
    return lambda: context


def _closing(trust: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    context = trust()
    context.sslsocket_class = ClosingSocket
    return context
