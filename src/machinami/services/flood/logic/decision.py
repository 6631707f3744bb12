"""Who may make a proposal public, and in which steps?

proposed → approved (by a named officer) → published → withdrawn (by a named officer, with a reason). Before it is
approved a proposal may be rejected (by a named officer, with a reason) or superseded by what the river does; what is
published is superseded by the next that is published. There is no other way to the public.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.vocabulary.office import Officer
from machinami.services.flood.logic.warning import Judgement
from machinami.services.flood.model import FloodDecision, FloodProposal, Thresholds

State = Literal["proposed", "approved", "published", "rejected", "superseded", "withdrawn"]
STEPS: dict[State, tuple[State, ...]] = {
    "proposed": ("approved", "rejected", "superseded"),
    "approved": ("published", "superseded"),
    "published": ("withdrawn", "superseded"),
    "rejected": (),
    "superseded": (),
    "withdrawn": (),
}
BY_AN_OFFICER: frozenset[State] = frozenset({"approved", "rejected", "withdrawn"})
WITH_A_REASON: frozenset[State] = frozenset({"rejected", "withdrawn"})
LONGEST_NAME, LONGEST_REASON = 60, 300


class NotThatWay(Conflict):
    """This step cannot follow the present state of the proposal."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What should become of a gauge's open proposal: keep it, drop it (superseded), or make one of `level`."""

    drop: bool
    propose: int | None


def move(
    proposal: FloodProposal, to: State, at: datetime, officer: Officer | None = None, reason: str = ""
) -> FloodProposal:
    """Take one step; every step is recorded with who took it and why.

    Raises NotThatWay where the step cannot follow, BadRequestData where a name, a role or a reason is missing.
    """
    before = _state(proposal.state)
    if to not in STEPS[before]:
        raise NotThatWay(f"A proposal that is {before} cannot become {to}", proposal=proposal.id, state=before)
    if to in BY_AN_OFFICER:
        demand_officer(officer)
    if to in WITH_A_REASON:
        demand_reason(reason)
    row: dict[str, Any] = {"from": before, "to": to, "at": at.isoformat()}
    if officer is not None:
        row |= {"who": officer.who, "role": officer.role}
    if reason:
        row["reason"] = reason
    return replace(proposal, state=to, transitions=[*(proposal.transitions or []), row])


def demand_officer(officer: Officer | None) -> Officer:
    """The officer, if named. Raises BadRequestData."""
    if officer is None or not officer.who.strip() or not officer.role.strip():
        raise BadRequestData("A decision needs the name and the role of who takes it", field="who")
    if max(len(officer.who), len(officer.role)) > LONGEST_NAME:
        raise BadRequestData(f"A name or role is longer than {LONGEST_NAME} characters", field="who")
    return officer


def demand_reason(reason: str) -> str:
    """The reason, if there is one. Raises BadRequestData."""
    if not reason.strip():
        raise BadRequestData("This decision needs a reason; the successor will want to know", field="reason")
    if len(reason) > LONGEST_REASON:
        raise BadRequestData(f"The reason is longer than {LONGEST_REASON} characters", field="reason")
    return reason


def advise(judgement: Judgement, told: int, waiting: FloodProposal | None, refused: FloodProposal | None) -> Advice:
    """What to propose, given what the gauge says and the level that residents have been told (0: nothing).

    waiting: the gauge's open proposal. refused: its last rejected one; the same level is not proposed again while the
    river has stayed at it. While a gauge cannot be believed nothing is proposed and nothing is dropped; one that is
    only doubtful may call for more, never for less.
    """
    level = judgement.level
    if level is None or (judgement.doubtful and level <= max(told, (waiting and waiting.warning_level) or 0)):
        return Advice(drop=False, propose=None)
    asked = None if waiting is None else waiting.warning_level
    if level == told:
        return Advice(drop=waiting is not None, propose=None)
    if asked == level:
        return Advice(drop=False, propose=None)
    if waiting is None and refused is not None and refused.warning_level == level and _stayed(judgement, refused):
        return Advice(drop=False, propose=None)
    return Advice(drop=waiting is not None, propose=level)


def open_of(proposals: Sequence[FloodProposal], gauge: str) -> FloodProposal | None:
    """The proposal of a gauge that waits for an officer, if there is one."""
    waiting = [p for p in proposals if p.ref_gauge == gauge and p.state == "proposed"]
    return waiting[-1] if waiting else None


def refused_of(proposals: Sequence[FloodProposal], gauge: str) -> FloodProposal | None:
    """The last proposal of a gauge that an officer rejected, unless another was decided since."""
    decided = [p for p in proposals if p.ref_gauge == gauge and p.state not in ("proposed", "superseded")]
    last = max(decided, key=lambda p: _last_step(p) or p.issued_at or datetime.min.replace(tzinfo=UTC), default=None)
    return last if last is not None and last.state == "rejected" else None


def checked_thresholds(levels: Thresholds) -> Thresholds:
    """The thresholds, if they rise: attention < judgement < danger <= bank. Raises BadRequestData saying which not."""
    below: tuple[str, float] | None = None
    for mark in ("attention", "judgement", "danger", "bank"):
        value = getattr(levels, mark)
        if value is None:
            continue
        if not -1e6 < value < 1e6:
            raise BadRequestData(f"The level {mark} must be a number, not {value}", field=mark)
        if below is not None and (value < below[1] or (value == below[1] and mark != "bank")):
            raise BadRequestData(f"The level {mark} ({value}) must be above {below[0]} ({below[1]})", field=mark)
        below = (mark, value)
    return levels


def last_change(decisions: Sequence[FloodDecision], made: str, undone: str) -> FloodDecision | None:
    """The last change (of one gauge's levels, of one setting) that has not been undone; None where there is none.

    `made` and `undone` are the kinds of decision that change and that take a change back.
    """
    standing: list[FloodDecision] = []
    for decision in sorted(decisions, key=lambda d: d.decided_at or datetime.min.replace(tzinfo=UTC)):
        if decision.kind == made:
            standing.append(decision)
        elif decision.kind == undone and standing:
            standing.pop()
    return standing[-1] if standing else None


def _stayed(judgement: Judgement, refused: FloodProposal) -> bool:
    at = _last_step(refused)
    return at is not None and judgement.since is not None and judgement.since <= at


def _last_step(proposal: FloodProposal) -> datetime | None:
    steps = proposal.transitions or []
    return datetime.fromisoformat(str(steps[-1]["at"])) if steps else None


def _state(text: str | None) -> State:
    for state in STEPS:
        if state == text:
            return state
    raise BadRequestData(f"A proposal cannot be in the state {text!r}", state=text)
