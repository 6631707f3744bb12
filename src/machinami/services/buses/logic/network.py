"""Which timetable does the town have? Put together from its entities, of every feed that was imported."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from machinami.foundation.errors import InputError
from machinami.model.transit import Network, Pattern, Route, Service, Stop, Transfer, Trip
from machinami.model.transit_document import profiles_of, service_of, trips_of
from machinami.model.vocabulary.transit import (
    GtfsRoute,
    GtfsService,
    GtfsStop,
    TransitFeed,
    TransitPattern,
    entity_id,
    feed_of,
    key_of,
    own_name,
)

WEEK_LONG = 7


@dataclass(frozen=True, slots=True)
class Held:
    """The town's timetable: the network, with names across all feeds; and the day whose week stands for every week, by
    feed, where one was given. version: of all feeds together."""

    version: str
    network: Network
    shown_from: Mapping[str, date]
    simulated: bool = False

    def day_for(self, today: date) -> date:
        """The day of the timetable that stands for a day of the calendar: itself, unless the timetable has expired and
        was imported with a day; then the same weekday in the week from that day on."""
        first = next(iter(self.shown_from.values()), None)
        return today if first is None else first + timedelta(days=(today - first).days % WEEK_LONG)


def version_of(feeds: Iterable[TransitFeed]) -> str:
    """What tells the timetables that the town has from any others."""
    return ",".join(sorted(f"{feed.id}={feed.version}/{feed.shown_from}" for feed in feeds))


def held_of(
    feeds: Sequence[TransitFeed],
    stops: Iterable[GtfsStop],
    routes: Iterable[GtfsRoute],
    services: Iterable[GtfsService],
    patterns: Iterable[TransitPattern],
) -> tuple[Held | None, list[str]]:
    """The town's timetable, and what of it cannot be used; None where there is none.

    What is of another version than its feed is from an older import, and left out.
    """
    versions = {feed_of(key_of(feed.id)): feed.version for feed in feeds}
    if not versions:
        return None, []
    faults: list[str] = []
    places = {key_of(one.id): stop for one in stops if (stop := _stop(one)) is not None}
    days: dict[str, Service] = {}
    for service in services:
        if versions.get(feed_of(key_of(service.id)), "") == service.version and service.calendar is not None:
            try:
                days[key_of(service.id)] = service_of({"id": key_of(service.id), **service.calendar})
            except (KeyError, TypeError, ValueError) as error:
                faults.append(f"{service.id}: {error!r}")
    found = []
    for one in patterns:
        if versions.get(feed_of(key_of(one.id)), "") == one.version:
            try:
                found.append(_pattern(one, places))
            except InputError as error:
                faults.append(f"{one.id}: {error.detail}")
    network = Network(
        next((feed.timezone for feed in feeds if feed.timezone and _is_zone(feed.timezone)), "Asia/Tokyo"),
        places,
        {key_of(one.id): _route(one) for one in routes},
        days,
        tuple(sorted(found, key=lambda pattern: pattern.id)),
        tuple(transfer for feed in feeds for transfer in _transfers(feed, places)),
        {key_of(feed.id): next(iter((feed.name or {}).values()), "") for feed in feeds if feed.name},
    )
    shown = {feed_of(key_of(feed.id)): _day(feed.shown_from) for feed in feeds if feed.shown_from}
    simulated = any(feed.simulated for feed in feeds)
    return Held(version_of(feeds), network, {n: day for n, day in shown.items() if day is not None}, simulated), faults


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _stop(one: GtfsStop) -> Stop | None:
    if one.location is None:
        return None
    station = key_of(one.has_parent_station) if one.has_parent_station else ""
    name = dict(one.name or {}) or {"ja": own_name(key_of(one.id))}
    return Stop(key_of(one.id), name, *one.location, one.code or "", station, one.platform or "")


def _route(one: GtfsRoute) -> Route:
    kind = int(one.route_type) if one.route_type and one.route_type.isdigit() else 3
    return Route(key_of(one.id), one.short_name or "", dict(one.name or {}), kind, one.route_color or "")


def _pattern(one: TransitPattern, stops: Mapping[str, Stop]) -> Pattern:
    """Raises InputError where it does not hold together."""
    feed = feed_of(key_of(one.id))
    along = tuple(key_of(entity_id("GtfsStop", feed, str(stop))) for stop in one.stops or [])
    if lacking := [stop for stop in along if stop not in stops]:
        raise InputError(f"its stop {lacking[0]} is not there")
    profiles = profiles_of(one.profiles or [], len(along))
    trips = trips_of(one.trips or [], len(profiles))
    if not trips or one.has_route is None:
        raise InputError("it has no trips or no route")
    own = [key_of(entity_id("GtfsService", feed, trip.service)) for trip in trips]
    named = tuple(_renamed(trip, service) for trip, service in zip(trips, own, strict=True))
    numbers = tuple(one.sequences or ()) if len(one.sequences or ()) == len(along) else ()
    return Pattern(key_of(one.id), key_of(one.has_route), along, profiles, named, one.direction, "", numbers)


def _renamed(trip: Trip, service: str) -> Trip:
    return Trip(trip.id, service, trip.start, trip.profile, trip.headsign, trip.block)


def _transfers(feed: TransitFeed, stops: Mapping[str, Stop]) -> list[Transfer]:
    name, found = feed_of(key_of(feed.id)), []
    for row in feed.transfers or []:
        try:
            origin, goal, kind, seconds = row
            ends = [key_of(entity_id("GtfsStop", name, str(stop))) for stop in (origin, goal)]
            one = Transfer(ends[0], ends[1], int(kind), int(seconds))
        except (TypeError, ValueError):
            continue
        if one.origin in stops and one.goal in stops:
            found.append(one)
    return found
