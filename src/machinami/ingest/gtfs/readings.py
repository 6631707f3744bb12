"""Which entities does a timetable become? A few hundred for any number of calls: trips are told by their patterns."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from machinami.ingest.gtfs.parse.feed import Feed
from machinami.model.reading import Reading
from machinami.model.transit import Network, Pattern
from machinami.model.transit_document import profile_rows, service_row, trip_rows
from machinami.model.vocabulary.transit import entity_id

GEO, JSON, REF, WORDS = "GeoProperty", "JsonProperty", "Relationship", "LanguageProperty"


def readings_of(feed: Feed, name: str, at: datetime, shown_from: date | None = None) -> Iterator[Reading]:
    """All that a timetable says, as readings observed now. name: what it is called in the town.

    shown_from: a day whose week stands for every week, for a timetable that has expired.
    """
    network = feed.network
    used = {stop for pattern in network.patterns for stop in pattern.stops}
    used |= {network.stops[stop].station for stop in used} - {""}
    for agency, called in network.agencies.items():
        yield from _said("GtfsAgency", name, agency or "1", at, ("agencyName", called), ("timezone", network.zone))
    for stop in network.stops.values():
        if stop.id in used:
            station = entity_id("GtfsStop", name, stop.station) if stop.station in used else None
            yield from _said(
                "GtfsStop", name, stop.id, at,
                ("name", stop.name, WORDS),
                ("location", {"type": "Point", "coordinates": [stop.lon, stop.lat]}, GEO),
                ("code", stop.code or None), ("platform", stop.platform or None), ("hasParentStation", station, REF),
            )  # fmt: skip
    running = {pattern.route for pattern in network.patterns}
    for route in network.routes.values():
        if route.id in running:
            agency = entity_id("GtfsAgency", name, route.agency or next(iter(network.agencies)) or "1")
            yield from _said(
                "GtfsRoute", name, route.id, at, ("name", route.name or None, WORDS),
                ("shortName", route.short_name or None), ("routeType", str(route.kind)),
                ("routeColor", route.colour or None), ("operatedBy", agency, REF),
            )  # fmt: skip
    for service in network.services.values():
        row = {key: value for key, value in service_row(service).items() if key != "id"}
        yield from _said("GtfsService", name, service.id, at, ("calendar", row, JSON), ("version", feed.version))
    for shape, points in network.shapes.items():
        if len(points) > 1:
            line = {"type": "LineString", "coordinates": [list(point) for point in points]}
            yield from _said("GtfsShape", name, shape, at, ("location", line, GEO))
    for pattern in network.patterns:
        yield from _pattern(pattern, network, feed.version, name, at)
    # Last: whoever is told of the feed finds all of it.
    yield from _feed(feed, name, at, shown_from)


def _pattern(pattern: Pattern, network: Network, version: str, name: str, at: datetime) -> Iterator[Reading]:
    shape = entity_id("GtfsShape", name, pattern.shape) if pattern.shape in network.shapes else None
    yield from _said(
        "TransitPattern", name, pattern.id, at,
        ("hasRoute", entity_id("GtfsRoute", name, pattern.route), REF), ("stops", list(pattern.stops), JSON),
        ("profiles", profile_rows(pattern), JSON), ("trips", trip_rows(pattern), JSON),
        ("sequences", list(pattern.sequences), JSON), ("direction", pattern.direction), ("hasShape", shape, REF),
        ("version", version),
    )  # fmt: skip


def _feed(feed: Feed, name: str, at: datetime, shown_from: date | None) -> Iterator[Reading]:
    span = feed.network.days()
    transfers = [[one.origin, one.goal, one.kind, one.seconds] for one in feed.network.transfers]
    yield from _said(
        "TransitFeed", name, "feed", at, ("name", {feed.language: feed.publisher or name}, WORDS),
        ("timezone", feed.network.zone), ("startsOn", span[0].isoformat() if span else None),
        ("endsOn", span[1].isoformat() if span else None), ("transfers", transfers, JSON),
        ("leftOut", feed.faults.count), ("shownFrom", shown_from.isoformat() if shown_from else ""),
        ("version", feed.version),
    )  # fmt: skip


def _said(kind: str, feed: str, own: str, at: datetime, *attributes: tuple[Any, ...]) -> Iterator[Reading]:
    entity = entity_id(kind, feed, own)
    for attribute, value, *form in attributes:
        if value is not None:
            yield Reading(entity, kind, attribute, value, at, None, form[0] if form else "Property")
