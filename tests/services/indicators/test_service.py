"""Does the service do its work: from a formula to a figure, its history, its way, and a review that is proposed?"""

from datetime import timedelta

import pytest

from machinami.foundation.errors import BadRequestData, Conflict, NotFound
from machinami.model.view import Words
from machinami.model.vocabulary.circle import PlanReview
from machinami.services.indicators import service
from machinami.services.indicators.model import Definition

from .conftest import BY, START, Office


async def shelters(office: Office, opened: int, of: int = 4) -> None:
    for number in range(of):
        await office.put("Shelter", str(number), state="open" if number < opened else "closed")


async def test_an_empty_town_is_looked_at_in_peace(office: Office) -> None:
    await office.pass_days(1)
    assert await office.city.find(PlanReview) == []


async def test_a_formula_becomes_a_figure_at_once(office: Office) -> None:
    await shelters(office, 3)
    found = await office.indicator(await office.make())
    assert found.current is not None
    assert (found.current.value, found.current.observed_at, found.state) == (75.0, START, "on_path")
    assert found.standing is not None
    assert found.standing["count"] == 4


async def test_a_figure_has_a_history_of_its_own(office: Office) -> None:
    await shelters(office, 1)
    made = await office.make()
    for opened in (2, 2, 4):
        await shelters(office, opened)
        await office.pass_days(2)
    past = await service.history_of(office.city, made, 30, office.now)
    assert [(sample.at - START).days for sample in past] == [0, 2, 4, 6]
    assert [sample.value for sample in past] == [25.0, 50.0, 50.0, 100.0]
    assert (await office.indicator(made)).state == "reached"


async def test_a_figure_that_does_not_change_is_written_once_a_day(office: Office) -> None:
    await shelters(office, 1)
    made = await office.make()
    for _ in range(30):
        await office.pass_days(1 / 24)
    assert len(await service.history_of(office.city, made, 30, office.now)) == 2


async def test_nothing_to_compute_from_is_unmeasured_and_says_why(office: Office) -> None:
    found = await office.indicator(await office.make())
    assert (found.current, found.state, found.standing) == (None, "unmeasured", {"why": "no_rows"})


async def test_values_of_the_past_are_asked_over_a_window(office: Office) -> None:
    await shelters(office, 1)
    inner = await office.make()
    await shelters(office, 3)
    await office.pass_days(1)
    await office.pass_days(8)
    text = 'mean(current of KeyPerformanceIndicator over {} where name[ja]=="開いている避難所の割合")'
    week = await office.indicator(await office.make(text.format("7d"), name=Words({"ja": "週"})))
    year = await office.indicator(await office.make(text.format("1y"), name=Words({"ja": "年"})))
    assert week.current is not None
    assert year.current is not None
    assert (week.current.value, year.current.value) == (75.0, (25 + 75 + 75) / 3)
    assert inner != week.id


async def test_a_relationship_is_followed_to_the_other_entity(office: Office) -> None:
    first = await office.put("FloodProposal", "p", issuedAt="2026-06-30T00:00:00Z")
    await office.put("FloodDecision", "d", decidedAt="2026-06-30T00:30:00Z", refProposal=first.id)
    text = "median(minutes(refProposal{issuedAt}, decidedAt) of FloodDecision)"
    found = await office.indicator(await office.make(text, direction="down"))
    assert found.current is not None
    assert found.current.value == 30.0


async def test_a_figure_off_its_path_proposes_one_review_of_the_plan(office: Office) -> None:
    await shelters(office, 0)
    made = await office.make()
    await office.pass_days(1)
    await office.pass_days(1)
    (review,) = await office.city.find(PlanReview)
    assert (review.ref_indicator, review.state, review.reasons and review.reasons[0]["kind"]) == (
        made,
        "proposed",
        "off_path",
    )
    assert review.reasons
    assert review.reasons[0]["value"] == 0.0
    assert review.reasons[0]["expected"] == pytest.approx(100 * 182 / 730)


async def test_a_dismissed_review_is_quiet_for_a_while_and_then_comes_again(office: Office) -> None:
    await shelters(office, 0)
    await office.make()
    await office.pass_days(1)
    (review,) = await office.city.find(PlanReview)
    with pytest.raises(BadRequestData, match="reason"):
        await service.decide(office.city, review.id, False, BY, " ")
    await service.decide(office.city, review.id, False, BY, "工事の遅れ。秋に追いつく")
    await office.pass_days(80)
    assert [r.state for r in await office.city.find(PlanReview)] == ["dismissed"]
    await office.pass_days(11)
    assert [r.state for r in await office.city.find(PlanReview)] == ["dismissed", "proposed"]
    with pytest.raises(Conflict, match="decided already"):
        await service.decide(office.city, review.id, True, BY, "")


async def test_a_review_lapses_where_the_figure_comes_back(office: Office) -> None:
    await shelters(office, 0)
    await office.make()
    await office.pass_days(1)
    await shelters(office, 4)
    await office.pass_days(1)
    assert [r.state for r in await office.city.find(PlanReview)] == ["lapsed"]


async def test_a_change_can_be_undone_and_the_history_says_who(office: Office) -> None:
    await shelters(office, 2)
    made = await office.make()
    before = service.definition_of(await office.indicator(made))
    after = Definition.of({**before.row(), "formula": "count(Shelter)", "unit": "か所"})
    await service.change(office.city, after, BY, "数で示す")
    changed = await office.indicator(made)
    assert changed.current is not None
    assert changed.current.value == 4
    await service.undo(office.city, made, BY)
    assert service.definition_of(await office.indicator(made)) == before
    await service.undo(office.city, made, BY)
    assert service.definition_of(await office.indicator(made)) == after
    assert [(r.kind, r.decided_by) for r in await service.revisions(office.city, made)] == [
        (kind, BY.who) for kind in ("undone", "undone", "changed", "made")
    ]


async def test_what_is_retired_is_followed_no_longer_and_comes_back_by_undo(office: Office) -> None:
    await shelters(office, 0)
    made = await office.make()
    await service.retire(office.city, made, BY, "計画から外れた")
    await office.pass_days(1)
    assert (await office.indicator(made)).retired_on == "2026-06-30"
    assert await office.city.find(PlanReview) == []
    await service.undo(office.city, made, BY)
    assert (await office.indicator(made)).retired_on is None


async def test_a_surveyed_value_is_recorded_by_hand(office: Office) -> None:
    made = await office.make("", baseline=None, target={"kind": "value", "low": 47.2})
    await service.record(office.city, made, 31.0, START - timedelta(days=300), BY, "住民アンケート n=412")
    await service.record(office.city, made, 48.0, START, BY, "")
    found = await office.indicator(made)
    assert (found.state, found.current and found.current.value) == ("reached", 48.0)
    assert found.standing is not None
    assert (found.standing["start"], found.standing["start_is"]) == (31.0, "first")
    with pytest.raises(BadRequestData, match="after the last"):
        await service.record(office.city, made, 1.0, START - timedelta(days=1), BY, "")
    with pytest.raises(Conflict, match="formula"):
        await service.record(office.city, await office.make(), 1.0, START, BY, "")


async def test_a_service_s_own_figure_is_taken_over_once(office: Office) -> None:
    await office.make(from_kpi="flood.decision_time")
    with pytest.raises(Conflict, match="already"):
        await office.make(from_kpi="flood.decision_time")


async def test_what_is_not_there_is_said(office: Office) -> None:
    with pytest.raises(NotFound):
        await office.indicator("urn:ngsi-ld:KeyPerformanceIndicator:none")
    with pytest.raises(BadRequestData, match="position 1"):
        await office.make("wealth of nations")
