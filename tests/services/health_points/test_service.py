"""Does the service do its work: from steps handed in to points, vouchers, answers, figures and being forgotten?"""

import asyncio
from datetime import timedelta

import pytest

from machinami.foundation.errors import BadRequestData, Conflict, NotFound
from machinami.services.health_points import service
from machinami.services.health_points.logic.bookings import JOURNALS, KEYS
from machinami.services.health_points.logic.days import day_id
from machinami.services.health_points.logic.joining import NotTakingPart, Profile
from machinami.services.health_points.logic.ledger import NotEnough, breaches
from machinami.services.health_points.model import (
    Officer,
    PointsAudit,
    StepCount,
    Walker,
    WalkingEffect,
    WalkingKpi,
    WalkingSurvey,
)

from .conftest import START, Streets, at, point, walking

BY = Officer("山田 花子", "健康推進課長")


async def test_steps_of_a_day_become_points(streets: Streets) -> None:
    walker = await streets.join()
    day = await streets.walk(walker, streets.today - timedelta(days=1), 7_400)
    assert (day.steps and day.steps.value, day.state, day.points_due) == (7_400, "accepted", 7)
    assert await streets.points(walker) == 7


async def test_the_same_steps_handed_in_again_change_nothing(streets: Streets) -> None:
    walker = await streets.join()
    yesterday = streets.today - timedelta(days=1)
    first = await streets.walk(walker, yesterday, 7_400)
    again = await streets.walk(walker, yesterday, 7_400)
    assert again == first
    assert len((await service.journal_of(streets.city, walker.id))[1]) == 1


async def test_two_devices_count_the_same_steps_once(streets: Streets) -> None:
    walker = await streets.join()
    yesterday = streets.today - timedelta(days=1)
    await streets.walk(walker, yesterday, 7_400)
    day = await streets.walk(walker, yesterday, 7_900, source="watch")
    assert day.steps is not None
    assert day.steps.value is not None
    assert 7_900 <= day.steps.value < 8_100


async def test_a_correction_downwards_takes_points_back_as_far_as_they_are_there(streets: Streets) -> None:
    walker = await streets.join()
    yesterday = streets.today - timedelta(days=1)
    await streets.walk(walker, yesterday, 9_400)
    await streets.walk(walker, yesterday, 4_400)
    assert await streets.points(walker) == 4
    assert [e.kind for e in (await service.journal_of(streets.city, walker.id))[1]] == ["issue", "reverse"]


async def test_steps_of_long_ago_or_of_the_future_are_not_taken(streets: Streets) -> None:
    walker = await streets.join()
    for back in (15, -1):
        with pytest.raises(BadRequestData):
            await streets.walk(walker, streets.today - timedelta(days=back), 5_000)
    assert (await streets.walk(walker, streets.today - timedelta(days=14), 5_000)).points_due == 5


async def test_an_unusual_day_is_asked_about_and_counts_when_it_is_answered(streets: Streets) -> None:
    walker = await streets.join()
    for back in range(13, 1, -1):
        await streets.walk(walker, streets.today - timedelta(days=back), 5_000 + 100 * back)
    before = await streets.points(walker)
    hike = streets.today - timedelta(days=1)
    day = await streets.walk(walker, hike, 28_000)
    assert day.state == "asked"
    assert [f["kind"] for f in day.findings or []] == ["outlier"]
    assert await streets.points(walker) == before
    answered = await service.answer(streets.city, await service.walker_of(streets.city, "key-one"), hike, "walked")
    assert answered.state == "accepted"
    assert await streets.points(walker) == before + 10
    with pytest.raises(Conflict):
        await service.decide_objection(streets.city, walker.id, hike, "granted", BY)


async def test_a_phone_shared_by_two_participants_counts_for_the_first(streets: Streets) -> None:
    first = await streets.join("key-one")
    yesterday = streets.today - timedelta(days=1)
    await streets.walk(first, yesterday, 6_000, device="install-77")
    second = await streets.join("key-two", Profile())
    streets.keys[second.id] = "key-two"
    day = await streets.walk(second, yesterday, 5_000, device="install-77")
    assert (day.state, [f["kind"] for f in day.findings or []]) == ("refused", ["shared_device"])
    contested = await service.answer(
        streets.city, await service.walker_of(streets.city, "key-two"), yesterday, "walked"
    )
    assert contested.state == "contested"
    granted = await service.decide_objection(streets.city, second.id, yesterday, "granted", BY)
    assert (granted.state, await streets.points(second)) == ("accepted", 5)


