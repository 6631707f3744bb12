"""At which addresses is erasure asked for, and the account of it given?"""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import orjson

from machinami.broker import forgetting
from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData
from machinami.kit.bodies import json_object
from machinami.kit.http import JSON, Handler, Request, Response, Route
from machinami.kit.viewing import Identify
from machinami.model.principal import Principal

TAG = "Erasure"
ERASURES = "/erasures"
_TENANT = b"ngsild-tenant"
_ASKED = {"subject", "reason", "proof", "types"}
_LONGEST = 2_000

Act = Callable[[Town, Principal, Request], Awaitable[tuple[int, Any]]]


class Towns(Protocol):
    """The towns that are asked: those of a running broker, or of a folder."""

    async def town(self, name: str | None) -> Town:
        """The town of this name. Raises TenantNotFound."""
        ...


def routes(towns: Towns, identify: Identify) -> list[Route]:
    """Every address of this face."""

    def known(method: str, path: str, act: Act, summary: str) -> Route:
        return Route(method, path, _handler(towns, identify, act), summary, TAG)

    return [
        known(
            "GET", ERASURES, _list, "The accounts of erasures: one's own, by ?subject= of somebody, ?subject=* of all"
        ),
        known("POST", ERASURES, _erase, "Have what there is about a person erased; the account of it"),
        known("GET", f"{ERASURES}/{{id}}", _show, "The account of one erasure"),
    ]


def _handler(towns: Towns, identify: Identify, act: Act) -> Handler:
    async def handle(request: Request) -> Response:
        by = identify(request)
        named = request.fields.get(_TENANT)
        town = await towns.town(None if named is None else named.decode("latin-1"))
        status, document = await act(town, by, request)
        return Response(status, orjson.dumps(document), JSON, [(b"cache-control", b"no-store")])

    return handle


async def _list(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    subject = request.arguments.get("subject") or by.id
    found = await (forgetting.every(town, by) if subject == "*" else forgetting.of_person(town, subject, by))
    return 200, found


async def _show(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    return 200, await forgetting.account(town, request.params["id"], by)


async def _erase(town: Town, by: Principal, request: Request) -> tuple[int, Any]:
    said = json_object(request.body) if request.body else {}
    unknown = said.keys() - _ASKED
    if unknown:
        raise BadRequestData(f"An erasure has no member {sorted(unknown)[0]!r}; known are {', '.join(sorted(_ASKED))}")
    subject, reason, proof = (_text(said, name) for name in ("subject", "reason", "proof"))
    types = said.get("types", [])
    if not isinstance(types, list) or not all(isinstance(one, str) and one for one in types):
        raise BadRequestData("types must be a list of names", member="types")
    names = [one if ":" in one else town_context().expand(one) for one in types]
    return 201, await forgetting.ask(town, subject or by.id, by, reason, proof, names)


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name, "")
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise BadRequestData(f"{name} must be a text of at most {_LONGEST} characters", member=name)
    return value
