"""Which buses run in the simulated town, and how late are they? Two lines on its streets, slower in the rain.

The law of the delays is the town's own: traffic, driver and wet roads multiply the running time, people getting on take
their time, a bus that is early waits at the middle of its way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np

from machinami.foundation.instant import format_instant
from machinami.ingest.town.landmarks import ground
from machinami.ingest.town.names import LANDMARKS
from machinami.ingest.town.noise import Floats, generator
from machinami.ingest.town.projection import lonlat
from machinami.ingest.town.streets import BRIDGES, trunk
from machinami.ingest.town.terrain import Land
from machinami.model.reading import Reading
from machinami.model.transit import DAY, Network, Pattern, Profile, Route, Service, Stop, Trip, day_begins
from machinami.model.transit_document import profile_rows, service_row, trip_rows
from machinami.model.vocabulary.transit import entity_id

FEED, ZONE, SERVICE, VERSION = "machinami", "Asia/Tokyo", "every-day", "1"
SPEED = 6.2  # m/s by the timetable, stops included
EAST = 450.0  # m across the valley: the street beyond the river
EVERY, FIRST, LAST = (1800, 2400), 6 * 3600 + 1800, 20 * 3600
LINES = (
    ("1", {"ja": "早瀬街道線", "en": "Hayase Highway Line"},
     ("minami-school", "gym", "hospital", "station", "town-hall", "chuo-school", "junior-high", "temple", "kominkan")),
    ("2", {"ja": "川東線", "en": "Kawahigashi Line"},
     ("station", "park", "riverside-park", "higashi-school", "factory")),
)  # fmt: skip
RUSH = ((8.0, 1.0, 0.35), (17.5, 1.4, 0.28))
WET = 0.045  # by how much a millimetre in an hour slows traffic
PEOPLE = ((7, 60.0), (8, 90.0), (9, 40.0), (12, 30.0), (15, 35.0), (17, 80.0), (18, 60.0))
Wet = Callable[[Floats], Floats]
JSON, GEO, REF, WORDS = "JsonProperty", "GeoProperty", "Relationship", "LanguageProperty"


@dataclass(frozen=True, slots=True)
class Driven:
    """One trip as it went: pattern, trip, when its day began, and the moments (s of the day) at which it left each
    stop."""

    pattern: Pattern
    trip: Trip
    begins: datetime
    left: tuple[float, ...]

    @property
    def due(self) -> tuple[int, ...]:
        """The moments at which it should have left."""
        profile = self.pattern.profiles[self.trip.profile]
        return tuple(self.trip.start + one for one in profile.depart)


def network(land: Land, first: date, last: date) -> Network:
    """The timetable of the two lines: there and back, every half hour and every forty minutes, every day."""
    highway = trunk(land)
    stops: dict[str, Stop] = {}
    routes: dict[str, Route] = {}
    patterns: list[Pattern] = []
    for (number, name, along), every in zip(LINES, EVERY, strict=True):
        places = [_place(land, highway, key, number) for key in along]
        names = [f"{number}-{key}" for key in along]
        marks = {mark.key: mark for mark in LANDMARKS}
        for own, key, place in zip(names, along, places, strict=True):
            lon, lat = lonlat(place.tolist())
            stops[own] = Stop(own, {"ja": marks[key].ja, "en": marks[key].en}, lon, lat, platform=number)
        routes[number] = Route(number, number, name)
        metres = [float(np.hypot(*(b - a))) * 1.15 for a, b in pairwise(places)]
        minutes = [max(1, round(one / SPEED / 60)) for one in metres]
        for way, (calls, steps) in enumerate(((names, minutes), (names[::-1], minutes[::-1]))):
            times = tuple(int(one) * 60 for one in np.cumsum([0, *steps]))
            starts = range(FIRST + way * every // 2, LAST, every)
            sign = stops[calls[-1]].name["ja"]
            trips = tuple(Trip(f"{number}-{way}-{n}", SERVICE, start, 0, sign) for n, start in enumerate(starts))
            numbers = tuple(range(1, len(calls) + 1))
            patterns.append(
                Pattern(f"{number}-{way}", number, tuple(calls), (Profile(times, times),), trips, way, "", numbers)
            )
    service = Service(SERVICE, (True,) * 7, first, last)
    return Network(ZONE, stops, routes, {SERVICE: service}, tuple(patterns))


def _place(land: Land, highway: Floats, key: str, line: str) -> Floats:
    """Where the bus stops for a landmark: on the highway, or on the street beyond the river."""
    mark = next(mark for mark in LANDMARKS if mark.key == key)
    centre, _ = ground(land, mark)
    if line == "1":
        return np.asarray(highway[np.hypot(*(highway - centre).T).argmin()])
    along = BRIDGES[0] if key in ("station", "park") else mark.along
    across = mark.across if key in ("station", "park") else EAST
    return np.asarray(land.axis.place(np.array([along]), np.array([across]))[0])


def drives(town: Network, seed: int, day: date, wet: Wet) -> list[Driven]:
    """How the trips of a day went. wet: mm in the last hour, by seconds of that day."""
    begins = day_begins(day, ZONE)
    rain = wet(np.arange(0.0, DAY + 1.0, 600.0))
    found = []
    for number, pattern in enumerate(town.patterns):
        due = pattern.profiles[0].depart
        for count, trip in enumerate(pattern.trips):
            draw = generator(seed, 91, day.toordinal(), number, count)
            driver, now = draw.lognormal(0.0, 0.06), trip.start + draw.exponential(35.0)
            left = [float(now)]
            for place, (one, other) in enumerate(pairwise(due), 1):
                hour = now / 3600.0
                rush = sum(high * np.exp(-(((hour - at) / wide) ** 2)) for at, wide, high in RUSH)
                slow = 1.0 + WET * float(rain[min(int(now // 600), len(rain) - 1)])
                now += (other - one) * 0.88 * (1.0 + rush) * slow * driver * draw.lognormal(0.0, 0.08)
                now += draw.gamma(1.5, 4.0)
                if place == len(due) // 2:
                    now = max(now, trip.start + other)
                left.append(float(now))
            found.append(Driven(pattern, trip, begins, tuple(left)))
    return found


def timetable_readings(town: Network, at: datetime) -> Iterator[Reading]:
    """What stands: stops, lines, days, patterns, where people go; the feed itself last."""
    for stop in town.stops.values():
        place = {"type": "Point", "coordinates": [stop.lon, stop.lat]}
        yield from _said(
            "GtfsStop", stop.id, at, ("name", stop.name, WORDS), ("location", place, GEO), ("platform", stop.platform)
        )
    for route in town.routes.values():
        yield from _said(
            "GtfsRoute", route.id, at, ("name", route.name, WORDS), ("shortName", route.short_name), ("routeType", "3")
        )
    for service in town.services.values():
        row = {key: value for key, value in service_row(service).items() if key != "id"}
        yield from _said("GtfsService", service.id, at, ("calendar", row, JSON), ("version", VERSION))
    for pattern in town.patterns:
        yield from _said(
            "TransitPattern", pattern.id, at, ("hasRoute", entity_id("GtfsRoute", FEED, pattern.route), REF),
            ("stops", list(pattern.stops), JSON), ("profiles", profile_rows(pattern), JSON),
            ("trips", trip_rows(pattern), JSON), ("sequences", list(pattern.sequences), JSON),
            ("direction", pattern.direction), ("version", VERSION),
        )  # fmt: skip
        for number, called in enumerate(pattern.stops):
            yield from _place_said(pattern, number, called, at)
    yield from _flows(town, at)
    days = town.days()
    yield from _said(
        "TransitFeed", "feed", at, ("name", {"ja": "街並バス（模擬）", "en": "Machinami Bus (simulated)"}, WORDS),
        ("timezone", ZONE), ("startsOn", days[0].isoformat() if days else None),
        ("endsOn", days[1].isoformat() if days else None), ("leftOut", 0), ("version", VERSION),
    )  # fmt: skip


def road_closed(town: Network, at: datetime) -> Iterator[Reading]:
    """What the operator tells riders when the storm closes the road to the community centre: its last stop is not
    served until the evening of the next day."""
    route, stop = LINES[0][0], f"{LINES[0][0]}-{LINES[0][2][-1]}"
    name = town.stops[stop].name
    about = {"feed": FEED, "route": f"{FEED}:{route}", "stop": f"{FEED}:{stop}"}
    span = {"start": format_instant(at), "end": format_instant(at + timedelta(hours=26))}
    headline = {
        "ja": f"{name['ja']}には止まりません",
        "en": f"Buses do not call at {name['en']}",
        "easy": f"バスは {name['ja']}に 止まりません",
    }
    text = {
        "ja": "大雨で北原線の道路が通行止めのため、一つ手前の停留所で折り返します。",
        "en": "Heavy rain has closed Kitahara Road: buses turn back at the stop before.",
        "easy": "大雨で 道を 通れません。バスは 一つ 前の ところで 止まって、帰ります。",
    }
    yield from _said(
        "TransitNotice", "kitahara", at, ("headline", headline, WORDS), ("text", text, WORDS), ("effect", "noService"),
        ("cause", "weather"), ("about", [about], JSON), ("spans", [span], JSON), ("state", "told"),
        ("toldAt", format_instant(at)),
    )  # fmt: skip


def delay_id(pattern: str, place: int) -> str:
    """The id under which delays at a place of a pattern are told."""
    return f"urn:ngsi-ld:TransitDelay:{FEED}:{pattern}:{place}"


def _place_said(pattern: Pattern, place: int, stop: str, at: datetime) -> Iterator[Reading]:
    entity, kind = delay_id(pattern.id, place), "TransitDelay"
    refs = (
        ("refPattern", "TransitPattern", pattern.id),
        ("hasRoute", "GtfsRoute", pattern.route),
        ("hasStop", "GtfsStop", stop),
    )
    for name, what, own in refs:
        yield Reading(entity, kind, name, entity_id(what, FEED, own), at, None, REF)
    yield Reading(entity, kind, "place", place, at)
    yield Reading(entity, kind, "simulated", True, at)


def _flows(town: Network, at: datetime) -> Iterator[Reading]:
    """Where people go: to the station and the town hall in the morning, back in the evening."""
    for pattern in town.patterns[::2]:
        middle = pattern.stops[3 if len(pattern.stops) > 5 else 0]
        for stop in pattern.stops:
            for hour, people in PEOPLE if stop != middle else ():
                ends = (stop, middle) if hour < 13 else (middle, stop)
                places = [{"type": "Point", "coordinates": [town.stops[one].lon, town.stops[one].lat]} for one in ends]
                yield from _said(
                    "OriginDestinationFlow", f"{stop}-{hour}", at, ("originLocation", places[0], GEO),
                    ("destinationLocation", places[1], GEO), ("hour", hour),
                    ("flowCount", people / len(pattern.stops)),
                )  # fmt: skip


def passed(runs: Sequence[Driven], start: datetime, end: datetime) -> Iterator[Reading]:
    """The delays with which buses left their stops in [start, end)."""
    for run in runs:
        for place, (left, due) in enumerate(zip(run.left, run.due, strict=True)):
            at = (run.begins + timedelta(seconds=round(left))).astimezone(UTC)
            if start <= at < end:
                entity = delay_id(run.pattern.id, place)
                yield Reading(entity, "TransitDelay", "delay", float(round(left) - due), at, "SEC")


def under_way(town: Network, runs: Sequence[Driven], at: datetime) -> Iterator[Reading]:
    """Where the buses are at a moment: on the way between two stops, with the delays at those behind."""
    for run in runs:
        now = (at - run.begins).total_seconds()
        if not run.left[0] <= now < run.left[-1]:
            continue
        behind = max(place for place, left in enumerate(run.left) if left <= now)
        share = (now - run.left[behind]) / (run.left[behind + 1] - run.left[behind])
        one, other = (town.stops[run.pattern.stops[place]] for place in (behind, behind + 1))
        lon, lat = one.lon + share * (other.lon - one.lon), one.lat + share * (other.lat - one.lat)
        delays = [[place + 1, None, round(run.left[place] - run.due[place]), None] for place in range(behind + 1)]
        yield from _said(
            "Vehicle", f"{run.pattern.route}-{run.pattern.direction}-{int(run.trip.start // 1800) % 4}", at,
            ("name", f"{run.pattern.route} {run.trip.headsign}"),
            ("location", {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]}, GEO),
            ("trip", run.trip.id), ("stopSequence", behind + 2), ("serviceStatus", "inTransitTo"),
            ("delays", delays, JSON), ("reportedAt", at.astimezone(UTC).isoformat().replace("+00:00", "Z")),
        )  # fmt: skip


def _said(kind: str, own: str, at: datetime, *attributes: tuple[object, ...]) -> Iterator[Reading]:
    entity = entity_id(kind, FEED, own)
    for attribute, value, *form in (*attributes, ("simulated", True)):
        if value is not None:
            yield Reading(entity, kind, str(attribute), value, at, None, str(form[0]) if form else "Property")
