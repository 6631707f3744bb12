"""Where does one go up out of the water in the south of the simulated town: by steps, or by a road that winds?

A field on the hillside is a refuge, as many towns have one. Steep steps lead straight up to it, and a road in bends,
which is longer and for everybody. Nothing here knows by which of them a service leads people.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

import numpy as np

from machinami.ingest.town.inventory import identifier
from machinami.ingest.town.lanes import links
from machinami.ingest.town.noise import Floats
from machinami.ingest.town.projection import lonlat
from machinami.ingest.town.streets import lattice
from machinami.ingest.town.terrain import Land
from machinami.ingest.town.thing import thing
from machinami.model.reading import Reading
from machinami.model.view import Words

KEY = "hilltop"
SOUTH, NORTH, DRY = -3700.0, -2700.0, 260.0
"""Metres along the valley between which one goes up, and how far from the river the streets there are dry."""
FOOT, CLIMB = 4.0, 26.0
"""Metres above the street at which the steps begin, and how much higher they end."""
STEPS, ROAD = 0.26, 0.075
"""Slopes of the steps and of the road."""
BENDS, STRIDE = 5, 25.0
CAPACITY = 240


def hilltop(land: Land, at: datetime) -> Iterator[Reading]:
    """The refuge on the hillside, the way to its foot, the steps and the road."""
    street, foot, top = _places(land)
    low = float(land.sample(land.height, street[None])[0])
    refuge = identifier("Shelter", KEY)
    name = Words(ja="船場 高台広場", en="Semba Hill Ground")
    yield from thing("Shelter", refuge, at, name=name, capacity=CAPACITY, accessible=True, pets=True, floodProne=False)
    place = {"type": "Point", "coordinates": lonlat(top.tolist())}
    yield Reading(refuge, "Shelter", "location", place, at, None, "GeoProperty")
    for key, line, begins, ends in (
        ("foot", np.array([street, foot]), low, low + FOOT),
        ("steps", _in_strides(np.array([foot, top])), low + FOOT, low + FOOT + CLIMB),
        ("road", _in_strides(_bends(foot, top)), low + FOOT, low + FOOT + CLIMB),
    ):
        yield from _way(f"{KEY}-{key}", line, begins, ends, at)


def _way(key: str, line: Floats, begins: float, ends: float, at: datetime) -> Iterator[Reading]:
    """A way that rises evenly from its first corner to its last."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    heights = np.round(begins + (ends - begins) * along / along[-1], 1).tolist()
    yield from thing("Footway", identifier("Footway", key), at, heights=heights, state="open")
    place = {"type": "MultiLineString", "coordinates": [[lonlat(corner) for corner in line.tolist()]]}
    yield Reading(identifier("Footway", key), "Footway", "location", place, at, None, "GeoProperty")


def _places(land: Land) -> tuple[Floats, Floats, Floats]:
    """The crossing below, where the hill begins, and the field: where dry streets come nearest to the hill."""
    grid = lattice(land)
    off = np.arange(20.0, 1_500.0, 10.0)
    found: list[tuple[float, Floats, Floats]] = []
    for row, column in sorted(links(grid)):
        along, across = grid.along[row], grid.across[column]
        if not SOUTH <= along <= NORTH or across < float(land.river_across(np.array([along]))[0]) + DRY:
            continue
        street = grid.places[row, column]
        ahead = land.axis.place(np.full(2, along), np.array([across, across + 30.0]))
        aside = (ahead[1] - ahead[0]) / np.hypot(*(ahead[1] - ahead[0]))
        above = land.sample(land.height, street + off[:, None] * aside) - land.sample(land.height, street[None])[0]
        if (above > FOOT).any():
            begins = float(off[int(np.argmax(above > FOOT))])
            found.append((begins, street, aside))
    begins, street, aside = min(found, key=lambda one: one[0])
    return street, street + begins * aside, street + (begins + CLIMB / STEPS) * aside


def _bends(foot: Floats, top: Floats) -> Floats:
    """A line from foot to top that swings from side to side, so long that it is as gentle as the road."""
    ahead = top - foot
    aside = np.array([-ahead[1], ahead[0]]) / np.hypot(*ahead)
    sides = np.array([0.0, *(-1.0) ** np.arange(BENDS - 1), 0.0])
    swings = np.linspace(0.0, CLIMB / ROAD, 500)
    metres = np.hypot(np.hypot(*ahead) / BENDS, swings[:, None] * np.diff(sides)).sum(axis=1)
    sides *= np.interp(CLIMB / ROAD, metres, swings)
    corners: Floats = foot + np.linspace(0.0, 1.0, BENDS + 1)[:, None] * ahead + sides[:, None] * aside
    return corners


def _in_strides(line: Floats) -> Floats:
    """The same line with a corner at every stride."""
    parts = []
    for one, other in pairwise(line):
        count = max(1, int(np.hypot(*(other - one)) / STRIDE))
        parts.append(one + np.linspace(0.0, 1.0, count, endpoint=False)[:, None] * (other - one))
    return np.concatenate([*parts, line[-1:]])
