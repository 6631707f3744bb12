"""Which street lights and ways to school does the simulated town have, and what does it plan to watch over?

Nothing here knows how cameras are chosen. The plans are asked for and not answered: the town's own service works them
out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from machinami.foundation.instant import format_instant
from machinami.ingest.town.houses import NEAR_SCHOOL, SCHOOLS, House
from machinami.ingest.town.inventory import identifier
from machinami.ingest.town.landmarks import ground
from machinami.ingest.town.lanes import Links, Node, crossing_at, links, way_from, ways_to
from machinami.ingest.town.names import LANDMARKS
from machinami.ingest.town.noise import Floats
from machinami.ingest.town.projection import lonlat
from machinami.ingest.town.streets import Lattice, lattice
from machinami.ingest.town.terrain import Land
from machinami.ingest.town.thing import thing
from machinami.model.reading import Reading
from machinami.model.view import Ref, Words

_FAR = 290.0  # metres from a school from which its ways come
_ASIDE, _APART = 3.0, 40.0  # metres: how far beside the middle of a street a light stands, and from the next
_WAYS = 3
_BY = {"by": "早瀬 学（模擬）", "role": "危機管理課（模擬）"}
Line = list[Floats]


class Hood(NamedTuple):
    """The surroundings of one school: its middle, the street pieces near it, and ways that lead to it."""

    name: dict[str, str]
    key: str
    middle: Floats
    pieces: list[tuple[Floats, Floats]]
    ways: list[Line]


def cameras(land: Land, houses: Sequence[House], at: datetime) -> Iterator[Reading]:
    """Everything that the service of watch-over cameras of the simulated town works with, as readings."""
    grid = lattice(land)
    hoods = [_hood(land, grid, key) for key in SCHOOLS]
    for hood in hoods:
        yield from _lights(hood, at)
        yield from _targets(hood, at)
    yield from _zones(hoods, [house.ring for house in houses], at)
    yield from _standing(hoods[0], at)
    yield from _plans(at)


def _hood(land: Land, grid: Lattice, key: str) -> Hood:
    mark = next(one for one in LANDMARKS if one.key == key)
    middle, _ = ground(land, mark)
    joined = links(grid)
    near = {node for node in joined if np.hypot(*(grid.places[node] - middle)) < _FAR}
    pieces = [
        (grid.places[one], grid.places[other])
        for one in sorted(near)
        for other in joined[one]
        if one < other
        and other in near
        and np.hypot(*(0.5 * (grid.places[one] + grid.places[other]) - middle)) < NEAR_SCHOOL
    ]
    return Hood({"ja": mark.ja, "en": mark.en}, key, middle, pieces, _ways(grid, joined, near, middle))


def _ways(grid: Lattice, joined: Links, near: set[Node], middle: Floats) -> list[Line]:
    """Shortest ways, in pieces, to the crossing nearest to the school from far ones on several sides."""
    if not near:
        return []
    inside = {node: [other for other in joined[node] if other in near] for node in near}
    following = ways_to(grid, inside, crossing_at(grid, inside, middle))
    found: list[Line] = []
    for side in range(_WAYS):
        turn = 2.0 * np.pi * side / _WAYS
        heading = np.array([np.sin(turn), np.cos(turn)])
        end = max(sorted(following), key=lambda node, h=heading: float((grid.places[node] - middle) @ h))  # type: ignore[misc]
        way = way_from(following, end)
        if len(way) > 2:
            found.append([grid.places[node] for node in way])
    return found


def _lights(hood: Hood, at: datetime) -> Iterator[Reading]:
    number = 0
    for one, other in hood.pieces:
        length = float(np.hypot(*(other - one)))
        ahead = (other - one) / length
        for along in np.arange(_APART / 2, length, _APART).tolist():
            number += 1
            place = one + ahead * along + np.array([-ahead[1], ahead[0]]) * _ASIDE
            entity = identifier("Streetlight", f"{hood.key}-{number}")
            yield _place(entity, "Streetlight", place, at)
            yield from thing(
                "Streetlight", entity, at, name=_named(hood, f" 街灯{number}", f", light {number}"), lanternHeight=5.0
            )


def _targets(hood: Hood, at: datetime) -> Iterator[Reading]:
    for number, way in enumerate(hood.ways, 1):
        entity = identifier("WatchTarget", f"{hood.key}-{number}")
        line = {"type": "LineString", "coordinates": [lonlat(corner.tolist()) for corner in way]}
        yield Reading(entity, "WatchTarget", "location", line, at, None, "GeoProperty")
        name = _named(hood, f" 通学路{number}", f", school route {number}")
        yield from thing("WatchTarget", entity, at, name=name, kind="school_route", weight=1.0, state="usable")


def _zones(hoods: Sequence[Hood], houses: Sequence[list[list[float]]], at: datetime) -> Iterator[Reading]:
    """The house nearest to a way of each school is a nursery, or a clinic."""
    kinds = (
        ("nursery", "forbid", " そばの保育園", ", nursery nearby"),
        ("clinic", "mask", " そばの医院", ", clinic nearby"),
    )
    for hood, (kind, rule, ja, en) in zip(hoods, kinds, strict=True):
        if not hood.ways or not houses:
            continue
        way = np.array([lonlat(corner.tolist()) for corner in hood.ways[0]])
        middle = way[len(way) // 2]
        ring = min(houses, key=lambda one, m=middle: float(np.hypot(*(np.array(one[0]) - m))))  # type: ignore[misc]
        entity = identifier("PrivacyZone", f"{hood.key}-{kind}")
        area = {"type": "Polygon", "coordinates": [ring]}
        yield Reading(entity, "PrivacyZone", "location", area, at, None, "GeoProperty")
        yield from thing(
            "PrivacyZone", entity, at, name=_named(hood, ja, en), kind=kind, rule=rule, height=4.5, state="usable"
        )


def _standing(hood: Hood, at: datetime) -> Iterator[Reading]:
    """Two cameras that hang before any plan, with their rules, and footage that was given once."""
    since = at - timedelta(days=400)
    for number, (one, other) in enumerate(hood.pieces[:2], 1):
        entity = identifier("Camera", f"{hood.key}-{number}")
        ahead = other - one
        bearing = round(float(np.degrees(np.arctan2(ahead[0], ahead[1])) % 360.0), 1)
        yield _place(entity, "Camera", one, at)
        yield from thing(
            "Camera",
            entity,
            at,
            name=_named(hood, f"前 カメラ{number}", f", camera {number}"),
            height=5.0,
            cameraUsage="SURVEILLANCE",
            cameraOrientation={"bearing": bearing, "tilt": 20.0},
            purpose=Words(
                ja="学校の門の前での事故と犯罪を防ぐ（模擬）",
                en="To prevent accidents and crime at the gate (simulated)",
            ),
            mayLook=Words(ja="危機管理課の指名した職員（模擬）", en="Named staff of crisis management (simulated)"),
            keptDays=14,
            contact=Words(
                ja="危機管理課（模擬の町のため電話はありません）",
                en="Crisis management (no telephone: an invented town)",
            ),
            state="working",
            steps=[_step(since, "working", "門の前の工事が終わった（模擬）")],
        )
    given = at - timedelta(days=20)
    yield from thing(
        "FootageHandover",
        identifier("FootageHandover", "1"),
        at,
        refCamera=Ref(identifier("Camera", f"{hood.key}-1")),
        receiver="街並警察署（模擬）",
        ground="law",
        purpose="自転車の事故の捜査（文書による照会、模擬）",
        periodFrom=given - timedelta(days=2, hours=1),
        periodTo=given - timedelta(days=2),
        decidedBy=_BY["by"],
        role=_BY["role"],
        decidedAt=given,
        state="recorded",
    )


def _plans(at: datetime) -> Iterator[Reading]:
    wishes = (
        ("wide", "通学路 A案：いちばん広く（模擬）", "School routes, plan A: most of all (simulated)", "none", 0.0),
        (
            "fair",
            "通学路 B案：どちらの地区も（模擬）",
            "School routes, plan B: both districts (simulated)",
            "share",
            0.3,
        ),
    )
    for key, ja, en, fairness, share in wishes:
        yield from thing(
            "CameraPlan",
            identifier("CameraPlan", key),
            at,
            name=Words(ja=ja, en=en),
            wishes={"budget": 2_700_000.0, "fairness": fairness, "share": share},
            steps=[_step(at, "computing", "")],
            state="computing",
        )


def _step(at: datetime, to: str, reason: str) -> dict[str, str]:
    return {"at": format_instant(at), **_BY, "to": to, "reason": reason}


def _place(entity: str, kind: str, place: Floats, at: datetime) -> Reading:
    point = {"type": "Point", "coordinates": lonlat(place.tolist())}
    return Reading(entity, kind, "location", point, at, None, "GeoProperty")


def _named(hood: Hood, ja: str, en: str) -> Words:
    return Words(ja=hood.name["ja"] + ja, en=hood.name["en"] + en)
