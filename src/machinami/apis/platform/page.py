"""How does an operator see and handle the towns of an installation? One page, with forms that need no script."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from machinami.apis.platform.port import Told, Towns
from machinami.foundation.errors import BadRequestData, MachinamiError
from machinami.kit.frame import Frame, read_form
from machinami.kit.http import Request, Response, Route
from machinami.kit.problem import describe
from machinami.model.principal import Principal
from machinami.model.quota import KINDS

TOWNS = "/towns"
TEMPLATE = "machinami.apis.platform/towns.html"
Do = Callable[[Request, dict[str, str], Principal], Awaitable[Told]]


@dataclass(frozen=True, slots=True)
class TownsPage:
    """The page. operator: who asks, if they are the operator; raises Forbidden for anybody else."""

    towns: Towns
    operator: Callable[[Request], Principal]
    frame: Frame

    def show(self, request: Request, status: int = 200, fault: str = "", **came: Any) -> Response:
        """The page with what has just been done."""
        by = self.operator(request)
        rows, acts = [_row(town) for town in self.towns.towns(by)], self.towns.reports(by)[:20]
        view = {"towns": rows, "acts": acts, "fault": fault, "link": "", "report": None, "folder": ""}
        page = self.frame.show(request, TEMPLATE, status, **{**view, **came})
        page.headers.append((b"cache-control", b"no-store"))
        return page

    async def look(self, request: Request) -> Response:
        """The page as it is."""
        return self.show(request)

    def taking(self, do: Do) -> Callable[[Request], Awaitable[Response]]:
        """Take a form, and show the page with what came of it."""

        async def take(request: Request) -> Response:
            form, by = read_form(request), self.operator(request)
            try:
                came = await do(request, form, by)
            except MachinamiError as error:
                status = describe(error)[0]
                return self.show(request, 422 if status in (400, 404, 409, 500) else status, error.detail)
            return self.show(request, **{name: came[name] for name in ("link", "report", "folder") if name in came})

        return take

    async def found(self, request: Request, form: dict[str, str], by: Principal) -> Told:
        """Make a town."""
        name, person, host = (form.get(field, "").strip() for field in ("name", "administrator", "host"))
        return await self.towns.found(name, by, person, host)

    async def limit(self, request: Request, form: dict[str, str], by: Principal) -> Told:
        """Bound a town."""
        bounds = {kind: _number(form.get(kind, "")) for kind in KINDS}
        return await self.towns.limit(request.params["name"], bounds, by)

    async def invite(self, request: Request, form: dict[str, str], by: Principal) -> Told:
        """Invite who runs a town."""
        return await self.towns.invite(request.params["name"], form.get("person", "").strip(), by)

    async def move(self, request: Request, form: dict[str, str], by: Principal) -> Told:
        """Have a town go."""
        return await self.towns.send_out(request.params["name"], bool(form.get("stays")), bool(form.get("key")), by)

    async def delete(self, request: Request, form: dict[str, str], by: Principal) -> Told:
        """Delete a town whose name was typed."""
        name = request.params["name"]
        if form.get("confirm", "").strip() != name:
            raise BadRequestData(f"消すには {name} と入れてください / to delete it for good, type {name}")
        return {"report": await self.towns.delete(name, by)}


def routes(towns: Towns, operator: Callable[[Request], Principal], frame: Frame) -> list[Route]:
    """The addresses of the page."""
    shown = TownsPage(towns, operator, frame)
    page, taking = frame.page, shown.taking
    return [
        page("GET", TOWNS, shown.look, "The towns of the installation"),
        page("POST", TOWNS, taking(shown.found), "Make a town"),
        page("POST", f"{TOWNS}/{{name}}/quota", taking(shown.limit), "Bound a town"),
        page("POST", f"{TOWNS}/{{name}}/invitation", taking(shown.invite), "Invite who runs a town"),
        page("POST", f"{TOWNS}/{{name}}/move", taking(shown.move), "Have a town go as a folder"),
        page("POST", f"{TOWNS}/{{name}}/deletion", taking(shown.delete), "Delete a town"),
    ]


def _number(text: str) -> Any:
    """A bound as it was typed; empty: none. What is no number is refused where bounds are read."""
    plain = text.strip().replace(",", "").replace("_", "")
    if not plain:
        return None
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 19 else text


def _row(town: Told) -> Told:
    """A town with how full it is, in percent of each bound."""
    bounds = []
    for kind in KINDS:
        bound, used = town["quota"][kind], town.get(kind)
        share = None if not bound or used is None else min(100, round(100 * used / bound))
        refused = town["refused"].get(kind, 0)
        bounds.append({"kind": kind, "bound": bound, "used": used, "share": share, "refused": refused})
    return {**town, "bounds": bounds}
