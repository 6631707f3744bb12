"""What does a running server take for the requests of one operation? Only those are counted that it is about."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from machinami.bench import client
from machinami.bench.processes import cpu_seconds
from machinami.bench.traffic import Operation, Rounds
from machinami.foundation.errors import InputError

CONNECTIONS = 16
_IN_ROUNDS = 4  # connections that are made anew for each round: few, as they are counted
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Target:
    """A server under test: its port, its process if that is ours to look at, and the key that opens it."""

    host: str
    port: int
    pid: int | None
    key: str | None = field(default=None, repr=False)


def send(
    target: Target, requests: Iterator[bytes], seconds: float, most: int, connections: int = CONNECTIONS
) -> client.Tally:
    """Send requests from this process; refuses to count answers that are errors."""
    if target.key is not None:
        requests = _shown(requests, target.key)
    tally = asyncio.run(client.send(target.host, target.port, requests, connections, seconds, most))
    wrong = {status: count for status, count in tally.statuses.items() if status >= 400}
    if wrong or not tally.answers:
        raise InputError(f"The server at port {target.port} answered with errors: {wrong or 'nothing at all'}")
    return tally


def _shown(requests: Iterator[bytes], key: str) -> Iterator[bytes]:
    """The requests, each with the key."""
    line = f"\r\nAuthorization: Bearer {key}\r\n".encode()
    for one in requests:
        yield one.replace(b"\r\n", line, 1)


def cost(
    target: Target,
    requests: Iterator[bytes],
    seconds: float,
    most: int,
    settled: Callable[[int], None] = lambda _: None,
    connections: int = CONNECTIONS,
) -> tuple[float | None, client.Tally]:
    """CPU seconds per answer of the target, and the tally. `settled` waits for what the answers set off."""
    before = cpu_seconds(target.pid) if target.pid else 0.0
    tally = send(target, requests, seconds, most, connections)
    settled(tally.answers)
    used = cpu_seconds(target.pid) - before if target.pid else None
    return (used / tally.answers if used is not None else None), tally


class Course:
    """One operation at one server, from its first request on. settled: waits for what so many answers set off."""

    def __init__(
        self, target: Target, operation: Operation, entities: int, settled: Callable[[int], None] = lambda _: None
    ) -> None:
        self._target = target
        self._requests = operation.requests(entities, random.Random(f"{operation.name} {entities}"))
        self._rounds = operation.rounds
        self._settled = settled
        self._round = 0
        if operation.rounds is not None:
            send(target, operation.rounds.first(), 3_600, _MOST, connections=1)

    def warm(self, seconds: float) -> None:
        """Let caches fill and adaptive indexes settle; a town that runs has long done so."""
        if self._rounds is None:
            self._settled(send(self._target, self._requests, seconds, 2_000).answers)
        else:
            self._in_rounds(self._rounds, seconds)

    def cost(self, seconds: float) -> tuple[float | None, client.Tally]:
        """CPU seconds per answer, and the tally."""
        if self._rounds is None:
            return cost(self._target, self._requests, seconds, _MOST, self._settled)
        return self._in_rounds(self._rounds, seconds)

    def _in_rounds(self, rounds: Rounds, seconds: float) -> tuple[float | None, client.Tally]:
        """The same in whole rounds, without what comes before each of them."""
        target, whole, used = self._target, client.Tally(), 0.0
        until = time.perf_counter() + seconds
        while not whole.answers or time.perf_counter() < until:
            self._round += 1
            send(target, iter([rounds.before(self._round)]), 3_600, 1, connections=1)
            round_ = islice(self._requests, rounds.length)
            each, tally = cost(target, round_, 3_600, rounds.length, connections=_IN_ROUNDS)
            used += (each or 0.0) * tally.answers
            whole.add(tally)
        return (used / whole.answers if target.pid else None), whole
