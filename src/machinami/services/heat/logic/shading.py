"""How much of each way lies in the shade of the town's buildings, hour by hour of a day?"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from machinami.methods.series import Floats
from machinami.methods.shade import Light, Prism, along, shaded, share_in_shade
from machinami.methods.sun import sun_at
from machinami.model.view import Geometry, Ref
from machinami.model.vocabulary.buildings import Building
from machinami.model.vocabulary.cooling import Walkway
from machinami.services.heat.model import ShadeRow, WayShade

FIRST_HOUR, LAST_HOUR = 7, 18
STEP = 5.0  # m between the points of a way
METRES = 111_195.0  # of a degree of latitude
REACH = 600.0  # m: buildings further from every way than this are not asked
MOST_BUILDINGS, MOST_WAYS = 20_000, 500


class Streets(NamedTuple):
    """Ways and buildings of a town on a plane: metres east and north of `origin` (lon, lat)."""

    origin: tuple[float, float]
    ids: tuple[str, ...]
    lines: tuple[Floats, ...]
    prisms: tuple[Prism, ...]


def streets_of(ways: Sequence[Walkway], buildings: Sequence[Building]) -> Streets | None:
    """The ways and the buildings with a height near them, on a plane; None where there is not one of each."""
    drawn = [(way.id, line) for way in ways[:MOST_WAYS] for line in _lines(way.location)[:1]]
    if not drawn:
        return None
    corners = np.concatenate([line for _, line in drawn])
    origin = (float(corners[:, 0].mean()), float(corners[:, 1].mean()))
    lines = tuple(_plane(line, origin) for _, line in drawn)
    every = np.concatenate(lines)
    low, high = every.min(axis=0) - REACH, every.max(axis=0) + REACH
    prisms = []
    for building in buildings:
        for rings in _polygons(building.location) if building.height and building.height > 0 else []:
            made = tuple(_plane(ring, origin) for ring in rings)
            if (made[0].max(axis=0) >= low).all() and (made[0].min(axis=0) <= high).all():
                prisms.append(Prism(made, float(building.height or 0.0)))
    return Streets(origin, tuple(way for way, _ in drawn), lines, tuple(prisms[:MOST_BUILDINGS])) if prisms else None


def shade_of(streets: Streets, day: date, zone: str) -> dict[str, list[ShadeRow]]:
    """The share of each way in shade at each full hour of a day by the town's clock. Runs in a worker."""
    points = [along(line, STEP) for line in streets.lines]
    starts = np.cumsum([0, *(len(one) for one in points)])[:-1].tolist()
    hours = range(FIRST_HOUR, LAST_HOUR + 1)
    lights = [light_at(streets.origin, moment) for moment in moments_of(day, zone)]
    shares = share_in_shade(shaded(np.concatenate(points), streets.prisms, lights), starts)
    return {
        way: [{"hour": hour, "share": round(float(shares[row, number]), 3)} for row, hour in enumerate(hours)]
        for number, way in enumerate(streets.ids)
    }


def moments_of(day: date, zone: str) -> list[datetime]:
    """The full hours of a day that are looked at."""
    midnight = datetime.combine(day, time(0), ZoneInfo(zone))
    return [midnight + timedelta(hours=hour) for hour in range(FIRST_HOUR, LAST_HOUR + 1)]


def light_at(origin: tuple[float, float], moment: datetime) -> Light:
    """Where the sun is at a moment over a place (lon, lat)."""
    sun = sun_at(np.array([moment.timestamp()]), origin[1], origin[0])
    return Light(float(np.arcsin(np.clip(sun.cos_zenith[0], -1.0, 1.0))), float(sun.azimuth[0]))


def is_due(ways: Sequence[Walkway], said: Sequence[WayShade], day: date) -> bool:
    """Whether a way lacks its shade of a day."""
    known = {str(one.ref_subject) for one in said if one.day == day.isoformat()}
    return any(way.id not in known for way in ways[:MOST_WAYS] if _lines(way.location))


def told(rows: dict[str, list[ShadeRow]], ways: Sequence[Walkway], day: date) -> list[WayShade]:
    """What was worked out, as entities."""
    simulated = {way.id: way.simulated for way in ways}
    return [
        WayShade(shade_id(way), Ref(way), day.isoformat(), hours, simulated.get(way)) for way, hours in rows.items()
    ]


def shade_id(way: str) -> str:
    """The entity that says how a way is shaded."""
    return f"urn:ngsi-ld:{WayShade.TYPE}:{way.removeprefix('urn:ngsi-ld:')}"


def share_at(shade: WayShade, hour: int) -> float | None:
    """The share of a way in shade at an hour; None where it was not worked out."""
    return next((row["share"] for row in shade.hours or [] if row["hour"] == hour), None)


def _plane(ring: Floats, origin: tuple[float, float]) -> Floats:
    scale = np.array([METRES * np.cos(np.radians(origin[1])), METRES])
    return np.asarray((ring - np.array(origin)) * scale)


def _lines(geometry: Geometry | None) -> list[Floats]:
    kind, held = _parts(geometry)
    found = [held] if kind == "LineString" else held if kind == "MultiLineString" else []
    return [_pairs(line) for line in found or [] if len(line) >= 2]


def _polygons(geometry: Geometry | None) -> list[list[Floats]]:
    kind, held = _parts(geometry)
    found = [held] if kind == "Polygon" else held if kind == "MultiPolygon" else []
    return [[_pairs(ring) for ring in polygon] for polygon in found or [] if polygon]


def _parts(geometry: Geometry | None) -> tuple[Any, Any]:
    return (geometry["type"], geometry.get("coordinates")) if geometry else (None, None)


def _pairs(positions: Sequence[Sequence[float]]) -> Floats:
    return np.array([position[:2] for position in positions], dtype=np.float64)
