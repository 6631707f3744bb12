"""How does one get there by public transport: arriving earliest, or leaving latest, with how many rides?

RAPTOR (Delling, Pajor & Werneck 2015, doi:10.1287/trsc.2014.0534), round by round: in round k all that can be reached
with k rides. Between two rides there is one walk at most, so walks are followed from where a vehicle was left alone:
what was reached earlier on foot is kept apart from what was reached by a ride. Times are whole seconds.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

NEVER = 1 << 40


class Line(NamedTuple):
    """Trips that call at the same stops and do not overtake: by position, the times of all of them, ascending.

    name: whatever the caller knows the trips by, one for each.
    """

    stops: tuple[int, ...]
    arrive: tuple[list[int], ...]
    depart: tuple[list[int], ...]
    on: tuple[bool, ...]
    off: tuple[bool, ...]
    name: tuple[Any, ...]


_Call = tuple[int, bool, bool, list[int], list[int]]


class Ride(NamedTuple):
    """One ride: its line and trip by number, where and when one gets on and off (stops by number)."""

    line: int
    trip: int
    board: int
    alight: int
    origin: int
    goal: int
    depart: int
    arrive: int


class Journey(NamedTuple):
    """A way from door to door: when one leaves and arrives, the rides, and the seconds on foot before each and last."""

    depart: int
    arrive: int
    rides: tuple[Ride, ...]
    walks: tuple[int, ...]


class _Reached(NamedTuple):
    """Where a vehicle was left, and how one had got onto it."""

    line: int
    trip: int
    board: int
    alight: int
    before: "_Ready"


class _Ready(NamedTuple):
    """How one came to be ready to get on: by which ride before, and the seconds on foot since."""

    ride: _Reached | None
    walk: int


@dataclass(frozen=True, slots=True)
class Timetable:
    """Lines, where each stop lies on them, the walks from each stop (the shortest first), and the least time for a
    change at each. calls: of each line by position its stop, whether one may get off and on there, and the times."""

    lines: tuple[Line, ...]
    at: tuple[tuple[tuple[int, int], ...], ...]
    walks: tuple[tuple[tuple[int, int], ...], ...]
    change: tuple[int, ...]
    calls: tuple[tuple[_Call, ...], ...]

    @classmethod
    def of(
        cls, lines: Iterable[Line], walks: Sequence[Sequence[tuple[int, int]]], change: Sequence[int] = ()
    ) -> "Timetable":
        """Put lines and walks together."""
        held = tuple(lines)
        at: list[list[tuple[int, int]]] = [[] for _ in walks]
        for number, line in enumerate(held):
            for position, stop in enumerate(line.stops):
                at[stop].append((number, position))
        times = tuple(change) or (0,) * len(walks)
        nearest = tuple(tuple(sorted(near, key=lambda one: one[1])) for near in walks)
        calls = tuple(tuple(zip(one.stops, one.off, one.on, one.arrive, one.depart, strict=True)) for one in held)
        return cls(held, tuple(map(tuple, at)), nearest, times, calls)


class Search:
    """One search on a timetable: what is known of every stop so far. `targets`: seconds on foot from a stop to the
    end; `least`: the arrival that must be beaten (that on foot alone, for instance)."""

    def __init__(self, table: Timetable, targets: Mapping[int, int], least: int = NEVER) -> None:
        stops = len(table.walks)
        self._table = table
        self._targets = targets
        self._best = least
        self._arrived = [NEVER] * stops
        self._ready = [NEVER] * stops
        self._how: list[_Ready | None] = [None] * stops
        self._by: list[_Reached | None] = [None] * stops

    def run(self, origins: Iterable[tuple[int, int]], depart: int, most_rides: int = NEVER) -> list[Journey]:
        """The journeys that leave at a time and arrive before all found so far: fewest rides first, each arriving
        before the one before it. origins: stops with the seconds on foot to them."""
        marked = set()
        for stop, walk in origins:
            if depart + walk < self._ready[stop]:
                self._ready[stop] = depart + walk
                self._how[stop] = _Ready(None, walk)
                marked.add(stop)
        found: list[Journey] = []
        rides = 0
        while marked and rides < most_rides:
            improved = self._ride(marked)
            best = self._arrival(improved)
            if best is not None:
                found.append(best)
            marked = self._walk(improved)
            rides += 1
        return found

    def _ride(self, marked: set[int]) -> set[int]:
        """Ride every line that calls at a marked stop; the stops where one arrives earlier than known."""
        table, ready, arrived, best = self._table, self._ready, self._arrived, self._best
        firsts: dict[int, int] = {}
        for stop in marked:
            for which, position in table.at[stop]:
                if position < firsts.get(which, NEVER):
                    firsts[which] = position
        improved: set[int] = set()
        for number, first in firsts.items():
            trip, board, before = -1, 0, None
            for position, (stop, off, on, arrive, depart) in enumerate(table.calls[number][first:], first):
                if before is not None and off:
                    time = arrive[trip]
                    if time < best and time < arrived[stop]:
                        arrived[stop] = time
                        self._by[stop] = _Reached(number, trip, board, position, before)
                        improved.add(stop)
                if stop in marked and on:
                    at = ready[stop]
                    if before is None or at <= depart[trip]:
                        other = bisect_left(depart, at)
                        if other < len(depart) and (before is None or other < trip):
                            trip, board, before = other, position, self._how[stop]
        return improved

    def _arrival(self, improved: set[int]) -> Journey | None:
        """The end of the best journey that this round found, if it beats all before."""
        last = -1
        for stop in improved:
            walk = self._targets.get(stop)
            if walk is not None and self._arrived[stop] + walk < self._best:
                self._best = self._arrived[stop] + walk
                last = stop
        by = self._by[last] if last >= 0 else None
        return None if by is None else self._told(by, self._targets[last])

    def _walk(self, improved: set[int]) -> set[int]:
        """From where a vehicle was left, be ready for the next one there, or walk to others near."""
        table, ready, how, best = self._table, self._ready, self._how, self._best
        marked: set[int] = set()
        for stop in improved:
            by, time = self._by[stop], self._arrived[stop]
            at = time + table.change[stop]
            if at < ready[stop]:
                ready[stop] = at
                how[stop] = _Ready(by, 0)
                marked.add(stop)
            for other, walk in table.walks[stop]:
                at = time + walk
                if at >= best:
                    break  # the nearest stand first
                if at < ready[other]:
                    ready[other] = at
                    how[other] = _Ready(by, walk)
                    marked.add(other)
        return marked

    def _told(self, by: _Reached, last: int) -> Journey:
        rides: list[Ride] = []
        walks = [last]
        at: _Reached | None = by
        while at is not None:
            line = self._table.lines[at.line]
            depart, arrive = line.depart[at.board][at.trip], line.arrive[at.alight][at.trip]
            ends = (line.stops[at.board], line.stops[at.alight])
            rides.append(Ride(at.line, at.trip, at.board, at.alight, *ends, depart, arrive))
            walks.append(at.before.walk)
            at = at.before.ride
        rides.reverse()
        walks.reverse()
        return Journey(rides[0].depart - walks[0], rides[-1].arrive + last, tuple(rides), tuple(walks))


def earliest(
    table: Timetable, origins: Sequence[tuple[int, int]], targets: Mapping[int, int], depart: int, least: int = NEVER
) -> list[Journey]:
    """The journeys that leave at a time or later, none worse than another in both arrival and number of rides."""
    return Search(table, targets, least).run(origins, depart)


def between(
    table: Timetable,
    origins: Sequence[tuple[int, int]],
    targets: Mapping[int, int],
    first: int,
    last: int,
    on_foot: int = NEVER,
) -> list[Journey]:
    """The journeys that leave within a span of time, none worse than another in both departure and arrival, in order.

    One search for each time at which something leaves near the beginning, the latest first, each knowing what those
    before it reached (rRAPTOR). on_foot: the seconds of the way on foot alone; what is slower is left out.
    """
    times = {
        time - walk
        for stop, walk in origins
        for line, position in table.at[stop]
        if table.lines[line].on[position]
        for time in table.lines[line].depart[position]
        if first <= time - walk <= last
    }
    search = Search(table, targets)
    found: list[Journey] = []
    for time in sorted(times, reverse=True):
        journeys = search.run(origins, time)
        if journeys and journeys[-1].arrive - time < on_foot:
            found.append(journeys[-1]._replace(depart=time))
    return found[::-1]
