"""What is a timetable of public transport: stops, routes, days of service, and trips that follow patterns?

Trips that call at the same stops share a pattern; those that take the same time between them share a profile. So a
timetable of half a million calls is a few hundred patterns. Times are seconds since the beginning of the day of service
(noon less twelve hours, as in GTFS), and go beyond 24 hours.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 86_400
HALF_DAY = timedelta(hours=12)
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Stop:
    """Where vehicles stop; name by language, degrees; station: the stop that holds this one, if there is one."""

    id: str
    name: Mapping[str, str]
    lon: float
    lat: float
    code: str = ""
    station: str = ""
    platform: str = ""
    wheelchair: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """A line as people know it; kind as in GTFS (3: bus); colour: six hexadecimal digits or nothing."""

    id: str
    short_name: str = ""
    name: Mapping[str, str] = field(default_factory=dict)
    kind: int = 3
    colour: str = ""
    agency: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """On which days something runs: days of the week between two days, days added and days taken away."""

    id: str
    days: tuple[bool, ...] = (False,) * 7
    start: date | None = None
    end: date | None = None
    added: frozenset[date] = frozenset()
    removed: frozenset[date] = frozenset()

    def runs_on(self, day: date) -> bool:
        """Whether it runs on a day; an exception overrules the week (GTFS, calendar_dates.txt)."""
        if day in self.added or day in self.removed:
            return day in self.added
        return bool(self.start and self.end and self.start <= day <= self.end and self.days[day.weekday()])


@dataclass(frozen=True, slots=True)
class Profile:
    """Seconds after the departure from the first stop, for each stop: arrivals and departures; where nobody may get on
    and where nobody may get off, by position."""

    arrive: tuple[int, ...]
    depart: tuple[int, ...]
    closed_on: frozenset[int] = frozenset()
    closed_off: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Trip:
    """One vehicle's way along a pattern: on which days, from when (seconds of the day), at which profile."""

    id: str
    service: str
    start: int
    profile: int
    headsign: str = ""
    block: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """The stops that a route's trips call at, in order, with those trips. sequences: how the operator numbers the stops
    in this pattern, where that is known."""

    id: str
    route: str
    stops: tuple[str, ...]
    profiles: tuple[Profile, ...]
    trips: tuple[Trip, ...]
    direction: int | None = None
    shape: str = ""
    sequences: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Transfer:
    """A change between two stops (GTFS, transfers.txt): kind 2 needs `seconds`, kind 3 is not possible."""

    origin: str
    goal: str
    kind: int = 0
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Network:
    """A whole timetable: zone is the time zone in which its days begin; shapes: points (lon, lat) by name."""

    zone: str
    stops: Mapping[str, Stop]
    routes: Mapping[str, Route]
    services: Mapping[str, Service]
    patterns: tuple[Pattern, ...]
    transfers: tuple[Transfer, ...] = ()
    agencies: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        """How many times a vehicle calls at a stop, in all trips: the rows of stop_times.txt."""
        return sum(len(pattern.stops) * len(pattern.trips) for pattern in self.patterns)

    @property
    def trips(self) -> int:
        """How many trips there are."""
        return sum(len(pattern.trips) for pattern in self.patterns)

    def days(self) -> tuple[date, date] | None:
        """The first and the last day on which anything could run; None where nothing ever does."""
        known = [day for one in self.services.values() for day in (one.start, one.end, *one.added) if day]
        return (min(known), max(known)) if known else None

    def trips_on(self, day: date) -> int:
        """How many trips run on a day."""
        running = running_on(self, day)
        return sum(trip.service in running for pattern in self.patterns for trip in pattern.trips)

    def busiest_day(self) -> date | None:
        """The first of the days with the most trips: what stands for a timetable that has expired."""
        span = self.days()
        if span is None:
            return None
        length = min((span[1] - span[0]).days, 3_700)
        days = [span[0] + timedelta(days=number) for number in range(length + 1)]
        weight: dict[str, int] = {}
        for pattern in self.patterns:
            for trip in pattern.trips:
                weight[trip.service] = weight.get(trip.service, 0) + 1
        sums = {day: sum(weight.get(s.id, 0) for s in self.services.values() if s.runs_on(day)) for day in days}
        return max(days, key=lambda day: sums[day])


class Run(NamedTuple):
    """A trip on one day: its pattern by number, and when it leaves the first stop, in seconds of the day asked for
    (negative where it left on the day before)."""

    pattern: int
    trip: Trip
    start: int


def running_on(network: Network, day: date) -> frozenset[str]:
    """The services that run on a day."""
    return frozenset(one.id for one in network.services.values() if one.runs_on(day))


def runs_of(network: Network, day: date, late: int = 0) -> Iterator[Run]:
    """The trips under way on a day: its own, and those of the day before that go on beyond midnight, or would if they
    were so many seconds late."""
    today, before = running_on(network, day), running_on(network, day - timedelta(days=1))
    for number, pattern in enumerate(network.patterns):
        lengths = [profile.arrive[-1] for profile in pattern.profiles]
        for trip in pattern.trips:
            if trip.service in today:
                yield Run(number, trip, trip.start)
            if trip.service in before and trip.start + lengths[trip.profile] + late >= DAY:
                yield Run(number, trip, trip.start - DAY)


def day_begins(day: date, zone: str) -> datetime:
    """The moment from which the times of a day of service count: noon less twelve hours (GTFS, Field Types, Time)."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone))
    return (noon.astimezone(ZoneInfo("UTC")) - HALF_DAY).astimezone(noon.tzinfo)


def service_day(moment: datetime, zone: str) -> tuple[date, int]:
    """The day of service at a moment by the calendar of its zone, and the seconds since it began."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    return day, int((moment - day_begins(day, zone)).total_seconds())


def fifo(runs: Sequence[tuple[int, Profile]]) -> list[list[int]]:
    """Part the runs of a pattern (start, profile) into groups in which none overtakes another, each in order."""
    order = sorted(range(len(runs)), key=lambda one: (runs[one][0], runs[one][1].arrive[-1]))
    groups: list[list[int]] = []
    for one in order:
        for group in groups:
            if _follows(runs[group[-1]], runs[one]):
                group.append(one)
                break
        else:
            groups.append([one])
    return groups


def _follows(first: tuple[int, Profile], second: tuple[int, Profile]) -> bool:
    """Whether the second of two runs is nowhere before the first, and as open to passengers."""
    (s, one), (t, other) = first, second
    if (one.closed_on, one.closed_off) != (other.closed_on, other.closed_off):
        return False
    if one is other or (one.arrive == other.arrive and one.depart == other.depart):
        return s <= t
    later = all(s + a <= t + b for a, b in zip(one.arrive, other.arrive, strict=True))
    return later and all(s + a <= t + b for a, b in zip(one.depart, other.depart, strict=True))
