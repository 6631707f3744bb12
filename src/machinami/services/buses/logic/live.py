"""Where is each vehicle on its way, and how late? From what it says of itself, held against the timetable."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from machinami.methods.footpaths import great_circle
from machinami.model.transit import Network, Pattern, Profile, Trip, day_begins
from machinami.model.vocabulary.transit import Vehicle, feed_of, key_of

MOST = 3 * 3600  # s of delay beyond which a vehicle is on another trip, or its clock is wrong
EARLIEST = 20 * 60
STOPPED = "stoppedAt"
NEAR = 60.0  # m from a stop within which a vehicle without other signs is at it


@dataclass(frozen=True, slots=True)
class Way:
    """A vehicle on its trip: pattern by number, trip, day of the timetable and of the calendar, the last place that it
    has left or stands at, when it was seen, and its delay there (s); behind: all places that it says it has left, with
    the delay at each."""

    vehicle: str
    pattern: int
    trip: Trip
    begins: datetime
    day: date
    place: int
    at: datetime
    delay: float
    behind: tuple[tuple[int, float], ...] = ()

    def left(self, profile: Profile, place: int, delay: float) -> datetime:
        """When it left a place with a delay, to the second."""
        return self.begins + timedelta(seconds=round(self.trip.start + profile.depart[place] + delay))


class Index:
    """The trips of a timetable by feed and own name."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._trips: dict[tuple[str, str], tuple[int, Trip]] = {}
        for number, pattern in enumerate(network.patterns):
            feed = feed_of(pattern.id)
            for trip in pattern.trips:
                self._trips[feed, trip.id] = (number, trip)

    def find(self, feed: str, trip: str) -> tuple[int, Trip] | None:
        """The pattern (by number) and the trip; None where the timetable has none of that name."""
        return self._trips.get((feed, trip))


def way_of(index: Index, vehicle: Vehicle, zone: str) -> Way | None:
    """Where a vehicle is on its trip; None where that cannot be told. zone: by which the days of service begin."""
    if not vehicle.trip or vehicle.reported_at is None:
        return None
    found = index.find(feed_of(key_of(vehicle.id)), vehicle.trip)
    if found is None:
        return None
    number, trip = found
    pattern = index.network.patterns[number]
    profile = pattern.profiles[trip.profile]
    place = _place(index.network, pattern, vehicle)
    begins = _begins(trip, profile, vehicle.reported_at, zone)
    said = _said(pattern, vehicle, begins, trip, profile)
    if said:
        place, delay = said[-1]
    elif place is None:
        return None
    else:
        place, delay = _timed(index.network, pattern, vehicle, place, begins, trip, profile)
    if not -EARLIEST <= delay <= MOST:
        return None
    return Way(vehicle.id, number, trip, begins, begins.date(), place, vehicle.reported_at, delay, said)


def _begins(trip: Trip, profile: Profile, at: datetime, zone: str) -> datetime:
    """The beginning of the day of service on which the trip is under way nearest to a moment."""
    today = at.astimezone(day_begins(at.date(), zone).tzinfo).date()
    middle = trip.start + profile.arrive[-1] / 2
    days = [day_begins(today + timedelta(days=number), zone) for number in (-1, 0, 1)]
    return min(days, key=lambda begins: abs((at - begins).total_seconds() - middle))


def _place(network: Network, pattern: Pattern, vehicle: Vehicle) -> int | None:
    """The place in the pattern that a vehicle stands at or comes to next."""
    own = [stop.partition(":")[2] for stop in pattern.stops]
    known = vehicle.stop_sequence.value if vehicle.stop_sequence else None
    if known is not None and int(known) in pattern.sequences:
        return pattern.sequences.index(int(known))
    if vehicle.current_stop and vehicle.current_stop in own:
        return own.index(vehicle.current_stop)
    if vehicle.location is None:
        return None
    places = [network.stops[stop] for stop in pattern.stops]
    lons, lats = np.array([one.lon for one in places]), np.array([one.lat for one in places])
    metres = great_circle(*vehicle.location, lons, lats)
    nearest = int(metres.argmin())
    return nearest if metres[nearest] <= NEAR else None


def _said(
    pattern: Pattern, vehicle: Vehicle, begins: datetime, trip: Trip, profile: Profile
) -> tuple[tuple[int, float], ...]:
    """The places of which a delay is told that lie behind the vehicle, in order, with the delays."""
    at = (vehicle.reported_at - begins).total_seconds() if vehicle.reported_at else 0.0
    found: dict[int, float] = {}
    for row in vehicle.delays or []:
        place, delay = _row(pattern, row, begins, trip, profile)
        if place is None or delay is None:
            continue
        if -EARLIEST <= delay <= MOST and trip.start + profile.depart[place] + delay <= at:
            found[place] = delay
    return tuple(sorted(found.items()))


def _row(pattern: Pattern, row: Any, begins: datetime, trip: Trip, profile: Profile) -> tuple[int | None, float | None]:
    if not isinstance(row, list) or len(row) != 4:
        return None, None
    sequence, stop, delay, time = row
    own = [one.partition(":")[2] for one in pattern.stops]
    place = pattern.sequences.index(sequence) if sequence in pattern.sequences else None
    if place is None and stop in own:
        place = own.index(stop)
    if place is None:
        return None, None
    if isinstance(delay, int | float) and not isinstance(delay, bool):
        return place, float(delay)
    if isinstance(time, int | float) and not isinstance(time, bool):
        return place, time - begins.timestamp() - trip.start - profile.depart[place]
    return None, None


def _timed(
    network: Network,
    pattern: Pattern,
    vehicle: Vehicle,
    place: int,
    begins: datetime,
    trip: Trip,
    profile: Profile,
) -> tuple[int, float]:
    """The last place left (or stood at) and the delay: at a stop by the clock, between two by how far it has come."""
    now = (vehicle.reported_at - begins).total_seconds() if vehicle.reported_at else 0.0
    due = float(trip.start + profile.depart[place])
    if place == 0 or vehicle.service_status == STOPPED:
        late = now - due
        if late < 0:  # it stands and waits for its time
            arrived = now - (trip.start + profile.arrive[place])
            late = min(0.0, arrived) if place == len(pattern.stops) - 1 else max(late, 0.0)
        return place, late
    share = 0.5
    if vehicle.location is not None:
        ends = [network.stops[pattern.stops[number]] for number in (place - 1, place)]
        lons, lats = np.array([one.lon for one in ends]), np.array([one.lat for one in ends])
        behind, before = great_circle(*vehicle.location, lons, lats).tolist()
        share = behind / (behind + before) if behind + before > 0 else 0.5
    left = trip.start + profile.depart[place - 1]
    coming = trip.start + profile.arrive[place]
    return place - 1, now - (left + share * (coming - left))


def trip_at(pattern: Pattern, place: int, seconds: float, services: frozenset[str]) -> Trip | None:
    """The trip of some services that by the timetable leaves a place at a time of the day (within half a minute)."""
    for trip in pattern.trips:
        if trip.service in services and abs(trip.start + pattern.profiles[trip.profile].depart[place] - seconds) <= 30:
            return trip
    return None


def punctual(delays: Sequence[float], early: float, late: float) -> float:
    """The share of calls on time: not more than `early` seconds before and `late` after."""
    if not delays:
        return float("nan")
    return sum(-early <= one <= late for one in delays) / len(delays)
