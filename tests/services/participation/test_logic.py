"""Do the rules of participation keep their promises, whatever is handed in, and in whatever order?"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.audit import Head
from machinami.model.vocabulary.circle import Proposal
from machinami.model.vocabulary.office import Officer
from machinami.services.participation.logic import pieces, record
from machinami.services.participation.logic.pieces import Draft, Reply
from machinami.services.participation.model import ParticipationStep, Voice

NOW = datetime(2026, 6, 30, 16, tzinfo=UTC)  # one in the morning of 1 July in Japan
ZONE = "Asia/Tokyo"
KEI = Voice("kei", "kei")
OFFICER = Officer("山田", "課長")


def draft(kind: str = "proposal", **more: str) -> Draft:
    return Draft(**{"kind": kind, "name": "日陰", "text": "木を植える", "language": "ja", **more})


def piece(kind: str = "proposal", **more: str) -> Proposal:
    return pieces.handed_in("urn:ngsi-ld:Proposal:1", draft(kind, **more), KEI, NOW, ZONE, 30)


def test_the_days_until_a_reply_are_days_of_the_town() -> None:
    assert piece().due_on == "2026-07-31"
    assert not pieces.is_overdue(piece(), date(2026, 7, 31))
    assert pieces.is_overdue(piece(), date(2026, 8, 1))


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "poem"}, {"name": ""}, {"text": ""}, {"field": "magic"}, {"kind": "plan_comment", "chapter": "preface"}],
)
def test_what_is_half_filled_in_is_not_taken(wrong: dict[str, str]) -> None:
    with pytest.raises(BadRequestData):
        pieces.handed_in("urn:x:1", draft(**wrong), KEI, NOW, ZONE, 30)


@pytest.mark.parametrize(("verdict", "state"), [("taken_up", "adopted"), ("partly", "adopted"), ("not", "declined")])
def test_a_comment_on_the_plan_is_taken_up_partly_or_not_and_the_reason_is_given(verdict: str, state: str) -> None:
    comment = piece("plan_comment", chapter="roadmap")
    after = pieces.replied(comment, Reply("", "理由", "ja", "第 5 章", verdict), OFFICER, NOW)
    assert (after.state, after.verdict, after.replied_by) == (state, verdict, "山田 (課長)")
    assert (after.changed is not None) == (state == "adopted")
    for wrong in (Reply("", "理由", "ja", "x", "maybe"), Reply("", "", "ja", "x", verdict)):
        with pytest.raises(BadRequestData):
            pieces.replied(comment, wrong, OFFICER, NOW)


def test_what_is_adopted_says_what_it_changed() -> None:
    with pytest.raises(BadRequestData):
        pieces.replied(piece(), Reply("adopted", "よい考えです", "ja"), OFFICER, NOW)


def test_what_is_gone_takes_no_reply_and_no_comment() -> None:
    for gone in (pieces.hidden(piece(), "x", OFFICER, NOW), pieces.withdrawn(piece())):
        with pytest.raises(Conflict):
            pieces.replied(gone, Reply("answered", "x", "ja"), OFFICER, NOW)
        with pytest.raises(Conflict):
            pieces.commented("urn:x:2", gone, "x", "ja", KEI, NOW)


def test_the_longest_owed_reply_comes_first() -> None:
    late, soon = replace(piece(), id="a", due_on="2026-06-01"), replace(piece(), id="b", due_on="2026-06-02")
    done = replace(piece(), id="c", due_on="2026-05-01", state="answered")
    assert [one.id for one in pieces.waiting([soon, done, late])] == ["a", "b"]


@given(st.lists(st.integers(-40, 40), max_size=30), st.integers(1, 10))
def test_on_one_day_no_more_is_taken_of_one_person_than_is_said(hours: list[int], most: int) -> None:
    moments = [NOW + timedelta(hours=h) for h in hours]
    today = sum(pieces.today(at, ZONE) == pieces.today(NOW, ZONE) for at in moments)
    if today >= most:
        with pytest.raises(Conflict):
            pieces.demand_room(moments, NOW, ZONE, most)
    else:
        pieces.demand_room(moments, NOW, ZONE, most)


def chain(names: list[str]) -> tuple[list[ParticipationStep], dict[str, Proposal]]:
    """A record of so many proposals, and what is there."""
    there = {name: replace(piece(), id=name) for name in names}
    steps, head = [], Head()
    for name in names:
        step = record.step(head, NOW, "resident", "hand_in", there[name])
        steps.append(step)
        head = record.head_of(step)
    return steps, there


NAMES = st.lists(st.text(min_size=1, max_size=5), min_size=2, max_size=8, unique=True)


@given(NAMES, st.randoms())
def test_a_record_is_sound_in_whatever_order_its_steps_are_read(names: list[str], chance: object) -> None:
    steps, there = chain(names)
    shuffled = sorted(steps, key=lambda s: hash((repr(chance), s.id)))
    assert record.verify(shuffled, record.head_of(steps[-1]), there).is_sound


@given(NAMES, st.data())
def test_no_step_can_be_left_out_exchanged_or_rewritten_unnoticed(names: list[str], data: st.DataObject) -> None:
    steps, there = chain(names)
    kept, at = record.head_of(steps[-1]), data.draw(st.integers(0, len(steps) - 1))
    without = [*steps[:at], *steps[at + 1 :]]
    assert not record.verify(without, kept, there).is_sound
    forged = replace(steps[at], entries=(steps[at].entries or "").replace("resident", "mayor"))
    assert not record.verify([*steps[:at], forged, *steps[at + 1 :]], kept, there).is_sound
    other = (at + 1) % len(steps)
    steps[at], steps[other] = replace(steps[at], number=other + 1), replace(steps[other], number=at + 1)
    assert not record.verify(steps, kept, there).is_sound


@given(NAMES, st.data())
def test_what_is_changed_past_the_record_is_named(names: list[str], data: st.DataObject) -> None:
    steps, there = chain(names)
    victim = data.draw(st.sampled_from(names))
    changed = {**there, victim: replace(there[victim], supports=999)}
    assert record.verify(steps, None, changed).changed == (victim,)
    gone = {name: one for name, one in there.items() if name != victim}
    assert record.verify(steps, None, gone).changed == (victim,)
