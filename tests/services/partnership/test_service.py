"""A consortium is set up, meets, votes and agrees; needs and offers meet; everything can be undone."""

import pytest
from tests.services.partnership.conftest import BUS, WALK, put_needs
from tests.services.visiting import Visit

from machinami.foundation.errors import BadRequestData, Conflict, NotFound
from machinami.model.view import Words
from machinami.model.vocabulary.office import Officer
from machinami.services.partnership import service
from machinami.services.partnership.model import (
    Consortium,
    ConsortiumMeeting,
    ConsortiumMember,
    DataRule,
    MatchingDay,
    Participant,
    PartnershipChange,
    Resolution,
    RuleAgreement,
    SolutionMatch,
    SolutionSeed,
)

BY = Officer("山田花子", "企画課長")
BODY = Consortium(service.CONSORTIUM_ID, Words(ja="協議会"), None, "two_thirds", 50)


async def member(visit: Visit, name: str, role: str = "member") -> str:
    return await service.keep(
        visit.city, "member", ConsortiumMember("", Words(ja=name), "company", role, state="member"), BY
    )


async def meeting(visit: Visit) -> str:
    planned = ConsortiumMeeting("", Words(ja="第1回"), "2026-07-01", agenda=["規約"], state="planned")
    return await service.keep(visit.city, "meeting", planned, BY)


async def last_change(visit: Visit) -> str:
    return max((one.id for one in await visit.city.find(PartnershipChange)), key=lambda one: one)


async def test_an_empty_town_has_no_consortium_and_nothing_to_do(visit: Visit) -> None:
    await service.refresh(visit.city, visit.now)
    held = await service.standing(visit.city)
    assert (held.consortium, held.in_it, held.open_needs) == (None, [], [])


async def test_a_vote_is_decided_by_the_rule_of_the_consortium_and_kept_with_it(visit: Visit) -> None:
    await service.keep(visit.city, "consortium", BODY, BY)
    ids = [await member(visit, name) for name in "ABC"]
    met = await meeting(visit)
    votes = dict(zip(ids, ("yes", "yes", "no"), strict=True))
    assert await service.resolve(visit.city, met, "実証を行う", votes, "", BY) == "passed"
    assert await service.resolve(visit.city, met, "全員で", votes, "unanimity", BY) == "rejected"
    first = (await visit.city.find(Resolution))[0]
    assert (first.rule, first.quorum, first.size, first.votes) == ("two_thirds", 50, 3, votes)
    await service.leave(visit.city, ids[0], BY, "解散")
    with pytest.raises(BadRequestData):
        await service.resolve(visit.city, met, "もう一度", votes, "", BY)
    with pytest.raises(Conflict):
        await service.leave(visit.city, ids[0], BY, "もう一度")


async def test_a_meeting_is_held_or_cancelled(visit: Visit) -> None:
    one, met = await member(visit, "A"), await meeting(visit)
    await service.hold(visit.city, met, [one, "urn:ngsi-ld:ConsortiumMember:gone"], "決めた", BY)
    (kept,) = await visit.city.find(ConsortiumMeeting)
    assert (kept.state, kept.present) == ("held", [one])
    with pytest.raises(Conflict):
        await service.cancel(visit.city, met, BY, "台風")
    other = await meeting(visit)
    await service.cancel(visit.city, other, BY, "台風")
    with pytest.raises(NotFound):
        await service.hold(visit.city, "urn:ngsi-ld:ConsortiumMeeting:gone", [], "x", BY)


async def test_members_agree_to_a_version_and_a_new_one_asks_them_again(visit: Visit) -> None:
    city, one = visit.city, await member(visit, "A")
    await service.publish_rule(city, "データの約束", "目的だけに使う", "", BY)
    (rule,) = await city.find(DataRule)
    await service.agree(city, rule.id, one, BY)
    with pytest.raises(Conflict):
        await service.agree(city, rule.id, one, BY)
    await service.publish_rule(city, "データの約束", "目的と期間だけ", rule.id, BY)
    old, new = sorted(await city.find(DataRule), key=lambda r: r.version or 0)
    assert (old.state, new.state, new.version, new.ref_replaced) == ("replaced", "standing", 2, old.id)
    with pytest.raises(Conflict):
        await service.agree(city, old.id, one, BY)
    (agreed,) = await city.find(RuleAgreement)
    assert (agreed.version, agreed.decided_by, agreed.agreed_at) == (1, BY.who, visit.now)


