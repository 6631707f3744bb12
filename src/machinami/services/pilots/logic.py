"""May a pilot pass this gate, what becomes of it, and how many pilots became a service?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.view import Measured, Ref, Words
from machinami.model.vocabulary.circle import EffectEstimate, Gate, GateDecision, Pilot, PilotState
from machinami.services.pilots.model import ENDED, GATES, VERDICTS, Verdicts

PUBLIC_WITHIN = timedelta(hours=24)
_AFTER: Mapping[tuple[str, str, str], PilotState] = {
    ("planned", "start", "yes"): "running",
    ("planned", "start", "no"): "stopped",
    ("running", "go_on", "yes"): "running",
    ("running", "go_on", "no"): "stopped",
    ("running", "deploy", "yes"): "passed",
    ("running", "deploy", "no"): "failed",
}
_OPEN: Mapping[str, tuple[Gate, ...]] = {"planned": ("start",), "running": ("go_on", "deploy")}


def missing(pilot: Pilot) -> tuple[str, ...]:
    """What must still be said before a pilot may begin, by field. Who runs it and who pays for it afterwards is asked
    before, because pilots in which nobody had settled that ended as pilots (MLIT, 2022)."""
    check = pilot.privacy_check or {}
    said = {
        "name": spoken(pilot.name),
        "hypothesis": spoken(pilot.hypothesis),
        "verify": bool(pilot.verify),
        "not_needed": bool(pilot.not_needed),
        "ref_indicator": bool(pilot.ref_indicator),
        "comparison": spoken(pilot.comparison),
        "success_rule": bool(pilot.success_rule),
        "operator": bool(pilot.operator),
        "payer": bool(pilot.payer),
        "acceptance": spoken(pilot.acceptance),
        "privacy_check": bool(check.get("by")) and (not check.get("personal") or bool(check.get("approval"))),
    }
    return tuple(name for name, is_said in said.items() if not is_said)


def spoken(words: Words | None) -> bool:
    """Whether a text says anything in any language."""
    return any(text.strip() for text in (words or {}).values())


def gates_of(pilot: Pilot) -> tuple[Gate, ...]:
    """The gates before which a pilot stands."""
    return _OPEN.get(pilot.state or "planned", ())


def is_met(rule: Mapping[str, object] | None, measured: Measured | None) -> bool | None:
    """Whether what was measured keeps the rule of success; None where either is not known."""
    bound = (rule or {}).get("value")
    if measured is None or measured.value is None or not isinstance(bound, int | float):
        return None
    return measured.value >= bound if (rule or {}).get("is") == "at_least" else measured.value <= bound


def decide(
    pilot: Pilot, said: Verdicts, measured: Measured | None, now: datetime, decision_id: str, wait: timedelta
) -> GateDecision:
    """A decision at a gate. wait: until it is public, a day at most.

    Raises BadRequestData for a decision that is not whole, Conflict where the pilot does not stand before the gate or
    may not begin yet, naming what is missing.
    """
    _demand_whole(said)
    state = pilot.state or "planned"
    if said.gate not in gates_of(pilot):
        raise Conflict(f"{pilot.id} is {state} and does not stand before the gate {said.gate!r}", state=state)
    lacks = missing(pilot)
    if said.gate == "start" and said.verdict == "yes" and lacks:
        raise Conflict(f"{pilot.id} cannot begin: {', '.join(lacks)} must be said first", missing=list(lacks))
    met = is_met(pilot.success_rule, measured)
    evidence: dict[str, object] = {"met": met}
    if measured is not None and measured.value is not None:
        evidence |= {"value": measured.value, "at": measured.observed_at.isoformat()}
    return GateDecision(
        decision_id, said.gate, said.verdict, said.reason, said.dissent, [dict(one) for one in said.decided_by], now,
        now + min(wait, PUBLIC_WITHIN), evidence, state, None, Ref(pilot.id), pilot.simulated,
    )  # fmt: skip


def after(pilot: Pilot, decision: GateDecision, zone: ZoneInfo) -> Pilot:
    """The pilot as a decision leaves it. It begins and ends on the town's day of the decision."""
    before: PilotState = pilot.state or "planned"
    state = _AFTER.get((before, decision.gate or "", decision.verdict or ""), before)
    day = decision.decided_at.astimezone(zone).date().isoformat() if decision.decided_at else None
    began = day if before == "planned" and state == "running" else pilot.started_on
    ended = day if state in ENDED and before not in ENDED else pilot.ended_on
    return replace(pilot, state=state, started_on=began, ended_on=ended)


def retract(
    pilot: Pilot, decision: GateDecision, decisions: Sequence[GateDecision], note: Mapping[str, str]
) -> tuple[Pilot, GateDecision]:
    """The pilot as it was before its last decision, and that decision marked as taken back; it stays readable.

    note: by, role, reason and at. Raises Conflict for a decision that is not the last one that stands.
    """
    taken = [(d.decided_at, d.id) for d in decisions if d.ref_pilot == decision.ref_pilot and not d.retracted]
    last = max(((at, name) for at, name in taken if at is not None), default=None)
    if last is None or last[1] != decision.id:
        raise Conflict("Only the last decision on a pilot can be taken back", decision=decision.id)
    before: PilotState = decision.from_state or "planned"
    began = None if before == "planned" else pilot.started_on
    ended = pilot.ended_on if before in ENDED else None
    after = replace(pilot, state=before, started_on=began, ended_on=ended)
    return after, replace(decision, retracted=dict(note))


def into_operation(pilot: Pilot) -> Pilot:
    """A pilot that passed and now runs as a service. Raises Conflict for any other."""
    if pilot.state != "passed":
        raise Conflict(f"{pilot.id} is {pilot.state}; only a pilot that passed goes into operation", state=pilot.state)
    return replace(pilot, state="in_operation")


def reached(pilots: Sequence[Pilot]) -> tuple[int, int]:
    """How many pilots are in operation, and how many have ended at all."""
    ended = [p for p in pilots if p.state in ENDED]
    return sum(p.state == "in_operation" for p in ended), len(ended)


def _demand_whole(said: Verdicts) -> None:
    if said.gate not in GATES or said.verdict not in VERDICTS:
        raise BadRequestData(f"A gate is one of {', '.join(GATES)}, a verdict one of {', '.join(VERDICTS)}")
    if not spoken(said.reason):
        raise BadRequestData("A decision needs its reason", field="reason", key="refused.reason")
    if not said.decided_by or any(not one.get("name") or not one.get("role") for one in said.decided_by):
        raise BadRequestData("A decision needs the name and the role of each who takes it", field="decided_by")


def is_about(estimate: EffectEstimate, pilot: Pilot) -> bool:
    """Whether an estimate tells of what a pilot tries: of its indicator and, where a work was named, of its work."""
    if pilot.ref_indicator is None or estimate.ref_indicator != pilot.ref_indicator:
        return False
    return estimate.ref_initiative in (None, pilot.ref_initiative)
