"""What does each operation cost? Runs the operations against a town, beside `bare` in the same run."""

import itertools
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from machinami.bench import client, traffic
from machinami.bench.course import Course, Target, cost, send
from machinami.bench.processes import (
    free_port,
    resident_megabytes,
    serving,
    started,
    wait_for_port,
)
from machinami.foundation.errors import InputError

SCALES, LARGE = (100, 100_000), 1_000_000
_FILL_STEP = 20_000
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One measured operation: CPU of all server processes in microseconds per request (per entity for batches),
    its ratio to `bare` with the same bytes in and out, and how long answers took."""

    operation: str
    entities: int
    durability: str
    cpu_us: float | None
    ratio_to_bare: float | None
    p50_ms: float
    p99_ms: float


class Bare:
    """The `bare` server, and what it costs for given sizes of request and answer (each measured once)."""

    def __init__(self, target: Target, seconds: float) -> None:
        self._target, self._seconds = target, seconds
        self._known: dict[tuple[str, int, int], float] = {}

    def cost(self, method: str, sent: int, received: int) -> float:
        """CPU seconds per request of `sent` bytes answered by `received` bytes."""
        key = (method, sent // 64, received // 64)
        if key not in self._known:
            self._known[key], _ = self._measure(method, sent, received)
        return self._known[key]

    def _measure(self, method: str, sent: int, received: int) -> tuple[float, client.Tally]:
        head = f"{method} /bare/{received} HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n"
        body = b"" if method == "GET" else b"y" * max(1, sent - len(head) - 60)
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        one = (head + "\r\n").encode() + body
        used, tally = cost(self._target, itertools.repeat(one), self._seconds, 50_000)
        return used or 0.0, tally


def fill(target: Target, entities: int, progress: Progress) -> None:
    """Give the town its entities, and one of them a past."""
    began = time.perf_counter()
    requests = traffic.fill(entities)
    for done in range(0, entities, _FILL_STEP):
        progress(f"{entities:,} entities: filling {100 * done // entities} %")
        send(target, itertools.islice(requests, _FILL_STEP // traffic.BATCH), 3_600, entities, connections=4)
    send(target, traffic.past(traffic.PAST), 3_600, traffic.PAST, connections=1)
    progress(f"{entities:,} entities: filled in {time.perf_counter() - began:.0f} s")


def measure_town(
    target: Target,
    entities: int,
    durability: str,
    seconds: float,
    bare: Bare,
    progress: Progress,
    operations: Sequence[traffic.Operation] = traffic.OPERATIONS,
) -> list[Row]:
    """Fill the town and measure the operations on it."""
    fill(target, entities, progress)
    rows = []
    for operation in operations:
        progress(f"{entities:,} entities: {operation.name}")
        if operation.name == "notify":
            with receiving(target) as receiver:
                rows.append(_measure(target, operation, entities, durability, seconds, bare, receiver.expect))
        else:
            rows.append(_measure(target, operation, entities, durability, seconds, bare))
    return rows


def _measure(
    target: Target,
    operation: traffic.Operation,
    entities: int,
    durability: str,
    seconds: float,
    bare: Bare,
    settled: Callable[[int], None] = lambda _: None,
) -> Row:
    course = Course(target, operation, entities, settled)
    course.warm(seconds / 2)
    used, tally = course.cost(seconds)
    method = next(operation.requests(entities, random.Random(0))).split(b" ", 1)[0].decode()
    floor = bare.cost(method, tally.last_request, tally.last_size)
    return Row(
        operation.name,
        entities,
        durability,
        None if used is None else round(1e6 * used / operation.counted_as, 1),
        None if used is None else round(used / operation.counted_as / floor, 2),
        round(tally.quantile(0.5), 3),
        round(tally.quantile(0.99), 3),
    )


class Receiver:
    """The process that takes notifications; it writes how many it took into a file."""

    def __init__(self, report: Path) -> None:
        self._report = report
        self._expected = 0

    def expect(self, more: int) -> None:
        """Wait until all notifications expected so far, and `more`, were taken. Raises InputError if some are lost."""
        self._expected += more
        until = time.perf_counter() + 120
        while self._taken() < self._expected:
            if time.perf_counter() > until:
                raise InputError(f"{self._expected - self._taken()} of {self._expected} notifications were lost")
            time.sleep(0.02)

    def _taken(self) -> int:
        text = self._report.read_text() if self._report.exists() else ""
        return int(text or 0)


@contextmanager
def receiving(target: Target) -> Iterator[Receiver]:
    """A receiver with a subscription to every change of one attribute."""
    with tempfile.TemporaryDirectory() as folder:
        port, report = free_port(), Path(folder) / "count"
        command = [sys.executable, "-m", "machinami.bench.receiver", "--port", str(port), "--report", str(report)]
        with started(command) as process:
            wait_for_port(port, process)
            name = "urn:ngsi-ld:Subscription:bench"
            subscription: dict[str, Any] = {
                "id": name,
                "type": "Subscription",
                "entities": [{"type": traffic.TYPE}],
                "watchedAttributes": ["no2"],
                "notification": {"attributes": ["no2"], "endpoint": {"uri": f"http://127.0.0.1:{port}/"}},
            }
            send(target, iter([traffic.request("POST", "/subscriptions", subscription)]), 60, 1, 1)
            try:
                yield Receiver(report)
            finally:
                send(target, iter([traffic.request("DELETE", f"/subscriptions/{name}")]), 60, 1, 1)


def run(
    scales: Sequence[int],
    seconds: float,
    durabilities: Sequence[str],
    progress: Progress,
    peer: Target | None = None,
    only: Sequence[str] = (),
) -> dict[str, Any]:
    """The whole bench in the JSON shape that `machinami bench --json` prints; a peer is measured instead of a town.

    only: the names of the operations to measure; empty: all.
    """
    operations = [operation for operation in traffic.OPERATIONS if not only or operation.name in only]
    rows: list[Row] = []
    figures: dict[str, float] = {}
    port = free_port()
    with started([sys.executable, "-m", "machinami.bench.bare", "--port", str(port)]) as process:
        wait_for_port(port, process)
        bare = Bare(Target("127.0.0.1", port, process.pid), seconds)
        if peer is not None:
            for entities in scales:
                rows += measure_town(peer, entities, "unknown", seconds, bare, progress, operations)
            return {"rows": [asdict(row) for row in rows]}
        for durability in durabilities:
            for entities in scales:
                with tempfile.TemporaryDirectory(prefix="machinami-bench-") as folder:
                    with serving(Path(folder), durability) as (town_port, pid, _):
                        target = Target("127.0.0.1", town_port, pid)
                        rows += measure_town(target, entities, durability, seconds, bare, progress, operations)
                        figures["rss_mb"] = round(resident_megabytes(pid), 1)
                    with serving(Path(folder), durability) as (_, _, start):
                        figures["start_ms"] = round(1000 * start)
    return {"rows": [asdict(row) for row in rows], **figures}