async def test_a_new_version_that_is_undone_brings_the_old_one_back(visit: Visit) -> None:
    city = visit.city
    await service.publish_rule(city, "約束", "一", "", BY)
    (rule,) = await city.find(DataRule)
    await service.publish_rule(city, "約束", "二", rule.id, BY)
    await service.undo(city, await last_change(visit), BY)
    states = {one.version: one.state for one in await city.find(DataRule)}
    assert states == {1: "standing", 2: "withdrawn"}


async def test_a_need_and_an_offer_are_brought_together_once_and_followed_up(visit: Visit) -> None:
    city = visit.city
    await put_needs(visit, BUS)
    offer = SolutionSeed("", Words(ja="乗合バス"), provider="早瀬交通", state="offered")
    seed = await service.keep(city, "seed", offer, BY)
    await service.bring_together(city, BUS.id, seed, BY, "近い")
    with pytest.raises(Conflict):
        await service.bring_together(city, BUS.id, seed, BY, "")
    (match,) = await city.find(SolutionMatch)
    for to in ("met", "talks", "pilot"):
        await service.step(city, match.id, to, BY, "")
    await service.step(city, match.id, "ended", BY, "費用")
    (ended,) = await city.find(SolutionMatch)
    assert (ended.state, ended.ended_for) == ("ended", "費用")
    assert [row["to"] for row in ended.steps or []] == ["proposed", "met", "talks", "pilot", "ended"]
    await service.bring_together(city, BUS.id, seed, BY, "条件が変わった")
    with pytest.raises(NotFound):
        await service.bring_together(city, "urn:ngsi-ld:CityNeed:gone", seed, BY, "")


async def test_a_matching_day_proposes_each_meeting_but_those_that_talk_already(visit: Visit) -> None:
    city = visit.city
    await put_needs(visit, BUS, WALK)
    seeds = [
        await service.keep(city, "seed", SolutionSeed("", Words(ja=n), state="offered"), BY) for n in ("バス", "タグ")
    ]
    await service.bring_together(city, BUS.id, seeds[0], BY, "")
    needs = [Participant(BUS.id, 1, (seeds[0],)), Participant(WALK.id, 1, (seeds[0], seeds[1]))]
    offers = [Participant(seeds[0], 1, (BUS.id, WALK.id)), Participant(seeds[1], 1, (WALK.id,))]
    assert await service.hold_day(city, "秋", "2026-10-01", needs, offers, BY) == 2
    (day,) = await city.find(MatchingDay)
    assert day.pairs == [{"need": BUS.id, "seed": seeds[0]}, {"need": WALK.id, "seed": seeds[1]}]
    assert len(await city.find(SolutionMatch)) == 2
    with pytest.raises(BadRequestData):
        await service.hold_day(city, "冬", "2026-12-01", [Participant(BUS.id, 0, ())], offers, BY)
    await service.undo(city, await last_change(visit), BY)
    assert (await service.standing(city)).days == []


async def test_what_was_written_by_mistake_is_withdrawn_and_brought_back(visit: Visit) -> None:
    city, one = visit.city, await member(visit, "A")
    await service.withdraw(city, one, BY, "二重登録")
    assert (await service.standing(city)).members == []
    with pytest.raises(Conflict):
        await service.withdraw(city, one, BY, "もう一度")
    await service.undo(city, await last_change(visit), BY)
    assert [m.name for m in (await service.standing(city)).in_it] == [Words(ja="A")]
    for gone in ("urn:ngsi-ld:ConsortiumMember:x", "urn:ngsi-ld:Moon:x", service.CONSORTIUM_ID):
        with pytest.raises(NotFound):
            await service.withdraw(city, gone, BY, "x")
    with pytest.raises(NotFound):
        await service.keep(city, "member", ConsortiumMember("urn:ngsi-ld:ConsortiumMember:x"), BY)


async def test_the_first_entry_of_a_consortium_is_changed_not_undone(visit: Visit) -> None:
    await service.keep(visit.city, "consortium", BODY, BY)
    with pytest.raises(Conflict):
        await service.undo(visit.city, await last_change(visit), BY)
