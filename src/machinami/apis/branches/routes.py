"""Where does a branch deliver its writes, and learn how far the centre has them?"""

import re
from collections.abc import Awaitable, Callable, Collection

import orjson

from machinami.broker.arrivals import arrive, arrived
from machinami.broker.arriving_files import drop_file, take_file
from machinami.broker.hearing import Hearing
from machinami.broker.policy import demand
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, NotFound
from machinami.kit.bodies import json_object
from machinami.kit.http import JSON, Request, Response, Route
from machinami.kit.viewing import Identify
from machinami.model.delivery import read_delivery
from machinami.model.policy import Deed
from machinami.model.principal import Principal

PATH = "/branches/{branch}/changes"
FILE = "/branches/{branch}/files/{owner}/{name}"
MOST = 500  # writes of one delivery
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,120}")
_WRITES = (Deed.CREATE, Deed.CHANGE, Deed.DELETE)
Towns = Callable[[str | None], Awaitable[Town]]


def routes(
    towns: Towns, identify: Identify, hearing: Hearing, keepers: Callable[[], Collection[str]] = tuple
) -> list[Route]:
    """The addresses for branches. hearing: is told what each says that it is behind; keepers: the services that keep
    files, of which a branch may deliver some."""

    def hear(request: Request, town: Town) -> None:
        seconds, changes, refused = (_number(request, name) for name in ("seconds", "behind", "refused"))
        hearing.hear(town.name, _named(request), seconds, changes, refused)

    async def tell(request: Request) -> Response:
        town = await towns(request.header(b"ngsild-tenant"))
        demand(town.policy, identify(request), *_WRITES)
        found = arrived(town, _named(request))
        if found or "behind" in request.arguments:
            hear(request, town)
        return _answer(found)

    async def take(request: Request) -> Response:
        town, by = await towns(request.header(b"ngsild-tenant")), identify(request)
        demand(town.policy, by, *_WRITES)  # before the body is looked at; each change is judged by itself
        said = json_object(request.body)
        after, rows = said.get("after"), said.get("changes")
        if type(after) is not int or not isinstance(rows, list) or len(rows) > MOST:
            raise BadRequestData(f"A delivery says after which number it begins, and holds at most {MOST} changes")
        found = [read_delivery(row) for row in rows]
        if [one.seq for one in found] != sorted({one.seq for one in found}):
            raise BadRequestData("Changes are delivered in the order of their numbers, each once")
        reached = await arrive(town, _named(request), after, found, by)
        hear(request, town)
        return _answer(reached)

    return [
        Route("GET", PATH, tell, "How far the writes of a branch are here", "Branches"),
        Route("POST", PATH, take, "Deliver the writes of a branch", "Branches"),
        *_file_routes(towns, identify, keepers),
    ]


def _file_routes(towns: Towns, identify: Identify, keepers: Callable[[], Collection[str]]) -> list[Route]:
    async def place(request: Request) -> tuple[Town, str, str, str, Principal]:
        town, by = await towns(request.header(b"ngsild-tenant")), identify(request)
        demand(town.policy, by, *_WRITES)
        owner, name = request.params["owner"], request.params["name"]
        if owner not in keepers():
            raise NotFound(f"No service {owner[:100]!r} keeps files here")
        return town, _named(request), owner, name, by

    async def take_one(request: Request) -> Response:
        town, branch, owner, name, by = await place(request)
        await take_file(town, branch, owner, name, request.body, by)
        return Response(204)

    async def drop_one(request: Request) -> Response:
        town, branch, owner, name, by = await place(request)
        await drop_file(town, branch, owner, name, by)
        return Response(204)

    return [
        Route("PUT", FILE, take_one, "Deliver a file of a service of a branch", "Branches"),
        Route("DELETE", FILE, drop_one, "Say that a file of a branch is destroyed there", "Branches"),
    ]


def _number(request: Request, name: str) -> int:
    said = request.arguments.get(name, "0")
    if not said.isascii() or not said.isdecimal() or len(said) > 15:
        raise BadRequestData(f"{name} is a whole number")
    return int(said)


def _named(request: Request) -> str:
    name = request.params["branch"]
    if not _NAME.fullmatch(name):
        raise BadRequestData("A branch is named by small letters, digits and . _ -")
    return name


def _answer(seq: int) -> Response:
    return Response(200, orjson.dumps({"seq": seq}), JSON, [(b"cache-control", b"no-store")])
