"""What did somebody write into a form of these pages? From the fields of a form to the documents that programs send."""

from collections.abc import Mapping
from typing import Any

from machinami.apis.ethics.office import short
from machinami.model.ethics.application import Act, Outcome
from machinami.model.ethics.board import Board, Office
from machinami.model.ethics.proposal import SAID, Proposal
from machinami.model.purpose import LANGUAGES

Form = Mapping[str, str]
ROWS = 12
"""How many members can be named on the page; more by the API."""


def proposal_form(proposal: Proposal) -> dict[str, str]:
    """What stands in the form of an application."""
    bounds = proposal.bounds
    fields = {name: str(getattr(proposal, name)) for name in SAID}
    fields |= {f"title-{language}": dict(proposal.titles).get(language, "") for language in LANGUAGES}
    fields |= {f"text-{language}": proposal.text(language) for language in LANGUAGES}
    return {
        **fields,
        "purpose": proposal.purpose,
        "types": "\n".join(map(short, bounds.types)),
        "attributes": "\n".join(map(short, bounds.attributes)),
        "recipients": "\n".join(bounds.recipients),
        "scopes": "\n".join(bounds.scopes),
        "until": f"{bounds.until:%Y-%m-%d}",
        "group": str(bounds.group or ""),
        "forwarding": "yes" if bounds.forwarding else "",
    }


def read_application(form: Form) -> dict[str, Any]:
    """The document of an application."""
    document: dict[str, Any] = {name: form.get(name, "") for name in SAID}
    for name in ("titles", "texts"):
        said = {language: form.get(f"{name[:-1]}-{language}", "").strip() for language in LANGUAGES}
        document[name] = {language: text for language, text in said.items() if text}
    document |= {name: _lines(form, name) for name in ("types", "attributes", "recipients", "scopes")}
    document |= {"purpose": form.get("purpose", "").strip(), "forwarding": form.get("forwarding") == "yes"}
    document |= {"group": _number(form, "group"), "until": _day(form, "until")}
    return document


def read_step(form: Form) -> dict[str, Any]:
    """The document of a step."""
    act = form.get("do", "")
    document: dict[str, Any] = {"act": act, "text": form.get("text", ""), "noInterest": form.get("free") == "yes"}
    match act:
        case Act.ANSWER:
            return {**document, "question": _number(form, "question")}
        case Act.READ:
            return {**document, "version": _number(form, "version")}
        case Act.VOTE:
            return {**document, "yes": form.get("vote") == "yes"}
        case Act.MOVE:
            return {**document, "motion": _motion(form)}
        case _:
            return document


def _motion(form: Form) -> dict[str, Any]:
    document: dict[str, Any] = {"outcome": form.get("outcome", ""), "reasons": form.get("reasons", "")}
    if document["outcome"] != Outcome.CONDITIONAL:
        return document
    limits = {
        "until": _day(form, "until"),
        "recipients": _lines(form, "recipients"),
        "types": _lines(form, "types"),
        "attributes": _lines(form, "attributes"),
        "noForwarding": form.get("no_forwarding") == "yes",
        "group": _number(form, "group"),
    }
    return {
        **document,
        "conditions": [line.strip() for line in form.get("conditions", "").splitlines() if line.strip()],
        "limits": {name: value for name, value in limits.items() if value},
    }


def board_form(board: Board | None) -> dict[str, str]:
    """What stands in the form by which it is said who decides."""
    if board is None:
        return {
            "office": Office.BOARD.value,
            "quorum": "2",
            "rule": "majority",
            "votingDays": "7",
            "reviewMonths": "12",
        }
    fields = {
        "office": board.office.value,
        "quorum": str(board.quorum),
        "rule": board.rule.value,
        "votingDays": str(board.voting_days),
        "reviewMonths": str(board.review_months),
        "reason": board.reason,
    }
    for number, one in enumerate(board.members[:ROWS]):
        fields |= {f"person-{number}": one.person, f"field-{number}": one.field}
        fields |= {f"until-{number}": "" if one.until is None else f"{one.until:%Y-%m-%d}"}
    return fields


def read_board_form(form: Form, known: Board | None, names: Mapping[str, str]) -> dict[str, Any]:
    """The document of who decides. names: of the people of the town, by id; who was a member stays so since then."""
    since = {} if known is None else {one.person: one.since for one in known.members}
    names = {**({} if known is None else {one.person: one.name for one in known.members}), **names}
    members: list[dict[str, Any]] = []
    for number in range(ROWS):
        person = form.get(f"person-{number}", "")
        if person:
            one = {"person": person, "name": names.get(person, ""), "field": form.get(f"field-{number}", "")}
            one |= {"since": since[person].isoformat()} if person in since else {}
            until = _day(form, f"until-{number}")
            members.append({**one, **({"until": until} if until else {})})
    head = form.get("office") == Office.HEAD
    return {
        "office": form.get("office", ""),
        "members": members,
        "quorum": 1 if head else _number(form, "quorum"),
        "rule": form.get("rule", ""),
        "votingDays": _number(form, "votingDays"),
        "reviewMonths": _number(form, "reviewMonths"),
        "reason": form.get("reason", "") if head else "",
    }


def _lines(form: Form, name: str) -> list[str]:
    return form.get(name, "").replace(",", " ").split()


def _number(form: Form, name: str) -> int:
    text = form.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _day(form: Form, name: str) -> str | None:
    text = form.get(name, "").strip()
    return f"{text}T00:00:00Z" if text else None
