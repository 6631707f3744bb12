"""May this be moved now, and how did the vote on it go? The rules of deciding on an application."""

from datetime import datetime

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.approval import Approval, Limits, limit_faults
from machinami.model.ethics.application import AGAIN, APPROVING, FIRST, Application, Decision, Motion, Outcome, State
from machinami.model.ethics.board import Board, carries

_NO_LIMITS = Limits()
_LONGEST = 10_000


def demand_movable(known: Application, motion: Motion, held: Approval | None, now: datetime) -> None:
    """Raise BadRequestData or Conflict where this cannot be decided. held: the approval of the same purpose, if any."""
    may = AGAIN if known.state is State.STANDING else FIRST
    if motion.outcome not in may:
        raise BadRequestData(f"What can be decided now is: {', '.join(sorted(may))}", member="outcome")
    if not 0 < len(motion.reasons.strip()) <= _LONGEST:
        raise BadRequestData(f"A decision says its reasons, in at most {_LONGEST} characters", member="reasons")
    _demand_conditions(known, motion, now)
    if motion.outcome not in APPROVING:
        return
    if known.unanswered:
        open_ones = len(known.unanswered)
        raise Conflict(f"{open_ones} questions have no answer yet; send it back, or wait for the answers")
    if known.state is State.STANDING and held is not None and held.application != known.id:
        raise Conflict(f"The application {held.application} has taken the place of this one")


def _demand_conditions(known: Application, motion: Motion, now: datetime) -> None:
    if any(not 0 < len(one.strip()) <= _LONGEST for one in motion.conditions):
        raise BadRequestData("A condition is said in words", member="conditions")
    given = bool(motion.conditions) or motion.limits != _NO_LIMITS
    if given != (motion.outcome is Outcome.CONDITIONAL):
        what = "Conditions belong to an approval with conditions, which has one at least"
        raise BadRequestData(what, member="conditions")
    fault = limit_faults(known.proposal.bounds, motion.limits, now)
    if fault is not None:
        raise BadRequestData(f"These conditions cannot be: {fault}", member="limits")


def counted(known: Application, board: Board, now: datetime) -> Decision:
    """How the vote on what was moved went. Raises Conflict where it cannot be closed yet.

    Who is no more in office, declared an interest, or applied, has no vote, and is not waited for.
    """
    if known.motion is None or known.moved_at is None:
        raise Conflict("Nothing is being voted on; somebody moves a decision first")
    may = {one.person for one in board.in_office(now)} - known.recused - {known.applicant}
    votes = {who: step.yes for who, step in known.votes.items() if who in may}
    if len(votes) < board.quorum:
        what = f"There are {len(votes)} of the {board.quorum} votes that it takes"
        raise Conflict(what, votes=len(votes), quorum=board.quorum)
    if may - votes.keys() and (now - known.moved_at).days < board.voting_days:
        raise Conflict(f"The vote is open for {board.voting_days} days, or until all have voted; others may still vote")
    carried = carries(board.rule, list(votes.values()))
    yes, no = (tuple(sorted(who for who, said in votes.items() if said is way)) for way in (True, False))
    approves = carried and known.motion.outcome in APPROVING
    return Decision(board.office, carried, yes, no, board.review_by(now) if approves else None)
