"""When does the bus come, for the resident; what is late, for the officer; how is it worked out, for the successor?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from machinami.foundation.errors import BadRequestData, Forbidden, NotFound, SignInRequired
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame, read_form, see_other
from machinami.kit.happening import Event, Happening, seen
from machinami.kit.http import Request, Response, Route
from machinami.kit.signing import Audience, choose_audience, officer, said, said_if
from machinami.kit.words import Words
from machinami.model.transit import service_day
from machinami.model.vocabulary.transit import TransitFeed, Vehicle
from machinami.services.buses.book.officers import OfficerView, exported, officer_view
from machinami.services.buses.book.residents import (
    ADDRESS,
    Asked,
    PlanView,
    StopRow,
    called_stops,
    found_stops,
    plan_view,
    stop_row,
    stop_view,
)
from machinami.services.buses.book.telling import events_of, sources_of
from machinami.services.buses.model import ProposalState, TimetableProposal
from machinami.services.buses.service import PACKAGE, TABLES, ask, decide, timetable

HOME, STOP = f"{PACKAGE}/page.html", f"{PACKAGE}/stop.html"
LONGEST = 100
DECISIONS: tuple[ProposalState, ...] = ("approved", "declined", "withdrawn")


@dataclass(frozen=True, slots=True)
class BusView:
    """All that the page shows to one audience; feeds: the timetables that were imported."""

    audience: Audience
    asked: str
    stops: Sequence[StopRow]
    names: Sequence[str]
    plan: PlanView
    feeds: Sequence[TransitFeed]
    officer: OfficerView | None
    shown: str
    closed: bool
    done: str
    may: bool


async def happening(city: City, words: Words) -> Happening:
    """Say on the home page when vehicles were last heard of, and how many proposals wait."""
    waiting = [one for one in await seen(city, TimetableProposal) if one.state == "proposed"]
    return Happening(sources=sources_of(await city.find(Vehicle), words), waiting=len(waiting))


async def events(city: City, words: Words, start: datetime, end: datetime, /) -> Sequence[Event]:
    """Buses that were very late, and what was decided on timetables."""
    return [one for one in await events_of(city, words, start, end) if start <= one.at < end]


def routes(city: City, desk: Desk) -> list[Route]:
    """The pages; the town finds them by this name."""
    frame = Frame.around(desk)

    async def show(request: Request) -> Response:
        words = frame.words(request, PACKAGE)
        return frame.show(request, HOME, buses=await view(city, desk, request, words))

    async def stop(request: Request) -> Response:
        demand_known(city)
        words = frame.words(request, PACKAGE)
        found = await stop_view(city, request.params["stop"], words, city.now())
        if found is None:
            raise NotFound("There is no such stop, or its timetable is not open to you")
        return frame.show(request, STOP, stop=found)

    async def want(request: Request) -> Response:
        form = read_form(request)
        city.demand_author()
        await ask(city, said_if(form, "reason", 500), officer(form))
        return see_other(f"{ADDRESS}?view=officer&done=asked")

    async def settle(request: Request) -> Response:
        form = read_form(request)
        city.demand_author()
        state = next((one for one in DECISIONS if one == form.get("state")), None)
        if state is None:
            raise BadRequestData("The field 'state' must be approved, declined or withdrawn", field="state")
        await decide(city, said(form, "proposal", 200), state, said(form, "reason", 500), officer(form))
        return see_other(f"{ADDRESS}?view=officer&done={state}")

    async def export(request: Request) -> Response:
        demand_known(city)
        data = await exported(city, request.arguments.get("proposal", ""))
        name = b'attachment; filename="timetable.zip"'
        return Response(200, data, b"application/zip", [(b"content-disposition", name)])

    return [
        frame.page("GET", ADDRESS, show, "Buses: stops, journeys, delays, timetables"),
        frame.page("GET", ADDRESS + "/stop/{stop}", stop, "A stop: its next departures and its timetable"),
        frame.page("POST", f"{ADDRESS}/ask", want, "Have a timetable worked out"),
        frame.page("POST", f"{ADDRESS}/decide", settle, "Decide on a proposed timetable"),
        frame.page("GET", f"{ADDRESS}/timetable.zip", export, "An approved timetable as GTFS"),
    ]


def demand_known(city: City) -> None:
    """Raise SignInRequired where a stranger might see more by saying who they are; others are told there is nothing."""
    for kind in TABLES:
        try:
            city.demand_shown(kind)
        except SignInRequired:
            raise
        except Forbidden:
            continue


async def view(city: City, desk: Desk, request: Request, words: Words) -> BusView:
    """Gather what the page shows."""
    arguments = request.arguments
    audience = choose_audience(arguments.get("view"))
    done = arguments.get("done", "")
    asked = arguments.get("stop", "").strip()[:LONGEST]
    origin, goal, at = (arguments.get(name, "").strip()[:LONGEST] for name in ("from", "to", "at"))
    wanted = Asked(origin, goal, at)
    found = await timetable(city)
    stops: list[StopRow] = []
    names: list[str] = []
    plan, seen_by, shown = PlanView(wanted), None, ""
    if found is not None:
        held, now = found[0], city.now()
        if audience == "resident":
            stops = found_stops(held, asked, desk.centre, words)
            names = list(dict.fromkeys(stop_row(one, words).name for one in called_stops(held)))
            plan = await plan_view(city, wanted, words, now)
        else:
            seen_by = await officer_view(city, held, words)
        today, _ = service_day(now, held.network.zone)
        shown = "" if held.day_for(today) == today else held.day_for(today).isoformat()
    return BusView(
        audience,
        asked,
        stops,
        names,
        plan,
        await city.find(TransitFeed),
        seen_by,
        shown,
        not all(city.shows(kind) for kind in TABLES),
        done if words.has(f"buses.done.{done}") else "",
        city.is_author(),
    )
