"""People of the simulated town can walk to a shelter, and an order waits for somebody to send it."""

from datetime import UTC, datetime, timedelta

from machinami.ingest.town.names import DISTRICTS
from machinami.ingest.town.simulate import Town
from machinami.methods.walking import main_part, network

ANCHOR = datetime(2026, 6, 30, 9, tzinfo=UTC)
TOWN = Town(1, ANCHOR, days=1)


def test_the_streets_hang_together() -> None:
    shapes = [one.value for one in TOWN.evacuation.places(ANCHOR) if one.attribute == "location"]
    lines = [line for shape in shapes if shape["type"] == "MultiLineString" for line in shape["coordinates"]]
    net = network([[(lon, lat) for lon, lat in line] for line in lines])
    assert len(net.corners) > 1_000
    assert main_part(net).mean() > 0.99


def test_each_corner_has_a_height() -> None:
    told = TOWN.evacuation.places(ANCHOR)
    heights = {one.entity_id: one.value for one in told if one.attribute == "heights"}
    shapes = {one.entity_id: one.value for one in told if one.entity_type == "Footway" and one.attribute == "location"}
    assert {key: len(row) for key, row in heights.items()} == {
        key: sum(map(len, shape["coordinates"])) for key, shape in shapes.items()
    }
    assert all(0 < height < 1_000 for row in heights.values() for height in row)


def test_every_district_can_be_read_aloud() -> None:
    told = [one for one in TOWN.inventory() if (one.entity_type, one.attribute) == ("District", "name")]
    names = [one.value for one in told]
    assert len(names) == len(DISTRICTS)
    assert all(name["ja-Hira"] for name in names)


def test_people_and_order_are_said_to_be_simulated_and_nobody_has_an_address() -> None:
    order = TOWN.evacuation.told(ANCHOR, ANCHOR + timedelta(hours=5))
    people = [one for one in TOWN.evacuation.places(ANCHOR) if one.entity_type == "MessageSubscriber"]
    for told in (order, people):
        ids = {one.entity_id for one in told}
        assert ids == {one.entity_id for one in told if one.attribute == "simulated" and one.value is True}
    assert {one.value for one in people if one.attribute == "road"} == {"simulated", "call"}
    assert not any("@" in str(one.value) for one in people)
    facts = {one.attribute: one.value for one in order}
    assert (facts["state"], facts["status"]) == ("proposed", "Exercise")


def test_the_order_is_written_once_in_the_storm() -> None:
    hours = [TOWN.readings(ANCHOR + timedelta(hours=n), ANCHOR + timedelta(hours=n + 1)) for n in range(5)]
    found = [one for part in hours for one in part if one.entity_type == "TownMessage" and one.attribute == "state"]
    assert len(found) == 1
    assert TOWN.evacuation.told(ANCHOR, ANCHOR + timedelta(hours=1)) == []
