"""Where is it cool in the simulated town: which halls are open in the heat, on which ways do children walk to school,
and which houses stand beside them?
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from machinami.ingest.town.inventory import identifier
from machinami.ingest.town.landmarks import ground
from machinami.ingest.town.names import LANDMARKS
from machinami.ingest.town.noise import Floats, generator
from machinami.ingest.town.parcels import box
from machinami.ingest.town.projection import lonlat
from machinami.ingest.town.terrain import Land
from machinami.ingest.town.thing import thing
from machinami.model.reading import Reading
from machinami.model.view import Ref, Words

CHANNEL = 4_417
CHIEF, OFFICE = "保健担当（模擬）", "健康福祉課長"
HALLS = (
    ("gym", 120, ["Mo-Su 09:00-21:00"], None),
    ("kominkan", 30, ["Mo-Fr 09:00-17:00", "Sa 09:00-12:00"], 60),
)
"""Landmark, how many people, hours, and the days from the anchor after which it is closed for two days."""
SETBACK, PLOT = 4.0, 15.0  # m from the middle of a way to a wall, and from one house to the next


@dataclass(frozen=True, slots=True)
class _Way:
    key: str
    ja: str
    en: str
    usage: str
    to: str
    corners: tuple[tuple[float, float], ...]  # along and across the valley
    stands: float  # the share of plots with a house
    storeys: tuple[int, int]


WAYS = (
    _Way("chuo-south", "中央小 通学路 南（駅前から）", "Way to Chuo School, south", "school", "chuo-school",
         ((-720.0, -430.0), (-160.0, -430.0), (-110.0, -480.0)), 0.95, (2, 4)),
    _Way("chuo-north", "中央小 通学路 北（上町から）", "Way to Chuo School, north", "school", "chuo-school",
         ((520.0, -450.0), (60.0, -450.0), (20.0, -500.0)), 0.7, (1, 2)),
    _Way("higashi", "川東小 通学路", "Way to Kawahigashi School", "school", "higashi-school",
         ((-980.0, 470.0), (-500.0, 470.0)), 0.25, (1, 2)),
    _Way("minami", "南小 通学路（田んぼ道）", "Way to Minami School", "school", "minami-school",
         ((-2700.0, -340.0), (-2330.0, -400.0)), 0.0, (1, 1)),
    _Way("station", "駅前通り", "Ekimae Street", "walk", "station",
         ((-1080.0, -660.0), (-1080.0, -300.0)), 0.95, (3, 6)),
)  # fmt: skip


def coolness(land: Land, at: datetime) -> Iterator[Reading]:
    """Cooling shelters, ways on foot and the houses beside them, as readings observed at ``at``."""
    first, last = at - timedelta(days=60), at + timedelta(days=90)
    for key, capacity, hours, off in HALLS:
        mark = next(one for one in LANDMARKS if one.key == key)
        place, _ = ground(land, mark)
        entity = identifier("CoolingShelter", key)
        rest = [(at + timedelta(days=off + more)).date().isoformat() for more in range(2)] if off else None
        yield from thing(
            "CoolingShelter", entity, at, name=Words(ja=mark.ja, en=mark.en), capacity=capacity, openingHours=hours,
            closedOn=rest, firstDay=first.date().isoformat(), lastDay=last.date().isoformat(), state="designated",
            decidedBy=CHIEF, role=OFFICE, decidedAt=at - timedelta(days=14),
        )  # fmt: skip
        point = {"type": "Point", "coordinates": lonlat(place.tolist())}
        yield Reading(entity, "CoolingShelter", "location", point, at, None, "GeoProperty")
    for number, way in enumerate(WAYS):
        corners = np.array(way.corners)
        line = land.axis.place(corners[:, 0], corners[:, 1])
        entity, shape = identifier("Walkway", way.key), [lonlat(place) for place in line.tolist()]
        names = Words(ja=way.ja, en=way.en)
        yield from thing(
            "Walkway", entity, at, name=names, usage=way.usage, refPlace=Ref(identifier("Shelter", way.to))
        )
        drawn = {"type": "LineString", "coordinates": shape}
        yield Reading(entity, "Walkway", "location", drawn, at, None, "GeoProperty")
        yield from _houses(land.seed, number, way, line, at)


def _houses(seed: int, number: int, way: _Way, line: Floats, at: datetime) -> Iterator[Reading]:
    """Houses on both sides of a way, plot by plot, some plots empty."""
    rng = generator(seed, CHANNEL, number)
    count = 0
    for start, end in pairwise(line):
        length = float(np.hypot(*(end - start)))
        ahead = (end - start) / length
        aside = np.array([ahead[1], -ahead[0]])
        for place in np.arange(0.5 * PLOT, length, PLOT):
            for side in (-1.0, 1.0):
                deep, wide = rng.uniform(8.0, 11.0), rng.uniform(9.0, 13.0)
                storeys = int(rng.integers(way.storeys[0], way.storeys[1] + 1))
                if rng.random() >= way.stands:
                    continue
                middle = start + place * ahead + side * (SETBACK + 0.5 * deep) * aside
                ring = box(middle, ahead, deep, wide)
                yield from _house(f"{way.key}-{count}", ring, storeys, round(2.9 * storeys + rng.uniform(1, 2), 1), at)
                count += 1


def _house(key: str, ring: Floats, storeys: int, height: float, at: datetime) -> Iterator[Reading]:
    entity = identifier("Building", key)
    area = {"type": "Polygon", "coordinates": [[lonlat(corner) for corner in ring.tolist()]]}
    yield from thing("Building", entity, at, height=height, floorsAboveGround=storeys, usage="411", lod=1)
    yield Reading(entity, "Building", "location", area, at, None, "GeoProperty")
