"""Who decided what about a warning, and what may be decided next?"""

from dataclasses import replace
from datetime import datetime

from machinami.foundation.errors import Conflict, InvalidRequest
from machinami.services.flood.model import Decision, DecisionState, Level, Step

NEXT: dict[DecisionState, tuple[DecisionState, ...]] = {
    "proposed": ("approved", "withdrawn"),
    "approved": ("published", "withdrawn"),
    "published": ("withdrawn",),
    "withdrawn": (),
}


def opened(id: str, gauge: str, level: Level, text: str, now: datetime) -> Decision:
    """Open a decision from a machine's proposal: nobody has answered for it yet."""
    return Decision(id, gauge, level, text, (Step("proposed", now, "machinami"),))


def moved(
    decision: Decision, state: DecisionState, by: str, now: datetime, office: str = "", note: str = ""
) -> Decision:
    """Move a decision on; Conflict where the order is not kept, InvalidRequest without a name.

    Proposed → approved (by a named officer) → published → withdrawn; it may be withdrawn at any time,
    and then stays so.
    """
    if state not in NEXT[decision.state]:
        allowed = ", ".join(NEXT[decision.state]) or "nothing"
        raise Conflict(
            f"a decision that is {decision.state} cannot become {state}; it can become {allowed}",
            state=decision.state,
            asked=state,
        )
    if not by.strip():
        raise InvalidRequest("a decision needs the name of the officer who answers for it", field="by")
    if now < decision.steps[-1].at:
        raise Conflict("a decision cannot go back in time; check the clock of this machine")
    return replace(decision, steps=(*decision.steps, Step(state, now, by.strip(), office.strip(), note.strip())))


def reworded(decision: Decision, text: str) -> Decision:
    """Change the words before they are approved; Conflict afterwards, for what was approved must stay."""
    if decision.state != "proposed":
        raise Conflict(f"the words of a decision that is {decision.state} cannot be changed; withdraw it first")
    if not text.strip():
        raise InvalidRequest("a warning needs words", field="text")
    return replace(decision, text=text.strip())
