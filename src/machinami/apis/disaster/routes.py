"""Where do officers turn the disaster mode on and off, and what does the town say of it?"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

from machinami.broker.town import Town
from machinami.foundation.instant import parse_instant
from machinami.kit.bodies import json_object
from machinami.kit.disaster import Disaster
from machinami.kit.frame import Frame, read_form, see_other
from machinami.kit.http import JSON, Request, Response, Route
from machinami.kit.signing import officer, said
from machinami.kit.viewing import Identify
from machinami.model.vocabulary.disaster import MODES, DisasterMode
from machinami.model.vocabulary.office import Officer

PACKAGE = "machinami.apis.disaster"
DISASTER, MODE = "/disaster", "/disaster/mode"
_REASON = 500
Towns = Callable[[str | None], Awaitable[Town]]


@dataclass(frozen=True, slots=True)
class DisasterPage:
    """The page of one town."""

    frame: Frame
    identify: Identify

    async def show(self, request: Request) -> Response:
        """How it stands, since when and why; and how to turn it, for who may."""
        disaster, by = self.frame.disaster, self.identify(request)
        told = disaster.said_to(by)
        done = request.arguments.get("done", "")
        page = self.frame.show(
            request,
            f"{PACKAGE}/disaster.html",
            mode=disaster.mode,
            said=told,
            closed=told is None and disaster.said is not None,
            before=_before(told),
            may=disaster.may_turn(by),
            unseen=disaster.unseen(),
            may_open=disaster.may_administer(by),
            ways=[mode for mode in MODES if mode != disaster.mode],
            done=done if done in MODES else "",
        )
        page.headers.append((b"cache-control", b"no-store"))
        return page

    async def take(self, request: Request) -> Response:
        """Turn it."""
        form, by = read_form(request), self.identify(request)
        self.frame.disaster.demand_turner(by)
        state = form.get("state", "")
        await self.frame.disaster.turn(state, officer(form), by, said(form, "reason", _REASON))
        return see_other(f"{DISASTER}?done={state}")


def routes(frame: Frame, identify: Identify) -> list[Route]:
    """The addresses for people."""
    page = DisasterPage(frame, identify)
    return [
        frame.page("GET", DISASTER, page.show, "Whether the town is in its disaster mode"),
        frame.page("POST", DISASTER, page.take, "Turn the disaster mode on or off, or begin a drill"),
    ]


def programs(towns: Towns, identify: Identify) -> list[Route]:
    """The addresses for programs, of every town."""

    async def tell(request: Request) -> Response:
        town = await towns(request.header(b"ngsild-tenant"))
        disaster = Disaster(town)
        disaster.demand_turner(identify(request))
        return _answer(disaster)

    async def take(request: Request) -> Response:
        town = await towns(request.header(b"ngsild-tenant"))
        disaster, by = Disaster(town), identify(request)
        disaster.demand_turner(by)  # before the body: what is wrong with it is told to nobody else
        wanted = json_object(request.body)
        words = {name: str(wanted.get(name, "")).strip() for name in ("who", "role", "reason", "state")}
        signed = Officer(said(words, "who"), said(words, "role"))
        await disaster.turn(words["state"], signed, by, said(words, "reason", _REASON))
        return _answer(disaster)

    return [
        Route("GET", MODE, tell, "Whether the town is in its disaster mode", "Disaster"),
        Route("POST", MODE, take, "Turn the disaster mode on or off, or begin a drill", "Disaster"),
    ]


def _before(said_: DisasterMode | None) -> list[dict[str, Any]]:
    """How it stood before, the newest first, with the moments as pages tell them."""
    rows = (said_.revisions if said_ else None) or []
    return [{**row, "at": parse_instant(row["at"]) if row.get("at") else None} for row in reversed(rows)]


def _answer(disaster: Disaster) -> Response:
    said_ = disaster.said
    told: dict[str, Any] = {"state": disaster.mode}
    if said_ is not None:
        told |= {"reason": said_.reason, "who": said_.decided_by, "role": said_.role}
        told |= {"since": said_.decided_at, "before": said_.revisions or []}
    return Response(200, orjson.dumps(told), JSON, [(b"cache-control", b"no-store")])
