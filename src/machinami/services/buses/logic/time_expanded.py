"""When does one arrive at the earliest, by trying everything? The search against which the journey planner is held.

Every arrival and departure of the day is a node; waiting, riding on, and one walk between two rides are edges; what can
be reached from the departures that one can still catch is found by following all edges. It shares no code with the
planner: it is made of the trips themselves, works out walks on its own, and knows no rounds and no pruning by stops.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass
from datetime import date

from machinami.model.transit import Network, runs_of

RADIUS, REACH, SPEED = 6_371_008.8, 800.0, 1.2


@dataclass(frozen=True, slots=True)
class Expanded:
    """The nodes of one day. A call is (stop, arrival, departure, on, off); `follows`: the next call of its trip."""

    stops: tuple[tuple[float, float], ...]
    names: tuple[str, ...]
    calls: tuple[tuple[int, int, int, bool, bool], ...]
    follows: tuple[int, ...]
    boards: tuple[list[int], ...]
    times: tuple[list[int], ...]
    walks: tuple[tuple[tuple[int, int], ...], ...]


def seconds_between(one: tuple[float, float], other: tuple[float, float]) -> int | None:
    """Seconds on foot between two places (lon, lat); None beyond reach."""
    lon, lat, lon2, lat2 = (math.radians(value) for value in (*one, *other))
    half = math.sin((lat2 - lat) / 2) ** 2 + math.cos(lat) * math.cos(lat2) * math.sin((lon2 - lon) / 2) ** 2
    metres = 2 * RADIUS * math.asin(min(1.0, math.sqrt(half)))
    return math.ceil(metres / SPEED) if metres <= REACH else None


def expand(network: Network, day: date) -> Expanded:
    """Make the nodes of a day."""
    names = tuple(dict.fromkeys(stop for pattern in network.patterns for stop in pattern.stops))
    places = tuple((network.stops[name].lon, network.stops[name].lat) for name in names)
    calls: list[tuple[int, int, int, bool, bool]] = []
    follows: list[int] = []
    for run in runs_of(network, day):
        pattern = network.patterns[run.pattern]
        profile = pattern.profiles[run.trip.profile]
        for position, name in enumerate(pattern.stops):
            times = (run.start + profile.arrive[position], run.start + profile.depart[position])
            may = (position not in profile.closed_on, position not in profile.closed_off)
            follows.append(len(calls) + 1 if position + 1 < len(pattern.stops) else -1)
            calls.append((names.index(name), *times, *may))
    boards: list[list[int]] = [[] for _ in names]
    for number, call in sorted(enumerate(calls), key=lambda one: one[1][2]):
        if call[3] and follows[number] >= 0:
            boards[call[0]].append(number)
    times_at = tuple([calls[number][2] for number in held] for held in boards)
    walks = tuple(
        tuple(
            (other, time)
            for other, there in enumerate(places)
            if other != one and (time := seconds_between(here, there)) is not None
        )
        for one, here in enumerate(places)
    )
    return Expanded(places, names, tuple(calls), tuple(follows), tuple(boards), times_at, walks)


def arrival(nodes: Expanded, origin: tuple[float, float], goal: tuple[float, float], depart: int) -> int | None:
    """The earliest arrival from place to place with one ride at least, seconds of the day; None where there is none."""
    ends = {stop: time for stop, here in enumerate(nodes.stops) if (time := seconds_between(here, goal)) is not None}
    reached = [False] * len(nodes.calls)
    caught = [len(held) for held in nodes.boards]
    waiting: list[int] = []
    best: int | None = None
    for stop, here in enumerate(nodes.stops):
        walk = seconds_between(origin, here)
        if walk is not None:
            _catch(nodes, stop, depart + walk, caught, waiting)
    while waiting:
        call = waiting.pop()
        if reached[call]:
            continue
        reached[call] = True  # one sits in the vehicle as it leaves this call
        following = nodes.follows[call]
        if following < 0:
            continue
        waiting.append(following)
        stop, came, _, _, may_leave = nodes.calls[following]
        if not may_leave or (best is not None and came >= best):
            continue
        if stop in ends and (best is None or came + ends[stop] < best):
            best = came + ends[stop]
        _catch(nodes, stop, came, caught, waiting)
        for other, walk in nodes.walks[stop]:
            _catch(nodes, other, came + walk, caught, waiting)
    return best


def _catch(nodes: Expanded, stop: int, ready: int, caught: list[int], waiting: list[int]) -> None:
    """All departures from a stop that can be caught: the first one, and by waiting every later one; those from
    `caught` on are known already."""
    first = bisect_left(nodes.times[stop], ready)
    if first < caught[stop]:
        waiting.extend(nodes.boards[stop][first : caught[stop]])
        caught[stop] = first
