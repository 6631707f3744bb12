"""The plan service over a real store: drafted, written, approved, published for good, withdrawn with its reason."""

import pytest

from machinami.foundation.errors import Conflict, NotFound
from machinami.kit.city import City
from machinami.model.view import Words
from machinami.model.vocabulary.circle import ActionPlan, Initiative
from machinami.model.vocabulary.office import Officer
from machinami.services.plan import service
from machinami.services.plan.logic.drafting import WrittenMeanwhile, stamp
from machinami.services.plan.model import PlanComment, PlanDecision, PlanDraft, Running

BY, MAYOR = Officer("山田花子", "企画課長"), Officer("佐藤一郎", "町長")
RUNNING = [Running("flood", {"ja": "川"}, ("RiverGauge",), ())]
FORM = {"name": "川の見守り", "state": "going", "service": "flood", "pilot-from": "2026", "pilot-state": "going"}


async def begin(city: City) -> PlanDraft:
    return await service.begin(city, Words({"ja": "計画"}), {"goals": {"ja": "歩ける町"}}, BY)


async def now(city: City) -> PlanDraft:
    found = (await service.held(city, RUNNING)).draft
    assert found is not None
    return found


async def last(city: City) -> PlanDecision:
    return max(await city.find(PlanDecision), key=lambda one: str(one.decided_at))


async def test_a_plan_goes_from_draft_to_publication_and_holds_its_tables_of_that_day(city: City) -> None:
    work = await service.save_work(city, "", FORM, "ja", BY)
    await begin(city)
    await service.approve(city, "庁議", MAYOR)
    plan = await service.issue(city, RUNNING, BY)
    await service.save_work(city, work.id, {**FORM, "state": "in_operation"}, "ja", BY)
    kept = await city.get(ActionPlan, plan.id)
    assert kept is not None
    assert (kept.version, kept.approved_by, kept.initiatives) == (1, "佐藤一郎 (町長)", [work.id])
    rows = (kept.record or {})["works"]
    assert [(row["state"], row["uses"]) for row in rows] == [("going", ["RiverGauge"])]  # type: ignore[attr-defined]
    assert [one.kind for one in await city.find(PlanDecision)] == ["work", "begun", "approved", "published", "work"]
    assert (await service.held(city, RUNNING)).draft is None


async def test_nothing_is_published_that_nobody_approved_as_it_stands(city: City) -> None:
    await begin(city)
    with pytest.raises(Conflict):
        await service.issue(city, RUNNING, BY)
    await service.approve(city, "", MAYOR)
    await service.write(city, "goals", "ja", "走れる町", stamp("歩ける町"), BY)
    with pytest.raises(Conflict):
        await service.issue(city, RUNNING, BY)
    assert await city.find(ActionPlan) == []


async def test_a_withdrawn_plan_stays_with_its_reason_and_the_next_version_counts_on(city: City) -> None:
    await begin(city)
    await service.approve(city, "", MAYOR)
    plan = await service.issue(city, RUNNING, BY)
    await service.withdraw(city, plan.id, "数字に誤り", MAYOR)
    kept = await city.get(ActionPlan, plan.id)
    assert kept is not None
    assert (kept.withdrawn or {})["reason"] == "数字に誤り"
    assert kept.chapters == plan.chapters
    assert (await begin(city)).version == 2


async def test_two_who_write_one_chapter_do_not_overwrite_each_other(city: City) -> None:
    await begin(city)
    await service.write(city, "goals", "ja", "走れる町", stamp("歩ける町"), BY)
    with pytest.raises(WrittenMeanwhile):
        await service.write(city, "goals", "ja", "泳げる町", stamp("歩ける町"), MAYOR)


async def test_a_written_chapter_and_a_changed_work_are_undone(city: City) -> None:
    await begin(city)
    await service.write(city, "goals", "ja", "走れる町", stamp("歩ける町"), BY)
    await service.undo(city, (await last(city)).id, BY)
    assert ((await now(city)).chapters or {})["goals"] == {"ja": "歩ける町"}
    work = await service.save_work(city, "", FORM, "ja", BY)
    await service.undo(city, (await last(city)).id, BY)
    undone = await city.get(Initiative, work.id)
    assert undone is not None
    assert undone.state == "ended"
    with pytest.raises(Conflict):
        await service.undo(city, (await last(city)).id, BY)


async def test_a_chapter_comes_back_from_a_version_that_was_kept(city: City) -> None:
    await begin(city)
    await service.keep(city, RUNNING, "協議の前", BY)
    await service.write(city, "goals", "ja", "走れる町", stamp("歩ける町"), BY)
    (kept,) = [one for one in await city.find(PlanDraft) if one.state == "kept"]
    assert kept.remark == "協議の前"
    await service.restore(city, kept.id, "goals", BY)
    assert ((await now(city)).chapters or {})["goals"] == {"ja": "歩ける町"}
    with pytest.raises(NotFound):
        await service.restore(city, "urn:ngsi-ld:PlanDraft:gone", "goals", BY)


async def test_a_comment_is_settled_once_with_what_was_done(city: City) -> None:
    await begin(city)
    await service.comment(city, "goals", "だれの一日か", "ja", MAYOR)
    (said,) = await city.find(PlanComment)
    await service.settle(city, said.id, "書き加えた", "ja", BY)
    (done,) = await city.find(PlanComment)
    assert (done.state, done.reply, done.decided_by, done.replied_by) == (
        "settled", {"ja": "書き加えた"}, "佐藤一郎", "山田花子 (企画課長)",
    )  # fmt: skip
    with pytest.raises(Conflict):
        await service.settle(city, said.id, "もう一度", "ja", BY)
