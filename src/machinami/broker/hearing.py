"""When was each branch heard of last, and how far behind was it? What a centre knows of its branches."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from machinami.broker.arrivals import ARRIVED
from machinami.broker.town import Town

_FORGOTTEN = 30 * 86_400.0  # seconds after which a branch is none any more


@dataclass(slots=True)
class Heard:
    """A branch that delivers to a town. at: when it was heard of last, in seconds since 1970; seconds, changes: what it
    was behind then; refused: how many of its writes are not taken here."""

    town: str
    name: str
    at: float
    seconds: float = 0.0
    changes: int = 0
    refused: int = 0

    def lag(self, now: float) -> float:
        """Seconds since the moment up to which the centre has everything of it."""
        return max(0.0, now - self.at) + self.seconds


class Hearing:
    """The branches of an installation."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self._heard: dict[tuple[str, str], Heard] = {}

    async def load(self, town: Town) -> None:
        """Know the branches that wrote to a town before."""
        for way, kept in (await town.store.records(ARRIVED)).items():
            self._note(Heard(town.name, _name(way), float(kept.get("at", 0.0))))

    async def forget(self, town: Town) -> None:
        """A town is let go."""
        self._heard = {place: one for place, one in self._heard.items() if place[0] != town.name}

    def hear(self, town: str, way: str, seconds: float, changes: int, refused: int = 0) -> None:
        """A branch says what it is behind, and what is not taken here. way: its name and mark."""
        self._heard[town, _name(way)] = Heard(town, _name(way), self.clock(), seconds, changes, refused)

    def _note(self, one: Heard) -> None:
        known = self._heard.get((one.town, one.name))
        if known is None or known.at < one.at:
            self._heard[one.town, one.name] = one

    def branches(self) -> Sequence[Heard]:
        """Those that were heard of in the last month."""
        since = self.clock() - _FORGOTTEN
        return [one for _, one in sorted(self._heard.items()) if one.at > since]


def _name(way: str) -> str:
    return way.rpartition(".")[0] or way
