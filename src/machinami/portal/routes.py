"""At which addresses are the pages of a town, and what feeds them?"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from machinami.foundation.errors import BadRequestData, Forbidden, NotFound, SignInRequired
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame, nowhere, read_form, see_other
from machinami.kit.happening import Chronicler, Event, Happening, gather
from machinami.kit.http import Request, Response, Route
from machinami.kit.page import part_of_path
from machinami.kit.signing import officer, said_if
from machinami.kit.viewing import VIEWER, anyone
from machinami.kit.words import LANGUAGES, Language, Words, without_ruby
from machinami.model.principal import ANONYMOUS, Principal, Role
from machinami.model.vocabulary.places import Shelter
from machinami.portal import data, datamap, day, home, light, services
from machinami.portal import map as town_map
from machinami.portal.files import file_routes
from machinami.portal.items import Item, full_item, item

_LOG = logging.getLogger(__name__)
PACKAGE = "machinami.portal"
LIGHT = "/light"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SHELTER = "Shelter"
MOST_SHELTERS = 500
SEARCHED = 2_000
_LONGEST_REASON = 500
_TICK = timedelta(seconds=1)
Page = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Portal:
    """The pages' hold on one town."""

    desk: Desk
    frame: Frame

    async def happening(self, words: Words, by: Principal) -> Happening:
        """What all services say; one that fails is logged and left out, so that it hides nobody else. What of it who
        looks may not see is told whether a service says so or not."""
        parts = []
        for house in self.desk.houses():
            tell = getattr(house.service.page, "happening", None)
            if tell is not None:
                try:
                    parts.append(await tell(house.city, Words(words.language, house.service.package)))
                except Forbidden:  # who looks may see nothing at all of it
                    kinds = frozenset(
                        use.type for use in (*house.service.manifest.reads, *house.service.manifest.writes)
                    )
                    parts.append(Happening(closed=kinds))
                except Exception:
                    _LOG.exception("%s could not say what is happening", house.service.manifest.id)
        hidden = (kind for kind in home.TOLD_OF if not self.desk.archive.shows(kind, by))
        return gather([*parts, Happening(closed=frozenset(hidden))])

    async def events(self, words: Words, start: datetime, end: datetime) -> list[tuple[str, Event]]:
        """What all services tell of a span of time, each with the service's title; one that fails is logged and left
        out, and one of which who looks may see nothing tells nothing."""
        told = []
        for house in self.desk.houses():
            tell: Chronicler | None = getattr(house.service.page, "events", None)
            if tell is not None:
                title = without_ruby(house.service.manifest.title.spoken(words.language))
                try:
                    found = await tell(house.city, Words(words.language, house.service.package), start, end)
                    told += [(title, event) for event in found]
                except (SignInRequired, Forbidden):
                    continue
                except Exception:
                    _LOG.exception("%s could not say what happened", house.service.manifest.id)
        return told

    def by(self, request: Request) -> Principal:
        """Who looks at the page."""
        return self.desk.identify(request)

    def item(self, entity_id: str, by: Principal) -> Item:
        """One entity with its attributes. Raises NotFound."""
        archive = self.desk.archive
        return full_item(archive.entity(entity_id, by), archive.short)

    async def items(self, kind: str, search: str, offset: int, by: Principal) -> tuple[list[Item], int]:
        """One page of the entities of a type whose id or name holds the search text, and how many there are."""
        archive = self.desk.archive
        if not search:
            page = await archive.entities(kind, "", offset, data.PAGE, by)
            return [item(entity, archive.short) for entity in page.entities], page.count
        page = await archive.entities(kind, "", 0, SEARCHED, by)
        found = data.matching([item(entity, archive.short) for entity in page.entities], search)
        if page.count > SEARCHED:  # too many to look at every name: ids are found by the store
            page = await archive.entities(kind, search, offset, data.PAGE, by)
            return [item(entity, archive.short) for entity in page.entities], page.count
        return found[offset : offset + data.PAGE], len(found)


