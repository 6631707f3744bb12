"""An officer compares places on an indicator's page: what is kept, what it says, and how it is taken back."""

from datetime import timedelta

import pytest

from machinami.kit.words import LANGUAGES, Words
from machinami.model.vocabulary.circle import EffectEstimate
from machinami.services.indicators import service
from machinami.services.indicators.book.effects import effects_of, says
from machinami.services.indicators.service import PACKAGE

from .conftest import Office
from .test_page import FORM, SIGNED, Visit, visit
from .test_service import shelters

__all__ = ["visit"]
TOWNS = ("川の町", "橋の町", "坂の町", "森の町", "海の町", "湯の町", "田の町")


def value(number: int, month: int) -> float:
    """What was measured in a town in a month: each has its height, a common rise, noise, and the first three 5 more."""
    noise = (month * month * (number + 3)) % 7 / 2
    return 50 + number + month / 10 + noise + (5 if number < 3 and month > 6 else 0)


TABLE = "\n".join(
    f"{town},2025-{month:02},{value(number, month)}" for number, town in enumerate(TOWNS) for month in range(1, 13)
)
WANTED = {
    "name": "休む場所を置いた", "began": "2025-07-01", "step": "month", "table": TABLE,
    "table_treated": "川の町、橋の町、坂の町", "reason": "川ぞいの町どうしで、前の年の歩数が近い", **SIGNED,
}  # fmt: skip


async def estimates(office: Office) -> list[EffectEstimate]:
    return await office.city.find(EffectEstimate)


async def test_a_comparison_with_other_towns_is_kept_and_told_with_what_it_does_not_say(visit: Visit) -> None:
    made = await visit.office.make(unit="P1")
    assert "ほかの町などの値を貼り付ける" in await visit.see(f"/of/{made}/effect")
    text = await visit.send("effect", id=made, **WANTED)
    (kept,) = await estimates(visit.office)
    assert (kept.method, kept.before, kept.after, kept.ref_indicator) == ("difference", 6, 6, made)
    assert kept.low is not None
    assert kept.high is not None
    assert kept.effect is not None
    assert kept.low < kept.effect < kept.high
    assert kept.effect == pytest.approx(5, abs=2)
    assert (kept.decided_by, len(kept.treated or ()), len(kept.others or ())) == (SIGNED["who"], 3, 4)
    for said in (
        "休む場所を置いた",
        "95 % の信頼区間",
        "%",
        "ここから言えないこと",
        "川の町",
        "前の年の歩数が近い",
        "<path",
    ):
        assert said in text


async def test_too_little_to_compare_comes_back_with_what_was_typed(visit: Visit) -> None:
    made = await visit.office.make()
    back = await visit.send("effect", 422, id=made, **{**WANTED, "began": "2030-01-01"})
    assert "あとに 0 回しかありません" in back
    assert "休む場所を置いた" in back
    await visit.send("effect", 422, id=made, **{**WANTED, "reason": ""})
    await visit.send("effect", 422, id=made, **{**WANTED, "table": "何か"})
    assert await estimates(visit.office) == []


async def test_indicators_of_the_town_are_compared_over_their_own_history(visit: Visit) -> None:
    office = visit.office
    await shelters(office, 2)
    first = await office.make()
    second = await office.make("count(Shelter)")
    for day in range(12):
        if day == 8:
            await shelters(office, 4)
        await office.pass_days(1)
    began = (office.now - timedelta(days=4)).date().isoformat()
    chosen = {f"place:{first}": "treated", f"place:{second}": "others"}
    await visit.send("effect", id=first, **{**WANTED, "table": "", "step": "day", "began": began, **chosen})
    (kept,) = await estimates(office)
    assert kept.effect == pytest.approx(50.0, abs=13)
    assert kept.low is None
    told = says(kept, Words("ja", PACKAGE))
    assert any("偶然の幅は分かりません" in one for one in told)


