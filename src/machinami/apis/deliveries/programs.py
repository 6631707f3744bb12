"""How do programs see and handle the deliveries of a town? /deliveries, for whom a subscription belongs to."""

from collections.abc import Awaitable, Callable
from typing import Any

from machinami.apis.deliveries.documents import firing_document, standing_document
from machinami.apis.deliveries.office import PACKAGE, Office, answer, demand_json
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData
from machinami.foundation.urn import is_uri
from machinami.kit.http import Handler, Request, Route
from machinami.kit.openapi import OPERATION, Operation
from machinami.model.principal import Principal

ROOT = "/deliveries"
_TAG = "Deliveries"
Act = Callable[[Town, Request, Principal], Awaitable[Any]]
_DONE = {"description": "How it fares", "content": {"application/json": {"schema": {"type": "object"}}}}
_ASKED = (
    {"name": "entity", "in": "query", "required": True, "schema": {"type": "string", "format": "uri"},
     "description": "The entity that changed"},
    {"name": "change", "in": "query", "schema": {"type": "integer", "minimum": 1},
     "description": "The number of the change in the log; without it, the last one of the entity"},
)  # fmt: skip


def programs(office: Office) -> list[Route]:
    """The addresses for programs."""
    tending = office.tending

    async def listed(town: Town, request: Request, by: Principal) -> Any:
        return [standing_document(one) for one in tending.listed(town, by)]

    async def one(town: Town, request: Request, by: Principal) -> Any:
        return standing_document(tending.one(town, request.params["id"], by))

    async def hold(town: Town, request: Request, by: Principal) -> Any:
        return standing_document(await tending.hold(town, request.params["id"], True, by))

    async def release(town: Town, request: Request, by: Principal) -> Any:
        return standing_document(await tending.hold(town, request.params["id"], False, by))

    async def test(town: Town, request: Request, by: Principal) -> Any:
        delivery = await tending.test(town, request.params["id"], by)
        return {"taken": delivery.ok, "status": delivery.status, "reason": delivery.reason}

    async def replay(town: Town, request: Request, by: Principal) -> Any:
        return {"begun": await tending.tell_again(town, request.params["id"], by)}

    async def forget(town: Town, request: Request, by: Principal) -> Any:
        return standing_document(await tending.forget_untold(town, request.params["id"], by))

    async def why(town: Town, request: Request, by: Principal) -> Any:
        tending.one(town, request.params["id"], by)  # who may not ask is told so, whatever was asked
        entity_id, seq = asked_of(request)
        return firing_document(await tending.why(town, request.params["id"], entity_id, seq, by), PACKAGE)

    def row(method: str, path: str, act: Act, summary: str, operation: Operation | None = None) -> Route:
        details = {OPERATION: operation or Operation(answers={200: _DONE})}
        return Route(method, f"{ROOT}{path}", _answering(office, act, method != "GET"), summary, _TAG, details=details)

    return [
        row("GET", "", listed, "How the subscriptions fare, what fails first"),
        row("GET", "/{id}", one, "How one subscription fares"),
        row("POST", "/{id}/hold", hold, "Have a subscription wait, with nothing lost"),
        row("POST", "/{id}/release", release, "Have a held subscription go on"),
        row("POST", "/{id}/test", test, "Send a notification to test the receiver"),
        row("POST", "/{id}/replay", replay, "Have told again what was given up"),
        row("DELETE", "/{id}/untold", forget, "Let go of what was given up"),
        row("GET", "/{id}/why", why, "Why was a change told, or not?", Operation(_ASKED, answers={200: _DONE})),
    ]


def asked_of(request: Request) -> tuple[str, int | None]:
    """The entity, and the number of the change, of which it is asked. Raises BadRequestData."""
    entity_id, number = (request.arguments.get(name, "").strip() for name in ("entity", "change"))
    if not is_uri(entity_id):
        raise BadRequestData("Say the id of the entity, such as urn:ngsi-ld:Gauge:1", member="entity", key="why.no_id")
    if number and not (number.isascii() and number.isdigit() and 0 < len(number) < 16 and int(number)):
        raise BadRequestData(f"{number[:30]!r} is no number of a change", member="change", key="why.no_number")
    return entity_id, int(number) if number else None


def _answering(office: Office, act: Act, does: bool) -> Handler:
    async def run(request: Request) -> Any:
        if does:
            demand_json(request)
        return answer(await act(await office.town(request), request, office.by(request)))

    return run
