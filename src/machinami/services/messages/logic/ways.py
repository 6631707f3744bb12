"""Where do people of each district go on foot when the water comes, and by which way?

Whoever stands on dry ground is led into no flooded ground; whoever stands on flooded ground is led out of it by the
soonest way. Shelters in the water, and those that say that they are closed, are none. Steep ways are taken where there
is no other that is not much longer.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
import shapely.ops
from shapely.errors import GEOSException
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from machinami.methods.series import Floats
from machinami.methods.walking import (
    Flags,
    Network,
    Ways,
    main_part,
    metres_between,
    nearest_corner,
    network,
    soonest,
    tobler,
    walked,
    way_from,
)
from machinami.model.view import Geometry, Ref
from machinami.model.vocabulary.places import District, Shelter
from machinami.services.messages.model import EvacuationRoute, Footway, HazardZone

STEEP_FACTOR = 3.0
"""How many times as long a steep piece counts, so that a way round is taken that is not longer than that."""
FAR_FROM_STREETS = 500.0
"""Metres from a shelter or a district to the next street beyond which it is on no street that is known here."""


@dataclass(frozen=True, slots=True)
class Walker:
    """For whom the way is: from which depth of water (m) on nobody walks, which slope (share) is steep, and how fast
    they are beside the hiker of Tobler's formula."""

    depth: float = 0.5
    steep: float = 0.12
    pace: float = 0.8


@dataclass(frozen=True, slots=True)
class Ground:
    """The town as one who walks sees it: streets, which corners are flooded, which pieces nobody may take, which
    corners hang together, how long each piece takes, and for how long it counts (a steep one for longer)."""

    net: Network
    wet: Flags
    closed: Flags
    main: Flags
    seconds: Floats
    weighed: Floats


@dataclass(frozen=True, slots=True)
class Found:
    """The ways that were found: how long each takes (n,), to which shelters they lead, and whether any is said to be
    open."""

    ways: Ways
    seconds: Floats
    goals: Mapping[int, Shelter]
    sure: bool


def routes(
    streets: Sequence[Footway],
    zones: Sequence[HazardZone],
    refuges: Sequence[Shelter],
    districts: Sequence[District],
    walker: Walker,
    now: datetime,
) -> list[EvacuationRoute]:
    """The way for each district; one without a way says why."""
    ground = ground_of(streets, zones, walker)
    goals: dict[int, Shelter] = {}
    for refuge in refuges:
        if refuge.location is None or refuge.state == "closed" or refuge.flood_prone:
            continue
        corner, apart = nearest_corner(ground.net, (refuge.location.lon, refuge.location.lat), ground.main)
        if corner >= 0 and apart <= FAR_FROM_STREETS and not ground.wet[corner]:
            goals.setdefault(corner, refuge)
    ways = soonest(ground.net, ground.weighed, list(goals), ground.closed)
    found = Found(
        ways,
        walked(ground.net, ground.seconds, ways, ground.closed),
        goals,
        any(one.state == "open" for one in refuges),
    )
    return [_route(one, ground, found, now) for one in districts]


def ground_of(streets: Sequence[Footway], zones: Sequence[HazardZone], walker: Walker) -> Ground:
    """The network of the streets, with what is flooded, closed and steep."""
    lines, heights, shut = [], [], []
    for street in streets:
        found = _lines(street.location)
        known, begin = street.heights or [], 0
        whole = len(known) == sum(map(len, found))
        for line in found:
            lines.append([(float(lon), float(lat)) for lon, lat, *_ in line])
            heights.append(known[begin : begin + len(line)] if whole else None)
            shut.append(street.state == "closed")
            begin += len(line)
    net = network(lines, heights)
    flooded = [zone for zone in zones if zone.hazard == "flood" and (zone.depth or 0.0) >= walker.depth]
    wet = _within(net, flooded)
    entering = ~wet[net.start] & (wet[net.end] | _crossing(net, flooded)) if len(net.start) else np.zeros(0, bool)
    barred = np.array(shut, bool)[net.line] if len(net.line) else np.zeros(0, bool)
    slope = np.divide(np.abs(net.rise), net.metres, out=np.zeros_like(net.metres), where=net.metres > 0)
    seconds = tobler(net.metres, net.rise, walker.pace)
    weighed = np.where(slope > walker.steep, seconds * STEEP_FACTOR, seconds)
    return Ground(net, wet, entering | barred, main_part(net), seconds, weighed)


