"""Is there room for one more? What all clients together may have open, in hand and in memory, before they are asked to
come again."""

from collections import Counter
from dataclasses import dataclass, field

from machinami.foundation.errors import Overloaded


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most of all clients together. connections: that are open; per_address: of one address that is not this
    machine's (0: no bound); works: requests whose answers are awaited, and as many again for what is only read; held:
    bytes of bodies that have come, of requests that are not answered yet; unread: bytes of answers that their clients
    have not read."""

    connections: int = 2_000
    per_address: int = 256
    works: int = 512
    held: int = 128_000_000
    unread: int = 256_000_000


@dataclass(slots=True)
class Room:
    """What is taken now, and what was refused."""

    bounds: Bounds = field(default_factory=Bounds)
    connections: int = 0
    works: int = 0
    held: int = 0
    unread: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    by_address: Counter[str] = field(default_factory=Counter)

    def enter(self, address: str) -> Overloaded | None:
        """Count a connection, whether it is taken or not; why it is not, if it is not."""
        self.connections += 1
        self.by_address[address] += 1
        if self.connections > self.bounds.connections:
            return self._refusal("connections", "So many connections are open that none can be added")
        if 0 < self.bounds.per_address < self.by_address[address] and not _is_near(address):
            return self._refusal("address", "Your address has so many connections open that none can be added")
        return None

    def leave(self, address: str) -> None:
        """A connection has ended."""
        self.connections -= 1
        self.by_address[address] -= 1
        if not self.by_address[address]:
            del self.by_address[address]

    def demand_work(self, is_page: bool = False) -> None:
        """Raise Overloaded where too many answers are awaited; pages have a part of the room for themselves."""
        if self.works >= self.bounds.works * (2 if is_page else 1):
            raise self._refusal("works", "So many requests are at work that none can be added")

    def hold(self, size: int) -> None:
        """A part of a body has come. Raises Overloaded, with it counted, where too much of bodies is held."""
        self.held += size
        if self.held > self.bounds.held:
            raise self._refusal("bodies", "So much is being sent that no more can be held")

    def _refusal(self, kind: str, why: str) -> Overloaded:
        self.refused[kind] += 1
        return Overloaded(f"{why}; come again in a moment", kind=kind)


def _is_near(address: str) -> bool:
    """Whether it is this machine: a proxy may stand in front, whose clients are many."""
    return address in ("", "::1") or address.startswith("127.")
