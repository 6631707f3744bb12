"""What do consents, grounds, purposes and legal classes look like to programs? JSON documents to values and back."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import format_instant, parse_instant
from machinami.model.approval import Approval
from machinami.model.attribute import Attribute
from machinami.model.consent import Consent, Event, Terms
from machinami.model.correction import CorrectionRequest
from machinami.model.legal import Basis, Ground, LegalClass, Mark
from machinami.model.policy_document import read_whom
from machinami.model.purpose import Purpose
from machinami.model.values import is_geometry

Json = dict[str, Any]
Names = Callable[[str], str]  # short names to expanded ones, or back
E = TypeVar("E", LegalClass, Basis)

_TERMS = frozenset("types attributes recipients purpose until scopes area dataFrom dataUntil text language".split())
_MARK = frozenset("class type attribute subject".split())
_GROUND = frozenset("id basis who reason until types attributes purpose".split())


def terms_document(terms: Terms, short: Names) -> Json:
    """What is consented to; members that restrict nothing are left out."""
    document: Json = {
        "types": [short(name) for name in terms.types],
        "attributes": [short(name) for name in terms.attributes],
        "recipients": list(terms.recipients),
        "purpose": terms.purpose,
        "until": format_instant(terms.until),
        "scopes": list(terms.scopes),
        "area": terms.area,
        "dataFrom": None if terms.begin is None else format_instant(terms.begin),
        "dataUntil": None if terms.end is None else format_instant(terms.end),
        "text": terms.text,
        "language": terms.language,
    }
    return {name: value for name, value in document.items() if value}


def read_terms(document: Mapping[str, Any], expand: Names, besides: frozenset[str]) -> Terms:
    """What somebody consents to. besides: other members that the document may have. Raises BadRequestData."""
    _only(document, _TERMS | besides, "consent")
    area = document.get("area")
    if area is not None and not (isinstance(area, dict) and is_geometry(area)):
        raise BadRequestData("area must be a GeoJSON geometry", member="area")
    until = _moment(document, "until")
    if until is None:
        raise BadRequestData("A consent says until when it holds", member="until")
    return Terms(
        tuple(_texts(document, "recipients")),
        _text(document, "purpose"),
        until,
        tuple(map(expand, _texts(document, "types"))),
        tuple(map(expand, _texts(document, "attributes"))),
        tuple(_texts(document, "scopes")),
        area,
        _moment(document, "dataFrom"),
        _moment(document, "dataUntil"),
        str(document.get("text", "")),
        _text(document, "language"),
    )


def consent_document(consent: Consent, short: Names) -> Json:
    """A consent with every step that led to it."""
    return {
        "id": consent.id,
        "subject": consent.subject,
        "state": consent.state.value,
        **terms_document(consent.terms, short),
        "events": [_event_document(event, short) for event in consent.events],
    }


def _event_document(event: Event, short: Names) -> Json:
    document: Json = {"number": event.number, "step": event.step.value, "at": format_instant(event.at), "by": event.by}
    if event.proof:
        document["proof"] = event.proof
    if event.terms is not None:
        document["terms"] = terms_document(event.terms, short)
    return document


def receipt(consent: Consent, purpose: Purpose | None, town: str, now: datetime, short: Names) -> Json:
    """What a person is given of their consent to keep, in the terms of ISO/IEC TS 27560."""
    terms, first, last = consent.terms, consent.events[0], consent.events[-1]
    shown = [] if purpose is None else [one for one in purpose.versions if str(one.number) == terms.text]
    text = shown[0].by_language.get(terms.language, "") if shown else ""
    return {
        "receiptOf": consent.id,
        "issuedAt": format_instant(now),
        "piiController": town,
        "piiPrincipal": consent.subject,
        "consentType": "explicit",
        "state": consent.state.value,
        "givenAt": format_instant(first.at),
        "givenBy": "self" if first.by == consent.subject else "proxy",
        **({} if first.by == consent.subject else {"proxy": first.by, "proof": first.proof}),
        "lastChangedAt": format_instant(last.at),
        "notice": {"version": terms.text, "language": terms.language, "text": text},
        "processing": terms_document(terms, short),
        "withdrawal": {"method": "POST", "path": f"/consents/{consent.id}/withdraw"},
    }


def purpose_document(purpose: Purpose, approval: Approval | None, now: datetime) -> Json:
    """A purpose with all versions of its text, and whether people may be asked for it."""
    review = {} if approval is None else {"reviewBy": format_instant(approval.review_by)}
    return {
        "id": purpose.id,
        "open": purpose.is_open(now),
        "approved": approval is not None and approval.holds(now),
        **review,
        "versions": [
            {"version": one.number, "texts": dict(one.texts), "at": format_instant(one.at), "by": one.by}
            for one in purpose.versions
        ],
    }


def read_texts(document: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a purpose by language. Raises BadRequestData."""
    texts = document.get("texts")
    if not isinstance(texts, dict) or not all(isinstance(one, str) for one in texts.values()):
        raise BadRequestData("texts must be an object with the text in each language", member="texts")
    return texts


