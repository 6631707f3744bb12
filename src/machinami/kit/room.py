"""Is there room for one more? What all clients together may have open, in hand and in memory, before they are asked to
come again."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import nlargest
from itertools import chain
from typing import Protocol

from machinami.foundation.errors import Overloaded

_DONE = 2.0  # seconds after which a connection that rests is probably done with
_SHARE = 64  # of so many connections one more ends at once


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


class Guest(Protocol):
    """A connection."""

    def rests(self) -> float:
        """For how many seconds it has been open for nothing but what may be asked one day; 0 while it is in use."""
        ...

    def make_room(self) -> None:
        """End, so that another one can be open."""
        ...


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
    guests: dict[str, dict[Guest, None]] = field(default_factory=dict)

    def enter(self, address: str, guest: Guest | None = None) -> Overloaded | None:
        """Count a connection, whether it is taken or not; why it is not, if it is not. Where some rest that could end,
        they do: a browser leaves some open for each reader, and many readers come from one address."""
        self.connections += 1
        self.by_address[address] += 1
        if guest is not None:
            self.guests.setdefault(address, {})[guest] = None
        if self.connections > self.bounds.connections and not _some_end(chain(*self.guests.values())):
            return self._refusal("connections", "So many connections are open that none can be added")
        is_bounded = 0 < self.bounds.per_address < self.by_address[address] and not _is_near(address)
        if is_bounded and not _some_end(self.guests.get(address, ())):
            return self._refusal("address", "Your address has so many connections open that none can be added")
        return None

    def leave(self, address: str, guest: Guest | None = None) -> None:
        """A connection has ended."""
        if guest is not None and address in self.guests:
            self.guests[address].pop(guest, None)
            if not self.guests[address]:
                del self.guests[address]
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


def _some_end(guests: Iterable[Guest]) -> bool:
    """Have those end that rest longest; False where none has rested for long enough to be done. Where there are many,
    several end at once, so that not everybody is looked at for each who comes."""
    everybody = list(guests)
    resting = [one for one in everybody if one.rests() >= _DONE]
    for one in nlargest(1 + len(everybody) // _SHARE, resting, key=lambda one: one.rests()):
        one.make_room()
    return bool(resting)


def _is_near(address: str) -> bool:
    """Whether it is this machine: a proxy may stand in front, whose clients are many."""
    return address in ("", "::1") or address.startswith("127.")
