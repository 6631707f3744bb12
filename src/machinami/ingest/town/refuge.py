"""Who comes to a shelter of the simulated town in the storm, what do they use, and what do its staff tell of it?

Invented families come one by one, drink and eat when people do, and go home the next day. Nothing of it is made by the
equations with which a service counts heads or foretells a shortage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from machinami.ingest.town.inventory import identifier
from machinami.ingest.town.landmarks import ground
from machinami.ingest.town.names import LANDMARKS
from machinami.ingest.town.noise import generator
from machinami.ingest.town.projection import lonlat
from machinami.ingest.town.terrain import Land
from machinami.ingest.town.thing import thing
from machinami.model.reading import Reading
from machinami.model.view import Ref, Words

CHANNEL = 8_803
OPEN = "higashi-school"
CUT_OFF = "kominkan"
OPENS, CLOSES_ROAD, LASTS = 2.5, 3.5, 40.0
"""Hours from the anchor at which the shelter opens and a road is closed, and for how many hours it is told of."""
FAMILIES = 46
STAFF, CHIEF = "避難所担当（模擬）", "防災課長 早瀬（模擬）"
_ZONE = ZoneInfo("Asia/Tokyo")
_HALF = timedelta(minutes=30)
FACTS: Mapping[str, Mapping[str, object]] = {
    OPEN: {"facilities": ["toilet_accessible", "power", "wifi"], "accessible": True, "pets": True, "floodProne": False},
    CUT_OFF: {"facilities": ["kitchen"], "accessible": False, "pets": True, "floodProne": False},
    "chuo-school": {
        "facilities": ["toilet_accessible", "shower", "power"], "accessible": True, "pets": False, "floodProne": True,
    },
}  # fmt: skip
ROADS = (
    ("bridge", "街並大橋", "Machinami Bridge", "town-hall", OPEN),
    ("kitahara", "北原線", "Kitahara Road", OPEN, CUT_OFF),
    ("chuo", "中央通り", "Chuo Street", "town-hall", "chuo-school"),
)
DEPOT = {"water": 240, "meal": 260, "milk": 20, "nappy": 60, "toilet": 300}
PLACED = {"water": 120, "meal": 150, "allergy_meal": 9, "milk": 12, "nappy": 40, "toilet": 250}
"""What the depot and the shelter that will open have beforehand."""
ORDERS = ((1.0, "water", 300), (1.5, "meal", 240), (2.0, "milk", 30), (14.0, "toilet", 400))


@dataclass(frozen=True, slots=True)
class _Family:
    comes: float
    goes: float
    members: Mapping[str, int]

    @property
    def size(self) -> int:
        return sum(self.members.values())


class Refuge:
    """The shelter's days: the same seed and anchor always give the same people and the same reports."""

    def __init__(self, seed: int, anchor: datetime, land: Land) -> None:
        self._seed = seed
        self._anchor = anchor
        self._land = land

    def places(self, at: datetime) -> list[Reading]:
        """What stands before anything happens: what shelters have, the depot, roads, and the area without flights."""
        points = {mark.key: lonlat(ground(self._land, mark)[0].tolist()) for mark in LANDMARKS}
        found: list[Reading] = []
        for key, facts in FACTS.items():
            for name, value in facts.items():
                kind = "JsonProperty" if isinstance(value, list) else "Property"
                found.append(Reading(identifier("Shelter", key), "Shelter", name, value, at, None, kind))
        store, called = identifier("ReliefDepot", "store"), Words(ja="町の備蓄倉庫", en="Town relief store")
        found += thing("ReliefDepot", store, at, name=called, trucks=1, drones=1, boats=0)
        where = {"type": "Point", "coordinates": points["town-hall"]}
        found.append(Reading(store, "ReliefDepot", "location", where, at, None, "GeoProperty"))
        for key, ja, en, a, b in ROADS:
            found += thing("RoadSegment", identifier("RoadSegment", key), at, name=Words(ja=ja, en=en), state="open")
            line = {"type": "LineString", "coordinates": [points[a], points[b]]}
            found.append(
                Reading(identifier("RoadSegment", key), "RoadSegment", "location", line, at, None, "GeoProperty")
            )
        found += self._no_fly(points["hospital"], at)
        return found

    def _no_fly(self, centre: Sequence[float], at: datetime) -> Iterator[Reading]:
        lon, lat, half = centre[0], centre[1], 0.002
        corners = [(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)]
        ring = [[round(lon + x, 6), round(lat + y, 6)] for x, y in corners]
        area = identifier("NoFlyArea", "hospital")
        yield from thing(
            "NoFlyArea", area, at, name=Words(ja="病院ヘリポート周辺", en="Around the hospital's heliport")
        )
        yield Reading(
            area, "NoFlyArea", "location", {"type": "Polygon", "coordinates": [ring]}, at, None, "GeoProperty"
        )

    def told(self, start: datetime, end: datetime) -> list[Reading]:
        """What is told in [start, end)."""
        if end <= self._anchor or start > self._anchor + timedelta(hours=LASTS + OPENS):
            return []
        return [reading for reading in self._days if start <= reading.observed_at < end]

    @cached_property
    def _days(self) -> list[Reading]:
        draws = generator(self._seed, CHANNEL)
        families = [_family(draws) for _ in range(FAMILIES)]
        shelter = identifier("Shelter", OPEN)
        opened = self._at(OPENS)
        found = [*self._placed(self._at(OPENS - 1.0)), *self._report("opened", shelter, "open", opened, by=CHIEF)]
        road = identifier("RoadSegment", "kitahara")
        found.append(Reading(road, "RoadSegment", "state", "closed", self._at(CLOSES_ROAD)))
        held = dict(PLACED)
        for step in range(1, int(LASTS * 2) + 1):
            hour = step / 2
            at = opened + step * _HALF
            found += self._half_hour(step, hour, at, families, held, draws)
        for hour, item, quantity in ORDERS:
            found += self._order(shelter, self._at(OPENS + hour), item, quantity)
        return sorted(found, key=lambda reading: reading.observed_at)

    def _placed(self, at: datetime) -> Iterator[Reading]:
        """What staff find in the depot and in the shelter when they make ready."""
        depot, shelter = identifier("ReliefDepot", "store"), identifier("Shelter", OPEN)
        for key, place, held in (("depot", depot, DEPOT), ("shelter", shelter, PLACED)):
            for item, quantity in held.items():
                yield from self._report(f"placed-{key}-{item}", place, "stock_in", at, item=item, quantity=quantity)

    def _at(self, hours: float) -> datetime:
        return self._anchor + timedelta(minutes=round(hours * 60))

    def _half_hour(
        self,
        step: int,
        hour: float,
        at: datetime,
        families: Sequence[_Family],
        held: dict[str, int],
        draws: np.random.Generator,
    ) -> Iterator[Reading]:
        """What staff tell after half an hour: who passed the gate, now and then a count, and what was used."""
        shelter = identifier("Shelter", OPEN)
        here = [one for one in families if one.comes <= hour < one.goes]
        came = sum(one.size for one in families if hour - 0.5 < one.comes <= hour)
        left = sum(one.size for one in families if hour - 0.5 < one.goes <= hour)
        if came or left:
            missed = int(draws.binomial(came, 0.04))
            yield from self._report(f"gate-{step}", shelter, "gate", at, inward=came - missed, outward=left)
        there = sum(one.size for one in here)
        if step % 6 == 2:
            groups = {name: sum(one.members.get(name, 0) for one in here) for name in _AGES}
            persons = max(0, there + int(draws.integers(-1, 2)))
            yield from self._report(f"count-{step}", shelter, "hand", at, persons=persons, profile=groups)
        for item, used in _used(here, at.astimezone(_ZONE).hour, step, draws).items():
            taken = min(used, held.get(item, 0))
            if taken:
                held[item] -= taken
                yield from self._report(f"use-{step}-{item}", shelter, "stock_out", at, item=item, quantity=taken)

    def _order(self, shelter: str, at: datetime, item: str, quantity: int) -> Iterator[Reading]:
        yield from self._report(f"order-{item}", shelter, "order", at, item=item, quantity=quantity)
        order = identifier("ReliefOrder", f"refuge-order-{item}")
        facts = {"refPlace": Ref(shelter), "item": item, "quantity": quantity, "state": "asked", "askedAt": at}
        yield from thing("ReliefOrder", order, at, **facts)

    def _report(
        self, key: str, place: str, kind: str, at: datetime, by: str = STAFF, **said: object
    ) -> Iterator[Reading]:
        facts = {"refPlace": Ref(place), "kind": kind, "at": at, "toldBy": by, **said}
        yield from thing("ShelterReport", identifier("ShelterReport", f"refuge-{key}"), at, **facts)


