"""Which of what was done to a plan may still be taken back?"""

from collections.abc import Sequence

from machinami.services.plan.logic.drafting import current
from machinami.services.plan.model import PlanDecision, PlanDraft

UNDOABLE = frozenset({"written", "restored", "work"})


def undoable(decisions: Sequence[PlanDecision], drafts: Sequence[PlanDraft]) -> set[str]:
    """The decisions that may be undone: the last ones on a chapter of the draft, or on a work, not undone yet."""
    draft = current(drafts)
    undone = {str(one.ref_source) for one in decisions if one.kind == "undone"}
    seen: set[str] = set()
    found: set[str] = set()
    for one in sorted(decisions, key=lambda row: (str(row.decided_at), row.id), reverse=True):
        if one.kind not in UNDOABLE or one.id in undone:
            continue
        about = str(one.ref_initiative) if one.kind == "work" else f"{one.ref_draft} {one.chapter}"
        is_here = one.kind == "work" or (draft is not None and one.ref_draft == draft.id)
        if about not in seen and is_here:
            found.add(one.id)
        seen.add(about)
    return found
