"""Where does a second machine read the archive of a running town, and take over from it?"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from machinami.apis.standby.port import Follower, Lender
from machinami.foundation.errors import BadRequestData, Forbidden, SignInRequired
from machinami.kit.bodies import json_object
from machinami.kit.http import JSON, Request, Response, Route
from machinami.kit.viewing import Identify
from machinami.model.principal import ANONYMOUS

LOOK, PART, TAKEOVER = "/standby/look", "/standby/part", "/standby/takeover"
SCOPE = "standby"
_HOW = (
    f"A second machine shows a key with the scope {SCOPE}, which an administrator of the default town makes: "
    f"machinami admin key second --role service --scope {SCOPE} --data DIR"
)
_HOLDER = re.compile("[0-9a-f]{16}")
_NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class StandbyFace:
    """The addresses. open_here: whether the town has no administrators, and who asks sits at its machine."""

    lender: Lender
    identify: Identify
    open_here: Callable[[Request], bool]

    def demand(self, request: Request) -> str:
        """The key by which a second machine asks. Raises SignInRequired, Forbidden: whoever else they are, what is
        given here is everything, so that it is given to nobody but a key that was made for it."""
        if request.header(b"ngsild-tenant") is not None:
            raise Forbidden("The installation as a whole is followed: ask at the host of the default town")
        by = self.identify(request)
        if SCOPE in (by.scopes or ()) or self.open_here(request):
            return by.id
        raise SignInRequired(_HOW) if by == ANONYMOUS else Forbidden(_HOW)

    async def look(self, request: Request) -> Response:
        """What there is, and how far the second machine is."""
        key, said = self.demand(request), json_object(request.body)
        name, seconds, changes, version = (said.get(one) for one in ("name", "seconds", "changes", "version"))
        if not isinstance(name, str) or not 1 <= len(name) <= _NAME_LENGTH or not name.isprintable():
            raise BadRequestData(f"A second machine says its name, of 1 to {_NAME_LENGTH} characters")
        if not isinstance(seconds, int | float) or type(changes) is not int or not isinstance(version, str):
            raise BadRequestData("A second machine says how many seconds and changes it is behind, and its version")
        follower = Follower(name, key, float(seconds), changes, version[:_NAME_LENGTH])
        return _answer(await self.lender.look(follower))

    async def part(self, request: Request) -> Response:
        """Bytes of a file of the archive, from a place on."""
        self.demand(request)
        name, start = request.arguments.get("name", ""), request.arguments.get("from", "0")
        if not start.isascii() or not start.isdecimal() or len(start) > 18:
            raise BadRequestData("from is the number of a byte")
        content = await self.lender.part(name, int(start))
        return Response(200, content, b"application/octet-stream", [_UNKEPT])

    async def take_over(self, request: Request) -> Response:
        """Have the machine that asks be the town."""
        self.demand(request)
        said = json_object(request.body)
        holder, done = said.get("holder"), said.get("done", False)
        if not isinstance(holder, str) or not _HOLDER.fullmatch(holder) or not isinstance(done, bool):
            raise BadRequestData(
                "Who takes over says as whom: holder, 16 hexadecimal digits; and done: true at the end"
            )
        return _answer(await self.lender.give_up(holder, done))


_UNKEPT = (b"cache-control", b"no-store")


def _answer(document: object) -> Response:
    return Response(200, orjson.dumps(document), JSON, [_UNKEPT])


def routes(lender: Lender, identify: Identify, open_here: Callable[[Request], bool]) -> list[Route]:
    """Every address of this face."""
    face = StandbyFace(lender, identify, open_here)
    return [
        Route("POST", LOOK, face.look, "What a second machine needs, and how far it is", "Standby"),
        Route("GET", PART, face.part, "A part of the archive, for a second machine", "Standby"),
        Route("POST", TAKEOVER, face.take_over, "Have a second machine be the town", "Standby"),
    ]
