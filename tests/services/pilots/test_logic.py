"""Do gates keep what they are for: who runs and who pays is settled before, and a decision keeps what was measured?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.view import Measured, Ref, Words
from machinami.model.vocabulary.circle import GateDecision, Pilot
from machinami.services.pilots.logic import after, decide, gates_of, into_operation, is_met, missing, reached, retract
from machinami.services.pilots.model import GATES, VERDICTS, Gate, Verdict, Verdicts

NOW = datetime(2026, 11, 21, 20, tzinfo=UTC)  # the 22nd in Japan
JAPAN = ZoneInfo("Asia/Tokyo")
WHOLE = Pilot(
    "urn:ngsi-ld:Pilot:1", Words(ja="見守り"), Words(ja="減る"), ["電池"], ["通信"], Words(ja="となりの地区"),
    {"is": "at_least", "value": 10}, "社協", "町", Words(ja="説明会で了承"), {"personal": False, "by": "森 (課長)"},
    "planned", ref_indicator=Ref("urn:ngsi-ld:KeyPerformanceIndicator:1"),
)  # fmt: skip
NEEDED = [
    "name", "hypothesis", "verify", "not_needed", "ref_indicator", "comparison", "success_rule", "operator", "payer",
    "acceptance", "privacy_check",
]  # fmt: skip


def said(gate: Gate, verdict: Verdict, **changed: Any) -> Verdicts:
    """A decision of the head of a department."""
    people = ({"name": "森", "role": "課長"},)
    return replace(Verdicts(gate, verdict, Words(ja="理由"), None, people), **changed)


def taken(pilot: Pilot, gate: Gate, verdict: Verdict, value: float | None = None, hours: int = 0) -> GateDecision:
    """A decision on a pilot, with what was measured then."""
    measured = None if value is None else Measured(value, NOW)
    return decide(pilot, said(gate, verdict), measured, NOW, "urn:ngsi-ld:GateDecision:1", timedelta(hours=hours))


@pytest.mark.parametrize("name", NEEDED)
def test_a_pilot_does_not_begin_until_everything_is_settled(name: str) -> None:
    lacking = replace(WHOLE, **{name: None})
    assert missing(lacking) == (name,)
    with pytest.raises(Conflict, match=name):
        taken(lacking, "start", "yes")
    assert taken(lacking, "start", "later").verdict == "later"


def test_a_pilot_with_personal_data_needs_the_boards_approval() -> None:
    assert missing(replace(WHOLE, privacy_check={"personal": True, "by": "森"})) == ("privacy_check",)
    assert missing(replace(WHOLE, privacy_check={"personal": True, "by": "森", "approval": "watch-over"})) == ()


def test_a_pilot_begins_and_ends_on_the_towns_day() -> None:
    running = after(WHOLE, taken(WHOLE, "start", "yes"), JAPAN)
    assert (running.state, running.started_on, running.ended_on) == ("running", "2026-11-22", None)
    failed = after(running, taken(running, "deploy", "no"), JAPAN)
    assert (failed.state, failed.ended_on) == ("failed", "2026-11-22")


@given(st.sampled_from(["planned", "running", "passed", "failed", "stopped", "in_operation"]), st.sampled_from(GATES))
def test_a_decision_is_taken_only_before_its_gate(state: str, gate: Gate) -> None:
    pilot = replace(WHOLE, state=state)
    if gate in gates_of(pilot):
        assert taken(pilot, gate, "yes").from_state == state
    else:
        with pytest.raises(Conflict):
            taken(pilot, gate, "yes")


@given(st.sampled_from(["planned", "running"]), st.sampled_from(GATES), st.sampled_from(VERDICTS))
def test_what_is_taken_back_leaves_the_pilot_as_it_was(state: str, gate: Gate, verdict: Verdict) -> None:
    pilot = replace(WHOLE, state=state, started_on=None if state == "planned" else "2026-10-01")
    if gate not in gates_of(pilot):
        return
    decision = taken(pilot, gate, verdict)
    before, kept = retract(after(pilot, decision, JAPAN), decision, [decision], {"by": "森", "reason": "誤り"})
    assert before == pilot
    assert kept.retracted is not None
    assert kept.verdict == verdict


def test_only_the_last_decision_can_be_taken_back() -> None:
    first = taken(WHOLE, "start", "yes")
    second = replace(taken(replace(WHOLE, state="running"), "go_on", "yes"), id="2", decided_at=NOW + timedelta(1))
    with pytest.raises(Conflict, match="last"):
        retract(WHOLE, first, [first, second], {})


@pytest.mark.parametrize(
    ("rule", "value", "met"), [("at_least", 10, True), ("at_least", 9.9, False), ("at_most", 10, True),
    ("at_most", 10.1, False), ("at_least", None, None)],
)  # fmt: skip
def test_what_was_measured_stands_with_the_decision(rule: str, value: float | None, met: bool | None) -> None:
    pilot = replace(WHOLE, state="running", success_rule={"is": rule, "value": 10})
    decision = taken(pilot, "deploy", "yes", value)
    assert decision.evidence is not None
    assert decision.evidence["met"] is met
    assert decision.evidence.get("value") == value
    assert is_met(None, Measured(1.0, NOW)) is None


@given(st.integers(0, 100))
def test_no_decision_waits_longer_than_a_day(hours: int) -> None:
    decision = taken(WHOLE, "start", "no", hours=hours)
    assert decision.decided_at is not None
    assert decision.published_at is not None
    assert timedelta() <= decision.published_at - decision.decided_at <= timedelta(hours=24)


@pytest.mark.parametrize("changed", [{"reason": Words(ja=" ")}, {"decided_by": ()}, {"decided_by": ({"name": "森"},)}])
def test_a_decision_without_reason_or_names_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises(BadRequestData):
        decide(WHOLE, said("start", "no", **changed), None, NOW, "x", timedelta())


def test_only_a_pilot_that_passed_goes_into_operation_and_counts_as_one_that_did() -> None:
    passed = replace(WHOLE, state="passed")
    assert into_operation(passed).state == "in_operation"
    with pytest.raises(Conflict):
        into_operation(WHOLE)
    assert reached([WHOLE, passed, into_operation(passed), replace(WHOLE, state="failed")]) == (1, 3)