def mark_document(mark: Mark, short: Names) -> Json:
    """What is of which class."""
    document = {
        "id": mark.id,
        "class": mark.legal.value,
        "type": mark.type and short(mark.type),
        "attribute": mark.attribute and short(mark.attribute),
        "subject": mark.subject and short(mark.subject),
    }
    return {name: value for name, value in document.items() if value}


def read_mark(document: Mapping[str, Any], expand: Names) -> Mark:
    """Of which class something is. Raises BadRequestData."""
    _only(document, _MARK, "legal class")
    names = (_text(document, name) for name in ("type", "attribute", "subject"))
    return Mark(_one_of(LegalClass, document, "class"), *(name and expand(name) for name in names))


def ground_document(ground: Ground, now: datetime, short: Names) -> Json:
    """A ground, and whether it holds."""
    who = ground.whom.value if not ground.name else f"{ground.whom}:{ground.name}"
    return {
        "id": ground.id,
        "basis": ground.basis.value,
        "who": who,
        "reason": ground.reason,
        "types": [short(name) for name in ground.types],
        "attributes": [short(name) for name in ground.attributes],
        "purpose": ground.purpose,
        "until": format_instant(ground.until),
        "madeBy": ground.made_by,
        "madeAt": None if ground.made_at is None else format_instant(ground.made_at),
        "ended": None if ground.ended is None else format_instant(ground.ended),
        "holds": now < ground.end,
    }


def read_ground(document: Mapping[str, Any], expand: Names) -> Ground:
    """A ground as an administrator says it. Raises BadRequestData."""
    _only(document, _GROUND, "ground")
    whom, name = read_whom(_text(document, "who"))
    until = _moment(document, "until")
    if until is None or not _text(document, "id"):
        raise BadRequestData("A ground has an id, and says until when it holds")
    return Ground(
        _text(document, "id"),
        _one_of(Basis, document, "basis"),
        whom,
        name,
        _text(document, "reason"),
        until,
        tuple(map(expand, _texts(document, "types"))),
        tuple(map(expand, _texts(document, "attributes"))),
        _text(document, "purpose") or None,
    )


def _only(document: Mapping[str, Any], known: frozenset[str], what: str) -> None:
    unknown = sorted(document.keys() - known)
    if unknown:
        raise BadRequestData(f"A {what} has no {', '.join(unknown)[:200]}; it has {', '.join(sorted(known))}")


def _one_of(kind: type[E], document: Mapping[str, Any], member: str) -> E:
    value = _text(document, member)
    try:
        return kind(value)
    except ValueError:
        raise BadRequestData(f"{member}: one of {', '.join(kind)}", member=member) from None


def _text(document: Mapping[str, Any], member: str) -> str:
    value = document.get(member, "")
    if not isinstance(value, str) or len(value) > 2_000:
        raise BadRequestData(f"{member} must be a text of at most 2000 characters", member=member)
    return value


def _texts(document: Mapping[str, Any], member: str) -> list[str]:
    value = document.get(member, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and 0 < len(one) <= 2_000 for one in value):
        raise BadRequestData(f"{member} must be a list of texts", member=member)
    return value


def _moment(document: Mapping[str, Any], member: str) -> datetime | None:
    value = document.get(member)
    return None if value is None else parse_instant(value, member)


def value_document(value: Attribute) -> Json:
    """One value of an attribute, present or past; what it does not have is left out."""
    document: Json = {
        "value": value.value,
        "unitCode": value.unit_code,
        "observedAt": value.observed_at and format_instant(value.observed_at),
        "modifiedAt": value.modified_at and format_instant(value.modified_at),
        "instanceId": value.instance_id,
    }
    return {name: one for name, one in document.items() if one is not None or name == "value"}


def correction_document(request: CorrectionRequest, short: Names) -> Json:
    """What somebody says is wrong, and what was decided."""
    return {
        "id": request.id,
        "state": request.standing.value,
        "at": format_instant(request.at),
        "entity": request.entity,
        "type": short(request.type),
        "attribute": short(request.attribute),
        "instanceId": request.instance,
        "value": request.value,
        "wanted": request.wanted,
        "reason": request.reason,
        "answer": request.answer,
        "decidedBy": request.decided_by or None,
        "decidedAt": request.decided_at and format_instant(request.decided_at),
    }
