"""At which addresses is consent given, changed and withdrawn, and kept on which grounds data are given?"""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from machinami.apis.consent import shapes
from machinami.apis.consent.office import Towns, town_of
from machinami.broker import consents, legal_records
from machinami.broker.contexts import town_context
from machinami.broker.policy import demand
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, SignInRequired
from machinami.kit.bodies import json_object
from machinami.kit.http import JSON, Handler, Request, Response, Route
from machinami.kit.viewing import Identify
from machinami.model.consent import Consent
from machinami.model.policy import Deed
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.purpose import Purpose

TAG = "Consent"
_PROOF = frozenset({"proof"})
_GIVING = frozenset({"proof", "subject"})

Allow = Callable[[Town, Principal], None]
Act = Callable[[Town, Principal, Request], Awaitable[tuple[int, Any]]]


def routes(towns: Towns, identify: Identify) -> list[Route]:
    """Every address of this face."""

    def everyone(path: str, act: Act, summary: str) -> Route:
        return Route("GET", path, _handler(towns, identify, act, lambda town, by: None), summary, TAG)

    def known(method: str, path: str, act: Act, summary: str) -> Route:
        return Route(method, path, _handler(towns, identify, act, _demand_known), summary, TAG)

    def administrator(path: str, act: Act, summary: str) -> Route:
        return Route("POST", path, _handler(towns, identify, act, _demand_administrator), summary, TAG)

    return [
        known("GET", "/consents", _list, "The consents of a person: one's own, or by ?subject= at a desk"),
        known("POST", "/consents", _give, "Give a consent, or take one down for somebody with the proof of it"),
        known("GET", "/consents/{id}", _show, "A consent with every step that led to it"),
        known("POST", "/consents/{id}/change", _change, "Consent to something else from now on"),
        known("POST", "/consents/{id}/withdraw", _withdraw, "Withdraw a consent, at once and everywhere"),
        known("GET", "/consents/{id}/receipt", _receipt, "What a person is given of their consent to keep"),
        known("GET", "/consent-counts", _counts, "How many consents each purpose has, for who takes them down"),
        everyone("/purposes", _purposes, "For what people may be asked, with every version of the text"),
        administrator("/purposes", _publish, "Publish a purpose, or another version of its text"),
        administrator("/purposes/{id}/close", _close, "Close a purpose: nobody is given data for it any more"),
        known("GET", "/grounds", _grounds, "On which grounds data are given without consent"),
        administrator("/grounds", _ground, "Record a ground"),
        administrator("/grounds/{id}/end", _end, "End a ground before its time"),
        known("GET", "/legal-classes", _marks, "Of which legal class types and attributes are"),
        administrator("/legal-classes", _mark, "Say of which legal class a type or an attribute is"),
        administrator("/legal-classes/removal", _unmark, "Say that something is of no legal class any more, and why"),
    ]


def _demand_known(town: Town, by: Principal) -> None:
    if by.id == ANONYMOUS.id and not town.policy.is_open:
        raise SignInRequired("Say who you are to see or give consent")


def _demand_administrator(town: Town, by: Principal) -> None:
    demand(town.policy, by, Deed.ADMINISTER)


def _handler(towns: Towns, identify: Identify, act: Act, allow: Allow) -> Handler:
    async def handle(request: Request) -> Response:
        by = identify(request)
        town = await town_of(towns, request)
        allow(town, by)
        status, document = await act(town, by, request)
        return Response(status, orjson.dumps(document), JSON, [(b"cache-control", b"no-store")])

    return handle


def _body(request: Request) -> dict[str, Any]:
    return json_object(request.body) if request.body else {}


def _expand(name: str) -> str:
    return name if ":" in name else town_context().expand(name)


def _short(name: str) -> str:
    return town_context().compact(name)


def _proof(document: dict[str, Any]) -> str:
    proof = document.get("proof", "")
    if not isinstance(proof, str) or len(proof) > 2_000:
        raise BadRequestData("proof must be a text of at most 2000 characters", member="proof")
    return proof


def _told(consent: Consent, status: int = 200) -> tuple[int, Any]:
    return status, shapes.consent_document(consent, _short)


async def _list(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    found = consents.of_person(town, request.arguments.get("subject") or by.id, by)
    return 200, [shapes.consent_document(one, _short) for one in found]


async def _give(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    document = _body(request)
    subject = document.get("subject", by.id)
    if not isinstance(subject, str):
        raise BadRequestData("subject must be a text", member="subject")
    terms = shapes.read_terms(document, _expand, _GIVING)
    return _told(await consents.give(town, subject, terms, by, _proof(document)), 201)


async def _show(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    return _told(consents.get(town, request.params["id"], by))


async def _change(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    document = _body(request)
    terms = shapes.read_terms(document, _expand, _PROOF)
    return _told(await consents.change(town, request.params["id"], terms, by, _proof(document)))


async def _withdraw(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    return _told(await consents.withdraw(town, request.params["id"], by, _proof(_body(request))))


async def _receipt(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    consent = consents.get(town, request.params["id"], by)
    known = {one.id: one for one in legal_records.purposes(town)}
    return 200, shapes.receipt(consent, known.get(consent.terms.purpose), town.name, town.clock(), _short)


async def _purposes(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    return 200, [_purpose(town, one) for one in legal_records.purposes(town)]


def _purpose(town: Town, one: Purpose) -> dict[str, Any]:
    return shapes.purpose_document(one, legal_records.law_of(town).approvals.get(one.id), town.clock())


async def _counts(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    found = consents.counts(town, by)
    return 200, {name: {"inForce": holding, "ended": ended} for name, (holding, ended) in found.items()}


async def _publish(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    document = _body(request)
    name = document.get("id")
    if not isinstance(name, str):
        raise BadRequestData("A purpose has an id", member="id")
    made = await legal_records.publish(town, name, shapes.read_texts(document), by)
    return 201, _purpose(town, made)


async def _close(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    return 200, _purpose(town, await legal_records.close(town, request.params["id"], by))


async def _grounds(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    now = town.clock()
    return 200, [shapes.ground_document(one, now, _short) for one in legal_records.grounds(town, by)]


async def _ground(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    made = await legal_records.put_ground(town, shapes.read_ground(_body(request), _expand), by)
    return 201, shapes.ground_document(made, town.clock(), _short)


async def _end(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    ended = await legal_records.end_ground(town, request.params["id"], by)
    return 200, shapes.ground_document(ended, town.clock(), _short)


async def _marks(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    return 200, [shapes.mark_document(one, _short) for one in legal_records.marks(town, by)]


async def _mark(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    mark = shapes.read_mark(_body(request), _expand)
    await legal_records.put_mark(town, mark, by)
    return 201, shapes.mark_document(mark, _short)


async def _unmark(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    document = _body(request)
    mark_id = "|".join(name and _expand(name) for name in (str(document.get(m, "")) for m in ("type", "attribute")))
    await legal_records.drop_mark(town, mark_id, str(document.get("reason", "")), by)
    return 200, {"id": mark_id}
