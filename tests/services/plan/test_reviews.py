"""Reviews of the plan over a real store: seen, taken up by a new text, declined with a reason, withdrawn, undone."""

from datetime import UTC, datetime, timedelta

import pytest

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.kit.city import City
from machinami.kit.words import LANGUAGES, Words
from machinami.model.view import Ref
from machinami.model.view import Words as Texts
from machinami.model.vocabulary.circle import ActionPlan, PlanAnswer, PlanReview
from machinami.services.plan import service
from machinami.services.plan.book.reviews import reviewed
from machinami.services.plan.logic.drafting import stamp
from machinami.services.plan.logic.reviews import owed, told_in
from machinami.services.plan.model import PlanDecision
from machinami.services.plan.service import PACKAGE, Taking

from .test_service import BY, FORM, MAYOR, begin, last

SEEN = datetime(2026, 11, 1, tzinfo=UTC)
KPI = "urn:ngsi-ld:KeyPerformanceIndicator:k"
WHY = [{"kind": "off_path", "value": 40.0, "expected": 55.0, "goal": 100.0, "end_on": "2028-03-31"}]


async def see(city: City, state: str = "sent", name: str = "a") -> PlanReview:
    """A figure is off its path."""
    review = PlanReview(
        f"urn:ngsi-ld:PlanReview:{name}", Ref(KPI), Texts({"ja": "開いている避難所"}), SEEN, WHY, state  # type: ignore[arg-type]
    )  # fmt: skip
    await city.publish(review)
    return review


async def answers(city: City) -> list[tuple[str | None, bool]]:
    return [(one.verdict, bool(one.withdrawn)) for one in await city.find(PlanAnswer)]


async def waiting(city: City) -> list[str]:
    return [one.id for one in owed(await city.find(PlanReview), await city.find(PlanAnswer))]


async def test_a_review_is_declined_with_a_reason_and_the_name_of_who_declined_it(city: City) -> None:
    review = await see(city)
    with pytest.raises(BadRequestData, match="why nothing does"):
        await service.decline(city, review.id, " ", "ja", MAYOR)
    await service.decline(city, review.id, "橋の工事が終われば追いつく", "ja", MAYOR)
    (told,) = await city.find(PlanAnswer)
    assert (told.verdict, told.decided_by, told.ref_review, told.ref_indicator) == (
        "declined",
        MAYOR.who,
        review.id,
        KPI,
    )
    assert await waiting(city) == []
    with pytest.raises(Conflict, match="answered already"):
        await service.decline(city, review.id, "もう一度", "ja", BY)


async def test_who_answers_what_was_only_proposed_sends_it_by_that(city: City) -> None:
    review = await see(city, "proposed")
    await service.decline(city, review.id, "様子を見る", "ja", BY)
    kept = await city.get(PlanReview, review.id)
    assert kept is not None
    assert (kept.state, kept.decided_by) == ("sent", BY.who)
    gone = await see(city, "dismissed", "b")
    with pytest.raises(Conflict, match="waits for no answer"):
        await service.decline(city, gone.id, "様子を見る", "ja", BY)


async def test_a_review_is_taken_up_by_a_new_version_of_a_chapter_and_undone_with_it(city: City) -> None:
    review, draft = await see(city), await begin(city)
    taking = Taking(review.id, "避難所をもう一つ開く")
    with pytest.raises(BadRequestData, match="Nothing was changed"):
        await service.write(city, "goals", "ja", "歩ける町", stamp("歩ける町"), BY, taking)
    assert await waiting(city) == [review.id]
    await service.write(city, "goals", "ja", "避難所へ歩ける町", stamp("歩ける町"), BY, taking)
    (told,) = await city.find(PlanAnswer)
    assert (told.verdict, told.chapter, told.reason) == ("taken_up", "goals", {"ja": "避難所をもう一つ開く"})
    assert told.ref_source == (await last(city)).id
    assert await waiting(city) == []
    await service.undo(city, str(told.ref_source), BY)
    assert await answers(city) == [("taken_up", True)]
    assert await waiting(city) == [review.id]
    assert (await city.find(PlanDecision))[-1].kind == "undone"
    assert draft.version == 1


async def test_a_review_is_taken_up_by_a_work_that_is_written_anew(city: City) -> None:
    review = await see(city)
    work = await service.save_work(city, "", FORM, "ja", BY)
    with pytest.raises(BadRequestData, match="Nothing was changed"):
        await service.save_work(city, work.id, FORM, "ja", BY, Taking(review.id, "早める"))
    await service.save_work(city, work.id, {**FORM, "pilot-state": "done"}, "ja", BY, Taking(review.id, "早める"))
    (told,) = await city.find(PlanAnswer)
    assert (told.verdict, told.ref_initiative, told.chapter) == ("taken_up", work.id, None)


async def test_an_answer_is_withdrawn_with_a_reason_and_stays_to_be_read(city: City) -> None:
    review = await see(city)
    await service.decline(city, review.id, "様子を見る", "ja", BY)
    (told,) = await city.find(PlanAnswer)
    with pytest.raises(BadRequestData, match="why the answer is withdrawn"):
        await service.withdraw_answer(city, told.id, "", BY)
    await service.withdraw_answer(city, told.id, "数字に誤り", MAYOR)
    assert await waiting(city) == [review.id]
    with pytest.raises(Conflict):
        await service.withdraw_answer(city, told.id, "もう一度", MAYOR)
    for language in LANGUAGES:
        (row,) = reviewed(await service.held(city, ()), Words(language, PACKAGE))
        assert row.waits
        assert row.reasons
        assert "数字に誤り" in row.answers[0].withdrawn


def test_what_was_taken_up_is_told_in_the_version_that_was_published_next() -> None:
    told = PlanAnswer("a", decided_at=SEEN)
    plans = [
        ActionPlan(f"p{n}", version=n, published_at=SEEN + timedelta(days=days))
        for n, days in ((1, -9), (2, 3), (3, 9))
    ]
    assert told_in(told, plans) == 2
    assert told_in(told, plans[:1]) is None
