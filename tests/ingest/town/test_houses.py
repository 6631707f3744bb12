"""Has the simulated town one set of houses, that of its map, for every service that asks for houses?"""

from datetime import UTC, datetime

import numpy as np
import shapely

from machinami.foundation.geojson import check_geometry
from machinami.ingest.town.cameras import cameras
from machinami.ingest.town.houses import houses, stand
from machinami.ingest.town.parcels import buildings
from machinami.ingest.town.simulate import Town
from machinami.ingest.town.streets import lattice

ANCHOR = datetime(2026, 11, 22, 0, tzinfo=UTC)
TOWN = Town(1, ANCHOR, days=1)


def test_every_house_that_is_told_of_is_drawn_on_the_map() -> None:
    features = buildings(TOWN.land, lattice(TOWN.land))
    drawn = {str(polygon[0]) for one in features for polygon in one["geometry"]["coordinates"]}
    told = [one.value for one in stand(TOWN.houses, ANCHOR) if one.attribute == "location"]
    assert 200 < len(told) < 1_000
    for place in told:
        check_geometry(place)
    assert {str(place["coordinates"][0]) for place in told} <= drawn


def test_nobody_else_tells_of_houses_and_none_stands_twice() -> None:
    others = [*TOWN.coolness(), *cameras(TOWN.land, TOWN.houses, ANCHOR), *TOWN.inventory()]
    assert not [one for one in others if one.entity_type == "Building"]
    shapes = [shapely.Polygon(house.ring) for house in TOWN.houses]
    pairs = shapely.STRtree(shapes).query([shape.centroid for shape in shapes], predicate="within")
    assert [(a, b) for a, b in pairs.T.tolist() if a != b] == []


def test_no_way_on_which_people_walk_leads_through_a_house() -> None:
    lines = [one.value for one in TOWN.coolness() if one.entity_type == "Walkway" and one.attribute == "location"]
    homes = shapely.STRtree([shapely.Polygon(house.ring) for house in TOWN.houses])
    assert not [line for line in lines if len(homes.query(shapely.geometry.shape(line), predicate="crosses"))]


def test_houses_are_higher_where_more_people_live_and_the_same_for_the_same_seed() -> None:
    again = Town(1, ANCHOR, days=1)
    assert again.houses == TOWN.houses == houses(TOWN.land, lattice(TOWN.land))
    assert {1, 2, 3, 4} <= {house.storeys for house in TOWN.houses}
    storeys = np.array([house.storeys for house in TOWN.houses])
    north = np.array([house.ring[0][1] for house in TOWN.houses])
    assert storeys[(north > 34.985) & (north < 35.0)].mean() > storeys[north < 34.985].mean()
