"""Is there no way to the public but through a named officer?"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from machinami.foundation.errors import BadRequestData, MachinamiError
from machinami.model.view import Ref
from machinami.model.vocabulary.decisions import STEPS, Advice, NotThatWay, last_change, move
from machinami.model.vocabulary.office import Officer
from machinami.services.flood.logic.decision import advise, checked_thresholds, open_of, refused_of
from machinami.services.flood.logic.warning import Judgement
from machinami.services.flood.model import FloodDecision, FloodProposal, Thresholds

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
OFFICER = Officer("山田 花子", "危機管理課長")
GAUGE = Ref("urn:ngsi-ld:RiverGauge:bridge")


def proposed(level: int = 3) -> FloodProposal:
    return FloodProposal("urn:p", "flood", level, "proposed", NOW, GAUGE, transitions=[])


def said(level: int | None, since: datetime = NOW) -> Judgement:
    return Judgement(level, level, since, ())


def test_a_proposal_is_approved_then_published_then_withdrawn() -> None:
    one = move(proposed(), "approved", NOW, OFFICER)
    one = move(one, "published", NOW)
    one = move(one, "withdrawn", LATER, OFFICER, "水位が下がった")
    assert one.state == "withdrawn"
    assert [row["to"] for row in one.transitions or []] == ["approved", "published", "withdrawn"]


def test_every_step_says_who_when_and_why() -> None:
    one = move(proposed(), "rejected", NOW, OFFICER, "誤報")
    assert one.transitions == [
        {
            "from": "proposed",
            "to": "rejected",
            "at": NOW.isoformat(),
            "who": "山田 花子",
            "role": "危機管理課長",
            "reason": "誤報",
        }
    ]


@pytest.mark.parametrize("officer", [None, Officer("", "課長"), Officer("山田", " "), Officer("山" * 61, "課長")])
def test_nobody_unnamed_approves(officer: Officer | None) -> None:
    with pytest.raises(BadRequestData):
        move(proposed(), "approved", NOW, officer)


@pytest.mark.parametrize("reason", ["", "  ", "長" * 301])
def test_a_rejection_needs_a_reason(reason: str) -> None:
    with pytest.raises(BadRequestData):
        move(proposed(), "rejected", NOW, OFFICER, reason)


def test_an_unapproved_proposal_cannot_be_published() -> None:
    with pytest.raises(NotThatWay):
        move(proposed(), "published", NOW, OFFICER)


@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.booleans()), max_size=12))
def test_whatever_is_tried_nothing_is_public_that_no_officer_approved(tries: list[tuple[str, bool]]) -> None:
    one = proposed()
    for to, named in tries:
        try:
            one = move(one, to, NOW, OFFICER if named else None, "理由")
        except MachinamiError:
            continue
    steps = one.transitions or []
    for n, row in enumerate(steps):
        if row["to"] == "published":
            assert any(before["to"] == "approved" and before["who"] for before in steps[:n])


class Machine(RuleBasedStateMachine):
    """Any order of attempts: the record of steps is always the way that was gone."""

    def __init__(self) -> None:
        super().__init__()
        self.one = proposed()

    @rule(to=st.sampled_from(sorted(STEPS)), named=st.booleans(), reason=st.sampled_from(["", "理由"]))
    def try_a_step(self, to: str, named: bool, reason: str) -> None:
        before = self.one
        try:
            self.one = move(before, to, NOW, OFFICER if named else None, reason)
        except MachinamiError:
            assert self.one == before

    @invariant()
    def the_record_is_the_way(self) -> None:
        state = "proposed"
        for row in self.one.transitions or []:
            assert row["from"] == state
            assert row["to"] in STEPS[state]
            state = row["to"]
        assert self.one.state == state


TestMachine = Machine.TestCase


def test_a_level_that_is_not_told_yet_is_proposed() -> None:
    assert advise(said(3), 0, None, None) == Advice(drop=False, propose=3)


def test_a_level_that_is_told_is_not_proposed_again() -> None:
    assert advise(said(3), 3, None, None) == Advice(drop=False, propose=None)


def test_a_waiting_proposal_is_kept_while_it_fits() -> None:
    assert advise(said(3), 2, proposed(3), None) == Advice(drop=False, propose=None)


def test_a_waiting_proposal_gives_way_to_what_the_river_says_now() -> None:
    assert advise(said(4), 2, proposed(3), None) == Advice(drop=True, propose=4)
    assert advise(said(2), 2, proposed(3), None) == Advice(drop=True, propose=None)


def test_what_is_told_too_high_is_proposed_to_be_lowered() -> None:
    assert advise(said(0), 3, None, None) == Advice(drop=False, propose=0)


def test_nothing_is_proposed_or_dropped_while_the_gauge_is_unknown() -> None:
    assert advise(said(None), 3, proposed(4), None) == Advice(drop=False, propose=None)


def test_a_doubtful_gauge_may_call_for_more_but_never_for_less() -> None:
    doubtful = Judgement(3, None, NOW, (), doubtful=True)
    assert advise(doubtful, 2, None, None).propose == 3
    assert advise(doubtful, 4, None, None) == Advice(drop=False, propose=None)
    assert advise(doubtful, 0, proposed(4), None) == Advice(drop=False, propose=None)


def test_what_an_officer_rejected_is_not_proposed_again_while_the_river_stays() -> None:
    refused = move(proposed(3), "rejected", LATER, OFFICER, "誤報")
    assert advise(said(3), 0, None, refused).propose is None
    assert advise(said(4), 0, None, refused).propose == 4
    assert advise(said(3, since=LATER + timedelta(hours=5)), 0, None, refused).propose == 3


def test_the_open_and_the_refused_proposal_are_found_by_gauge() -> None:
    rejected = move(proposed(3), "rejected", LATER, OFFICER, "誤報")
    other = FloodProposal("urn:other", "flood", 4, "proposed", NOW, Ref("urn:elsewhere"))
    assert open_of([other, rejected], GAUGE) is None
    assert open_of([other], "urn:elsewhere") is other
    assert refused_of([other, rejected], GAUGE) is rejected


def test_thresholds_must_rise() -> None:
    assert checked_thresholds(Thresholds(1.0, 1.5, 2.0, 2.0))
    assert checked_thresholds(Thresholds(danger=2.0))
    for wrong in (Thresholds(1.5, 1.0), Thresholds(1.0, 1.0), Thresholds(attention=2.0, bank=1.0)):
        with pytest.raises(BadRequestData):
            checked_thresholds(wrong)
    with pytest.raises(BadRequestData):
        checked_thresholds(Thresholds(attention=float("nan")))


def change(kind: str, hours: int) -> FloodDecision:
    return FloodDecision(f"urn:{hours}", "flood", kind, None, decided_at=NOW + timedelta(hours=hours))


def test_undoing_goes_back_one_change_after_the_other() -> None:
    first, second = change("thresholds", 1), change("thresholds", 2)
    assert last_change([second, first], "thresholds", "undone") is second
    assert last_change([first, second, change("undone", 3)], "thresholds", "undone") is first
    assert last_change([first, change("undone", 3)], "thresholds", "undone") is None