_AGES = ("infant", "child", "adult", "elderly")


def _family(draws: np.random.Generator) -> _Family:
    """A family with when it comes (most in the first hours) and goes (most in the next forenoon)."""
    kind = float(draws.random())
    if kind < 0.35:
        members = {"elderly": int(draws.integers(1, 3))}
    elif kind < 0.7:
        members = {"adult": int(draws.integers(1, 3)), "child": int(draws.integers(0, 3))}
        members["infant"] = int(draws.random() < 0.25)
    else:
        members = {"adult": int(draws.integers(1, 4))}
    comes = float(draws.gamma(2.0, 1.2))
    return _Family(comes, comes + float(draws.uniform(9.0, 30.0)), members)


def _used(here: Sequence[_Family], hour: int, step: int, draws: np.random.Generator) -> dict[str, int]:
    """What they use in half an hour: bottles of half a litre by day, meals at seven, twelve and six."""
    persons = sum(one.size for one in here)
    infants = sum(one.members.get("infant", 0) for one in here)
    awake = 6 <= hour < 23
    used = {"water": int(draws.binomial(persons, 0.14 if awake else 0.03)) // 2, "toilet": 0, "milk": 0, "nappy": 0}
    used["toilet"] = int(draws.binomial(persons, 0.12 if awake else 0.05))
    used["milk"], used["nappy"] = int(draws.binomial(infants, 0.13)), int(draws.binomial(infants, 0.16))
    if hour in (7, 12, 18) and step % 2 == 0:
        used["meal"] = int(draws.binomial(persons - infants, 0.92))
    return used
