"""Is the base map of the simulated town sound, named in two languages, and small enough to send?"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.ingest.town.towns import SEEDS, town

from machinami.ingest.town.names import DISTRICTS, TOWN

LAYERS = [
    "boundary", "wood", "hillshade", "contour", "field", "urban", "ground", "riverbed", "water", "river",
    "district", "building", "road", "rail", "outside", "label",
]  # fmt: skip
WEST, SOUTH, EAST, NORTH = 138.13, 34.95, 138.27, 35.07


def positions(coordinates: Any) -> Iterator[list[float]]:
    """Yield every position of a geometry."""
    if isinstance(coordinates[0], float):
        yield coordinates
    else:
        for part in coordinates:
            yield from positions(part)


def features(layer: str, seed: int = 1) -> list[dict[str, Any]]:
    """Return the features of a layer."""
    found: list[dict[str, Any]] = town(seed).layers()[layer]["features"]
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_every_layer_is_there_and_nothing_lies_off_the_map(seed: int) -> None:
    assert list(town(seed).layers()) == LAYERS
    for layer in LAYERS:
        assert features(layer, seed), layer
        for feature in features(layer, seed):
            for lon, lat in positions(feature["geometry"]["coordinates"]):
                assert WEST < lon < EAST, layer
                assert SOUTH < lat < NORTH, layer


@pytest.mark.parametrize("seed", SEEDS)
def test_rings_are_closed_and_wound_as_rfc_7946_asks(seed: int) -> None:
    for layer in LAYERS:
        for feature in features(layer, seed):
            if feature["geometry"]["type"] != "MultiPolygon":
                continue
            for polygon in feature["geometry"]["coordinates"]:
                for index, ring in enumerate(polygon):
                    assert ring[0] == ring[-1], layer
                    assert len(ring) >= 4, layer
                    x, y = np.array(ring).T - np.array(ring[0])[:, None]
                    area = float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))
                    assert area > 0 if index == 0 else area < 0, layer


def test_what_has_a_name_has_it_in_japanese_and_english() -> None:
    named = [f["properties"]["name"] for layer in LAYERS for f in features(layer) if "name" in f["properties"]]
    assert len(named) > 50
    assert all(set(name) == {"ja", "en"} and all(name.values()) for name in named)
    assert TOWN in named


def test_every_layer_says_that_it_is_simulated() -> None:
    assert all(layer["simulated"] is True for layer in town().layers().values())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_map_has_the_detail_of_a_town_and_weighs_less_than_a_photograph(seed: int) -> None:
    houses = sum(len(feature["geometry"]["coordinates"]) for feature in features("building", seed))
    assert 2_000 < houses < 5_000
    assert len(features("road", seed)) > 200
    weight = len(json.dumps(town(seed).layers(), ensure_ascii=False, separators=(",", ":")))
    assert weight < 1_600_000


def test_no_house_stands_in_the_river() -> None:
    river = np.array(features("river")[0]["geometry"]["coordinates"])
    scale = np.array([91_200.0, 110_940.0])
    for feature in features("building"):
        for polygon in feature["geometry"]["coordinates"]:
            middle = np.mean(polygon[0][:-1], axis=0)
            assert np.hypot(*((river - middle) * scale).T).min() > 12.0


def test_about_ten_thousand_people_live_there() -> None:
    assert 9_500 < sum(row.people for row in DISTRICTS) < 11_000


@pytest.mark.parametrize("seed", SEEDS)
def test_gauges_stand_at_their_rivers(seed: int) -> None:
    paths = {river.key: river.path for river in town(seed).land.rivers}
    every = np.vstack(list(paths.values()))
    for gauge in town(seed).gauges:
        assert np.hypot(*(every - np.array(gauge.place)).T).min() < 1.0