def routes(desk: Desk) -> list[Route]:
    """Every page of the portal, its files and its map."""
    portal = Portal(desk, Frame.around(desk))
    page = portal.frame.page
    return [
        portal.frame.public("/", _home(portal), "What is happening in town"),
        portal.frame.public(LIGHT, _light(portal), "What everybody must know in a disaster, for weak lines"),
        portal.frame.public("/day", _day(portal), "What happened in town on a day"),
        portal.frame.public("/map", _map(portal), "The map of the town"),
        page("GET", "/data", _types(portal), "The types of the town's data"),
        page("GET", "/data/{type}", _list(portal), "The entities of a type"),
        page("GET", "/data/{type}/{id}", _entity(portal), "One entity"),
        page("GET", "/data/{type}/{id}/history.csv", _csv(portal), "The past of an attribute as CSV"),
        page("POST", "/data/{type}/{id}/correction", _correct(portal), "Put a bad reading right"),
        page("GET", "/datamap", _datamap(portal), "Which data come from where"),
        page("GET", "/services", _services(portal), "The directory of services"),
        page("POST", "/services", _turn(portal), "Turn a service of the town on or off"),
        page("GET", "/help", _plain(portal, services.HELP), "Help and terms"),
        page("GET", "/about", _about(portal), "Versions and licences"),
        *(page(method, "/{rest:path}", nowhere, "A page for what is not there") for method in METHODS),
        *file_routes(desk, portal.frame),
    ]


def _home(portal: Portal) -> Page:
    async def show(request: Request) -> Response:
        if portal.frame.is_light(request) and request.arguments.get("view") != "full":
            return await _lightly(portal, request)
        by = portal.by(request)
        happening = await portal.happening(portal.frame.words(request, PACKAGE), by)
        concerns = portal.desk.concerns() if Role.ADMINISTRATOR in by.roles else ()
        view = home.view(happening, portal.frame.clock())
        ways, disaster = services.ways(portal.frame.running()), portal.frame.disaster
        return portal.frame.show(
            request, home.TEMPLATE, home=view, concerns=concerns, ways=ways,
            upkeep=services.upkeep(disaster.may_turn(by), disaster.may_administer(by)),
        )  # fmt: skip

    return show


def _light(portal: Portal) -> Page:
    async def show(request: Request) -> Response:
        return await _lightly(portal, request)

    return show


async def _lightly(portal: Portal, request: Request, copied: bool = False) -> Response:
    """The light page: live, or as a file that links to the files of the other languages."""
    by, words, mode = portal.by(request), portal.frame.words(request, PACKAGE), portal.frame.disaster.mode
    shelters = await portal.desk.archive.views(Shelter, MOST_SHELTERS, by)
    happening = await portal.happening(words, by)
    if not portal.desk.archive.shows(SHELTER, by):
        happening = replace(happening, closed=happening.closed | {SHELTER})
    links = [(one, f"{one}.html" if copied else f"?lang={one}") for one in LANGUAGES]
    answer = portal.frame.show(
        request, light.TEMPLATE, light=light.view(happening, shelters, words), style=light.style(), mode=mode,
        refresh=light.REFRESH, links=links, copied=copied, age=light.AGE if copied else "",
        now=home.view(happening, portal.frame.clock()),
    )  # fmt: skip
    answer.headers = [
        (name, light.policy().encode() if name == b"Content-Security-Policy" else value)
        for name, value in answer.headers
    ]
    return answer


def copy_of(desk: Desk) -> Callable[[Language], Awaitable[bytes]]:
    """What makes the light page of a town as a file, as somebody sees it who is not signed in."""
    portal = Portal(replace(desk, identify=anyone), Frame.around(desk))

    async def make(language: Language) -> bytes:
        token = VIEWER.set(ANONYMOUS)
        try:
            return (await _lightly(portal, Request("GET", LIGHT, f"lang={language}"), copied=True)).body
        finally:
            VIEWER.reset(token)

    return make


