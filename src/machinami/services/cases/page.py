"""What do cases mean for a resident, the officer who looks for a way, and the successor; and what can each do?"""

import asyncio

from machinami.kit.city import City
from machinami.kit.desk import Desk, House
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.installed import findable
from machinami.kit.manifest import Manifest
from machinami.kit.signing import choose_audience, officer, said, said_if
from machinami.kit.words import without_ruby
from machinami.model.vocabulary.circle import Initiative
from machinami.model.vocabulary.fields import FIELDS_OR_MANAGEMENT
from machinami.services.cases import service
from machinami.services.cases.book import ADDRESS, card, sheet
from machinami.services.cases.logic.adding import TOLD, own_case
from machinami.services.cases.logic.reading import case_id, key_of
from machinami.services.cases.logic.search import search
from machinami.services.cases.model import OWN_SOURCE, SIZES, STAGES, Found, ReferenceCase, Wish
from machinami.services.cases.service import PACKAGE

TEMPLATE = f"{PACKAGE}/page.html"
ONE = f"{PACKAGE}/case.html"
PLAN = "plan"  # the service on whose page a work is gone on with
_LONGEST_WISH = 200


def routes(city: City, desk: Desk) -> list[Route]:
    """The pages, and what can be done on them."""
    shelf = Shelf(city, desk)
    deeds: dict[str, PageHandler] = {"try": shelf.begin, "untry": shelf.end, "add": shelf.add, "turn": shelf.turn}
    return [
        shelf.frame.page("GET", ADDRESS, shelf.show, "Cases: what other towns did about a problem"),
        *(shelf.frame.page("POST", f"{ADDRESS}/{name}", deed) for name, deed in deeds.items()),
    ]


class Shelf:
    """The case library of one town as its pages see it."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.desk = desk
        self.frame = Frame.around(desk)

    async def show(self, request: Request) -> Response:
        """The list that answers what was asked, or one case."""
        asked, words = request.arguments, self.frame.words(request, PACKAGE)
        audience = choose_audience(asked.get("view"))
        done = asked.get("done", "")
        done = done if words.has(f"cases.done.{done}") else ""
        if asked.get("case"):
            return await self.one(request, asked["case"], audience, done)
        wish = Wish(asked.get("q", "")[:_LONGEST_WISH], *(asked.get(name, "") for name in ("field", "stage", "size")))
        cases, houses = await service.cases_of(self.city), self.desk.houses()
        found = [card(one, houses, words) for one in search(cases, wish)]
        return self.frame.show(
            request,
            TEMPLATE,
            audience=audience,
            wish=wish,
            found=found,
            count=sum(case.state != "withdrawn" for case in cases),
            own=[card(Found(case, 0.0), houses, words) for case in cases if case.sources == [OWN_SOURCE]],
            areas=service.areas() if audience == "history" else [],
            library=service.library(),
            choices={"field": FIELDS_OR_MANAGEMENT, "stage": STAGES, "size": SIZES},
            done=done,
            may_add=self.city.may_write(ReferenceCase.TYPE),
            services=[
                (house.service.manifest.id, without_ruby(house.service.manifest.title.spoken(words.language)))
                for house in (*self.desk.houses(), *self.desk.resting())
            ],
        )

    async def one(self, request: Request, key: str, audience: str, done: str) -> Response:
        """One case."""
        words = self.frame.words(request, PACKAGE)
        case = await service.case_of(self.city, case_id(key))
        works = await service.begun(self.city, case)
        closed = not self.city.shows(Initiative)
        houses, by = self.desk.houses(), self.desk.identify(request)
        seen = sheet(case, houses, self.desk.resting(), works, service.library().sources, words)
        looked = seen.here.kind == "absent" and "check" in request.arguments
        return self.frame.show(
            request,
            ONE,
            sheet=seen,
            audience=audience,
            done=done,
            closed=closed,
            planned=any(house.service.manifest.id == PLAN for house in houses),
            may_try=self.city.may_write(Initiative.TYPE),
            may_turn=self.desk.switches.may_turn(by),
            may_add=self.city.may_write(ReferenceCase.TYPE),
            checked=("there" if case.service in await asyncio.to_thread(findable) else "missing") if looked else "",
        )

    async def begin(self, request: Request) -> Response:
        """Begin the plan's entry for a case."""
        form = read_form(request)
        key, by = said(form, "case"), officer(form)
        case = await service.case_of(self.city, case_id(key))
        switches, who = self.desk.switches, self.desk.identify(request)
        resting = self._resting(case)
        if resting is not None:
            switches.demand_turner(who)  # both, or neither: a work in the plan without its service is half a trial
        running = any(house.service.manifest.id == case.service for house in self.desk.houses())
        await service.try_it(self.city, case.id, running or resting is not None, by)
        if resting is None:
            return see_other(f"{ADDRESS}?case={key}&view=officer&done=try")
        await switches.turn(resting.service.manifest, "on", by, who, case=case.id)
        return see_other(f"{ADDRESS}?case={key}&view=officer&done=try_on")

    async def end(self, request: Request) -> Response:
        """Take a trial back: end the plan's entry, and turn off what was turned on for it."""
        form = read_form(request)
        by, who = officer(form), self.desk.identify(request)
        lit = self._lit()
        if lit:
            self.desk.switches.demand_turner(who)
        case = await service.untry(self.city, said(form, "work"), by)
        if case in lit:
            await self.desk.switches.turn(lit[case], "off", by, who, case=case)
        return see_other(f"{ADDRESS}?case={key_of(case)}&view=officer&done=untry")

    def _lit(self) -> dict[str, Manifest]:
        """The services that were turned on for the sake of a case, and still are on, by the id of the case."""
        found: dict[str, Manifest] = {}
        for house in self.desk.houses():
            stands = self.desk.switches.said(house.service.manifest.id)
            if stands is not None and stands.ref_case is not None:
                found[stands.ref_case] = house.service.manifest
        return found

    def _resting(self, case: ReferenceCase) -> House | None:
        """The service that does the same as a case, where it is installed and off in this town."""
        return next((one for one in self.desk.resting() if one.service.manifest.id == case.service), None)

    async def add(self, request: Request) -> Response:
        """Add a case of the town's own."""
        form, language = read_form(request), self.frame.words(request).language
        typed = {name: said_if(form, name) for name in (*TOLD, "field", "stage", "size", "keywords", "service")}
        typed["service"] = said_if(form, "outside", 40) or typed["service"]
        fresh = self.city.new_id(ReferenceCase.TYPE)
        by = officer(form)
        await self.city.publish(own_case(fresh, typed, language, by, self.city.now()), by=str(by))
        return see_other(f"{ADDRESS}?case={key_of(fresh)}&view=officer&done=add")

    async def turn(self, request: Request) -> Response:
        """Withdraw a case of the town's own, or show it again."""
        form = read_form(request)
        key = said(form, "case")
        state = "shown" if form.get("state") == "shown" else "withdrawn"
        await service.turn(self.city, case_id(key), state, officer(form))
        return see_other(f"{ADDRESS}?case={key}&view=officer&done={state}")
