"""By which roads may a service send something out of the town? Letters and push messages; nothing else, nowhere else.

A service gets them only where its manifest says that it needs to `send`. Where they lead is decided outside it: the
mail server stands in machinami.toml, and the addresses of push services, which anybody may hand in, are held against
the same guard as those of subscribers (`wire.targets`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from machinami.model.letter import Letter, written
from machinami.wire.protocol import Delivery as Delivery
from machinami.wire.protocol import Mailer, Sender

_SECONDS = 20.0


class Roads(Protocol):
    """What takes letters and push messages out of the town; a fake serves tests."""

    @property
    def address(self) -> str:
        """Where people find this town in their browsers, without a / at its end; empty where that is not known."""
        ...

    @property
    def from_address(self) -> str:
        """The address that letters come from; empty where no mail server is set."""
        ...

    async def mail(self, letter: Letter, sender_name: str, at: datetime) -> Delivery:
        """Hand a letter to the mail server; never raises for what that does."""
        ...

    async def push(self, endpoint: str, body: bytes, headers: Mapping[str, str]) -> Delivery:
        """Hand a message to a push service; never raises for what that does."""
        ...


@dataclass(frozen=True, slots=True)
class OpenRoads:
    """The roads of a running installation. mailer: None where no mail server is set. where: the town's address."""

    sender: Sender
    mailer: Mailer | None
    from_address: str
    where: Callable[[], str]

    @property
    def address(self) -> str:
        """Where people find this town in their browsers."""
        return self.where()

    async def mail(self, letter: Letter, sender_name: str, at: datetime) -> Delivery:
        """Hand a letter to the mail server."""
        if self.mailer is None:
            return NO_SERVER
        whole = written(letter, self.from_address, sender_name, at)
        return await self.mailer.hand_in(self.from_address, letter.to, whole, _SECONDS)

    async def push(self, endpoint: str, body: bytes, headers: Mapping[str, str]) -> Delivery:
        """Hand a message to a push service."""
        return await self.sender.send(endpoint, body, headers, _SECONDS)


class NoRoads:
    """No way out: for a town that has no network."""

    address = ""
    from_address = ""

    async def mail(self, letter: Letter, sender_name: str, at: datetime) -> Delivery:
        """Nothing leaves."""
        return NO_SERVER

    async def push(self, endpoint: str, body: bytes, headers: Mapping[str, str]) -> Delivery:
        """Nothing leaves."""
        return Delivery(False, None, "this town has no network")


NO_SERVER = Delivery(False, None, "no mail server is set: [mail] in machinami.toml")
