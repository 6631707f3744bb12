"""What becomes of what somebody hands in: by when is a reply owed, who may take it back, and how is it hidden?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from machinami.foundation.errors import BadRequestData, Conflict, Forbidden
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import CHAPTERS, Proposal
from machinami.model.vocabulary.fields import FIELDS
from machinami.model.vocabulary.office import Officer
from machinami.services.participation.model import (
    ANSWERED,
    GONE,
    KINDS,
    VERDICTS,
    ProposalComment,
    Voice,
)

LONGEST_NAME, LONGEST_TEXT = 80, 2_000
VERDICT_STATES = {"taken_up": "adopted", "partly": "adopted", "not": "declined"}
Piece = TypeVar("Piece", Proposal, ProposalComment)


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody typed: of which kind, a title, the text and its language; field: of which field of the town;
    chapter, plan: of a comment on the plan, on which."""

    kind: str
    name: str
    text: str
    language: str
    field: str = ""
    chapter: str = ""
    plan: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the town answers: the state it comes to, the text, what it changed in the plan, and of a comment on the
    plan, whether it was taken up."""

    state: str
    text: str
    language: str
    changed: str = ""
    verdict: str = ""


def today(now: datetime, zone: str) -> date:
    """The day that it is in town."""
    return now.astimezone(ZoneInfo(zone)).date()


def written(text: str, language: str) -> Words:
    """A text in the language in which it was typed."""
    return Words({"en" if language == "en" else "ja": text})


def handed_in(piece_id: str, draft: Draft, by: Voice, now: datetime, zone: str, reply_days: int) -> Proposal:
    """The proposal, question or comment on the plan that was handed in, with the day until when a reply is owed.
    Raises BadRequestData."""
    if draft.kind not in KINDS:
        raise BadRequestData(f"{draft.kind!r} is none of {', '.join(KINDS)}", field="kind")
    if not (draft.name and draft.text):
        raise BadRequestData(
            "A title and a text are needed; fill both in and send the form again", field="text", key="refused.empty"
        )
    if draft.field and draft.field not in FIELDS:
        raise BadRequestData(f"{draft.field!r} is none of {', '.join(FIELDS)}", field="field")
    if draft.kind == "plan_comment" and draft.chapter not in CHAPTERS:
        raise BadRequestData(f"{draft.chapter!r} is no chapter: {', '.join(CHAPTERS)}", field="chapter")
    on_plan = draft.kind == "plan_comment"
    return Proposal(
        piece_id,
        written(draft.name, draft.language),
        written(draft.text, draft.language),
        draft.kind,
        draft.field or None,
        by.author or None,
        "open",
        0,
        now,
        (today(now, zone) + timedelta(days=reply_days)).isoformat(),
        ref_plan=Ref(draft.plan) if on_plan and draft.plan else None,
        verified=by.verified,
        unverified=0,
        chapter=draft.chapter if on_plan else None,
    )


def commented(
    comment_id: str, proposal: Proposal, text: str, language: str, by: Voice, now: datetime
) -> ProposalComment:
    """What somebody says to a proposal. Raises Conflict where that is gone."""
    demand_there(proposal)
    return ProposalComment(
        comment_id, written(text, language), by.author or None, by.verified, "shown", now, Ref(proposal.id)
    )


def demand_there(piece: Proposal | ProposalComment) -> None:
    """Raise Conflict unless it is shown."""
    if piece.state in GONE:
        raise Conflict(f"{piece.id} is {piece.state}; nothing can be added to it", entityId=piece.id)


def replied(piece: Proposal, reply: Reply, by: Officer, now: datetime) -> Proposal:
    """The town's answer. A comment on the plan is taken up, partly, or not; what is adopted says what changed.
    Raises BadRequestData, Conflict."""
    demand_there(piece)
    wanted = VERDICT_STATES.get(reply.verdict, "") if piece.kind == "plan_comment" else reply.state
    state = next((one for one in ANSWERED if one == wanted), None)
    if piece.kind == "plan_comment" and reply.verdict not in VERDICTS:
        raise BadRequestData(f"Say one of {', '.join(VERDICTS)}", field="verdict")
    if state is None:
        raise BadRequestData(f"A reply leaves it as one of {', '.join(ANSWERED)}", field="state")
    if not reply.text:
        raise BadRequestData("A reply needs a text that gives the reason", field="reply", key="refused.reason")
    if state == "adopted" and not reply.changed:
        raise BadRequestData("Say what changed in the plan by it", field="changed", key="refused.empty")
    return replace(
        piece,
        state=state,
        reply=written(reply.text, reply.language),
        replied_by=str(by),
        replied_at=now,
        changed=written(reply.changed, reply.language) if state == "adopted" else None,
        verdict=reply.verdict or None if piece.kind == "plan_comment" else None,
    )


def hidden(piece: Piece, reason: str, by: Officer, now: datetime) -> Piece:
    """The piece without its text: in its place stand the reason, the role of who hid it, and when. Raises Conflict."""
    demand_there(piece)
    row = {"did": "hide", "reason": reason, "role": by.role, "at": now.isoformat()}
    bare = replace(piece, text=None, state="hidden", moderation=[*(piece.moderation or []), row])
    return replace(bare, name=None) if isinstance(bare, Proposal) else bare


def objected(piece: Piece, reason: str, now: datetime) -> Piece:
    """The author objects to its being hidden, once for each time. Raises Conflict."""
    if piece.state != "hidden" or (piece.moderation or [{}])[-1].get("did") != "hide":
        raise Conflict("Only what is hidden can be objected to, and only once", entityId=piece.id)
    row = {"did": "object", "reason": reason, "role": "author", "at": now.isoformat()}
    return replace(piece, moderation=[*(piece.moderation or []), row])


def judged(piece: Piece, restore: Piece | None, reason: str, by: Officer, now: datetime) -> Piece:
    """The decision on what is hidden: it is shown again (restore: as it was), or stays hidden. Raises Conflict."""
    if piece.state != "hidden":
        raise Conflict(f"{piece.id} is not hidden", entityId=piece.id)
    row = {"did": "keep" if restore is None else "show", "reason": reason, "role": by.role, "at": now.isoformat()}
    moderation = [*(piece.moderation or []), row]
    return replace(piece if restore is None else restore, moderation=moderation)


def is_objected(piece: Proposal | ProposalComment) -> bool:
    """Whether an objection waits for a decision."""
    return piece.state == "hidden" and (piece.moderation or [{}])[-1].get("did") == "object"


def withdrawn(piece: Piece) -> Piece:
    """The piece without its text and its author, taken back by who wrote it. Raises Conflict."""
    if piece.state == "withdrawn":
        raise Conflict(f"{piece.id} was taken back already", entityId=piece.id)
    bare = replace(piece, text=None, author=None, state="withdrawn")
    return replace(bare, name=None) if isinstance(bare, Proposal) else bare


def demand_own(piece: Proposal | ProposalComment, owner: str, by: Voice) -> None:
    """Raise Forbidden unless it is theirs."""
    if not owner or owner != by.key:
        raise Forbidden(
            "Only who wrote this may do so, in the browser or with the account they used", entityId=piece.id
        )


def demand_room(own: Iterable[datetime], now: datetime, zone: str, most: int) -> None:
    """Raise Conflict for who handed in as much as one may on a day."""
    if sum(today(at, zone) == today(now, zone) for at in own) >= most:
        raise Conflict(f"{most} a day are taken of one person; hand in the rest tomorrow", most=most)


def tally(rows: Mapping[str, Mapping[str, Any]]) -> tuple[int, int]:
    """How many voices there are in a shelf, one for each key: of who was signed in, and of others."""
    verified = sum(bool(row["verified"]) for row in rows.values())
    return verified, len(rows) - verified


def added(proposal: Proposal, now: tuple[int, int], before: tuple[int, int]) -> tuple[int, int]:
    """What a proposal's counts come to that were begun elsewhere, with what the shelf has more than before."""
    return (proposal.supports or 0) + now[0] - before[0], (proposal.unverified or 0) + now[1] - before[1]


def is_overdue(piece: Proposal, on: date) -> bool:
    """Whether a reply was owed before this day and has not come."""
    return piece.state == "open" and bool(piece.due_on) and str(piece.due_on) < on.isoformat()


def waiting(pieces: Iterable[Proposal]) -> list[Proposal]:
    """What waits for a reply, the longest owed first."""
    return sorted((p for p in pieces if p.state == "open"), key=lambda p: (p.due_on or "", p.id))


def newest_first(pieces: Sequence[Proposal]) -> list[Proposal]:
    """In the order in which residents read: the last one first."""
    return sorted(pieces, key=lambda p: (p.handed_in_at is not None, p.handed_in_at, p.id), reverse=True)
