"""Who guesses too often? Misses by name, by address and by both, each with its own patience."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import ceil

from machinami.foundation.errors import TooManyAttempts
from machinami.model.identity.throttle import Misses, missed, wait

# What is free before each miss costs a wait: somebody who forgot; an office behind one address; one name, tried from
# everywhere (more free, so that nobody is locked out by others easily).
_FREE: Mapping[str, int] = {"both": 5, "address": 30, "name": 50}
_MOST = 20_000


class Throttle:
    """Counts in memory; a restart forgets."""

    def __init__(self, clock: Callable[[], datetime], told: Callable[[int, str], None] = lambda *_: None) -> None:
        """told: hears of every wait that begins: how many seconds, and for which address."""
        self._clock = clock
        self._told = told
        self._misses: OrderedDict[tuple[str, str], Misses] = OrderedDict()

    def check(self, name: str, address: str) -> None:
        """Raise TooManyAttempts while one must wait."""
        if seconds := self._wait(name, address):
            raise TooManyAttempts(f"Too many attempts; try again in {seconds} seconds", retryAfter=seconds)

    def _wait(self, name: str, address: str) -> int:
        """For how many seconds one must still wait."""
        now = self._clock()
        pauses = [wait(self._misses[key], _FREE[key[0]], now) for key in _keys(name, address) if key in self._misses]
        return ceil(max(pauses, default=timedelta()).total_seconds())

    def missed(self, name: str, address: str) -> None:
        """It was wrong."""
        for key in _keys(name, address):
            self._misses[key] = missed(self._misses.get(key, Misses()), self._clock())
            self._misses.move_to_end(key)
        while len(self._misses) > _MOST:
            self._misses.popitem(last=False)
        if seconds := self._wait(name, address):
            self._told(seconds, address)

    def right(self, name: str, address: str) -> None:
        """It was right: this name from this address begins anew."""
        self._misses.pop(("both", f"{name}\n{address}"), None)
        self._misses.pop(("name", name), None)

    def tidy(self) -> None:
        """Forget what is a day old."""
        old = self._clock() - timedelta(days=1)
        for key in [key for key, one in self._misses.items() if one.last is None or one.last < old]:
            del self._misses[key]


def _keys(name: str, address: str) -> tuple[tuple[str, str], ...]:
    return (("both", f"{name}\n{address}"), ("address", address), ("name", name))