async def test_an_estimate_is_withdrawn_with_a_reason_and_stays_to_be_read(visit: Visit) -> None:
    made = await visit.office.make(unit="P1")
    await visit.send("effect", id=made, **WANTED)
    (kept,) = await estimates(visit.office)
    await visit.send("effect/withdraw", 400, estimate=kept.id, **SIGNED)
    text = await visit.send("effect/withdraw", estimate=kept.id, reason="値の写し間違い", **SIGNED)
    assert "値の写し間違い" in text
    await visit.send("effect/withdraw", 404, estimate=kept.id, reason="もう一度", **SIGNED)
    kpi = await service.indicator(visit.office.city, made)
    for language in LANGUAGES:
        (row,) = await effects_of(visit.office.city, kpi, Words(language, PACKAGE))
        assert row.withdrawn
        assert len(row.limits) == 4
        assert all(row.says)


async def test_every_finding_is_said_in_every_language(visit: Visit) -> None:
    rows = [
        {"kind": kind, "value": 1.0, "low": 0.5, "high": 2.0, "carried": 3.0, "share": 0.2, "least": 0.1, "count": 4,
         "error": 0.3, "treated": 1, "others": 2}
        for kind in (
            "chance_includes", "chance_excludes", "no_interval", "drift_none", "drift_found", "drift_unknown",
            "placebo_few", "placebo_many", "placebo_cannot", "fit_good", "fit_poor", "difference", "few", "short",
            "gaps",
        )
    ]  # fmt: skip
    for method in ("difference", "mixture"):
        found = EffectEstimate("e", method=method, step="month", effect=1.0, low=0.5, high=2.0, findings=list(rows))  # type: ignore[arg-type]
        for language in LANGUAGES:
            assert all(says(found, Words(language, PACKAGE)))


async def test_the_logic_model_is_edited_where_it_is_drawn(visit: Visit) -> None:
    await shelters(visit.office, 2)
    first, second = await visit.office.make(), await visit.office.make("count(Shelter)", level="outcome")
    text = await visit.send("link", start=first, end=second, verdict="tie", **SIGNED)
    assert 'class="kpi-lead' in text
    await visit.send("link", 409, start=second, end=first, verdict="tie", **SIGNED)
    await visit.send("link", 409, start=first, end=second, verdict="tie", **SIGNED)
    text = await visit.send("undo", id=first, **SIGNED)
    assert (await visit.office.indicator(first)).leads_to is None
    await visit.send("link", 409, start=first, end=second, verdict="cut", **SIGNED)


async def test_a_unit_is_kept_as_its_code_and_said_in_the_readers_language(visit: Visit) -> None:
    await shelters(visit.office, 3)
    await visit.send("make", **{**FORM, "unit": "分", "name_en": "Open shelters"})
    (kpi,) = await visit.office.city.find(service.KeyPerformanceIndicator)
    assert kpi.unit == "MIN"
    assert "minutes" in await visit.see("?lang=en")
    assert "MIN" not in await visit.see("?lang=ja")


async def test_a_decision_on_a_review_is_taken_back(visit: Visit) -> None:
    await shelters(visit.office, 0)
    made = await visit.office.make()
    await visit.office.pass_days(1)
    (review,) = await visit.office.city.find(service.PlanReview)
    await visit.send("review", review=review.id, verdict="send", **SIGNED)
    assert "計画の担当者の答えを待っています" in await visit.see(f"/of/{made}")
    await visit.office.pass_days(200)
    assert len(await visit.office.city.find(service.PlanReview)) == 1  # what waits for an answer is not asked again
    await visit.send("review/back", review=review.id, reason="早すぎた", **SIGNED)
    (again,) = await visit.office.city.find(service.PlanReview)
    assert (again.state, again.decided_by) == ("proposed", None)
    assert "早すぎた" in await visit.see("?view=history")
    await visit.send("review/back", 409, review=review.id, reason="早すぎた", **SIGNED)
