"""Which reviews of the plan wait for an answer, and what was answered to the others?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.foundation.instant import format_instant
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import ActionPlan, AnswerVerdict, PlanAnswer, PlanReview
from machinami.model.vocabulary.office import Officer

LONGEST_ANSWER = 1_000
WAITING = frozenset({"proposed", "sent"})


def standing(review_id: str, answers: Sequence[PlanAnswer]) -> PlanAnswer | None:
    """The answer to a review that stands: the last one that is not withdrawn."""
    found = [one for one in answers if one.ref_review == review_id and not one.withdrawn]
    return max(found, key=lambda one: str(one.decided_at), default=None)


def owed(reviews: Sequence[PlanReview], answers: Sequence[PlanAnswer]) -> list[PlanReview]:
    """The reviews to which the plan owes an answer, those that wait longest first."""
    found = [one for one in reviews if one.state in WAITING and standing(one.id, answers) is None]
    return sorted(found, key=lambda one: str(one.raised_at))


def taken(review: PlanReview | None, answers: Sequence[PlanAnswer], by: Officer, now: datetime) -> PlanReview:
    """The review as one that the plan has before it: whoever answers one that was only proposed sends it by that.

    Raises Conflict where it waits for no answer."""
    if review is None or review.state not in WAITING:
        raise Conflict("This review of the plan waits for no answer: it was dismissed, or the figure came back")
    if standing(review.id, answers) is not None:
        raise Conflict("This review of the plan is answered already; withdraw that answer first", review=review.id)
    if review.state == "sent":
        return review
    return replace(review, state="sent", decided_by=by.who, role=by.role, decided_at=now)


def answer(
    answer_id: str, review: PlanReview, verdict: AnswerVerdict, reason: Words, by: Officer, now: datetime
) -> PlanAnswer:
    """An answer to a review. Raises BadRequestData without a reason: residents will read it."""
    text = next(iter(reason.values()), "").strip()
    if not text or len(text) > LONGEST_ANSWER:
        raise BadRequestData(
            f"Say in 1 to {LONGEST_ANSWER} characters what becomes other, or why nothing does: residents will read it",
            field="answer",
            key="refused.reason",
        )
    return PlanAnswer(
        answer_id, Ref(review.id), review.ref_indicator, review.subject, verdict, reason,
        decided_by=by.who, role=by.role, decided_at=now, simulated=review.simulated,
    )  # fmt: skip


def withdrawn(known: PlanAnswer | None, reason: str, by: Officer, now: datetime, undone: bool = False) -> PlanAnswer:
    """The answer as withdrawn; it stays readable, and the review waits again. undone: it goes with the change that it
    told of. Raises BadRequestData, Conflict."""
    if known is None or known.withdrawn:
        raise Conflict("This answer is withdrawn already, or not there any more")
    if not reason and not undone:
        raise BadRequestData(
            "Say why the answer is withdrawn: residents will read it", field="reason", key="refused.reason"
        )
    told = {"at": format_instant(now), "by": by.who, "role": by.role, "reason": reason}
    return replace(known, withdrawn=told | ({"undone": "yes"} if undone else {}))


def told_in(found: PlanAnswer, plans: Sequence[ActionPlan]) -> int | None:
    """The version of the plan in which what was taken up was published first; None while it is in none."""
    versions: Mapping[int, datetime] = {
        one.version: one.published_at for one in plans if one.version and one.published_at and not one.withdrawn
    }
    at = found.decided_at
    return min((one for one, published in versions.items() if at is not None and published >= at), default=None)
