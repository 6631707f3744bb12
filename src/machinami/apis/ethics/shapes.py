"""What do applications to the ethics board look like to programs? JSON documents to values and back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import format_instant, parse_instant
from machinami.model.approval import Approval, Bounds, Limits
from machinami.model.ethics.application import Application, Decided, Motion, Outcome, Step
from machinami.model.ethics.board import Board, Member, Office, Rule
from machinami.model.ethics.proposal import SAID, Proposal

Json = dict[str, Any]
Names = Callable[[str], str]  # short names to expanded ones, or back
E = TypeVar("E", Office, Rule, Outcome)
_BOUNDS = frozenset("recipients until types attributes scopes forwarding group".split())
_PROPOSAL = _BOUNDS | frozenset(SAID) | {"purpose", "titles", "texts", "legal"}
_LIMITS = frozenset("until recipients types attributes noForwarding group".split())
_BOARD = frozenset("office members quorum rule votingDays reviewMonths reason".split())
_MEMBER = frozenset("person name field since until".split())


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who reads. short: names as the town says them; members: who is in office, by id; inside: whether they are a
    member or of the town's staff, and read who did what."""

    short: Names
    members: Mapping[str, str]
    inside: bool = False

    def who(self, person: str, applicant: str) -> str:
        """Somebody, by name only where they sit on the board."""
        if person in self.members:
            return self.members[person]
        return "applicant" if person == applicant else "former member"


def board_document(board: Board | None, now: datetime, inside: bool) -> Json:
    """Who decides, and how; members who left are not named. inside: whether who reads is told their ids."""
    if board is None:
        return {"office": None, "members": []}
    return {
        "office": board.office.value,
        "members": [_member_document(one, inside) for one in board.in_office(now)],
        "quorum": board.quorum,
        "rule": board.rule.value,
        "votingDays": board.voting_days,
        "reviewMonths": board.review_months,
        **({"reason": board.reason} if board.reason else {}),
    }


def _member_document(member: Member, inside: bool) -> Json:
    until = {} if member.until is None else {"until": format_instant(member.until)}
    return {
        **({"person": member.person} if inside else {}),
        "name": member.name,
        "field": member.field,
        "since": format_instant(member.since),
        **until,
    }


def read_board(document: Mapping[str, Any], now: datetime) -> Board:
    """Who is to decide. Raises BadRequestData."""
    _only(document, _BOARD, "board")
    members = document.get("members")
    if not isinstance(members, list) or not all(isinstance(one, dict) for one in members):
        raise BadRequestData("members must be a list of objects", member="members")
    office = _one_of(Office, document.get("office", Office.BOARD), "office")
    head = office is Office.HEAD
    return Board(
        office,
        tuple(_read_member(one, now) for one in members),
        _whole(document, "quorum", 1 if head else 2),
        _one_of(Rule, document.get("rule", Rule.MAJORITY), "rule"),
        _whole(document, "votingDays", 7),
        _whole(document, "reviewMonths", 12),
        _text(document, "reason"),
    )


def _read_member(document: Mapping[str, Any], now: datetime) -> Member:
    _only(document, _MEMBER, "member")
    since, until = _moment(document, "since"), _moment(document, "until")
    person, name, field = (_text(document, key).strip() for key in ("person", "name", "field"))
    return Member(person, name, field, since or now, until)


def bounds_document(bounds: Bounds, short: Names) -> Json:
    """The most that people may be asked for; members that restrict nothing are left out."""
    document: Json = {
        "types": [short(name) for name in bounds.types],
        "attributes": [short(name) for name in bounds.attributes],
        "recipients": list(bounds.recipients),
        "until": format_instant(bounds.until),
        "scopes": list(bounds.scopes),
        "forwarding": bounds.forwarding,
        "group": bounds.group,
    }
    return {name: value for name, value in document.items() if value or name == "forwarding"}


def proposal_document(proposal: Proposal, short: Names) -> Json:
    """What is applied for."""
    return {
        "purpose": proposal.purpose,
        "titles": dict(proposal.titles),
        "texts": dict(proposal.texts),
        **bounds_document(proposal.bounds, short),
        **{name: getattr(proposal, name) for name in SAID},
        "legal": {short(name): legal for name, legal in proposal.legal},
    }


def read_proposal(document: Mapping[str, Any], expand: Names) -> Proposal:
    """What somebody applies for. Raises BadRequestData."""
    _only(document, _PROPOSAL, "application")
    until = _moment(document, "until")
    if until is None:
        raise BadRequestData("An application says until when consents hold at the longest", member="until")
    bounds = Bounds(
        tuple(_texts(document, "recipients")),
        until,
        tuple(map(expand, _texts(document, "types"))),
        tuple(map(expand, _texts(document, "attributes"))),
        tuple(_texts(document, "scopes")),
        document.get("forwarding", False) is True,
        _whole(document, "group", 0),
    )
    said = {name: _text(document, name).strip() for name in SAID}
    legal = tuple((expand(name), text) for name, text in sorted(_spoken(document, "legal").items()))
    titles, texts = (tuple(sorted(_spoken(document, name).items())) for name in ("titles", "texts"))
    return Proposal(_text(document, "purpose"), titles, texts, bounds, **said, legal=legal)


def limits_document(limits: Limits, short: Names) -> Json:
    """The conditions that a machine checks."""
    document: Json = {
        "until": None if limits.until is None else format_instant(limits.until),
        "recipients": list(limits.recipients),
        "types": [short(name) for name in limits.types],
        "attributes": [short(name) for name in limits.attributes],
        "noForwarding": limits.no_forwarding,
        "group": limits.group,
    }
    return {name: value for name, value in document.items() if value}