def _day(portal: Portal) -> Page:
    async def show(request: Request) -> Response:
        now, zone = portal.frame.clock(), portal.frame.zone
        on = day.asked_day(request.arguments.get("date", "").strip(), now, zone)
        told = await portal.events(portal.frame.words(request, PACKAGE), *day.span(on, zone))
        whole = portal.desk.archive.shows_everything(portal.by(request))
        return portal.frame.show(request, day.TEMPLATE, day=day.view(on, told, now, zone), whole=whole)

    return show


def _map(portal: Portal) -> Page:
    async def show(request: Request) -> Response:
        words, archive, by = portal.frame.words(request, PACKAGE), portal.desk.archive, portal.by(request)
        found = await archive.entities(SHELTER, "", 0, MOST_SHELTERS, by)
        items = [full_item(entity, archive.short) for entity in found.entities]
        shelters = [one for item in items if (one := data.shelter(item, words.language))]
        view = town_map.view(await portal.happening(words, by), shelters, archive.shows(SHELTER, by))
        centre = (portal.desk.centre, portal.desk.zoom)
        return portal.frame.show(request, town_map.TEMPLATE, map=view, centre=centre)

    return show


def _types(portal: Portal) -> Page:
    async def show(request: Request) -> Response:
        words = portal.frame.words(request, PACKAGE)
        found = await portal.desk.archive.types(portal.by(request))
        rows = [data.type_row(row.name, row.count, words) for row in found]
        whole = portal.desk.archive.shows_everything(portal.by(request))
        return portal.frame.show(request, data.TYPES, types=rows, whole=whole)

    return show


def _list(portal: Portal) -> Page:
    async def show(request: Request) -> Response:
        kind, search = request.params["type"], request.arguments.get("q", "").strip()
        offset = _offset(request.arguments.get("offset", "0"))
        found, count = await portal.items(kind, search, offset, portal.by(request))
        view = data.list_view(kind, found, count, search, offset, portal.frame.words(request, PACKAGE))
        whole = portal.desk.archive.shows(kind, portal.by(request))
        return portal.frame.show(request, data.LIST, list=view, whole=whole)

    return show


