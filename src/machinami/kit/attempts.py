"""Who tries what is no request here? Refusals of what is malformed, too large, too fast or forged, told in the log."""

import logging
import time
from collections.abc import Callable

_LOG = logging.getLogger("machinami.attempts")
# What was refused for its form or pace; who may not see something is told of in the account of the town.
TOLD = frozenset({400, 403, 405, 408, 411, 413, 415, 422, 429, 431})
FORWARDED = b"x-forwarded-for"
_EVERY = 60.0
_MOST = 1_000  # of clients with their kind of refusal that are counted


class Attempts:
    """Tells of the first refusal of each kind to each client at once, and of how many followed once a minute, so that
    who tries without end cannot fill the log."""

    __slots__ = ("_clock", "_proxied", "_seen")

    def __init__(self, proxied: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._proxied = proxied
        self._clock = clock
        self._seen: dict[tuple[str, int], list[float]] = {}

    def asker(self, client: str, forwarded: bytes) -> str:
        """Where a request comes from: behind a proxy, whose own address all have, the one that it added last."""
        if not self._proxied:
            return client
        return forwarded.decode("latin-1").rpartition(",")[2].strip()[:45] or client

    def note(self, status: int, client: str, method: str, path: str) -> None:
        """A request was refused with this status."""
        if status not in TOLD:
            return
        now = self._clock()
        seen = self._seen.get((client, status))
        if seen is not None and now - seen[0] < _EVERY:
            seen[1] += 1
            return
        more = "" if seen is None or not seen[1] else f", and {seen[1]:.0f} more since it was told last"
        if len(self._seen) >= _MOST:
            self._seen = {key: one for key, one in self._seen.items() if now - one[0] < _EVERY}
            if len(self._seen) >= _MOST:
                return  # many at once: what was told of the first thousand is enough to look
        self._seen[(client, status)] = [now, 0.0]
        _LOG.warning("refused with %d: %s %.200s from %s%s", status, method, path, client or "nobody known", more)
