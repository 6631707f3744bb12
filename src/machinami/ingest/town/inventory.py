"""Which things stand in the simulated town, and what is always true of them?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np

from machinami.ingest.town.climate import EN, JA, KEY
from machinami.ingest.town.gauges import Gauge, RainGauge
from machinami.ingest.town.geography import district_ring
from machinami.ingest.town.landmarks import ground
from machinami.ingest.town.names import DISTRICTS, LANDMARKS
from machinami.ingest.town.projection import area_feature, lonlat
from machinami.ingest.town.terrain import Land
from machinami.model.reading import Reading

AREA_ID = "urn:ngsi-ld:RainForecast:machinami-hayase"
AREA_NAME = {"ja": "早瀬川流域の雨量予測（模擬）", "en": "Rain forecast for the Hayase basin (simulated)"}


def identifier(kind: str, key: str) -> str:
    """Return the URN of a thing of the town."""
    return f"urn:ngsi-ld:{kind}:machinami-{key}"


def _facts(kind: str, key: str, name: dict[str, str], geometry: dict[str, object], at: datetime) -> Iterator[Reading]:
    entity = identifier(kind, key)
    yield Reading(entity, kind, "name", name, at, None, "LanguageProperty")
    yield Reading(entity, kind, "location", geometry, at, None, "GeoProperty")
    yield Reading(entity, kind, "simulated", True, at)


def _point(place: Sequence[float]) -> dict[str, object]:
    return {"type": "Point", "coordinates": lonlat(place)}


def _river_gauge(gauge: Gauge, at: datetime) -> Iterator[Reading]:
    yield from _facts("RiverGauge", gauge.key, gauge.name, _point(gauge.place), at)
    entity = identifier("RiverGauge", gauge.key)
    yield Reading(entity, "RiverGauge", "river", gauge.river, at, None, "LanguageProperty")
    yield Reading(entity, "RiverGauge", "catchmentArea", gauge.drains, at, "KMK")
    levels = (
        ("attentionLevel", gauge.attention),
        ("evacuationJudgementLevel", gauge.judgement),
        ("dangerLevel", gauge.danger),
        ("bankLevel", gauge.bank),
    )
    for attribute, level in levels:
        yield Reading(entity, "RiverGauge", attribute, level, at, "MTR")


def inventory(land: Land, gauges: Sequence[Gauge], rain: Sequence[RainGauge], at: datetime) -> list[Reading]:
    """Return names, places, thresholds and capacities as readings observed at ``at``."""
    found: list[Reading] = []
    for gauge in gauges:
        found.extend(_river_gauge(gauge, at))
    for bucket in rain:
        found.extend(_facts("RainGauge", bucket.key, bucket.name, _point(bucket.place), at))
    found.extend(_facts("WeatherObserved", KEY, {"ja": JA, "en": EN}, _point(rain[0].place), at))
    for mark in LANDMARKS:
        if mark.shelter:
            place, _ = ground(land, mark)
            name = {"ja": mark.ja, "en": mark.en}
            found.extend(_facts("Shelter", mark.key, name, _point(place.tolist()), at))
            found.append(Reading(identifier("Shelter", mark.key), "Shelter", "capacity", mark.shelter, at))
    for row in DISTRICTS:
        area = area_feature([[district_ring(land, row)]])["geometry"]
        polygon = {"type": "Polygon", "coordinates": area["coordinates"][0]}
        found.extend(_facts("District", row.key, {"ja": row.ja, "en": row.en, "ja-Hira": row.kana}, polygon, at))
        found.append(Reading(identifier("District", row.key), "District", "population", row.people, at))
        lived = land.axis.place(np.array([0.5 * (row.south + row.north)]), np.array([row.bank * 520.0]))[0]
        home = _point(lived.tolist())
        found.append(Reading(identifier("District", row.key), "District", "centre", home, at, None, "GeoProperty"))
    found.append(Reading(AREA_ID, "RainForecast", "name", AREA_NAME, at, None, "LanguageProperty"))
    found.append(Reading(AREA_ID, "RainForecast", "simulated", True, at))
    return found
