"""How does the account of a town get to a machine that nobody here can change? Sent there as it is kept."""

import os
from collections.abc import Callable

import orjson

from machinami.broker.audit import Audit
from machinami.broker.broker import Broker
from machinami.broker.town import Town
from machinami.foundation.errors import BadGateway
from machinami.foundation.settings import Settings
from machinami.model.audit import opened
from machinami.store.protocol import TownStore, Transaction
from machinami.wire.exchange import Call, HttpCaller
from machinami.wire.http import trusting
from machinami.wire.targets import Targets

SECONDS = 2.0
_KIND, _PLACE = "audit-sent", "elsewhere"
_AT_ONCE = 64  # batches of one message
_PATIENCE = 30.0


class Forwarding:
    """Sends the batches of every protected town's account, in their order, each at least once.

    They go as JSON Lines by POST, each with its number, its digest and that of the one before, so that whoever has them
    can verify the record here, and what is cut off here is there. The receiver is named by the settings, not by
    clients, so it may lie in the own network; it is told over TLS, or on this machine.
    """

    def __init__(self, settings: Settings, broker: Broker) -> None:
        self._to = settings.account_to
        self._secret = settings.account_secret_env
        self._broker = broker
        self._caller = HttpCaller(lambda: trusting(settings.ca_file), Targets(private=True, plain=False))

    async def send(self) -> None:
        """Send what is not there yet. Raises BadGateway where it was not taken; it is sent again the next time."""
        faults = []
        for town in self._broker.towns:
            if not town.policy.is_open:
                try:
                    await self._send(town, self._broker.audit(town))
                except BadGateway as error:
                    faults.append(f"{town.name}: {error.detail}")
        if faults:
            raise BadGateway("The account is not taken elsewhere: " + "; ".join(faults))

    async def _send(self, town: Town, audit: Audit) -> None:
        sent = await _sent(town.store)
        while batches := await audit.kept(sent, _AT_ONCE):
            last = batches[-1]
            headers = {
                "Content-Type": "application/x-ndjson",
                "Machinami-Town": town.name,
                "Machinami-Head": f"{last['number']}:{last['digest']}",
            }
            if self._secret:
                headers["Authorization"] = f"Bearer {os.environ.get(self._secret, '')}"
            body = b"".join(orjson.dumps(opened(one)) + b"\n" for one in batches)
            answer = await self._caller.call(Call("POST", self._to, headers, body, timeout=_PATIENCE, limit=65_536))
            if answer.status is None or not 200 <= answer.status < 300:
                raise BadGateway(answer.reason or f"the receiver answered {answer.status}")
            sent = last["number"]
            await town.store.transact(_note(sent))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._caller.close()


async def _sent(store: TownStore) -> int:
    return int((await store.records(_KIND)).get(_PLACE, {"number": 0})["number"])


def _note(number: int) -> Callable[[Transaction], None]:
    def work(tx: Transaction) -> None:
        tx.put_record(_KIND, _PLACE, {"number": number})

    return work
