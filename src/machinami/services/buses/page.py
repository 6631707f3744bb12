"""When does the bus come, for the resident; what is late, for the officer; how is it worked out, for the successor?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from machinami.foundation.errors import BadRequestData, Forbidden, NotFound, SignInRequired
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame, read_form, see_other
from machinami.kit.happening import Event, Happening, seen
from machinami.kit.http import Request, Response, Route
from machinami.kit.page import allowing
from machinami.kit.settings import NOTHING_REFUSED, Refused, SettingSheet, sheets_of, take_setting
from machinami.kit.signing import Audience, choose_audience, officer, said, said_if
from machinami.kit.words import LANGUAGES, Words
from machinami.model.transit import service_day
from machinami.model.vocabulary.transit import TransitFeed, Vehicle
from machinami.services.buses import service
from machinami.services.buses.book.noticing import NoticeRow, notice_row, standing_notices
from machinami.services.buses.book.officers import OfficerView, exported, officer_view
from machinami.services.buses.book.residents import (
    ADDRESS,
    Asked,
    PlanView,
    StopRow,
    called_stops,
    found_stops,
    line_name,
    place_of,
    plan_view,
    stop_row,
    stop_view,
)
from machinami.services.buses.book.telling import events_of, sources_of
from machinami.services.buses.logic.board import matching
from machinami.services.buses.logic.network import Held
from machinami.services.buses.logic.notices import GRAVE, Draft
from machinami.services.buses.model import ProposalState, Settings, TimetableProposal
from machinami.services.buses.service import PACKAGE, TABLES, timetable

HOME, STOP = f"{PACKAGE}/page.html", f"{PACKAGE}/stop.html"
LONGEST = 100
DECISIONS: tuple[ProposalState, ...] = ("approved", "declined", "withdrawn")


@dataclass(frozen=True, slots=True)
class BusView:
    """All that the page shows to one audience; feeds: the timetables that were imported; here: the place on the map
    from which stops are counted; lines: those a notice may be about. fault: what is wrong with what was typed."""

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
    notices: Sequence[NoticeRow] = ()
    here: str = ""
    centre: tuple[tuple[float, float], float] = ((0.0, 0.0), 12.0)
    lines: Sequence[tuple[str, str]] = ()
    effects: Sequence[str] = GRAVE
    settings: Sequence[SettingSheet] = ()
    refused: Refused = NOTHING_REFUSED
    fault: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)


async def happening(city: City, words: Words) -> Happening:
    """Say on the home page when vehicles were last heard of, and how many proposals wait."""
    waiting = [one for one in await seen(city, TimetableProposal) if one.state == "proposed"]
    return Happening(sources=sources_of(await city.find(Vehicle), words), waiting=len(waiting))


async def events(city: City, words: Words, start: datetime, end: datetime, /) -> Sequence[Event]:
    """Buses that were very late, and what was decided on timetables."""
    return [one for one in await events_of(city, words, start, end) if start <= one.at < end]


def routes(city: City, desk: Desk) -> list[Route]:
    """The pages; the town finds them by this name."""
    way = Way(city, desk)
    page = way.frame.page
    return [
        way.frame.public(ADDRESS, way.show, "Buses: stops, journeys, delays, timetables"),
        way.frame.public(ADDRESS + "/stop/{stop}", way.stop, "A stop: its next departures and its timetable"),
        page("POST", f"{ADDRESS}/ask", way.ask, "Have a timetable worked out"),
        page("POST", f"{ADDRESS}/decide", way.decide, "Decide on a proposed timetable"),
        page("POST", f"{ADDRESS}/notice", way.notice, "Tell riders something"),
        page("POST", f"{ADDRESS}/notice/end", way.end, "End a notice to riders"),
        page("POST", f"{ADDRESS}/settings", way.setting, "Change a setting of the service"),
        page("GET", f"{ADDRESS}/timetable.zip", way.export, "An approved timetable as GTFS"),
    ]


class Way:
    """The pages of one town's buses, and what is done through them."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city, self.desk, self.frame = city, desk, Frame.around(desk)

    async def show(self, request: Request) -> Response:
        """The page of one audience."""
        found = await view(self.city, self.desk, request, self.frame.words(request, PACKAGE))
        return allowing(self.frame.show(request, HOME, buses=found), "geolocation")

    async def stop(self, request: Request) -> Response:
        """One stop."""
        demand_known(self.city)
        words = self.frame.words(request, PACKAGE)
        found = await stop_view(self.city, request.params["stop"], words, self.city.now())
        if found is None:
            raise NotFound("There is no such stop, or its timetable is not open to you")
        return self.frame.show(request, STOP, stop=found)

    async def ask(self, request: Request) -> Response:
        """An officer has a timetable worked out."""
        form = self._form(request)
        await service.ask(self.city, said_if(form, "reason", 500), officer(form))
        return _done("asked")

    async def decide(self, request: Request) -> Response:
        """An officer decides on one."""
        form = self._form(request)
        state = next((one for one in DECISIONS if one == form.get("state")), None)
        if state is None:
            raise BadRequestData("The field 'state' must be approved, declined or withdrawn", field="state")
        await service.decide(self.city, said(form, "proposal", 200), state, said(form, "reason", 500), officer(form))
        return _done(state)

    async def notice(self, request: Request) -> Response:
        """An officer tells riders something; what does not do comes back as it was typed."""
        form, words = self._form(request), self.frame.words(request, PACKAGE)
        try:
            await service.write_notice(self.city, await read_notice(self.city, form), officer(form))
        except BadRequestData as error:
            key = f"buses.notice.fault.{error.facts.get('field', '')}"
            fault = words.plain(key) if words.has(key) else error.detail
            found = await view(self.city, self.desk, request, words, "officer")
            return self.frame.show(request, HOME, 422, buses=replace(found, fault=fault, typed=dict(form)))
        return _done("notice", "notices")

    async def end(self, request: Request) -> Response:
        """An officer ends a notice."""
        form = self._form(request)
        await service.end_notice(self.city, said(form, "notice", 200), said(form, "reason", 300), officer(form))
        return _done("notice_ended", "notices")

    async def setting(self, request: Request) -> Response:
        """An officer changes a setting."""
        form, words = self._form(request), self.frame.words(request, PACKAGE)
        refused = await take_setting(self.city, form, words)
        if refused is not None:
            found = await view(self.city, self.desk, request, words, "officer")
            return self.frame.show(request, HOME, 422, buses=replace(found, refused=refused))
        return _done("setting", "settings")

    async def export(self, request: Request) -> Response:
        """An approved timetable as a file."""
        demand_known(self.city)
        data = await exported(self.city, request.arguments.get("proposal", ""))
        name = b'attachment; filename="timetable.zip"'
        return Response(200, data, b"application/zip", [(b"content-disposition", name)])

    def _form(self, request: Request) -> Mapping[str, str]:
        form = read_form(request)
        self.city.demand_author()
        return form


