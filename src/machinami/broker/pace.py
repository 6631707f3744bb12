"""May somebody ask once more? Who asks is bounded one by one, so that none takes what is there for all."""

from collections.abc import Callable

from machinami.foundation.errors import TooManyRequests

_MOST = 20_000  # who asked lately


class Pace:
    """How often each person, program or address has asked lately.

    bound: requests a second; one second may be saved up, so that what comes at once is answered at once. clock:
    seconds, of any clock that only goes on.
    """

    __slots__ = ("_bound", "_clock", "_left", "refused")

    def __init__(self, bound: int, clock: Callable[[], float]) -> None:
        self._bound = float(bound)
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}
        self.refused = 0

    def admit(self, who: str) -> None:
        """Count a request of somebody. Raises TooManyRequests."""
        now, bound = self._clock(), self._bound
        found = self._left.get(who)
        if found is None:
            self._left[who] = (bound - 1.0, now)
            if len(self._left) > _MOST:
                self._forget(now)
            return
        left = found[0] + (now - found[1]) * bound
        if left > bound:
            left = bound
        if left < 1.0:
            self.refused += 1
            raise TooManyRequests(
                f"You may ask {bound:g} times a second; ask more slowly, or with many entities at once "
                "(requests_per_client in machinami.toml says how often)",
                key="client",
                limit=int(bound),
                retryAfter=1,
            )
        self._left[who] = (left - 1.0, now)

    def forgive(self, who: str) -> None:
        """A request that was counted counts no more."""
        found = self._left.get(who)
        if found is not None:
            self._left[who] = (min(self._bound, found[0] + 1.0), found[1])

    def _forget(self, now: float) -> None:
        """Who did not ask for a second has saved up all of it again; beyond that the eldest go first."""
        self._left = {who: found for who, found in self._left.items() if now - found[1] < 1.0}
        for who in list(self._left)[: max(0, len(self._left) - _MOST)]:
            del self._left[who]
