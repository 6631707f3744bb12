"""What does the menu tell residents, the officer who writes a tender and the successor, and what is decided on it?"""

from machinami.foundation.errors import BadRequestData
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.signing import choose_audience, officer, said, said_if
from machinami.services.menu import service
from machinami.services.menu.book import record, sheets, tender
from machinami.services.menu.logic.judging import judge_all, shares
from machinami.services.menu.logic.tender import table
from machinami.services.menu.model import CHOICES, FINDINGS, Judged, MenuChoice, Running
from machinami.services.menu.service import PACKAGE

ADDRESS = "/services/menu"
TEMPLATE = f"{PACKAGE}/page.html"
_REASON = 500


def routes(city: City, desk: Desk) -> list[Route]:
    """The page, its table for a tender, and what is decided on it."""
    counter = Counter(city, desk)
    deeds: dict[str, PageHandler] = {"decide": counter.decide, "undo": counter.undo}
    return [
        counter.frame.page("GET", ADDRESS, counter.show, "Requirement menu: wanted, met, missing"),
        counter.frame.page("GET", f"{ADDRESS}/tender.csv", counter.tender, "The menu as a table for a tender"),
        *(counter.frame.page("POST", f"{ADDRESS}/{name}", deed) for name, deed in deeds.items()),
    ]


class Counter:
    """The requirement menu of one town as its pages see it."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.desk = desk
        self.frame = Frame.around(desk)

    def running(self, request: Request) -> Running:
        """What is known of this installation to who looks."""
        services = frozenset(house.service.manifest.id for house in self.desk.houses())
        if not self.desk.oversees(request):
            return Running(services, None)
        return Running(services, frozenset(name for name, value in self.desk.set_to.items() if value))

    async def judged(self, request: Request) -> list[Judged]:
        """Every row with what meets it and what was decided."""
        return judge_all(service.menu(), self.running(request), await service.choices_of(self.city))

    async def show(self, request: Request) -> Response:
        """The page of one audience."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        audience, done = choose_audience(asked.get("view")), asked.get("done", "")
        only = asked.get("only", "")
        rows = await self.judged(request)
        kept = [one for one in rows if _is(one, only)]
        menu, choices = service.menu(), await service.choices_of(self.city)
        return self.frame.show(
            request,
            TEMPLATE,
            audience=audience,
            done=done if words.has(f"menu.done.{done}") else "",
            groups=sheets(menu, kept, shares(menu, rows), words),
            totals={finding: sum(one.finding == finding for one in rows) for finding in FINDINGS},
            chosen={
                state: sum(one.choice is not None and one.choice.state == state for one in rows) for state in CHOICES
            },
            count=len(rows),
            only=only,
            edition=menu.edition,
            record=record(menu, choices, words) if audience == "history" else [],
            closed=not self.city.shows(MenuChoice),
            choices=CHOICES,
            may=self.city.may_write(MenuChoice.TYPE),
        )

    async def tender(self, request: Request) -> Response:
        """The table for a tender: all rows, or those that are wanted."""
        words = self.frame.words(request, PACKAGE)
        only = request.arguments.get("only", "")
        rows = [one for one in await self.judged(request) if _is(one, only)]
        menu = service.menu()
        head, cells = tender(sheets(menu, rows, shares(menu, rows), words), words)
        name = b'attachment; filename="requirements.csv"'
        return Response(200, table(head, cells), b"text/csv; charset=utf-8", [(b"content-disposition", name)])

    async def decide(self, request: Request) -> Response:
        """Decide about the rows of one form: those that were chosen or changed."""
        form = read_form(request)
        chosen = {name.partition("-")[2]: value for name, value in form.items() if name.startswith("state-") and value}
        if not chosen:
            raise BadRequestData(
                "No row is decided; choose one and send the form again", field="state", key="refused.nothing"
            )
        by, before = officer(form), await service.choices_of(self.city)
        kept = {one.id.rpartition(":")[2]: (one.state, one.text or "") for one in before.values()}
        fresh = [(row, state, said_if(form, f"reason-{row}", _REASON)) for row, state in chosen.items()]
        fresh = [(row, state, reason) for row, state, reason in fresh if kept.get(row) != (state, reason)]
        for row, state, reason in fresh:
            service.demand_sound(row, state, reason)  # all of them or none: half a form would be hard to find again
        for row, state, reason in fresh:
            await service.decide(self.city, row, state, reason, by)
        return see_other(f"{ADDRESS}?view=officer&done=decided")

    async def undo(self, request: Request) -> Response:
        """Take the last decision about a row back."""
        form = read_form(request)
        await service.undo(self.city, said(form, "row"), officer(form))
        return see_other(f"{ADDRESS}?view=history&done=undone")


def _is(one: Judged, only: str) -> bool:
    """Whether a row is of those that are asked for: a finding, a decision, "wanted", or "open" where none is made."""
    state = one.choice.state if one.choice else ""
    if only == "wanted":
        return state in ("selected", "planned")
    if only == "open":
        return not state
    return only in ("", one.finding, state) or only not in (*FINDINGS, *CHOICES)
