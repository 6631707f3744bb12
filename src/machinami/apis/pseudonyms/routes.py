"""At which addresses does somebody learn their pseudonym, is one looked up, and are people paired between towns?"""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import orjson

from machinami.broker import pseudonyms
from machinami.broker.pairing import REDEMPTION, REVOCATION, Pairing, told
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import format_instant
from machinami.kit.bodies import json_object
from machinami.kit.http import JSON, Handler, Request, Response, Route
from machinami.kit.viewing import Identify
from machinami.model.pairing import Peer, read_assurance, write_assurance
from machinami.model.principal import Principal
from machinami.wire.exchange import Caller

TAG = "Pseudonyms"
_TENANT = b"ngsild-tenant"
_LONGEST = 2_000

Act = Callable[[Pairing, Principal, Request], Awaitable[tuple[int, Any]]]


class Towns(Protocol):
    """The towns that are asked."""

    async def town(self, name: str | None) -> Town:
        """The town of this name. Raises TenantNotFound."""
        ...


def routes(towns: Towns, identify: Identify, caller: Caller) -> list[Route]:
    """Every address of this face."""

    def known(method: str, path: str, act: Act, summary: str) -> Route:
        return Route(method, path, _handler(towns, identify, caller, act), summary, TAG)

    return [
        known("GET", "/pseudonyms", _own, "By which name a service (?service=) knows who asks"),
        known("POST", "/pseudonyms/resolution", _resolve, "Whose a service's pseudonym is, on a recorded ground"),
        known("GET", "/pairs", _pairs, "In which other towns who asks is matched"),
        known("POST", "/pairs", _redeem_there, "Be matched, with a code that one took out in the other town"),
        known("DELETE", "/pairs/{id}", _end, "Be matched no more, here and there"),
        known("POST", "/pairs/codes", _issue, "Take out a code for another town; it counts once, for ten minutes"),
        known("GET", "/pairs/peers", _peers, "The towns with which people may be matched"),
        known("POST", "/pairs/peers", _put_peer, "Have people be matched with another town from now on"),
        known("POST", REDEMPTION, _redeem, "The other town hands in a code: the id for the two towns alone"),
        known("POST", REVOCATION, _revoke, "The other town says that somebody is matched no more"),
    ]


def _handler(towns: Towns, identify: Identify, caller: Caller, act: Act) -> Handler:
    async def handle(request: Request) -> Response:
        by = identify(request)
        named = request.fields.get(_TENANT)
        town = await towns.town(None if named is None else named.decode("latin-1"))
        status, document = await act(Pairing(town, caller), by, request)
        return Response(status, orjson.dumps(document), JSON, [(b"cache-control", b"no-store")])

    return handle


def _said(request: Request, *names: str) -> list[str]:
    """Texts from the body."""
    body = json_object(request.body) if request.body else {}
    found: list[str] = []
    for name in names:
        value = body.get(name, "")
        if not isinstance(value, str) or len(value) > _LONGEST:
            raise BadRequestData(f"{name} must be a text of at most {_LONGEST} characters", member=name)
        found.append(value)
    return found


async def _own(pairing: Pairing, by: Principal, request: Request) -> tuple[int, Any]:
    service = request.arguments.get("service") or ""
    return 200, {"service": service, "pseudonym": pseudonyms.own(pairing.town, service, by)}


async def _resolve(pairing: Pairing, by: Principal, request: Request) -> tuple[int, Any]:
    service, name, reason = _said(request, "service", "pseudonym", "reason")
    return 200, {"person": await pseudonyms.resolve(pairing.town, service, name, reason, by)}


async def _pairs(pairing: Pairing, by: Principal, request: Request) -> tuple[int, Any]:
    return 200, [told(one) for one in await pairing.of(by)]


async def _redeem_there(pairing: Pairing, by: Principal, request: Request) -> tuple[int, Any]:
    peer, code = _said(request, "peer", "code")
    return 201, told(await pairing.redeem_there(peer, code, by))


async def _end(pairing: Pairing, by: Principal, request: Request) -> tuple[int, Any]:
    return 200, told(await pairing.end(request.params["id"], by))


async def _issue(pairing: Pairing, by: Principal, request: Request) -> tuple[int, Any]:
    (peer,) = _said(request, "peer")
    code, issued = await pairing.issue(peer, by)
    return 201, {"code": code, "peer": issued.peer, "until": format_instant(issued.until)}


async def _peers(pairing: Pairing, by: Principal, request: Request) -> tuple[int, Any]:
    return 200, [
        {"id": one.id, "address": one.address, "needed": write_assurance(one.needed)} for one in await pairing.peers(by)
    ]


async def _put_peer(pairing: Pairing, by: Principal, request: Request) -> tuple[int, Any]:
    peer, address, credential = _said(request, "id", "address", "credential")
    needed = read_assurance(json_object(request.body).get("needed"))
    await pairing.put_peer(Peer(peer, address, needed), credential, by)
    return 201, {"id": peer, "address": address.rstrip("/"), "needed": write_assurance(needed)}


async def _redeem(pairing: Pairing, by: Principal, request: Request) -> tuple[int, Any]:
    (code,) = _said(request, "code")
    made = await pairing.redeem(code, read_assurance(json_object(request.body).get("assurance")), by)
    return 201, {"pair": made.pair, "assurance": write_assurance(made.here)}


async def _revoke(pairing: Pairing, by: Principal, request: Request) -> tuple[int, Any]:
    (pair,) = _said(request, "pair")
    await pairing.revoke(pair, by)
    return 200, {}
