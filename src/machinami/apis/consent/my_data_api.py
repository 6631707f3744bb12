"""How do programs in which somebody is signed in show them what the town holds about them? JSON over HTTP."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from machinami.apis.consent import shapes
from machinami.apis.consent.export import everything, held_document
from machinami.apis.consent.mine_pages import read_place
from machinami.apis.consent.office import Office
from machinami.broker import consents, corrections, holdings, leaving, persons
from machinami.broker.contexts import town_context
from machinami.broker.leaving import Plan
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Conflict
from machinami.foundation.instant import format_instant
from machinami.kit.bodies import json_object
from machinami.kit.http import JSON, Handler, Request, Response, Route
from machinami.model.person import CODE, LETTERS, NUMBER, shown
from machinami.model.principal import Principal

TAG = "My data"
ME, REQUESTS, CARDS = "/me", "/correction-requests", "/cards"
_LINES = 500

Act = Callable[[Office, Town, Principal, Request], Awaitable[tuple[int, Any]]]


def routes(office: Office) -> list[Route]:
    """Every address of one's own data for programs, and those of officers and desks."""

    def one(method: str, path: str, act: Act, summary: str) -> Route:
        return Route(method, path, _handler(office, act), summary, TAG)

    return [
        one("GET", f"{ME}/data", _held, "What the town holds about me, and on which ground"),
        one("GET", f"{ME}/reads", _reads, "Who was given what is about me, when and what for"),
        one("GET", f"{ME}/export", _export, "All that is about me as one document"),
        one("GET", f"{ME}/corrections", _corrections, "What I said is wrong, and what was decided"),
        one("POST", f"{ME}/corrections", _correct, "Say that a value about me is wrong"),
        one("GET", f"{ME}/erasure", _plan, "What would be erased, and what would stay"),
        one("POST", f"{ME}/erasure", _forget, "Have what is about me erased"),
        one("GET", f"{ME}/erasure/{{id}}", _report, "The report of an erasure"),
        one("POST", f"{ME}/names", _connect, "Connect the paper of a desk to my account"),
        one("GET", REQUESTS, _requests, "What people said is wrong about them, for who decides on it"),
        one("POST", f"{REQUESTS}/{{id}}/decision", _decide, "Accept or refuse a correction"),
        one("POST", CARDS, _card, "Make a card for somebody at a desk"),
        one("GET", f"{CARDS}/{{number}}", _carded, "What somebody with a card consented to"),
    ]


def _handler(office: Office, act: Act) -> Handler:
    async def handle(request: Request) -> Response:
        by, town = office.by(request), await office.town(request)
        if town.policy.is_open:
            raise Conflict("A town without administrators knows nobody, and keeps no account of what is about whom")
        status, document = await act(office, town, by, request)
        return Response(status, orjson.dumps(document), JSON, [(b"cache-control", b"no-store")])

    return handle


def _body(request: Request) -> dict[str, Any]:
    return json_object(request.body) if request.body else {}


def _text(document: dict[str, Any], member: str) -> str:
    value = document.get(member, "")
    if not isinstance(value, str):
        raise BadRequestData(f"{member} must be a text", member=member)
    return value


def _expand(name: str) -> str:
    return name if ":" in name else town_context().expand(name)


def _short(name: str) -> str:
    return town_context().compact(name)


async def _held(office: Office, town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    names = await persons.names_of(town, by)
    newest = request.arguments.get("past", "0")
    most = int(newest) if newest.isascii() and newest.isdigit() and len(newest) < 6 else 0
    held = [await held_document(town, one, most) for one in await holdings.held(town, names)]
    named = [{"type": _short(one.type), "count": one.count} for one in await holdings.named(town, names)]
    return 200, {
        "person": by.id,
        "names": [one.id for one in await persons.handles(town, by)],
        "held": held,
        "namedIn": named,
    }


async def _reads(office: Office, town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    before = read_place(request.arguments.get("before", ""))
    trail = await holdings.reads(town, office.towns.audit(town), by, _LINES, before)
    older = None if trail.before is None else f"{trail.before[0]}.{trail.before[1]}"
    return 200, {"reads": list(trail.entries), "before": older}


async def _export(office: Office, town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    return 200, await everything(office, town, by)


async def _corrections(office: Office, town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    return 200, [shapes.correction_document(one, _short) for one in await corrections.own(town, by)]


async def _correct(office: Office, town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    persons.demand_person(by)
    said = _body(request)
    if "wanted" not in said:
        raise BadRequestData("wanted says what is right; null where nothing should be kept", member="wanted")
    entity, instance, attribute, reason = (_text(said, one) for one in ("entity", "instanceId", "attribute", "reason"))
    made = await corrections.ask(town, entity, _expand(attribute), instance, said["wanted"], reason, by)
    return 201, shapes.correction_document(made, _short)


def _planned(plan: Plan) -> dict[str, Any]:
    gone = [{"type": _short(one.type), "attribute": _short(one.attribute), "count": one.count} for one in plan.parts]
    kept = [
        {
            "type": _short(one.kept.what),
            "count": one.count,
            "ground": one.kept.ground,
            "until": one.kept.until and format_instant(one.kept.until),
        }
        for one in plan.staying
    ]
    return {"erased": gone, "kept": kept, "consentsWithdrawn": [one.id for one in plan.consents]}


async def _plan(office: Office, town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    return 200, _planned(await leaving.plan(town, by))


async def _forget(office: Office, town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    persons.demand_person(by)
    said = _body(request)
    types = said.get("types")
    if said.get("sure") is not True:
        raise BadRequestData("sure must be true: what is erased cannot be brought back", member="sure")
    if types is not None and not (isinstance(types, list) and all(isinstance(one, str) for one in types)):
        raise BadRequestData("types must be a list of types; without it all of them are meant", member="types")
    return 201, await leaving.leave(town, by, None if types is None else set(map(_expand, types)))


async def _report(office: Office, town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    return 200, await leaving.own_account(town, request.params["id"], by)


async def _connect(office: Office, town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    persons.demand_person(by)
    said = _body(request)
    made = await persons.claim(town, _text(said, "number"), _text(said, "code"), by)
    return 201, {"name": made.id}


async def _requests(office: Office, town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    return 200, [shapes.correction_document(one, _short) for one in await corrections.every(town, by)]


async def _decide(office: Office, town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    corrections.demand_deciding(town, by)
    said = _body(request)
    if not isinstance(said.get("accept"), bool):
        raise BadRequestData("accept must be true or false", member="accept")
    done = await corrections.decide(town, request.params["id"], said["accept"], _text(said, "answer"), by)
    return 200, shapes.correction_document(done, _short)


async def _card(office: Office, town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    persons.demand_desk(town, by)
    number, code = ("".join(secrets.choice(LETTERS) for _ in range(count)) for count in (NUMBER, CODE))
    card = await persons.make_card(town, number, code, _text(_body(request), "recognised"), by)
    return 201, {"number": shown(card.number), "code": shown(code), "id": card.id}


async def _carded(office: Office, town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    card = persons.find_card(town, request.params["number"], by)
    found = consents.of_person(town, card.id, by)
    town.policy.note_shown(by, [card.id], "desk")
    listed = [shapes.consent_document(one, _short) for one in found]
    return 200, {"number": shown(card.number), "id": card.id, "recognised": card.recognised, "consents": listed}