def _route(district: District, ground: Ground, found: Found, now: datetime) -> EvacuationRoute:
    entity = f"urn:ngsi-ld:{EvacuationRoute.TYPE}:{district.id.rpartition(':')[2]}"
    empty = EvacuationRoute(entity, Ref(district.id), now, simulated=district.simulated)
    area = _shape(district.location)
    if area is None:
        return replace(empty, reason="no_place")
    inside = ground.main & shapely.contains_xy(area, ground.net.corners[:, 0], ground.net.corners[:, 1])
    start = _middle(ground, area, inside)
    if start < 0:
        return replace(empty, reason="no_street")
    path = way_from(found.ways, start)
    if not path:
        return replace(empty, reason="no_way" if found.goals else "no_shelter")
    corners = [[float(lon), float(lat)] for lon, lat in ground.net.corners[path]]
    reached = found.seconds[inside & np.isfinite(found.seconds)]
    metres, up = _along(ground.net, path)
    return replace(
        empty,
        ref_shelter=Ref(found.goals[path[-1]].id),
        location=Geometry({"type": "LineString", "coordinates": corners if len(corners) > 1 else corners * 2}),
        distance=round(float(metres), 0),
        minutes=round(float(found.seconds[start]) / 60, 1),
        farthest=round(float(reached.max()) / 60, 1) if reached.size else None,
        climb=round(float(up), 0),
        reason=None if found.sure else "unsure_open",
    )


def _middle(ground: Ground, area: BaseGeometry, inside: Flags) -> int:
    """The corner in the middle of a district's streets; of one without streets the nearest, -1 where that is far."""
    if inside.any():
        lon, lat = np.median(ground.net.corners[inside], axis=0)
        return nearest_corner(ground.net, (float(lon), float(lat)), inside)[0]
    point = area.representative_point()
    start, apart = nearest_corner(ground.net, (point.x, point.y), ground.main)
    return start if apart <= FAR_FROM_STREETS else -1


def _along(net: Network, path: Sequence[int]) -> tuple[float, float]:
    """Metres of a way, and of them those that go up."""
    places = [(float(net.corners[one][0]), float(net.corners[one][1])) for one in path]
    metres = sum(metres_between(a, b) for a, b in pairwise(places))
    known = {(int(a), int(b)): float(up) for a, b, up in zip(net.start, net.end, net.rise, strict=True)}
    return metres, sum(max(0.0, known.get(step, 0.0)) for step in pairwise(path))


def _within(net: Network, zones: Sequence[HazardZone]) -> Flags:
    found = np.zeros(len(net.corners), bool)
    for zone in zones:
        area = _shape(zone.location)
        if area is not None and len(net.corners):
            found |= shapely.contains_xy(area, net.corners[:, 0], net.corners[:, 1])
    return found


def _crossing(net: Network, zones: Sequence[HazardZone]) -> Flags:
    """Which pieces touch such ground, also where both their ends are outside: a bridge is one piece."""
    pieces = shapely.linestrings(np.stack([net.corners[net.start], net.corners[net.end]], axis=1))
    found = np.zeros(len(net.start), bool)
    for zone in zones:
        area = _shape(zone.location)
        if area is not None:
            shapely.prepare(area)
            found |= np.asarray(shapely.intersects(area, pieces), bool)
    return found


def _lines(geometry: Mapping[str, Any] | None) -> list[Any]:
    """The lines of a GeoJSON geometry; what is none gives none."""
    kind, held = (geometry or {}).get("type"), (geometry or {}).get("coordinates")
    if kind == "LineString" and isinstance(held, list):
        return [held]
    return list(held) if kind == "MultiLineString" and isinstance(held, list) else []


def _shape(geometry: Mapping[str, Any] | None) -> BaseGeometry | None:
    """The geometry, if it is one that holds ground."""
    if not geometry:
        return None
    try:
        found = shape(dict(geometry))
    except (GEOSException, ValueError, TypeError, KeyError, AttributeError):
        return None
    return None if found.is_empty or not math.isfinite(found.bounds[0]) else shapely.make_valid(found)


def districts_near(lon: float, lat: float, radius: float, districts: Sequence[District]) -> list[str]:
    """The districts that a circle touches (radius in km); none where it touches none that is known."""
    centre = shapely.Point(lon, lat)
    found = []
    for district in districts:
        area = _shape(district.location)
        if area is None:
            continue
        near = shapely.ops.nearest_points(area, centre)[0]
        if metres_between((near.x, near.y), (lon, lat)) <= radius * 1_000:
            found.append(district.id)
    return found