def _offset(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequestData(f"offset={text[:40]!r} is not a whole number from 0 on", parameter="offset")
    return int(text)


def _entity(portal: Portal) -> Page:
    async def show(request: Request) -> Response:
        return await _show_entity(portal, request, request.arguments)

    return show


async def _show_entity(
    portal: Portal, request: Request, asked: Mapping[str, str], status: int = 200, fault: str = ""
) -> Response:
    words, now = portal.frame.words(request, PACKAGE), portal.frame.clock()
    item = portal.item(request.params["id"], portal.by(request))
    fact, past = item.fact(asked.get("attribute")), None
    if fact is not None:
        span = asked.get("span", "1d") if asked.get("span") in data.SPANS else "1d"
        since = now - data.SPANS[span]
        found = await portal.desk.archive.past(item.id, fact.name, since, now + _TICK, portal.by(request))
        row, name = data.fact_row(fact, words), data.named(item, words.language)
        past = data.past_view(row, found, span, words, now, portal.frame.zone, asked.get("instance"), name)
    view = data.entity_view(item, words, past, asked.get("done") == "corrected", fault)
    whole = portal.desk.archive.shows_whole(item.type, portal.by(request))
    return portal.frame.show(request, data.ENTITY, status, entity=view, spans=tuple(data.SPANS), whole=whole)


def _csv(portal: Portal) -> Page:
    async def show(request: Request) -> Response:
        item, name = portal.item(request.params["id"], portal.by(request)), request.arguments.get("attribute", "")
        fact = item.fact(name)
        if fact is None:
            raise NotFound(f"{item.id} has no attribute {name[:80]!r}")
        now, span = portal.frame.clock(), data.SPANS.get(request.arguments.get("span", "1d"), data.SPANS["1d"])
        found = await portal.desk.archive.past(item.id, name, now - span, now + _TICK, portal.by(request))
        unit = data.fact_row(fact, portal.frame.words(request, PACKAGE)).unit
        filename = quote(f"{item.id.rpartition(':')[2]}-{name}.csv")
        saved_as = f"attachment; filename*=UTF-8''{filename}".encode()
        body = data.as_csv(name, unit, found, portal.frame.zone)
        return Response(200, body, b"text/csv; charset=utf-8", [(b"content-disposition", saved_as)])

    return show


def _correct(portal: Portal) -> Page:
    async def take(request: Request) -> Response:
        form, words = read_form(request), portal.frame.words(request, PACKAGE)
        reason, who, role = (form.get(name, "").strip() for name in ("reason", "who", "role"))
        value, sound = data.read_value(form)
        if not sound or not (reason and who and role):
            fault = words.plain("data.bad_reason" if sound else "data.bad_value")
            return await _show_entity(portal, request, form, 422, fault)
        attribute, entity_id = form.get("attribute", ""), request.params["id"]
        by = portal.by(request)
        if by == ANONYMOUS:  # in an open town people say themselves who they are
            by = Principal(f"urn:machinami:officer:{quote(who)}")
        said = f"{reason}（{role} {who}）"
        await portal.desk.archive.correct(entity_id, attribute, form.get("instance", ""), value, said, by)
        query = f"attribute={quote(attribute)}&span={quote(form.get('span', '1d'))}&done=corrected"
        return see_other(f"/data/{part_of_path(request.params['type'])}/{part_of_path(entity_id)}?{query}#history")

    return take


def _datamap(portal: Portal) -> Page:
    async def show(request: Request) -> Response:
        archive = portal.desk.archive
        by = portal.by(request)
        own, neighbours = await archive.types(by), archive.neighbours(by)
        view = datamap.view(own, neighbours, portal.frame.words(request, PACKAGE))
        return portal.frame.show(request, datamap.TEMPLATE, map=view, whole=archive.shows_everything(by))

    return show


def _services(portal: Portal) -> Page:
    async def show(request: Request) -> Response:
        words, desk = portal.frame.words(request, PACKAGE), portal.desk
        switches = desk.switches if desk.switches.may_turn(portal.by(request)) else None
        broken = desk.broken() if desk.oversees(request) else ()
        running = [house.service for house in desk.houses()]
        done = request.arguments.get("done", "")
        return portal.frame.show(
            request,
            services.TEMPLATE,
            fields=services.directory(running, broken, words, switches),
            resting=services.switchable([house.service for house in desk.resting()], words, switches),
            done=done if done in ("on", "off") else "",
        )

    return show


def _turn(portal: Portal) -> Page:
    async def take(request: Request) -> Response:
        form, desk, by = read_form(request), portal.desk, portal.by(request)
        desk.switches.demand_turner(by)
        wanted, state = form.get("service", ""), form.get("state", "")
        for house in (*desk.houses(), *desk.resting()):
            if house.service.manifest.id == wanted:
                reason = said_if(form, "reason", _LONGEST_REASON)
                await desk.switches.turn(house.service.manifest, state, officer(form), by, reason)
                return see_other(f"/services?done={state}")
        raise NotFound(f"There is no service {wanted[:80]!r} in this town", service=wanted[:80])

    return take


def _about(portal: Portal) -> Page:
    async def show(request: Request) -> Response:
        oversees = portal.desk.oversees(request)
        parts = services.parts(portal.desk.version, versions=oversees)
        rows = services.settings(portal.desk.set_to if oversees else {}, portal.frame.words(request, PACKAGE))
        until = portal.desk.certificate_until()
        return portal.frame.show(request, services.ABOUT, parts=parts, settings=rows, certificate_until=until)

    return show


def _plain(portal: Portal, template: str) -> Page:
    async def show(request: Request) -> Response:
        return portal.frame.show(request, template)

    return show