async def test_an_export_of_another_participant_is_known_again(streets: Streets) -> None:
    first = await streets.join("key-one")
    yesterday = streets.today - timedelta(days=1)
    await streets.walk(first, yesterday, 6_000)
    second = await streets.join("key-two", Profile())
    streets.keys[second.id] = "key-two"
    assert (await streets.walk(second, yesterday, 6_000, source="another name")).state == "refused"


async def test_a_voucher_holds_points_and_is_used_once(streets: Streets) -> None:
    walker = await streets.join()
    await streets.city.set_setting("voucher_points", 6, "test")
    await streets.walk(walker, streets.today - timedelta(days=1), 9_000)
    voucher = await service.take_voucher(streets.city, walker, "CODE0001")
    assert await service.take_voucher(streets.city, walker, "CODE0001") == voucher
    assert await streets.points(walker) == 3
    with pytest.raises(NotEnough):
        await service.take_voucher(streets.city, walker, "CODE0002")
    await service.add_partner(streets.city, "街並バス", "bus-key", BY)
    partner = await service.partner_of(streets.city, "bus-key")
    used = await service.end_voucher(streets.city, "CODE0001", "used", partner=partner)
    assert used == await service.end_voucher(streets.city, "CODE0001", "used", partner=partner)
    with pytest.raises(Conflict):
        await service.end_voucher(streets.city, "CODE0001", "returned", owner=walker.id)
    journal, entries = await service.journal_of(streets.city, walker.id)
    assert journal.balances == {"issued": 9, "points": 3, "held": 0, "redeemed": 6, "expired": 0}
    assert breaches(entries) == []


async def test_many_at_once_hold_each_point_once(streets: Streets) -> None:
    walker = await streets.join()
    await streets.city.set_setting("voucher_points", 2, "test")
    await streets.walk(walker, streets.today - timedelta(days=1), 9_000)
    codes = [f"CODE{n:04d}" for n in range(8)] * 3
    outcomes = await asyncio.gather(
        *(service.take_voucher(streets.city, walker, code) for code in codes), return_exceptions=True
    )
    held = {o.code for o in outcomes if not isinstance(o, BaseException)}
    assert len(held) == 4
    journal, entries = await service.journal_of(streets.city, walker.id)
    assert journal.balances["held"] == 8
    assert breaches(entries) == []


async def test_a_voucher_that_nobody_uses_gives_its_points_back(streets: Streets) -> None:
    walker = await streets.join()
    await streets.city.set_setting("voucher_points", 6, "test")
    await streets.walk(walker, streets.today - timedelta(days=1), 9_000)
    await service.take_voucher(streets.city, walker, "CODE0001")
    streets.now += timedelta(hours=49)
    await service.refresh(streets.city, streets.now)
    assert await streets.points(walker) == 9
    with pytest.raises(Conflict):
        await service.end_voucher(streets.city, "CODE0001", "used", partner="街並バス")


async def test_points_run_out_after_their_time(streets: Streets) -> None:
    walker = await streets.join()
    await streets.walk(walker, streets.today - timedelta(days=1), 9_000)
    streets.now += timedelta(days=366)
    await service.refresh(streets.city, streets.now)
    journal, entries = await service.journal_of(streets.city, walker.id)
    assert journal.balances["expired"] == 9
    assert breaches(entries) == []


