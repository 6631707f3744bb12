"""Which houses of the simulated town's base map are told of one by one, and how high are they?

Those near the schools and beside the ways that children walk; every service of the town reads the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import shapely

from machinami.ingest.town.coolness import lines_of_ways
from machinami.ingest.town.inventory import identifier
from machinami.ingest.town.landmarks import ground
from machinami.ingest.town.names import LANDMARKS
from machinami.ingest.town.noise import generator
from machinami.ingest.town.parcels import buildings
from machinami.ingest.town.projection import metres
from machinami.ingest.town.streets import Lattice, crowding
from machinami.ingest.town.terrain import Land
from machinami.ingest.town.thing import thing
from machinami.model.reading import Reading

SCHOOLS = ("chuo-school", "higashi-school")
"""Near which cameras are planned."""
NEAR_SCHOOL, BESIDE_WAY = 190.0, 60.0  # m
STOREY = 2.9  # m
CHANNEL = 4_417


class House(NamedTuple):
    """A building of the base map: its number there, its outer ring in degrees, and its height."""

    number: int
    ring: list[list[float]]
    storeys: int
    height: float


def houses(land: Land, grid: Lattice) -> list[House]:
    """The houses and public buildings that are told of."""
    rings = [polygon[0] for one in buildings(land, grid) for polygon in one["geometry"]["coordinates"]]
    places = metres(np.array([ring[0] for ring in rings]))
    draws = generator(land.seed, CHANNEL)
    storeys = np.clip(np.round(crowding(places[:, 1], places[:, 0] - land.axis.x(places[:, 1])) * 2.2
                               + draws.normal(0.0, 0.6, len(rings))), 1, 6).astype(int)  # fmt: skip
    heights = np.round(STOREY * storeys + draws.uniform(0.8, 2.0, len(rings)), 1)
    wanted = _near(land, grid)
    return [
        House(number, rings[number], int(storeys[number]), float(heights[number]))
        for number in np.flatnonzero(shapely.contains_xy(wanted, places[:, 0], places[:, 1])).tolist()
    ]


def stand(found: Sequence[House], at: datetime) -> Iterator[Reading]:
    """The houses as readings."""
    for house in found:
        entity = identifier("Building", f"house-{house.number}")
        yield from thing(
            "Building", entity, at, height=house.height, floorsAboveGround=house.storeys, usage="411", lod=1
        )
        area = {"type": "Polygon", "coordinates": [house.ring]}
        yield Reading(entity, "Building", "location", area, at, None, "GeoProperty")


def _near(land: Land, grid: Lattice) -> shapely.Geometry:
    """The ground near the schools and beside the ways, in metres."""
    middles = [ground(land, one)[0] for one in LANDMARKS if one.key in SCHOOLS]
    parts = [shapely.Point(*middle).buffer(NEAR_SCHOOL) for middle in middles]
    parts += [shapely.LineString(line).buffer(BESIDE_WAY) for line in lines_of_ways(land, grid)]
    return shapely.union_all(parts)
