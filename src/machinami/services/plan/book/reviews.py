"""What was seen of the figures that asks for another plan, and what did the town answer, in the reader's words?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from machinami.kit.reviews import because
from machinami.kit.words import Words
from machinami.model.vocabulary.circle import CHAPTERS, PlanAnswer, PlanReview
from machinami.services.plan.logic.reviews import owed, standing, told_in
from machinami.services.plan.service import Held

MOST = 50
_INDICATOR = "/services/indicators/of/"


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered to a review. where: what was written anew for it; version: of the plan that says so first;
    withdrawn: who took it back and why, where somebody did."""

    id: str
    verdict: str
    reason: str
    where: str
    version: int | None
    who: str
    role: str
    at: datetime | None
    withdrawn: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A review of the plan with what was seen, since when, and all that was answered, the last answer first."""

    id: str
    key: str
    link: str
    subject: str
    since: datetime | None
    reasons: Sequence[str]
    state: str
    sent_by: str
    waits: bool
    answers: Sequence[Answered]
    works: Sequence[tuple[str, str]]


def reviewed(held: Held, words: Words) -> list[Reviewed]:
    """Every review that came to the plan: those that wait for an answer first, those that wait longest before all."""
    waiting = owed(held.reviews, held.answers)
    known = {one.ref_review for one in held.answers}
    past = [one for one in held.reviews if one not in waiting and (one.state == "sent" or one.id in known)]
    return [review_row(one, held, words) for one in (*waiting, *past[::-1][:MOST])]


def review_of(review_id: str, held: Held, words: Words) -> Reviewed | None:
    """One review that waits for an answer; None where there is none of this id."""
    found = next((one for one in owed(held.reviews, held.answers) if one.id == review_id), None)
    return None if found is None else review_row(found, held, words)


def review_row(review: PlanReview, held: Held, words: Words) -> Reviewed:
    """A review in the reader's words."""
    kpi_id = str(review.ref_indicator or "")
    kpi = next((one for one in held.sources.kpis if one.id == kpi_id), None)
    answers = sorted(
        (one for one in held.answers if one.ref_review == review.id), key=lambda one: str(one.decided_at), reverse=True
    )
    judged = [one for one in held.sources.initiatives if kpi_id in (one.kpis or ()) and one.state != "ended"]
    return Reviewed(
        review.id,
        review.id.rpartition(":")[2],
        _INDICATOR + quote(kpi_id, safe=":"),
        words.of(kpi.name if kpi else review.subject, kpi_id),
        review.raised_at,
        because(review.reasons, kpi.unit if kpi else None, words),
        review.state or "proposed",
        f"{review.decided_by} ({review.role})" if review.state == "sent" and review.decided_by else "",
        review in owed([review], held.answers),
        [_answered(one, held, words) for one in answers],
        [(one.id, words.of(one.name, one.id)) for one in judged],
    )


def _answered(found: PlanAnswer, held: Held, words: Words) -> Answered:
    gone = found.withdrawn or {}
    told = {"by": gone.get("by", ""), "role": gone.get("role", ""), "reason": gone.get("reason", "")}
    key = "plan.review.undone" if gone.get("undone") else "plan.review.withdrawn"
    is_standing = standing(str(found.ref_review), held.answers) == found
    version = told_in(found, held.plans) if is_standing and found.chapter else None
    return Answered(
        found.id,
        found.verdict or "declined",
        words.of(found.reason),
        _where(found, held, words),
        version,
        found.decided_by or "",
        found.role or "",
        found.decided_at,
        words.plain(key, **told) if gone else "",
    )


def _where(found: PlanAnswer, held: Held, words: Words) -> str:
    if found.chapter in CHAPTERS:
        title = words.plain(f"plan.chapter.{found.chapter}.title")
        return words.plain("plan.review.in_chapter", title=title)
    work = next((one for one in held.sources.initiatives if one.id == found.ref_initiative), None)
    return words.plain("plan.review.in_work", name=words.of(work.name, work.id)) if work else ""
