"""Which trips run on a day, as the journey planner and the departure boards need them?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from machinami.methods.footpaths import great_circle, seconds_to, walks_between, walks_from
from machinami.methods.raptor import NEVER, Journey, Line, Timetable, between, earliest
from machinami.methods.series import Floats
from machinami.model.transit import Network, Pattern, Run, fifo, runs_of

FORBIDDEN, TIMED = 3, 2
LATEST = 3600  # s: a vehicle later than this is not waited for any more


class Place(NamedTuple):
    """A place on the map, degrees."""

    lon: float
    lat: float


class Name(NamedTuple):
    """Which trip of which pattern (by number); is_before: of the day of service before, going on beyond midnight."""

    pattern: int
    trip: str
    is_before: bool = False

    def day_of_service(self, today: date) -> str:
        """The day of service of the trip, on a day of the calendar."""
        return (today - timedelta(days=self.is_before)).isoformat()


@dataclass(frozen=True, slots=True)
class Day:
    """A timetable of one day: the stops by number, their places, and the planner's table. It holds no more than a
    search needs, since it goes to another process with each one."""

    day: date
    stops: tuple[str, ...]
    lons: Floats
    lats: Floats
    table: Timetable

    def number(self, stop: str) -> int | None:
        """A stop's number; None where nothing calls there."""
        try:
            return self.stops.index(stop)
        except ValueError:
            return None


def day_of(network: Network, day: date) -> Day:
    """Put together what runs on a day."""
    called = {stop for pattern in network.patterns for stop in pattern.stops}
    stops = tuple(stop for stop in network.stops if stop in called)
    numbers = {stop: number for number, stop in enumerate(stops)}
    places = [network.stops[stop] for stop in stops]
    lons, lats = (np.array([getattr(place, name) for place in places], dtype=np.float64) for name in ("lon", "lat"))
    walks = [dict(near) for near in walks_between(lons.tolist(), lats.tolist())]
    change = [0] * len(stops)
    for one in network.transfers:
        origin, goal = numbers.get(one.origin), numbers.get(one.goal)
        if origin is None or goal is None:
            continue
        if origin == goal:
            change[origin] = one.seconds if one.kind == TIMED else NEVER if one.kind == FORBIDDEN else 0
        elif one.kind == FORBIDDEN:
            walks[origin].pop(goal, None)
        elif one.kind == TIMED:
            walks[origin][goal] = one.seconds
        else:
            walks[origin].setdefault(goal, 0)
    lines = [
        line for number, runs in _by_pattern(network, day).items() for line in _lines(network, number, runs, numbers)
    ]
    table = Timetable.of(lines, [sorted(near.items()) for near in walks], change)
    return Day(day, stops, lons, lats, table)


def _by_pattern(network: Network, day: date) -> dict[int, list[Run]]:
    found: dict[int, list[Run]] = {}
    for run in runs_of(network, day, LATEST):
        found.setdefault(run.pattern, []).append(run)
    return found


def _lines(network: Network, number: int, runs: Sequence[Run], numbers: Mapping[str, int]) -> list[Line]:
    pattern: Pattern = network.patterns[number]
    timed = [(run.start, pattern.profiles[run.trip.profile]) for run in runs]
    lines = []
    for group in fifo(timed):
        profile = timed[group[0]][1]
        across = range(len(pattern.stops))
        lines.append(
            Line(
                tuple(numbers[stop] for stop in pattern.stops),
                tuple([timed[run][0] + timed[run][1].arrive[at] for run in group] for at in across),
                tuple([timed[run][0] + timed[run][1].depart[at] for run in group] for at in across),
                tuple(at not in profile.closed_on for at in across),
                tuple(at not in profile.closed_off for at in across),
                tuple(Name(number, runs[run].trip.id, runs[run].start < runs[run].trip.start) for run in group),
            )
        )
    return lines


def near(day: Day, place: Place) -> list[tuple[int, int]]:
    """The stops within walking distance of a place, by number, with the seconds to them."""
    return walks_from(place.lon, place.lat, day.lons, day.lats)


def on_foot(origin: Place, goal: Place) -> int:
    """The seconds of the way on foot alone."""
    metres = great_circle(origin.lon, origin.lat, np.array([goal.lon]), np.array([goal.lat]))
    return seconds_to(metres)[0]


def journeys(day: Day, origin: Place, goal: Place, first: int, last: int) -> list[Journey]:
    """The journeys from place to place that leave within a span (seconds of the day) and beat walking all the way."""
    targets = dict(near(day, goal))
    return between(day.table, near(day, origin), targets, first, last, on_foot(origin, goal))


def soonest(day: Day, origin: Place, goal: Place, depart: int) -> list[Journey]:
    """The journeys that leave at a time or later: earliest arrival and fewest rides, none worse in both."""
    return earliest(day.table, near(day, origin), dict(near(day, goal)), depart)
