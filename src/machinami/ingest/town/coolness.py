"""Where is it cool in the simulated town: which halls are open in the heat, and on which ways do people walk?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from machinami.ingest.town.inventory import identifier
from machinami.ingest.town.landmarks import ground, taken
from machinami.ingest.town.lanes import crossing_at, links, way_from, ways_to
from machinami.ingest.town.names import LANDMARKS
from machinami.ingest.town.noise import Floats
from machinami.ingest.town.projection import lonlat
from machinami.ingest.town.streets import Lattice, lattice
from machinami.ingest.town.terrain import Land
from machinami.ingest.town.thing import thing
from machinami.model.reading import Reading
from machinami.model.view import Ref, Words

CHIEF, OFFICE = "保健担当（模擬）", "健康福祉課長"
HALLS = (
    ("gym", 120, ["Mo-Su 09:00-21:00"], None),
    ("kominkan", 30, ["Mo-Fr 09:00-17:00", "Sa 09:00-12:00"], 60),
)
"""Landmark, how many people, hours, and the days from the anchor after which it is closed for two days."""


@dataclass(frozen=True, slots=True)
class _Way:
    key: str
    ja: str
    en: str
    usage: str
    to: str
    start: tuple[float, float]  # along and across the valley


WAYS = (
    _Way("chuo-south", "中央小 通学路 南（駅前から）", "Way to Chuo School, south", "school", "chuo-school",
         (-720.0, -430.0)),
    _Way("chuo-north", "中央小 通学路 北（上町から）", "Way to Chuo School, north", "school", "chuo-school",
         (520.0, -450.0)),
    _Way("higashi", "川東小 通学路", "Way to Kawahigashi School", "school", "higashi-school", (-980.0, 470.0)),
    _Way("minami", "南小 通学路（田んぼ道）", "Way to Minami School", "school", "minami-school", (-2700.0, -340.0)),
    _Way("station", "駅前通り", "Ekimae Street", "walk", "station", (-700.0, -560.0)),
)  # fmt: skip


def lines_of_ways(land: Land, grid: Lattice) -> list[Floats]:
    """The ways as lines (n, 2) of local metres, along the streets."""
    joined = links(grid)
    found = []
    for way in WAYS:
        mark = next(one for one in LANDMARKS if one.key == way.to)
        outside = {node: () for node in joined if not taken(land, grid.places[node])}
        following = ways_to(grid, joined, crossing_at(grid, outside, ground(land, mark)[0]))
        reached = dict.fromkeys(following, ())
        start = crossing_at(grid, reached, land.axis.place(*(np.array([side]) for side in way.start))[0])
        found.append(np.array([grid.places[node] for node in way_from(following, start)]))
    return found


def coolness(land: Land, at: datetime) -> Iterator[Reading]:
    """Cooling shelters and ways on foot, as readings observed at ``at``."""
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
    for way, line in zip(WAYS, lines_of_ways(land, lattice(land)), strict=True):
        entity, shape = identifier("Walkway", way.key), [lonlat(place) for place in line.tolist()]
        names = Words(ja=way.ja, en=way.en)
        yield from thing(
            "Walkway", entity, at, name=names, usage=way.usage, refPlace=Ref(identifier("Shelter", way.to))
        )
        drawn = {"type": "LineString", "coordinates": shape}
        yield Reading(entity, "Walkway", "location", drawn, at, None, "GeoProperty")
