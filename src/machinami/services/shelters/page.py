"""Which shelter is open, who is there, what runs short, and who decides on what is sent?"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson

from machinami.foundation.errors import BadRequestData, NotFound
from machinami.kit.assets import asset
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.http import JSON, WORKER, Request, Response, Route
from machinami.kit.page import CONTENT_SECURITY_POLICY
from machinami.kit.settings import NOTHING_REFUSED, Refused, sheets_of, take_setting
from machinami.kit.signing import choose_audience, officer, said, said_if
from machinami.kit.words import Words
from machinami.model.vocabulary.places import Shelter
from machinami.services.shelters import service
from machinami.services.shelters.book import telling
from machinami.services.shelters.book.day import events as events
from machinami.services.shelters.book.day import happening as happening
from machinami.services.shelters.book.state import PlaceSheet
from machinami.services.shelters.book.telling import ADDRESS
from machinami.services.shelters.logic.consumption import ITEMS
from machinami.services.shelters.logic.outlook import SURE
from machinami.services.shelters.model import (
    GROUPS,
    ReliefAllocation,
    ReliefDepot,
    ReliefOrder,
    ReliefStock,
    Settings,
    ShelterNow,
    ShelterReport,
)
from machinami.services.shelters.service import PACKAGE

CLOSABLE = (Shelter, ReliefStock, ReliefOrder, ReliefAllocation, ShelterReport)
MOST_REPORTS, MOST_AT_ONCE = 30, 500
# A worker is bound by the policy of its own answer: it must be able to fetch what the pages of the town fetch.
POLICY = [(b"cache-control", b"no-cache"), (b"content-security-policy", CONTENT_SECURITY_POLICY.encode())]


def routes(city: City, desk: Desk) -> list[Route]:
    """The pages, and everything that can be done on them."""
    way = Way(city, desk)
    page = way.frame.page
    return [
        way.frame.public(ADDRESS, way.show, "Shelters: which are open, how full, what runs short, what is proposed"),
        page("GET", f"{ADDRESS}/places/{{id}}", way.place, "The page of a shelter's staff, which works without a line"),
        page("GET", f"{ADDRESS}/plans/{{id}}", way.plan, "One delivery plan, to be printed"),
        page("GET", f"{ADDRESS}/worker.js", way.worker, "What keeps the staff's page at hand without a line"),
        *(page("POST", f"{ADDRESS}/{name}", deed) for name, deed in way.deeds.items()),
    ]


class Way:
    """The pages of one town's shelters, and what is done through them."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.frame = Frame.around(desk)
        self.deeds: Mapping[str, PageHandler] = {
            "reports": self.reports,
            "state": self.state,
            "facts": self.facts,
            "decide": self.decide,
            "orders/withdraw": self.withdraw,
            "settings": self.setting,
        }

    async def show(self, request: Request) -> Response:
        """The page of one audience."""
        return await self.page(request)

    async def page(
        self, request: Request, audience: str | None = None, status: int = 200, refused: Refused = NOTHING_REFUSED
    ) -> Response:
        """The page; refused: a setting that will not do, and why."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        seen = choose_audience(audience or asked.get("view"))
        closed = [view.TYPE for view in CLOSABLE if not self.city.shows(view)]
        settings = await self.city.settings(Settings)
        sheets = await self.sheets(words, settings)
        names = {one.id: one.name for one in sheets}
        inside = seen != "resident"
        orders = await self.city.find(ReliefOrder) if inside else []
        allocations = await self.city.find(ReliefAllocation) if inside else []
        told = [telling.allocation_sheet(one, names, words) for one in allocations]
        told.sort(key=lambda one: one.made_at, reverse=True)
        known = await service.gather(self.city, self.city.now()) if seen == "officer" else None
        return self.frame.show(
            request,
            f"{PACKAGE}/page.html",
            status,
            audience=seen,
            done=_done(asked, words),
            shelters=[one for one in sheets if not one.is_depot],
            depots=[one for one in sheets if one.is_depot],
            orders=[telling.order_sheet(one, names, words) for one in orders],
            waiting=[one for one in told if one.state == "proposed"],
            decided=[one for one in told if one.state != "proposed"],
            short=_short(sheets),
            may=self.city.is_author(),
            wind=known.wind if known else None,
            shut_roads=[words.of(r.name, r.id) for r in known.roads if r.state == "closed"] if known else [],
            settings=settings,
            sheets=await sheets_of(self.city, asdict(settings), words) if inside else [],
            items=[(item, telling.item_name(item.id, words), telling.unit_of(item.id, words)) for item in ITEMS],
            sure=SURE,
            closed=closed,
            refused=refused,
        )

    async def sheets(self, words: Words, settings: Settings) -> list[PlaceSheet]:
        """Every shelter, the open ones first, and every depot."""
        now = self.city.now()
        stocks = await self.city.find(ReliefStock)
        beside = {one.id: one for one in await self.city.find(ShelterNow)}
        shelters = [
            telling.place_sheet(one, beside.get(one.id), stocks, settings, words, now)
            for one in await self.city.find(Shelter)
        ]
        depots = [telling.depot_sheet(one, stocks, settings, words) for one in await self.city.find(ReliefDepot)]
        return sorted(shelters, key=lambda one: (not one.is_open, one.name)) + sorted(depots, key=lambda one: one.name)

    async def place(self, request: Request) -> Response:
        """The page of one shelter's staff."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        settings = await self.city.settings(Settings)
        wanted = request.params["id"]
        sheets = await self.sheets(words, settings)
        sheet = next((one for one in sheets if one.id == wanted), None)
        if sheet is None:
            raise NotFound(f"There is no shelter or depot {wanted[:100]}")
        orders = [one for one in await self.city.find(ReliefOrder) if one.ref_place == wanted]
        told = [telling.order_sheet(one, {wanted: sheet.name}, words) for one in orders]
        return self.frame.show(
            request,
            f"{PACKAGE}/place.html",
            place=sheet,
            orders=[one for one in told if one.state in ("asked", "allotted")],
            reports=telling.report_sheets(wanted, await self.city.find(ShelterReport), words, MOST_REPORTS),
            items=[(item.id, telling.item_name(item.id, words), telling.unit_of(item.id, words)) for item in ITEMS],
            groups=[(group, words.plain(f"shelters.group.{group}")) for group in GROUPS],
            fresh=[self.city.new_id("ShelterReport").rpartition(":")[2] for _ in range(8 + len(told) + MOST_REPORTS)],
            may=self.city.is_author(),
            closed=[view.TYPE for view in CLOSABLE if not self.city.shows(view)],
            done=_done(asked, words),
        )

    async def plan(self, request: Request) -> Response:
        """One plan."""
        words = self.frame.words(request, PACKAGE)
        one = await self.city.get(ReliefAllocation, request.params["id"])
        if one is None:
            raise NotFound(f"There is no plan {request.params['id'][:100]}")
        names = {sheet.id: sheet.name for sheet in await self.sheets(words, await self.city.settings(Settings))}
        return self.frame.show(request, f"{PACKAGE}/plan.html", plan=telling.allocation_sheet(one, names, words))

    async def worker(self, request: Request) -> Response:
        """The script that keeps the staff's page in the browser: it must come from where its pages are."""
        return Response(200, asset("js/keeper.js").body, WORKER, POLICY)

    async def reports(self, request: Request) -> Response:
        """Take what staff told: one form, or what waited in a phone as JSON. A phone is answered in JSON."""
        form = read_form(request)
        place, by = said(form, "place", 200), officer(form)
        rows = _rows(form)
        taken = await service.take(self.city, place, rows, by)
        if "application/json" in (request.header(b"accept") or ""):
            return Response(200, orjson.dumps({"taken": taken.ids, "refused": taken.refused}), JSON)
        if taken.refused:
            raise BadRequestData(taken.refused[0][1])
        return see_other(f"{ADDRESS}/places/{place}?done=told")

    async def state(self, request: Request) -> Response:
        """Open or close a shelter."""
        form = read_form(request)
        is_open = said(form, "wanted") == "open"
        await service.set_open(self.city, said(form, "place", 200), is_open, officer(form))
        return see_other(f"{ADDRESS}?view=officer&done={'opened' if is_open else 'closed'}")

    async def facts(self, request: Request) -> Response:
        """Say what a shelter has."""
        form = read_form(request)
        await service.set_facts(self.city, said(form, "place", 200), form, officer(form))
        return see_other(f"{ADDRESS}?view=officer&done=facts")

    async def decide(self, request: Request) -> Response:
        """Approve, decline or withdraw an allocation."""
        form = read_form(request)
        verdict = said(form, "verdict")
        if verdict not in ("approved", "declined", "withdrawn"):
            raise BadRequestData("Choose whether to approve, to decline or to withdraw", field="verdict")
        await service.decide(self.city, said(form, "allocation", 200), verdict, said_if(form, "reason"), officer(form))
        return see_other(f"{ADDRESS}?view=officer&done={verdict}")

    async def withdraw(self, request: Request) -> Response:
        """Take back an order."""
        form = read_form(request)
        await service.withdraw_order(self.city, said(form, "order", 200), said(form, "reason"), officer(form))
        return see_other(f"{ADDRESS}?view=officer&done=order_withdrawn")

    async def setting(self, request: Request) -> Response:
        """Change a setting."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        refused = await take_setting(self.city, form, words)
        if refused is not None:
            return await self.page(request, "officer", 422, refused)
        return see_other(f"{ADDRESS}?view=officer&done=setting")


def _rows(form: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """The reports of a form: what a phone kept, as JSON in one field, or the fields themselves."""
    if "reports" not in form:
        return [form]
    try:
        rows = orjson.loads(form["reports"])
    except orjson.JSONDecodeError:
        raise BadRequestData("What the phone kept cannot be read: it is no JSON", field="reports") from None
    if not isinstance(rows, list) or len(rows) > MOST_AT_ONCE or not all(isinstance(row, dict) for row in rows):
        raise BadRequestData(f"A phone sends a list of at most {MOST_AT_ONCE} reports", field="reports")
    return rows


def _short(sheets: list[PlaceSheet]) -> list[tuple[PlaceSheet, Any]]:
    """What runs short, what is gone first at first."""
    lived_in = [place for place in sheets if place.is_open and not place.is_depot]
    found = [(place, stock) for place in lived_in for stock in place.stocks if stock.short]
    return sorted(found, key=lambda one: (one[1].middle if one[1].middle is not None else 99.0, one[0].name))


def _done(asked: Mapping[str, str], words: Words) -> str:
    done = asked.get("done", "")
    return done if words.has(f"shelters.done.{done}") else ""
