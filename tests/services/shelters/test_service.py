"""The shelters service over a real store: what staff tell becomes heads, days and a proposal for an officer."""

import json
import re

from tests.services.shelters.conftest import DEPOT, HALL, SCHOOL
from tests.services.visiting import START, Visit

from machinami.model.vocabulary.places import Shelter
from machinami.services.shelters import service
from machinami.services.shelters.model import ReliefAllocation, ReliefOrder, ReliefStock, ShelterReport


def row(number: int, kind: str, **fields: object) -> dict[str, object]:
    return {"id": f"phone-{number:08d}", "kind": kind, "at": "2026-06-30T02:00:00Z", **fields}


async def tell(visit: Visit, place: str, *rows: dict[str, object]) -> str:
    status, page = await visit.send("reports", place=place, reports=json.dumps(rows))
    assert status == 200, page
    return page


async def test_an_empty_town_is_told_what_to_bring(bare: Visit) -> None:
    assert "避難所がまだ登録されていません" in await bare.see()
    assert "避難所がまだ登録されていません" in await bare.see("?view=officer")
    await service.refresh(bare.city, START)


async def test_an_opened_shelter_is_seen_by_residents_with_who_opened_it(visit: Visit) -> None:
    assert "いま開いている避難所はありません" in await visit.see()
    status, _ = await visit.send("state", place=SCHOOL, wanted="open")
    assert status == 200
    page = await visit.see()
    assert "川上小学校" in page
    assert "山田花子" in page
    assert "人数はまだわかりません" in page
    await visit.send("state", place=SCHOOL, wanted="close")
    assert "いま開いている避難所はありません" in await visit.see()


async def test_counts_and_stock_become_heads_and_days(visit: Visit) -> None:
    await visit.send("state", place=SCHOOL, wanted="open")
    await tell(
        visit, SCHOOL, row(1, "hand", persons=120, infant=3, adult=100, elderly=17),
        row(2, "stock_in", item="water", quantity=200, expires_on="2027-01-31"),
    )  # fmt: skip
    await service.refresh(visit.city, visit.now)
    shelter = await visit.city.get(Shelter, SCHOOL)
    assert shelter is not None
    assert shelter.occupancy is not None
    assert shelter.occupancy.value == 120
    assert "water" in (shelter.needs or [])
    water = next(one for one in await visit.city.find(ReliefStock) if one.item == "water")
    assert water.daily == 360
    assert (water.days_low or 9) < 200 / 360 < (water.days_high or 0)
    assert "120 人" in await visit.see()
    assert "飲み水" in await visit.see("?view=officer")


async def test_a_report_that_comes_twice_is_one(visit: Visit) -> None:
    rows = [row(1, "stock_in", item="water", quantity=50), row(2, "order", item="meal", quantity=30)]
    await tell(visit, SCHOOL, *rows)
    await tell(visit, SCHOOL, *reversed(rows))
    assert len(await visit.city.find(ShelterReport)) == 2
    assert len(await visit.city.find(ReliefOrder)) == 1


async def test_an_order_is_shared_out_approved_and_arrives(visit: Visit) -> None:
    await visit.send("state", place=SCHOOL, wanted="open")
    await visit.send("state", place=HALL, wanted="open")
    await tell(visit, DEPOT, row(1, "stock_in", item="water", quantity=90))
    await tell(visit, SCHOOL, row(2, "order", item="water", quantity=100))
    await tell(visit, HALL, row(3, "order", item="water", quantity=50))
    await service.refresh(visit.city, visit.now)
    (proposed,) = await visit.city.find(ReliefAllocation)
    assert proposed.state == "proposed"
    assert proposed.worst == 0.4
    page = await visit.see("?view=officer")
    assert "配分の提案" in page
    status, _ = await visit.send("decide", allocation=proposed.id, verdict="approved")
    assert status == 200
    orders = {str(one.ref_place): one for one in await visit.city.find(ReliefOrder)}
    assert (orders[SCHOOL].given, orders[HALL].given) == (60, 30)
    await tell(visit, SCHOOL, row(4, "arrived", order=orders[SCHOOL].id))
    await service.refresh(visit.city, visit.now)
    stocks = {(one.ref_place, one.item): one.quantity for one in await visit.city.find(ReliefStock)}
    left, come = stocks[DEPOT, "water"], stocks[SCHOOL, "water"]
    assert left is not None
    assert come is not None
    assert (left.value, come.value) == (0, 60)
    status, _ = await visit.send("decide", allocation=proposed.id, verdict="withdrawn", reason="道が崩れた")
    assert status == 200
    again = {str(one.ref_place): one.state for one in await visit.city.find(ReliefOrder)}
    assert again == {SCHOOL: "arrived", HALL: "asked"}


async def test_a_bad_report_does_not_hold_up_the_others(visit: Visit) -> None:
    by = {"who": "山田花子", "role": "避難所担当", "place": SCHOOL}
    rows = [row(1, "hand", persons="many"), row(2, "hand", persons=12)]
    form = {**by, "reports": json.dumps(rows)}
    address = f"{visit._url}{visit.address}/reports"
    async with visit._session.post(address, data=form, headers={"Accept": "application/json"}) as answer:
        told = await answer.json()
    assert told["taken"] == ["phone-00000002"]
    assert "whole number" in told["refused"][0][1]


async def test_a_phone_without_scripts_sends_the_form_itself(visit: Visit) -> None:
    status, _, body = await visit.fetch(f"{visit.address}/places/{SCHOOL}")
    assert status == 200
    fresh = re.search(r'name="id" value="([^"]+)"', body.decode())
    assert fresh is not None
    status, text = await visit.send("reports", place=SCHOOL, kind="hand", id=fresh[1], persons="40")
    assert status == 200, text
    assert "手で数えて 40 人" in text
    status, text = await visit.send(
        "reports", place=SCHOOL, kind="void", id="undo-0000001", voids=f"urn:ngsi-ld:ShelterReport:{fresh[1]}"
    )
    assert "取り消し済み" in text
