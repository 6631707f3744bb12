"""The rules of needs: lines of a workshop, groups, decisions that can be undone, services that trace or do not."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import CityNeed, Initiative, KeyPerformanceIndicator, Vision
from machinami.model.vocabulary.office import Officer
from machinami.services.needs.logic.collecting import made, read_lines, short_name
from machinami.services.needs.logic.deciding import adopted, changed, drafted, judged, standing, undoable
from machinami.services.needs.logic.grouping import grouped, headed, parted
from machinami.services.needs.logic.tracing import Known, traced, unanswered
from machinami.services.needs.model import NeedDecision, NeedNote

TODAY, NOW = date(2026, 11, 21), datetime(2026, 11, 21, 9, tzinfo=UTC)
BY = Officer("山田花子", "企画課長")


def need(number: int, voices: int = 1, head: str = "", **more: object) -> CityNeed:
    said = made(f"n{number}", f"困りごと {number}", "ja", "transport", "workshop", TODAY, voices)
    return replace(said, ref_group=Ref(head) if head else None, **more)  # type: ignore[arg-type]


def test_a_list_of_a_workshop_loses_its_bullets_and_keeps_its_voices() -> None:
    lines = read_lines("・バスが少ない ×3\n2) 街灯が暗い（2人）\n\n---\n・バスが 少ない。\n")
    assert [(line.text, line.voices) for line in lines] == [("バスが少ない", 4), ("街灯が暗い", 2)]


def test_a_list_without_a_word_is_refused() -> None:
    with pytest.raises(BadRequestData, match="no line with a word"):
        read_lines("・\n---\n")


def test_a_line_that_is_too_long_is_named() -> None:
    with pytest.raises(BadRequestData, match="Line 2"):
        read_lines("短い\n" + "長" * 1_001)


@given(st.lists(st.text(alphabet="あいうえおabc漢字", min_size=1, max_size=20), min_size=1, max_size=30))
def test_no_voice_of_a_workshop_is_lost(said: list[str]) -> None:
    assert sum(line.voices for line in read_lines("\n".join(said))) == len(said)


def test_the_first_sentence_is_the_name_of_a_need() -> None:
    assert short_name("バスが少ない。病院に行けない。") == "バスが少ない"
    assert len(short_name("長" * 90)) == 40


def test_voices_of_a_group_are_counted_once_each() -> None:
    rows = headed([need(1, 3), need(2, 2, "n1"), need(3), need(4, 9, "gone")])
    assert [(row.need.id, row.voices) for row in rows] == [("n4", 9), ("n1", 5), ("n3", 1)]


@given(st.lists(st.tuples(st.integers(1, 9), st.none() | st.integers(0, 11)), max_size=12))
def test_whatever_points_where_every_voice_is_shown(rows: list[tuple[int, int | None]]) -> None:
    needs = [need(n, voices, "" if head is None else f"n{head}") for n, (voices, head) in enumerate(rows)]
    assert sum(row.voices for row in headed(needs)) == sum(voices for voices, _ in rows)


def test_what_was_under_a_member_comes_along_to_the_new_head() -> None:
    needs = {one.id: one for one in (need(1), need(2), need(3, head="n2"))}
    after = grouped(needs["n1"], [needs["n2"]], needs)
    assert {(one.id, one.ref_group) for one in after} == {("n2", "n1"), ("n3", "n1")}


def test_a_need_that_is_under_another_cannot_stand_for_others() -> None:
    needs = {one.id: one for one in (need(1, head="n3"), need(2), need(3))}
    with pytest.raises(Conflict):
        grouped(needs["n1"], [needs["n2"]], needs)
    with pytest.raises(Conflict):
        parted(needs["n2"])


def test_a_voice_is_not_declined_without_a_reason_nor_judged_twice() -> None:
    note = NeedNote("x", Words({"ja": "声"}), "other", NOW, "waiting")
    with pytest.raises(BadRequestData):
        judged(note, False, "", None, BY, NOW)
    with pytest.raises(Conflict):
        judged(judged(note, True, "", "n1", BY, NOW), True, "", "n2", BY, NOW)


def test_a_need_is_not_closed_without_a_reason() -> None:
    with pytest.raises(BadRequestData):
        changed(need(1), state="closed", reason="", field="other", vision="")
    assert changed(need(1), state="closed", reason="県の仕事", field="other", vision="").reason == "県の仕事"


def test_a_new_vision_replaces_the_one_before_and_both_stay() -> None:
    first = drafted([], "v1", "歩ける町", "…", "ja")
    stands = adopted([first], "v1", BY, TODAY)[0]
    assert (stands.state, stands.version, stands.adopted_by) == ("adopted", 1, "山田花子（企画課長）")
    second = drafted([stands], "v2", "集まる町", "…", "ja")
    now, before = adopted([stands, second], "v2", BY, TODAY)
    assert (now.version, now.ref_replaced, before.state) == (2, "v1", "replaced")
    assert standing([now, before]) == now


def test_a_draft_is_written_again_and_keeps_its_other_language() -> None:
    draft = drafted([], "v1", "歩ける町", "…", "ja")
    again = drafted([draft], "v9", "A town to walk in", "…", "en")
    assert again.id == "v1"
    assert again.name == {"ja": "歩ける町", "en": "A town to walk in"}


def test_what_is_no_draft_is_not_adopted() -> None:
    with pytest.raises(Conflict):
        adopted([Vision("v1", state="adopted")], "v1", BY, TODAY)


def decision(number: int, kind: str, about: str, of: str = "") -> NeedDecision:
    at = NOW.replace(minute=number)
    return NeedDecision(
        f"d{number}", kind, None, decided_at=at, ref_source=Ref(of) if of else None, before={about: None}
    )


def test_only_what_nothing_was_decided_on_since_can_be_undone() -> None:
    log = [decision(1, "added", "n1"), decision(2, "changed", "n1"), decision(3, "added", "n2")]
    assert undoable(log) == {"d2", "d3"}
    assert undoable([*log, decision(4, "undone", "", "d2")]) == {"d1", "d3"}


FLOOD, POINTS = Known("flood", "川", "disaster", 1), Known("points", "歩く", "welfare", 0)


def test_a_service_traces_to_needs_and_outcomes_through_the_works_of_the_plan() -> None:
    work = Initiative("i1", service="flood", needs=["n1", "gone"], kpis=["k1", "k2"])
    kpis = [KeyPerformanceIndicator("k1", level="outcome"), KeyPerformanceIndicator("k2", level="output")]
    rows = traced([FLOOD, POINTS], [work], [need(1)], kpis)
    assert [(row.service.id, row.whole) for row in rows] == [("points", False), ("flood", True)]
    assert [one.id for one in rows[1].outcomes] == ["k1"]
    assert rows[1].lost == 1


def test_work_that_has_ended_answers_no_need() -> None:
    work = Initiative("i1", service="flood", needs=["n1"], state="ended")
    assert not traced([FLOOD], [work], [need(1)], [])[0].needs
    assert [one.id for one in unanswered([need(1)], [work])] == ["n1"]


def test_a_group_is_answered_where_one_of_it_is() -> None:
    work = Initiative("i1", needs=["n2"], state="going")
    assert unanswered([need(1), need(2, head="n1")], [work]) == []
