"""Who waits where for which lines, and which vehicle makes which trips? From a timetable and a demand, for planning."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from machinami.methods.footpaths import great_circle
from machinami.methods.headways import Chain, Group, Ints, Lines
from machinami.methods.series import Floats
from machinami.model.transit import Network, Run, runs_of

HOURS = 32
PAUSE = 3  # minutes between two trips of a vehicle, where today has as many
FARTHEST_TURN = 300.0  # m between where a trip ends and where the same vehicle begins the next, where no block is said
LONGEST_TURN = 60  # minutes


class Flow(NamedTuple):
    """People who go from one stop to another: how many in each hour of the day (HOURS)."""

    origin: str
    goal: str
    by_hour: Floats


class Problem(NamedTuple):
    """A day's lines with those who wait for them; runs: of each line (a pattern by number), in order."""

    lines: Lines
    patterns: tuple[int, ...]
    runs: tuple[tuple[Run, ...], ...]
    served: float
    unserved: float


def problem_of(network: Network, day: date, demands: Sequence[Iterable[Flow]], shift: int = 20) -> Problem:
    """Put together the planning of a day. demands: the one that is planned for first; then those under which nobody may
    be worse off. Who has no direct line is not planned for."""
    by_pattern: dict[int, list[Run]] = {}
    for run in runs_of(network, day):
        if run.start >= 0:
            by_pattern.setdefault(run.pattern, []).append(run)
    patterns = tuple(by_pattern)
    runs = tuple(tuple(sorted(by_pattern[number], key=lambda run: run.start)) for number in patterns)
    starts = tuple(np.array([run.start // 60 for run in held], dtype=np.int64) for held in runs)
    lengths = tuple(_lengths(network, held) for held in runs)
    groups, served, unserved = _groups(network, patterns, runs, starts, demands)
    lines = Lines(starts, lengths, _chains(network, runs, starts, lengths), groups, shift)
    return Problem(lines, patterns, runs, served, unserved)


def _lengths(network: Network, runs: Sequence[Run]) -> Ints:
    profiles = [network.patterns[run.pattern].profiles[run.trip.profile] for run in runs]
    return np.array([-(-profile.arrive[-1] // 60) for profile in profiles], dtype=np.int64)


def _groups(
    network: Network,
    patterns: Sequence[int],
    runs: Sequence[Sequence[Run]],
    starts: Sequence[Ints],
    demands: Sequence[Iterable[Flow]],
) -> tuple[tuple[Group, ...], float, float]:
    """The groups, the people of the first demand who are in one, and those who are in none."""
    direct: dict[tuple[str, str], dict[int, int]] = {}
    for line, number in enumerate(patterns):
        along = network.patterns[number].stops
        for place, stop in enumerate(along[:-1]):
            for goal in along[place + 1 :]:
                direct.setdefault((stop, goal), {}).setdefault(line, place)
    rates: dict[tuple[str, tuple[tuple[int, int], ...]], Floats] = {}
    served = unserved = 0.0
    for number, flows in enumerate(demands):
        for flow in flows:
            ways = direct.get((flow.origin, flow.goal))
            if number == 0:
                served, unserved = served + flow.by_hour.sum() * bool(ways), unserved + flow.by_hour.sum() * (not ways)
            if ways:
                key = (flow.origin, tuple(sorted(ways.items())))
                rates.setdefault(key, np.zeros((len(demands), HOURS)))[number] += flow.by_hour
    groups = []
    for (_, ways_there), by_hour in rates.items():
        offsets = {line: _offsets(network, runs[line], place) for line, place in ways_there}
        calls = np.concatenate([starts[line] + offset for line, offset in offsets.items()])
        groups.append(Group(offsets, int(calls.min()), int(calls.max()), by_hour))
    return tuple(groups), float(served), float(unserved)


def _offsets(network: Network, runs: Sequence[Run], place: int) -> Ints:
    profiles = [network.patterns[run.pattern].profiles[run.trip.profile] for run in runs]
    return np.array([profile.depart[place] // 60 for profile in profiles], dtype=np.int64)


def _chains(
    network: Network, runs: Sequence[Sequence[Run]], starts: Sequence[Ints], lengths: Sequence[Ints]
) -> tuple[Chain, ...]:
    """The trips of each vehicle: by block where the timetable says it; else each trip is followed by the first one that
    begins near where it ended."""
    order = sorted(
        ((line, trip) for line, held in enumerate(runs) for trip in range(len(held))),
        key=lambda one: int(starts[one[0]][one[1]]),
    )
    blocks: dict[str, list[tuple[int, int]]] = {}
    free: list[list[tuple[int, int]]] = []
    for one in order:
        run = runs[one[0]][one[1]]
        if run.trip.block:
            blocks.setdefault(run.trip.block, []).append(one)
            continue
        here = network.patterns[run.pattern].stops[0]
        vehicle = next((held for held in free if _turns(network, runs, starts, lengths, held[-1], one, here)), None)
        if vehicle is None:
            free.append([one])
        else:
            vehicle.append(one)
    return tuple(_chain(held, starts, lengths) for held in [*blocks.values(), *free])


def _turns(
    network: Network,
    runs: Sequence[Sequence[Run]],
    starts: Sequence[Ints],
    lengths: Sequence[Ints],
    last: tuple[int, int],
    following: tuple[int, int],
    here: str,
) -> bool:
    there = network.patterns[runs[last[0]][last[1]].pattern].stops[-1]
    pause = starts[following[0]][following[1]] - starts[last[0]][last[1]] - lengths[last[0]][last[1]]
    if not 0 <= pause <= LONGEST_TURN:
        return False
    one, other = network.stops[there], network.stops[here]
    return bool(great_circle(one.lon, one.lat, np.array([other.lon]), np.array([other.lat]))[0] <= FARTHEST_TURN)


def _chain(trips: Sequence[tuple[int, int]], starts: Sequence[Ints], lengths: Sequence[Ints]) -> Chain:
    pauses = []
    for (line, trip), (other, number) in pairwise(trips):
        gap = int(starts[other][number] - starts[line][trip] - lengths[line][trip])
        pauses.append(min(gap, PAUSE))
    return Chain(tuple(trips), tuple(pauses))


def flat(flows: Iterable[Flow], hours: Mapping[int, float] | None = None) -> list[Flow]:
    """The same people, spread evenly over the hours of the day in which anybody goes."""
    held = list(flows)
    total = sum((flow.by_hour for flow in held), np.zeros(HOURS))
    busy = total > 0
    return [Flow(one.origin, one.goal, np.where(busy, one.by_hour.sum() / max(busy.sum(), 1), 0.0)) for one in held]


def turned(flows: Iterable[Flow]) -> list[Flow]:
    """The same people, each going the other way."""
    return [Flow(one.goal, one.origin, one.by_hour) for one in flows]