def read_motion(document: Mapping[str, Any], expand: Names) -> Motion:
    """What somebody moves to decide. Raises BadRequestData."""
    limits = document.get("limits", {})
    if not isinstance(limits, dict):
        raise BadRequestData("limits must be an object", member="limits")
    _only(limits, _LIMITS, "limits")
    return Motion(
        _one_of(Outcome, document.get("outcome"), "outcome"),
        _text(document, "reasons").strip(),
        tuple(_texts(document, "conditions")),
        Limits(
            _moment(limits, "until"),
            tuple(_texts(limits, "recipients")),
            tuple(map(expand, _texts(limits, "types"))),
            tuple(map(expand, _texts(limits, "attributes"))),
            limits.get("noForwarding", False) is True,
            _whole(limits, "group", 0),
        ),
    )


def motion_document(motion: Motion, short: Names) -> Json:
    """What is moved."""
    limits = limits_document(motion.limits, short)
    return {
        "outcome": motion.outcome.value,
        "reasons": motion.reasons,
        "conditions": list(motion.conditions),
        **({"limits": limits} if limits else {}),
    }


def decided_document(one: Decided, applicant: str, eyes: Eyes) -> Json:
    """A decision with how the vote went, and why some were against it."""
    decision = one.decision
    review = {} if decision.review_by is None else {"reviewBy": format_instant(decision.review_by)}
    return {
        **motion_document(one.motion, eyes.short),
        "at": format_instant(one.at),
        "office": decision.office.value,
        "carried": decision.carried,
        "yes": [eyes.who(who, applicant) for who in decision.yes],
        "no": [eyes.who(who, applicant) for who in decision.no],
        "dissent": [{"by": eyes.who(who, applicant), "text": text} for who, text in one.dissent],
        **review,
    }


def application_document(one: Application, approval: Approval | None, now: datetime, eyes: Eyes) -> Json:
    """An application as it stands, with its questions and decisions; for who is inside with every step."""
    document: Json = {
        "id": one.id,
        "state": one.state.value,
        "madeAt": format_instant(one.made_at),
        **proposal_document(one.proposal, eyes.short),
        "decisions": [decided_document(each, one.applicant, eyes) for each in one.decided],
        "questions": [
            {"number": asked.number, "text": asked.text, "answers": [each.text for each in answers]}
            for asked, answers in one.questions
        ],
    }
    if approval is not None and approval.application == one.id:
        document["approval"] = approval_document(approval, now, eyes.short)
    if eyes.inside:
        if one.motion is not None:
            document["motion"] = motion_document(one.motion, eyes.short)
        document["steps"] = [_step_document(step, one.applicant, eyes) for step in one.steps]
    return document


def approval_document(approval: Approval, now: datetime, short: Names) -> Json:
    """How far people may be asked, and until when the approval is good."""
    ended = {} if approval.ended is None else {"ended": format_instant(approval.ended)}
    return {
        "application": approval.application,
        "office": approval.office,
        "holds": approval.holds(now),
        "decidedAt": format_instant(approval.decided_at),
        "reviewBy": format_instant(approval.review_by),
        "overdue": approval.ended is None and not approval.holds(now),
        **ended,
        "bounds": bounds_document(approval.bounds, short),
    }


def _step_document(step: Step, applicant: str, eyes: Eyes) -> Json:
    document: Json = {
        "number": step.number,
        "act": step.act.value,
        "at": format_instant(step.at),
        "by": eyes.who(step.by, applicant),
    }
    if step.text:
        document["text"] = step.text
    if step.about:
        document["about"] = step.about
    if step.act == "vote":
        document["yes"] = step.yes
    return document


def _only(document: Mapping[str, Any], known: frozenset[str], what: str) -> None:
    unknown = sorted(document.keys() - known)
    if unknown:
        raise BadRequestData(f"{unknown[0][:100]!r} is no member of a {what}", member=unknown[0][:100])


def _text(document: Mapping[str, Any], name: str) -> str:
    text = document.get(name, "")
    if not isinstance(text, str):
        raise BadRequestData(f"{name} must be a text", member=name)
    return text


def _texts(document: Mapping[str, Any], name: str) -> list[str]:
    several = document.get(name, [])
    if not isinstance(several, list) or not all(isinstance(one, str) for one in several):
        raise BadRequestData(f"{name} must be a list of texts", member=name)
    return several


def _spoken(document: Mapping[str, Any], name: str) -> dict[str, str]:
    texts = document.get(name, {})
    if not isinstance(texts, dict) or not all(isinstance(one, str) for one in texts.values()):
        raise BadRequestData(f"{name} must be an object of texts", member=name)
    return texts


def _whole(document: Mapping[str, Any], name: str, otherwise: int) -> int:
    number = document.get(name, otherwise)
    if type(number) is not int or not 0 <= number <= 1_000_000:
        raise BadRequestData(f"{name} must be a whole number", member=name)
    return number


def _moment(document: Mapping[str, Any], name: str) -> datetime | None:
    text = document.get(name)
    if text is None:
        return None
    if not isinstance(text, str):
        raise BadRequestData(f"{name} must be a moment such as 2027-06-30T00:00:00Z", member=name)
    return parse_instant(text, name)


def _one_of(kind: type[E], value: Any, name: str) -> E:
    try:
        return kind(value)
    except ValueError as error:
        raise BadRequestData(f"{name} is one of {', '.join(kind)}", member=name) from error
