"""Can one go up to the refuge on the hill in the simulated town by a gentle road, where the steps are too steep?"""

from collections import defaultdict
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pytest

from machinami.foundation.geojson import check_geometry
from machinami.ingest.town.evacuation import STREETS
from machinami.ingest.town.hilltop import CLIMB, FOOT, ROAD, hilltop
from machinami.ingest.town.simulate import Town
from machinami.ingest.town.terrain import terrain
from machinami.model.view import Geometry, Point
from machinami.model.vocabulary.places import District, Shelter
from machinami.services.messages.logic.ways import Walker, routes
from machinami.services.messages.model import EvacuationRoute, Footway, HazardZone

ANCHOR = datetime(2026, 6, 30, 9, tzinfo=UTC)
SEMBA, HILL = "urn:ngsi-ld:District:machinami-semba", "urn:ngsi-ld:Shelter:machinami-hilltop"


@cache
def told(seed: int) -> dict[str, dict[str, dict[str, Any]]]:
    """What stands in the town: type, id, attribute."""
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    for one in Town(seed, ANCHOR, days=1).inventory():
        found[one.entity_type][one.entity_id][one.attribute] = one.value
    return found


def way_of(seed: int, steep: float) -> EvacuationRoute:
    town = told(seed)
    streets = [Footway(key, Geometry(one["location"]), one["heights"]) for key, one in town["Footway"].items()]
    zones = [
        HazardZone(key, hazard="flood", depth=one["depth"], location=Geometry(one["location"]))
        for key, one in town["HazardZone"].items()
    ]
    refuges = [
        Shelter(key, location=Point(*one["location"]["coordinates"]), flood_prone=one.get("floodProne"))
        for key, one in town["Shelter"].items()
    ]
    semba = District(SEMBA, location=Geometry(town["District"][SEMBA]["location"]))
    return routes(streets, zones, refuges, [semba], Walker(steep=steep), ANCHOR)[0]


@pytest.mark.parametrize("seed", [1, 2])
def test_people_are_led_round_by_the_road_and_not_up_the_steps(seed: int) -> None:
    round_, straight = way_of(seed, 0.12), way_of(seed, 0.5)
    assert str(round_.ref_shelter) == str(straight.ref_shelter) == HILL
    assert (round_.distance or 0) > (straight.distance or 0) + 100
    assert (round_.minutes or 0) > (straight.minutes or 0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_road_is_gentle_and_the_steps_are_steep(seed: int) -> None:
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for one in hilltop(terrain(seed), ANCHOR):
        found[one.entity_id.rpartition("machinami-")[2]][one.attribute] = one.value
        if one.attribute == "location":
            check_geometry(one.value)
    assert all(one["simulated"] is True for one in found.values())
    slopes = {key: slope_of(found[f"hilltop-{key}"]) for key in ("foot", "steps", "road")}
    assert slopes["steps"] > 0.2
    assert slopes["road"] == pytest.approx(ROAD, rel=0.1)
    ends = [found[f"hilltop-{key}"]["heights"][-1] for key in ("steps", "road")]
    assert ends[0] == ends[1] == pytest.approx(found["hilltop-foot"]["heights"][0] + FOOT + CLIMB, abs=0.2)


def slope_of(way: dict[str, Any]) -> float:
    (line,) = way["location"]["coordinates"]
    metres = np.diff(np.array(line), axis=0) * np.array([91_190.0, 110_940.0])
    return float((way["heights"][-1] - way["heights"][0]) / np.hypot(*metres.T).sum())


def test_no_street_for_cars_is_steeper_than_such_streets_are() -> None:
    for key, one in told(1)["Footway"].items():
        if "hilltop" in key:
            continue
        begin = 0
        for line in one["location"]["coordinates"]:
            heights = np.array(one["heights"][begin : begin + len(line)])
            begin += len(line)
            metres = np.hypot(*(np.diff(np.array(line), axis=0) * np.array([91_190.0, 110_940.0])).T)
            assert (np.abs(np.diff(heights)) <= STREETS * metres + 0.15).all(), key
