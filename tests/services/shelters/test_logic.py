"""What the shelters service computes: joining of reports, heads, days, ways, shares, trips and decisions."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.view import Geometry, Point, Ref
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.places import NoFlyArea, RoadSegment, Shelter
from machinami.services.shelters.logic import deciding
from machinami.services.shelters.logic.allocating import propose
from machinami.services.shelters.logic.consumption import daily_use, people
from machinami.services.shelters.logic.delivering import plan
from machinami.services.shelters.logic.joining import NEVER, Holding, Standing, merged, standing
from machinami.services.shelters.logic.outlook import needs, outlook
from machinami.services.shelters.logic.typed import report
from machinami.services.shelters.logic.ways import Sky, reaches
from machinami.services.shelters.model import (
    KINDS,
    Moved,
    ReliefAllocation,
    ReliefDepot,
    ReliefOrder,
    Settings,
    ShelterReport,
)

NOON = datetime(2026, 6, 30, 3, tzinfo=UTC)
SETTINGS = Settings(3.0, 3.0, 1.0, 6, 0.25, True, 5.0, 10.0)
PLACE = "urn:ngsi-ld:Shelter:a"
BY = Officer("山田花子", "防災課長")
HOUR = timedelta(hours=1)


def told(number: int, kind: str, hours: float = 0.0, **said: object) -> ShelterReport:
    facts = {"id": f"urn:ngsi-ld:ShelterReport:r{number}", "ref_place": Ref(PLACE), "kind": kind}
    return ShelterReport(**{**facts, "at": NOON + hours * HOUR, "told_by": "x", **said})  # type: ignore[arg-type]


@st.composite
def reports(draw: st.DrawFn) -> list[ShelterReport]:
    made = []
    for number in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from([k for k in KINDS if k not in ("order", "card")]))
        amount, hours = draw(st.integers(0, 50)), draw(st.integers(-6, 6))
        day = draw(st.sampled_from([None, "2026-07-01", "2027-01-01"]))
        made.append(
            told(
                number, kind, hours, persons=amount, inward=amount, outward=draw(st.integers(0, 5)), item="water",
                quantity=float(amount), expires_on=day, voids=f"urn:ngsi-ld:ShelterReport:r{draw(st.integers(0, 12))}",
            )
        )  # fmt: skip
    return made


@given(reports(), st.randoms(use_true_random=False), st.data())
def test_reports_give_the_same_however_often_and_in_whatever_order_they_arrive(
    made: list[ShelterReport], chance: object, data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(made), max_size=8))
    mixed = data.draw(st.permutations([*made, *again]))
    assert standing(mixed) == standing(made)
    cut = data.draw(st.integers(0, len(made)))
    first, second = merged(made[:cut]), merged(made[cut:])
    assert merged([*second, *first, *first]) == merged(made)


@given(reports())
def test_no_stock_is_below_nothing_and_what_was_not_there_is_said(made: list[ShelterReport]) -> None:
    for place in standing(made).values():
        for held in place.holdings.values():
            assert all(amount >= 0 for amount in held.lots.values())
            come = sum(one.quantity or 0 for one in made if one.kind in ("stock_in", "arrived"))
            assert held.missing >= 0
            assert held.quantity <= come + sum(one.quantity or 0 for one in made if one.kind == "stock_take")


def test_what_expires_first_is_used_first() -> None:
    made = [
        told(1, "stock_in", -3, item="water", quantity=10.0, expires_on="2027-01-01"),
        told(2, "stock_in", -2, item="water", quantity=10.0, expires_on="2026-07-02"),
        told(3, "stock_out", -1, item="water", quantity=12.0),
    ]
    assert standing(made)[PLACE].holdings["water"].lots == {date(2027, 1, 1): 8.0}


def test_a_report_taken_back_is_as_if_it_had_never_been() -> None:
    made = [told(1, "stock_in", item="water", quantity=10.0), told(2, "stock_out", item="water", quantity=4.0)]
    undone = told(3, "void", 1, voids=made[1].id)
    assert standing([*made, undone])[PLACE].holdings["water"].quantity == 10.0


def test_counting_anew_sets_the_stock_right() -> None:
    made = [told(1, "stock_in", item="water", quantity=10.0), told(2, "stock_take", 1, item="water", quantity=7.0)]
    held = standing(made)[PLACE].holdings["water"]
    assert held.quantity == 7.0
    assert held.used == [(NOON + HOUR, 3.0)]


def test_people_nobody_counted_by_group_are_as_in_the_country() -> None:
    assert people(100, {})["elderly"] == pytest.approx(30.0)
    assert people(50, {"infant": 5, "adult": 5})["infant"] == 25.0
    use = daily_use(10, {"infant": 2, "adult": 8, "allergy": 1}, SETTINGS)
    assert use["water"] == 30.0
    assert (use["meal"], use["allergy_meal"], use["nappy"]) == (21.0, 3.0, 16.0)


def test_a_shelter_that_drinks_more_than_expected_runs_out_sooner() -> None:
    made = [
        told(1, "hand", -24, persons=100),
        told(2, "stock_in", -24, item="water", quantity=900.0),
        told(3, "stock_out", -1, item="water", quantity=450.0),
    ]
    hungry = outlook(standing(made)[PLACE], SETTINGS, NOON)
    water = next(one for one in hungry.supplies if one.item == "water")
    plain = outlook(standing([*made[:1], replace(made[1], quantity=450.0)])[PLACE], SETTINGS, NOON)
    expected = next(one for one in plain.supplies if one.item == "water")
    assert water.runs_out.middle < expected.runs_out.middle
    assert water.runs_out.high - water.runs_out.low < expected.runs_out.high - expected.runs_out.low
    assert "water" not in needs(plain, replace(SETTINGS, short_days=0.3))


def test_what_has_expired_counts_for_nothing() -> None:
    place = Standing(holdings={"water": Holding({date(2026, 6, 28): 500.0, NEVER: 0.0})})
    found = outlook(place, SETTINGS, NOON)
    assert next(one for one in found.supplies if one.item == "water").quantity == 500.0
    made = [told(1, "hand", persons=10), told(2, "stock_in", item="water", quantity=500.0, expires_on="2026-06-28")]
    water = next(one for one in outlook(standing(made)[PLACE], SETTINGS, NOON).supplies if one.item == "water")
    assert water.runs_out.high == 0.0


STORE = ReliefDepot("urn:ngsi-ld:ReliefDepot:s", location=Point(138.20, 35.00), trucks=1, drones=1, boats=1)
NEAR = Shelter("urn:ngsi-ld:Shelter:near", location=Point(138.21, 35.00))
FAR = Shelter("urn:ngsi-ld:Shelter:far", location=Point(138.23, 35.00))


def road(key: str, a: Shelter | ReliefDepot, b: Shelter | ReliefDepot, state: str = "open") -> RoadSegment:
    line = [list(a.location or ()), list(b.location or ())]
    return RoadSegment(f"urn:ngsi-ld:RoadSegment:{key}", None, Geometry(type="LineString", coordinates=line), state)  # type: ignore[arg-type]


CLOSED = [road("1", STORE, NEAR), road("2", NEAR, FAR, "closed")]


def way(sky: Sky, settings: Settings = SETTINGS, shelter: Shelter = FAR) -> tuple[str, str]:
    found = reaches([STORE], [NEAR, shelter], CLOSED, sky, settings)
    assert found[STORE.id, NEAR.id].way == "truck"
    return found[STORE.id, shelter.id].way, found[STORE.id, shelter.id].why


def test_a_place_behind_a_closed_road_is_flown_to_when_the_wind_lets() -> None:
    assert way(Sky(3.0)) == ("drone", "")


def test_in_a_typhoon_no_drone_flies_and_the_plan_says_so() -> None:
    assert way(Sky(18.0)) == ("none", "wind")
    assert way(Sky(None)) == ("none", "wind_unknown")
    assert way(Sky(3.0), replace(SETTINGS, drones=False)) == ("none", "off")
    landing = replace(FAR, facilities=["landing"])
    assert way(Sky(18.0), shelter=landing) == ("boat", "wind")


def test_no_drone_crosses_an_area_closed_to_it_nor_flies_farther_than_its_battery() -> None:
    ring = [[[138.215, 34.9], [138.22, 34.9], [138.22, 35.1], [138.215, 35.1], [138.215, 34.9]]]
    area = NoFlyArea("urn:ngsi-ld:NoFlyArea:x", None, Geometry(type="Polygon", coordinates=ring))
    assert way(Sky(3.0, [area])) == ("none", "no_fly")
    assert way(Sky(3.0), shelter=replace(FAR, location=Point(138.6, 35.0))) == ("none", "far")


def order(number: int, shelter: Shelter, item: str, quantity: float) -> ReliefOrder:
    return ReliefOrder(f"urn:ngsi-ld:ReliefOrder:{number}", Ref(shelter.id), item, quantity, "asked", NOON)


def test_what_a_drone_cannot_carry_is_not_promised_and_trips_hold_to_the_payload() -> None:
    ways = reaches([STORE], [NEAR, FAR], CLOSED, Sky(3.0), SETTINGS)
    asked = [order(1, NEAR, "water", 40), order(2, FAR, "water", 80)]
    found = propose(asked, {STORE.id: {"water": 100.0}}, ways)
    assert found is not None
    given = {row["shelter"]: row["quantity"] for row in found.rows}
    assert given == {NEAR.id: 40.0, FAR.id: 30.0}
    assert [one["why"] for one in found.remarks] == ["cut_off"]
    places = {one.id: one.location for one in (STORE, NEAR, FAR) if one.location}
    trips = plan(found.rows, places, ways, {STORE.id: 1}, SETTINGS)
    flown = [one for one in trips if one["way"] == "drone"]
    assert len(flown) == 6
    assert all(one["kilograms"] <= 5.0 for one in flown)
    assert [one["stops"] for one in trips if one["way"] == "truck"] == [[NEAR.id]]


def test_nobody_asking_gets_no_proposal() -> None:
    assert propose([], {STORE.id: {"water": 5.0}}, {}) is None


def allocation() -> ReliefAllocation:
    rows = [Moved(depot=STORE.id, shelter=NEAR.id, item="water", quantity=30.0)]
    return ReliefAllocation("urn:ngsi-ld:ReliefAllocation:1", "proposed", NOON, rows, ["urn:ngsi-ld:ReliefOrder:1"])


def test_an_approval_is_signed_and_a_second_one_is_refused() -> None:
    made = deciding.decided(allocation(), "approved", BY, NOON)
    assert made.transitions is not None
    assert made.transitions[0].get("who") == "山田花子"
    with pytest.raises(Conflict):
        deciding.decided(made, "approved", BY, NOON)
    with pytest.raises(BadRequestData, match="why"):
        deciding.decided(made, "withdrawn", BY, NOON, " ")


def test_what_was_approved_and_withdrawn_leaves_the_depot_as_it_was() -> None:
    one = allocation()
    held = ShelterReport(
        "urn:ngsi-ld:ShelterReport:in", Ref(STORE.id), "stock_in", NOON - HOUR, item="water", quantity=50
    )
    out, back = deciding.taken_out(one, BY, NOON), deciding.put_back(one, BY, NOON + HOUR)
    assert standing([held, *out])[STORE.id].holdings["water"].quantity == 20
    assert standing([held, *out, *back])[STORE.id].holdings["water"].quantity == 50


def test_who_asked_first_is_given_first() -> None:
    first, second = order(1, NEAR, "water", 20), replace(order(2, NEAR, "water", 20), asked_at=NOON + HOUR)
    one = replace(allocation(), orders=[second.id, first.id])
    given = {o.id: o.given for o in deciding.allotted(one, [second, first], BY, NOON + 2 * HOUR)}
    assert given == {first.id: 20.0, second.id: 10.0}
    arrived = deciding.stepped(first, "arrived", BY, NOON + 3 * HOUR)
    assert arrived.hours_taken == 3.0


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"id": "abcdefgh", "kind": "dance"}, "no kind of report"),
        ({"id": "abc", "kind": "hand", "persons": "3"}, "needs an id"),
        ({"id": "abcdefgh", "kind": "hand", "persons": "-3"}, "whole number"),
        ({"id": "abcdefgh", "kind": "stock_in", "item": "gold", "quantity": "3"}, "none of water"),
        ({"id": "abcdefgh", "kind": "gate"}, "came in"),
        ({"id": "abcdefgh", "kind": "hand", "persons": 3, "at": "2020-01-01T00:00:00Z"}, "phone's clock"),
        ({"id": "abcdefgh", "kind": "stock_in", "item": "water", "quantity": 3, "expires_on": "soon"}, "no day"),
    ],
)
def test_what_cannot_be_taken_says_why(row: dict[str, object], said: str) -> None:
    with pytest.raises(BadRequestData, match=said):
        report(row, PLACE, "x", NOON)


def test_a_phone_whose_clock_runs_ahead_is_set_right() -> None:
    told_so = report({"id": "abcdefgh", "kind": "hand", "persons": 3, "at": "2030-01-01T00:00:00Z"}, PLACE, "x", NOON)
    assert told_so.at == NOON


def test_lots_are_used_in_the_order_of_their_last_day_whatever_the_order_they_came_in() -> None:
    days = ["2026-07-03", "2026-07-01", "2026-07-02"]
    made = [told(n, "stock_in", item="meal", quantity=5.0, expires_on=day) for n, day in enumerate(days)]
    seen = [
        sorted(standing([*made, told(9, "stock_out", 1, item="meal", quantity=q)])[PLACE].holdings["meal"].lots)
        for q in (0.0, 5.0, 10.0)
    ]
    assert all(set(after) < set(before) and after == before[1:] for before, after in pairwise(seen))
