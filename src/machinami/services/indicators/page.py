"""What do the town's figures say to residents, and what can officers make, change, decide and undo on their pages?"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from math import isfinite
from zoneinfo import ZoneInfo

from machinami.foundation.errors import BadRequestData, NotFound
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.fault import fault_of
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.signing import Audience, choose_audience, officer, said, said_if
from machinami.model.vocabulary.circle import EffectEstimate, Initiative
from machinami.services.indicators import service
from machinami.services.indicators.book.effects import compare, places, withdraw
from machinami.services.indicators.book.telling import ADDRESS, link_of
from machinami.services.indicators.book.town import IndicatorBook
from machinami.services.indicators.logic.chain import circular
from machinami.services.indicators.logic.effects import STEPS
from machinami.services.indicators.logic.writing import Fault, read_definition
from machinami.services.indicators.model import DIRECTIONS, KINDS, LEVELS, Definition
from machinami.services.indicators.service import PACKAGE

TOWN, SHEET, ROWS, EFFECT = (f"{PACKAGE}/{name}.html" for name in ("page", "sheet", "rows", "effect"))
CHOICES = {"level": LEVELS, "kind": KINDS, "direction": DIRECTIONS, "target": ("none", "value", "range", "rate")}


def routes(city: City, desk: Desk) -> list[Route]:
    """The pages of the indicators of one town, and all that can be done on them."""
    way = Way(city, desk)
    deeds: Mapping[str, PageHandler] = {
        "make": way.make,
        "take": way.take,
        "change": way.change,
        "retire": way.retire,
        "undo": way.undo,
        "record": way.record,
        "review": way.review,
        "review/back": way.reopen,
        "link": way.link,
        "effect": way.compare,
        "effect/withdraw": way.withdraw,
    }
    page = way.frame.page
    return [
        page("GET", ADDRESS, way.show, "Indicators: the town's figures, logic model, reviews of the plan"),
        page("GET", f"{ADDRESS}/of/{{id}}", way.sheet, "An indicator: its figure, formula, history, who changed it"),
        page(
            "GET", f"{ADDRESS}/of/{{id}}/effect", way.effect, "What a measure did to a figure: the comparison to make"
        ),
        page("GET", f"{ADDRESS}/of/{{id}}/rows", way.rows, "The rows from which a figure was computed"),
        *(page("POST", f"{ADDRESS}/{name}", deed, f"Indicators: {name}") for name, deed in deeds.items()),
    ]


class Way:
    """The pages of one town's indicators, and what is done through them."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.frame = Frame.around(desk)
        self.book = IndicatorBook(city, desk)

    async def show(self, request: Request) -> Response:
        """The figures of the town, for one audience."""
        return await self.town(request, choose_audience(request.arguments.get("view")))

    async def town(
        self,
        request: Request,
        audience: Audience,
        status: int = 200,
        form: Mapping[str, str] | None = None,
        faults: Mapping[str, Fault] | None = None,
    ) -> Response:
        """The page of the town's figures. form, faults: what was typed and not accepted."""
        words = self.frame.words(request, PACKAGE)
        state = await self.book.state(words, form, faults)
        done = self._done(request)
        return self.frame.show(request, TOWN, status, audience=audience, ind=state, done=done, choices=CHOICES)

    async def sheet(self, request: Request) -> Response:
        """One indicator."""
        return await self.one(request, request.params["id"])

    async def one(
        self,
        request: Request,
        kpi_id: str,
        status: int = 200,
        form: Mapping[str, str] | None = None,
        faults: Mapping[str, Fault] | None = None,
    ) -> Response:
        """The page of one indicator."""
        words = self.frame.words(request, PACKAGE)
        sheet = await self.book.sheet(kpi_id, words, form, faults)
        today = self.city.now().astimezone(ZoneInfo(self.city.zone)).date().isoformat()
        view = {"sheet": sheet, "done": self._done(request), "choices": CHOICES, "today": today}
        return self.frame.show(request, SHEET, status, **view)

    async def rows(self, request: Request) -> Response:
        """The rows behind a part of a figure."""
        words, part = self.frame.words(request, PACKAGE), request.arguments.get("part", "0")
        if not (part.isascii() and part.isdigit() and len(part) < 4):
            raise NotFound(f"There is no part {part[:20]!r}")
        kpi_id = request.params["id"]
        rows = await self.book.rows(kpi_id, int(part), words)
        name = (await self.book.teller(words)).name(await service.indicator(self.city, kpi_id))
        return self.frame.show(request, ROWS, name=name, back=link_of(kpi_id), behind=rows)

    async def make(self, request: Request) -> Response:
        """Make an indicator."""
        form = read_form(request)
        wanted, faults = await self._read(form, "", None)
        if faults:
            return await self.town(request, "officer", 422, form, faults)
        made = await service.make(self.city, wanted, officer(form))
        return see_other(f"{link_of(made)}?done=made")

    async def take(self, request: Request) -> Response:
        """Take over a figure that a service offers."""
        form = read_form(request)
        key = said(form, "offer")
        wanted = self.book.taken(key)
        if wanted is None:
            raise NotFound(f"No running service offers {key[:100]}", offer=key[:100])
        made = await service.make(self.city, wanted, officer(form), "taken")
        return see_other(f"{link_of(made)}?done=taken")

    async def change(self, request: Request) -> Response:
        """Write an indicator anew."""
        form = read_form(request)
        kpi_id = said(form, "id")
        before = service.definition_of(await service.indicator(self.city, kpi_id))
        wanted, faults = await self._read(form, kpi_id, before)
        if faults:
            return await self.one(request, kpi_id, 422, form, faults)
        await service.change(self.city, wanted, officer(form), said_if(form, "reason", 300))
        return see_other(f"{link_of(kpi_id)}?done=changed")

    async def retire(self, request: Request) -> Response:
        """Follow an indicator no longer."""
        form = read_form(request)
        kpi_id = said(form, "id")
        await service.retire(self.city, kpi_id, officer(form), said(form, "reason", 300))
        return see_other(f"{link_of(kpi_id)}?done=retired")

    async def undo(self, request: Request) -> Response:
        """Bring back what an indicator was before its last change."""
        form = read_form(request)
        kpi_id = said(form, "id")
        await service.undo(self.city, kpi_id, officer(form))
        return see_other(f"{link_of(kpi_id)}?done=undone")

    async def record(self, request: Request) -> Response:
        """Write down a measured value."""
        form = read_form(request)
        kpi_id = said(form, "id")
        value, at = _value(said(form, "value", 40)), self._day(said(form, "at", 10))
        await service.record(self.city, kpi_id, value, at, officer(form), said(form, "reason", 300))
        return see_other(f"{link_of(kpi_id)}?done=recorded")

    async def review(self, request: Request) -> Response:
        """Dismiss a review of the plan, or send it to the plan."""
        form = read_form(request)
        send = form.get("verdict") == "send"
        await service.decide(self.city, said(form, "review"), send, officer(form), said_if(form, "reason", 300))
        return see_other(f"{ADDRESS}?view=officer&done={'sent' if send else 'dismissed'}")

    async def reopen(self, request: Request) -> Response:
        """Take back that a review was sent or dismissed."""
        form = read_form(request)
        await service.reopen(self.city, said(form, "review"), officer(form), said(form, "reason", 300))
        return see_other(f"{ADDRESS}?view=officer&done=reopened")

    async def link(self, request: Request) -> Response:
        """Tie two indicators of the logic model, or cut what ties them."""
        form = read_form(request)
        tie = form.get("verdict") != "cut"
        await service.link(self.city, said(form, "start"), said(form, "end"), tie, officer(form))
        return see_other(f"{ADDRESS}?view=officer&done=linked#chain")

    async def effect(self, request: Request) -> Response:
        """The comparison by which the effect of a measure is estimated, to choose."""
        return await self.effect_page(request, request.params["id"])

    async def effect_page(
        self, request: Request, kpi_id: str, form: Mapping[str, str] | None = None, fault: str = ""
    ) -> Response:
        """The form of a comparison; form, fault: what was typed, and why nothing came of it."""
        words = self.frame.words(request, PACKAGE)
        kpi, teller = await service.indicator(self.city, kpi_id), await self.book.teller(words)
        view = {
            "id": kpi_id,
            "name": teller.name(kpi),
            "back": link_of(kpi_id),
            "places": await places(self.city, kpi, words),
            "works": [(one.id, words.of(one.name, one.id)) for one in await self.city.find(Initiative)],
            "typed": form or {},
            "fault": fault,
            "steps": STEPS,
            "writes": self.city.may_write(EffectEstimate.TYPE),
        }
        return self.frame.show(request, EFFECT, 422 if fault else 200, **view)

    async def compare(self, request: Request) -> Response:
        """Compare what was chosen, and keep what comes of it."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        kpi_id, by = said(form, "id"), officer(form)
        try:
            await compare(self.city, kpi_id, form, words, by)
        except BadRequestData as error:
            return await self.effect_page(request, kpi_id, form, fault_of(error, words).text)
        return see_other(f"{link_of(kpi_id)}?done=estimated#effects")

    async def withdraw(self, request: Request) -> Response:
        """Take an estimate back."""
        form = read_form(request)
        gone = await withdraw(self.city, said(form, "estimate"), said(form, "reason", 300), officer(form))
        return see_other(f"{link_of(str(gone.ref_indicator))}?done=estimate_withdrawn#effects")

    async def _read(
        self, form: Mapping[str, str], kpi_id: str, before: Definition | None
    ) -> tuple[Definition, dict[str, Fault]]:
        kpis = await self.book.kpis()
        wanted, faults = read_definition(form, kpi_id, self.city.terms, [kpi.id for kpi in kpis], before)
        wanted = replace(wanted, unit=self.book.unit_typed(wanted.unit, before))
        leads = {kpi.id: kpi.leads_to or () for kpi in kpis} | {kpi_id: wanted.leads_to or ()}
        if kpi_id and kpi_id in circular(leads):
            faults["leads"] = Fault("circle")
        return wanted, faults

    def _done(self, request: Request) -> str:
        words, done = self.frame.words(request, PACKAGE), request.arguments.get("done", "")
        return done if done and words.has(f"ind.done.{done}") else ""

    def _day(self, text: str) -> datetime:
        """The noon of a day in town; now, where that is today and still to come. Raises BadRequestData."""
        try:
            day = datetime.fromisoformat(text).date()
        except ValueError:
            raise BadRequestData(
                f"{text[:20]!r} is no day; write it as 2026-06-30", field="at", key="refused.day"
            ) from None
        noon = datetime.combine(day, time(12), ZoneInfo(self.city.zone)).astimezone(UTC)
        now = self.city.now()
        return now if noon > now and day == now.astimezone(ZoneInfo(self.city.zone)).date() else noon


def _value(text: str) -> float:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise BadRequestData(f"{text!r} is no number", field="value", key="refused.no_number")
    return value
