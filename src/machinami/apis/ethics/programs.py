"""How do programs read who decides, hand in applications, and take the steps of one? JSON under /ethics-….

A person stands behind each step: no key of a program may take one.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from machinami.apis.ethics import shapes
from machinami.apis.ethics.office import Office, demand_known, expand, eyes
from machinami.broker import ethics
from machinami.broker.legal_records import law_of
from machinami.broker.policy import demand
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData
from machinami.kit.bodies import json_object
from machinami.kit.http import JSON, Handler, Request, Response, Route
from machinami.model.ethics.application import Act, Application
from machinami.model.policy import Deed
from machinami.model.principal import Principal

TAG = "Ethics board"
BOARD, APPLICATIONS = "/ethics-board", "/ethics-applications"
Do = Callable[[Town, Principal, Request], Awaitable[tuple[int, Any]]]


def routes(office: Office) -> list[Route]:
    """Every address of this face for programs."""

    def route(method: str, path: str, do: Do, summary: str) -> Route:
        return Route(method, path, _handler(office, do), summary, TAG)

    return [
        route("GET", BOARD, _board, "Who decides for which purposes people may be asked"),
        route("POST", BOARD, _appoint, "Say who decides: a board, or a named head in its stead"),
        route("GET", APPLICATIONS, _list, "The applications to the ethics board that who asks may read"),
        route("POST", APPLICATIONS, _submit, "Apply for a purpose"),
        route("GET", f"{APPLICATIONS}/{{id}}", _show, "An application with its questions and decisions"),
        route("POST", f"{APPLICATIONS}/{{id}}/steps", _step, "Take a step: ask, answer, move, vote, decide …"),
    ]


def _handler(office: Office, do: Do) -> Handler:
    async def handle(request: Request) -> Response:
        town, by = await office.town(request), office.identify(request)
        status, document = await do(town, by, request)
        return Response(status, orjson.dumps(document), JSON, [(b"cache-control", b"no-store")])

    return handle


def _body(request: Request) -> dict[str, Any]:
    return json_object(request.body) if request.body else {}


async def _board(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    inside = (await eyes(town, by)).inside
    return 200, shapes.board_document(await ethics.board(town), town.clock(), inside)


async def _appoint(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    demand(town.policy, by, Deed.ADMINISTER)
    made = await ethics.appoint(town, shapes.read_board(_body(request), town.clock()), by)
    return 201, shapes.board_document(made, town.clock(), True)


async def _list(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    return 200, [await _told(town, one, by) for one in await ethics.applications(town, by)]


async def _submit(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    ethics.demand_applying(town, by)
    made = await ethics.submit(town, shapes.read_proposal(_body(request), expand), by)
    return 201, await _told(town, made, by)


async def _show(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    return 200, await _told(town, await ethics.application(town, request.params["id"], by), by)


async def _step(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    demand_known(town, by)
    document, application_id = _body(request), request.params["id"]
    return 200, await _told(town, await take(town, application_id, document, by), by)


async def take(town: Town, application_id: str, document: Mapping[str, Any], by: Principal) -> Application:
    """Take the step that a document says. Raises NotFound, Conflict, Forbidden, BadRequestData."""
    await ethics.application(town, application_id, by)
    act, text, free = document.get("act"), document.get("text", ""), document.get("noInterest") is True
    if not isinstance(text, str):
        raise BadRequestData("text must be a text", member="text")
    match act:
        case Act.ASK:
            return await ethics.ask(town, application_id, text, by)
        case Act.ANSWER:
            return await ethics.answer(town, application_id, _number(document, "question"), text, by)
        case Act.REVISE:
            proposal = shapes.read_proposal(_object(document, "application"), expand)
            return await ethics.revise(town, application_id, proposal, by)
        case Act.WITHDRAW | Act.REPORT:
            return await ethics.say(town, application_id, Act(act), text, by)
        case Act.RECUSE:
            return await ethics.recuse(town, application_id, text, by)
        case Act.MOVE:
            return await ethics.move(
                town, application_id, shapes.read_motion(_object(document, "motion"), expand), free, by
            )
        case Act.VOTE:
            return await ethics.vote(town, application_id, document.get("yes") is True, text, free, by)
        case Act.DECIDE:
            return await ethics.decide(town, application_id, by)
        case Act.READ:
            return await ethics.note_read(town, application_id, _number(document, "version"), by)
        case _:
            known = ", ".join(one for one in Act if one is not Act.SUBMIT)
            raise BadRequestData(f"act is one of {known}", member="act")


async def _told(town: Town, one: Application, by: Principal) -> shapes.Json:
    approval = law_of(town).approvals.get(one.proposal.purpose)
    return shapes.application_document(one, approval, town.clock(), await eyes(town, by))


def _object(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    if not isinstance(found, dict):
        raise BadRequestData(f"{name} must be an object", member=name)
    return found


def _number(document: Mapping[str, Any], name: str) -> int:
    found = document.get(name)
    if type(found) is not int:
        raise BadRequestData(f"{name} must be a number", member=name)
    return found
