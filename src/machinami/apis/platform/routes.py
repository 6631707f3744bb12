"""At which addresses does an operator handle the towns of an installation? /platform for programs, /towns for all."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

from machinami.apis.platform import page
from machinami.apis.platform.port import Towns
from machinami.foundation.errors import BadRequestData, Forbidden, NotFound, TenantNotFound
from machinami.kit.bodies import json_object
from machinami.kit.frame import Frame
from machinami.kit.http import HTML, JSON, Handler, Request, Response, Route
from machinami.kit.viewing import Identify
from machinami.model.principal import Principal

ROOT = "/platform"
_TAG = "Platform"
_REPORT = re.compile(r"[a-z0-9_-]+-\d{8}T\d{6}Z-[0-9a-f]{6}\.(json|html)\Z")
Act = Callable[[Request, Principal], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Handling:
    """The acts of this face. identify: who asks."""

    towns: Towns
    identify: Identify

    def operator(self, request: Request) -> Principal:
        """The operator who asks. A town's own people are none: who names a town is not asked about the platform."""
        if b"ngsild-tenant" in request.fields:
            raise Forbidden("The towns of an installation are handled at its own address, not at that of a town")
        by = self.identify(request)
        self.towns.demand(by)
        return by

    async def listed(self, request: Request, by: Principal) -> Any:
        """Every town."""
        return self.towns.towns(by)

    async def one(self, request: Request, by: Principal) -> Any:
        """One town. Raises TenantNotFound."""
        name = request.params["name"]
        found = next((town for town in self.towns.towns(by) if town["name"] == name), None)
        if found is None:
            raise TenantNotFound(f"There is no town {name!r} here")
        return found

    async def found(self, request: Request, by: Principal) -> Any:
        """Make a town."""
        told = _body(request, {"name": str, "administrator": str, "host": str, "quota": dict})
        person, host = told.get("administrator", ""), told.get("host", "")
        return await self.towns.found(told.get("name", ""), by, person, host, told.get("quota"))

    async def change(self, request: Request, by: Principal) -> Any:
        """Bound a town, or name its host."""
        told, name = _body(request, {"quota": dict, "host": str}), request.params["name"]
        if "host" in told:
            self.towns.call(name, told["host"], by)
        return await self.towns.limit(name, told.get("quota", {}), by)

    async def invite(self, request: Request, by: Principal) -> Any:
        """Invite the first administrator of a town."""
        return await self.towns.invite(request.params["name"], _body(request, {"person": str}).get("person", ""), by)

    async def encrypt(self, request: Request, by: Principal) -> Any:
        """Encrypt the file of a town."""
        return await self.towns.encrypt(request.params["name"], by)

    async def move(self, request: Request, by: Principal) -> Any:
        """Have a town go."""
        told = _body(request, {"stays": bool, "withKey": bool})
        stays, key = told.get("stays", False), told.get("withKey", False)
        return await self.towns.send_out(request.params["name"], stays, key, by)

    async def delete(self, request: Request, by: Principal) -> Any:
        """Delete a town whose name is said twice."""
        name = request.params["name"]
        if request.arguments.get("confirm") != name:
            raise BadRequestData(f"To delete the town for good say its name once more: ?confirm={name}")
        return await self.towns.delete(name, by)

    async def record(self, request: Request, by: Principal) -> Any:
        """What was done with towns."""
        return {"entries": self.towns.reports(by), "faults": self.towns.record.faults()}

    def report(self, request: Request) -> Response:
        """The report of a deletion."""
        self.operator(request)
        file = request.params["file"]
        path = self.towns.record.folder / "reports" / file
        if not _REPORT.match(file) or not path.is_file():
            raise NotFound(f"There is no report {file[:80]!r} here")
        kind = HTML if file.endswith(".html") else JSON
        safe = [(b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'")]
        return Response(200, path.read_bytes(), kind, [*safe, (b"x-content-type-options", b"nosniff")])


def routes(towns: Towns, identify: Identify, frame: Frame) -> list[Route]:
    """Every address of this face."""
    do = Handling(towns, identify)

    def row(method: str, path: str, act: Act, summary: str, status: int = 200) -> Route:
        return Route(method, ROOT + path, _answering(act, do.operator, status), summary, _TAG)

    return [
        row("GET", "/towns", do.listed, "Every town of the installation, what it takes and may take"),
        row("POST", "/towns", do.found, "Make a town, and invite who runs it", 201),
        row("GET", "/towns/{name}", do.one, "One town of the installation"),
        row("PATCH", "/towns/{name}", do.change, "Bound a town, or name its host"),
        row("DELETE", "/towns/{name}", do.delete, "Delete a town for good; the answer is the report"),
        row("POST", "/towns/{name}/invitations", do.invite, "A link for the first administrator of a town", 201),
        row("POST", "/towns/{name}/encryption", do.encrypt, "Encrypt the file of a town"),
        row("POST", "/towns/{name}/move", do.move, "Have a town go as a folder that serves it"),
        row("GET", "/record", do.record, "What was done with towns, and what is wrong with that record"),
        Route("GET", f"{ROOT}/reports/{{file}}", do.report, "The report of a deletion", _TAG),
        *page.routes(towns, do.operator, frame),
    ]


def _answering(act: Act, operator: Callable[[Request], Principal], status: int) -> Handler:
    async def run(request: Request) -> Response:
        answer = await act(request, operator(request))
        return Response(status, orjson.dumps(answer), JSON, [(b"cache-control", b"no-store")])

    return run


def _body(request: Request, members: dict[str, type]) -> dict[str, Any]:
    """The JSON object of the request, with these members alone. Raises BadRequestData."""
    told = json_object(request.body or b"{}")
    for name, value in told.items():
        if name not in members or not isinstance(value, members[name]):
            known = ", ".join(f"{one} ({kind.__name__})" for one, kind in members.items())
            raise BadRequestData(f"{name[:80]!r} is not understood; there are: {known}", member=name)
    return told