def _done(what: str, at: str = "") -> Response:
    return see_other(f"{ADDRESS}?view=officer&done={what}{'#' if at else ''}{at}")


def demand_known(city: City) -> None:
    """Raise SignInRequired where a stranger might see more by saying who they are; others are told there is nothing."""
    for kind in TABLES:
        try:
            city.demand_shown(kind)
        except SignInRequired:
            raise
        except Forbidden:
            continue


async def read_notice(city: City, form: Mapping[str, str]) -> Draft:
    """A notice as it was typed; the stop by its name. Raises BadRequestData naming the field that does not do."""
    found = await timetable(city)
    route, stop = form.get("route", "").strip(), said_if(form, "stop", LONGEST)
    if route and (found is None or route not in found[0].network.routes):
        raise BadRequestData(f"There is no line {route!r}", field="route")
    meant = matching(called_stops(found[0]), stop, 1) if found is not None and stop else []
    if stop and not meant:
        raise BadRequestData(f"There is no stop {stop!r}", field="stop")
    return Draft(
        form.get("effect", ""),
        route,
        meant[0].id if meant else "",
        {tongue: said_if(form, f"headline_{tongue}", 200) for tongue in LANGUAGES},
        {tongue: said_if(form, f"text_{tongue}", 2_000) for tongue in LANGUAGES},
        said_if(form, "start", 30),
        said_if(form, "end", 30),
    )


async def view(city: City, desk: Desk, request: Request, words: Words, audience: Audience | None = None) -> BusView:
    """Gather what the page shows."""
    arguments, now = request.arguments, city.now()
    audience = audience or choose_audience(arguments.get("view"))
    done = arguments.get("done", "")
    asked = arguments.get("stop", "").strip()[:LONGEST]
    here = f"{arguments.get('lat', '')[:12]},{arguments.get('lon', '')[:12]}"
    origin, goal, at = (arguments.get(name, "").strip()[:LONGEST] for name in ("from", "to", "at"))
    wanted = Asked(origin, goal, at)
    found = await timetable(city)
    stops: list[StopRow] = []
    names: list[str] = []
    lines: list[tuple[str, str]] = []
    plan, seen_by, shown = PlanView(wanted), None, ""
    if found is not None:
        held = found[0]
        names = list(dict.fromkeys(stop_row(one, words).name for one in called_stops(held)))
        if audience == "resident":
            stops = found_stops(held, asked, desk.centre, words, place_of(here))
            plan = await plan_view(city, wanted, words, now)
        else:
            seen_by = await officer_view(city, held, words)
            lines = _lines(held, words)
        today, _ = service_day(now, held.network.zone)
        shown = "" if held.day_for(today) == today else held.day_for(today).isoformat()
    network = found[0].network if found else None
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
        [notice_row(one, network, words, now) for one in await standing_notices(city, now)],
        here if place_of(here) else "",
        (desk.centre, desk.zoom),
        lines,
        settings=[] if audience == "resident" else await sheets_of(city, asdict(await city.settings(Settings)), words),
    )


def _lines(held: Held, words: Words) -> list[tuple[str, str]]:
    """The lines that run, with what each is called."""
    network = held.network
    running = {pattern.route for pattern in network.patterns}
    named = ((key, line_name(network, key, words), words.of(network.routes[key].name)) for key in running)
    return [
        (key, f"{short} {name}" if short != name else name)
        for key, short, name in sorted(named, key=lambda row: (len(row[1]), row[1], row[0]))
    ]
