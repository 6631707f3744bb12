"""What does protection cost? The same operations against an open and a protected town, in turns."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from machinami.app.console import ADMINISTRATORS, KEYS
from machinami.app.governing import governed
from machinami.bench import traffic
from machinami.bench.course import Course, Target
from machinami.bench.measure import Progress, fill, receiving
from machinami.bench.processes import serving
from machinami.model.principal import Role

TURNS = 6


@dataclass(frozen=True, slots=True)
class Compared:
    """One operation: CPU microseconds in an open and in a protected town, and how many times as much that is."""

    operation: str
    entities: int
    open_us: float
    protected_us: float
    ratio: float


def compare(
    scales: Sequence[int], seconds: float, durability: str, progress: Progress, only: Sequence[str] = ()
) -> dict[str, Any]:
    """Every operation in both towns, taking turns, so that what else this machine does hits both alike."""
    operations = [one for one in traffic.OPERATIONS if not only or one.name in only]
    rows: list[Compared] = []
    for entities in scales:
        with ExitStack() as stack:
            towns = [_town(stack, durability, is_protected) for is_protected in (False, True)]
            for town in towns:
                fill(town, entities, progress)
            for operation in operations:
                progress(f"{entities:,} entities: {operation.name}")
                rows.append(_compared(towns, operation, entities, seconds))
    return {"rows": [asdict(row) for row in rows]}


def _town(stack: ExitStack, durability: str, is_protected: bool) -> Target:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="machinami-bench-")))
    key = _protect(folder) if is_protected else None
    port, pid, _ = stack.enter_context(serving(folder, durability))
    return Target("127.0.0.1", port, pid, key)


def _protect(folder: Path) -> str:
    """Give a town that does not run yet an administrator, and a program its key."""

    async def make() -> str:
        async with governed(folder, None) as town:
            await town.ask("POST", ADMINISTRATORS, {"name": "bench"})
            wanted = {"name": "bench", "roles": [Role.OFFICER.value], "days": 1}
            return str((await town.ask("POST", KEYS, wanted))[0]["secret"])

    return asyncio.run(make())


def _compared(towns: Sequence[Target], operation: traffic.Operation, entities: int, seconds: float) -> Compared:
    used, answers = [0.0, 0.0], [0, 0]
    with ExitStack() as stack:
        settled: list[Callable[[int], None]] = [lambda _: None, lambda _: None]
        if operation.name == "notify":
            settled = [stack.enter_context(receiving(town)).expect for town in towns]
        courses = [Course(town, operation, entities, settle) for town, settle in zip(towns, settled, strict=True)]
        for course in courses:
            course.warm(seconds / 2)
        for turn in range(TURNS):
            for which in (0, 1) if turn % 2 == 0 else (1, 0):
                each, tally = courses[which].cost(seconds / TURNS)
                used[which] += (each or 0.0) * tally.answers
                answers[which] += tally.answers
    costs = [1e6 * spent / count / operation.counted_as for spent, count in zip(used, answers, strict=True)]
    return Compared(
        operation.name, entities, round(costs[0], 1), round(costs[1], 1), round(costs[1] / max(costs[0], 0.1), 3)
    )