async def test_who_leaves_is_forgotten_and_the_ledger_keeps_only_a_pseudonym(streets: Streets) -> None:
    walker = await streets.join()
    yesterday = streets.today - timedelta(days=1)
    await streets.walk(walker, yesterday, 9_000, device="install-1")
    assert await service.withdraw(streets.city, walker) == 1
    with pytest.raises(NotTakingPart):
        await service.walker_of(streets.city, "key-one")
    own = streets.city.for_purpose("health-points")
    assert await own.get(Walker, walker.id) is None
    assert await own.get(StepCount, day_id(walker.id, yesterday)) is None
    past = await own.history(StepCount, "steps", START - timedelta(days=90), START, [day_id(walker.id, yesterday)])
    assert past[day_id(walker.id, yesterday)] == []
    for shelf in (KEYS, "devices", "prints", "vouchers"):
        assert await own.private_rows(shelf) == {}
    assert set(await own.private_rows(JOURNALS)) == {walker.id}
    journal, entries = await service.journal_of(streets.city, walker.id)
    assert journal.balances["points"] == 0
    assert breaches(entries) == []


async def test_days_that_a_source_brought_are_judged_and_booked(streets: Streets) -> None:
    walker = await streets.join()
    yesterday = streets.today - timedelta(days=1)
    claims = [["watch.1", at(yesterday, 9).isoformat(), at(yesterday, 10).isoformat(), 5_200]]
    raw = StepCount(day_id(walker.id, yesterday), None, yesterday.isoformat(), claims=claims)
    await streets.city.for_purpose("health-points").publish(raw)
    await service.refresh(streets.city, streets.now)
    assert await streets.points(walker) == 5
    await service.refresh(streets.city, streets.now)
    assert await streets.points(walker) == 5


async def test_figures_are_told_of_groups_that_are_large_enough(streets: Streets) -> None:
    for number in range(12):
        profile = Profile("65-74", "female", "みどり台") if number < 11 else Profile("30-39", "male", "港")
        walker = await streets.join(f"key-{number}", profile)
        streets.keys[walker.id] = f"key-{number}"
        for back in range(8, 0, -1):
            await streets.walk(walker, streets.today - timedelta(days=back), 4_000 + 300 * number + 50 * back)
    await service.refresh(streets.city, streets.now)
    rows = {(k.age_band, k.district): k for k in await streets.city.find(WalkingKpi)}
    assert rows["30-39", "港"].suppressed
    assert rows["30-39", "港"].steps is None
    assert rows["65-74", "みどり台"].suppressed, "the other group could be found from the town's total"
    town = rows["town", "town"]
    assert town.persons == 12
    assert town.steps_low is not None
    assert town.steps_high is not None
    assert town.steps_low <= (town.steps or 0) <= town.steps_high
    audit = (await streets.city.find(PointsAudit))[0]
    assert (audit.breaches, audit.walkers) == ([], 12)
    effect = (await streets.city.find(WalkingEffect))[0]
    assert effect.effect is None
    assert effect.reason == "no_comparison"
    await streets.city.publish(WalkingSurvey("urn:ngsi-ld:WalkingSurvey:x", answers=[["30-39", "male", "港", 30, 31]]))
    await service.refresh(streets.city, streets.now)
    assert (await streets.city.find(WalkingEffect))[0].reason == "too_few"


async def test_what_is_known_of_old_exports_is_let_go(streets: Streets) -> None:
    walker = await streets.join()
    await streets.walk(walker, streets.today - timedelta(days=1), 9_000)
    own = streets.city.for_purpose("health-points")
    assert len(await own.private_rows("prints")) == 1
    streets.now += timedelta(days=91)
    await service.refresh(streets.city, streets.now)
    assert await own.private_rows("prints") == {}


async def test_a_town_where_nobody_takes_part_is_no_error(streets: Streets) -> None:
    await service.refresh(streets.city, streets.now)
    assert await streets.city.find(WalkingKpi) == []
    with pytest.raises(NotTakingPart):
        await service.walker_of(streets.city, "")
    with pytest.raises(NotFound):
        await service.end_voucher(streets.city, "NOTHING1", "used", partner="x")


async def test_steps_over_midnight_are_shared_between_the_days(streets: Streets) -> None:
    walker = await streets.join()
    night = streets.today - timedelta(days=2)
    days = await streets.hand_in(walker, [point(at(night, 23, 30), 60, 3_001), *walking(night, 1_000)])
    assert [d.steps.value for d in days if d.steps] == [2_500, 1_501]
