"""What does the town cost, who pays, and can it go on: for the resident, the officer in charge and the successor?"""

from collections.abc import Mapping
from fractions import Fraction

from machinami.foundation.errors import BadRequestData
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.happening import Happening
from machinami.kit.http import Request, Response, Route
from machinami.kit.settings import NOTHING_REFUSED, Refused, take_setting
from machinami.kit.signing import Audience, choose_audience, officer, said, said_if
from machinami.kit.words import Words
from machinami.model.view import Words as Spoken
from machinami.model.vocabulary.circle import CostItem, IncomeItem
from machinami.services.money import service
from machinami.services.money.book.sharing import SharingPages, said_fault
from machinami.services.money.book.state import Typed
from machinami.services.money.book.telling import ADDRESS, yen
from machinami.services.money.book.town import TownBook
from machinami.services.money.logic.income import DONATION_PERCENT, LEAST_DONATION, amount_of, basis_of
from machinami.services.money.logic.typed import (
    fault,
    one_of,
    read_number,
    read_share,
    read_whole,
    read_yen,
    read_yen_if,
)
from machinami.services.money.model import BASES, DUTIES, SOURCES, TASKS
from machinami.services.money.service import PACKAGE

TEMPLATE = f"{PACKAGE}/page.html"
_NAME, _WHY = 120, 300
_YEARS = (2000, 2100)
_MOST_SHARE = 10.0


async def happening(city: City, words: Words) -> Happening:
    """Money is no news of the hour: nothing of it stands on the home page."""
    return Happening()


def routes(city: City, desk: Desk) -> list[Route]:
    """The pages of the town's money, and what can be done on them."""
    way = Way(city, desk)
    deeds: dict[str, PageHandler] = {
        "costs": way.cost,
        "incomes": way.income,
        "withdraw": way.withdraw,
        "undo": way.undo,
        "settings": way.setting,
    }
    return [
        way.frame.page("GET", ADDRESS, way.show, "Money: costs, income, who pays"),
        way.frame.page("GET", f"{ADDRESS}/rows.csv", way.table, "Every row of costs and income as CSV"),
        *(way.frame.page("POST", f"{ADDRESS}/{name}", deed) for name, deed in deeds.items()),
        *SharingPages(city, desk).routes(),
    ]


class Way:
    """The pages of one town's money, and what is done through them."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.desk = desk
        self.frame = Frame.around(desk)
        self.book = TownBook(city)

    async def show(self, request: Request) -> Response:
        """The page of one audience."""
        return await self.page(request)

    async def page(
        self,
        request: Request,
        audience: Audience | None = None,
        status: int = 200,
        fault: str = "",
        typed: Mapping[str, str] | None = None,
        refused: Refused = NOTHING_REFUSED,
    ) -> Response:
        """The page; with what was typed and what is wrong with it, where it was refused; refused: a setting."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        work, done = asked.get("work", ""), asked.get("done", "")
        state = await self.book.state(words, work)
        edited = next((one for one in state.lines if one.item.id == asked.get("edit")), None)
        return self.frame.show(
            request,
            TEMPLATE,
            status,
            money=state,
            audience=audience or choose_audience(asked.get("view")),
            done=words.rich(f"money.done.{done}") if words.has(f"money.done.{done}") else "",
            fault=fault,
            refused=refused,
            typed=Typed(typed or (typed_of(edited.item) if edited else {})),
            blank=Typed(),
            may=self.city.is_author(),
            work=work,
            titles={h.service.manifest.id: h.service.manifest.title.spoken(words.language) for h in self.desk.houses()},
            yen=lambda amount: yen(amount, words),
        )

    async def table(self, request: Request) -> Response:
        """Every row as CSV."""
        words = self.frame.words(request, PACKAGE)
        self.city.demand_shown(CostItem)
        self.city.demand_shown(IncomeItem)
        body = await self.book.table(words)
        named = (b"content-disposition", b'attachment; filename="money.csv"')
        return Response(200, body, b"text/csv; charset=utf-8", [named])

    async def cost(self, request: Request) -> Response:
        """Write a cost, or write one anew."""
        form = read_form(request)
        try:
            by, item, reason = officer(form), read_cost(form), said_if(form, "reason", _WHY)
            if item.id:
                await service.change(self.city, item, by, reason)
            else:
                await service.add_costs(
                    self.city, item, read_whole(form, "years", 1, service.MOST_REPEATED), by, reason
                )
        except BadRequestData as error:
            return await self.refused(request, form | {"form": "cost"}, error)
        return see_other(f"{ADDRESS}?view=officer&done={'changed' if item.id else 'cost'}")

    async def income(self, request: Request) -> Response:
        """Write an income, or write one anew."""
        form = read_form(request)
        try:
            by, item, reason = officer(form), read_income(form), said_if(form, "reason", _WHY)
            if item.id:
                await service.change(self.city, item, by, reason)
            else:
                years = read_whole(form, "years", 1, service.MOST_REPEATED)
                await service.add_incomes(self.city, item, years, by, reason)
        except BadRequestData as error:
            return await self.refused(request, form | {"form": "income"}, error)
        return see_other(f"{ADDRESS}?view=officer&done={'changed' if item.id else 'income'}")

    async def refused(self, request: Request, form: Mapping[str, str], error: BadRequestData) -> Response:
        """The page again, with what was typed and what would do."""
        words = self.frame.words(request, PACKAGE)
        return await self.page(request, "officer", 422, said_fault(error, words), form)

    async def withdraw(self, request: Request) -> Response:
        """Take a row out of what counts."""
        form = read_form(request)
        await service.withdraw(self.city, said(form, "row"), officer(form), said(form, "reason", _WHY))
        return see_other(f"{ADDRESS}?view=officer&done=withdrawn")

    async def undo(self, request: Request) -> Response:
        """Bring back how things stood before a change."""
        form = read_form(request)
        await service.undo(self.city, said(form, "change"), officer(form))
        return see_other(f"{ADDRESS}?view=history&done=undone")

    async def setting(self, request: Request) -> Response:
        """Change a setting."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        refused = await take_setting(self.city, form, words)
        if refused is not None:
            return await self.page(request, "officer", 422, refused=refused)
        return see_other(f"{ADDRESS}?view=officer&done=setting")


def read_cost(form: Mapping[str, str]) -> CostItem:
    """The cost that a form says; its id is empty where it is new. Raises BadRequestData."""
    duty = form.get("duty", "")
    return CostItem(
        id=said_if(form, "id", 200),
        name=Spoken(ja=named(form)),
        year=read_whole(form, "year", *_YEARS),
        task=one_of(form, "task", TASKS),
        duty=one_of(form, "duty", DUTIES) if duty else None,
        amount=read_yen(form, "amount"),
        payer=said_if(form, "payer", _NAME) or None,
        least=min(read_share(form, "least", 1.0, _MOST_SHARE), 1.0),
        most=max(read_share(form, "most", 1.0, _MOST_SHARE), 1.0),
        state="planned",
        ref_initiative=service.ref(said_if(form, "work", 200)),
    )


def read_income(form: Mapping[str, str]) -> IncomeItem:
    """The income that a form says; what is worked out from a basis is worked out here. Raises BadRequestData."""
    by = one_of(form, "by", BASES)
    basis = None
    if by != "amount":
        rate = read_number(form, "rate")
        least = LEAST_DONATION if by == "profit" else 0
        units = read_yen(form, "units")
        if rate is None and by != "profit":
            raise fault("rate", "number")
        basis = basis_of(by, units, Fraction(DONATION_PERCENT) if rate is None else rate, least)
    words = said_if(form, "conditions", 1_000)
    return IncomeItem(
        id=said_if(form, "id", 200),
        name=Spoken(ja=named(form)),
        year=read_whole(form, "year", *_YEARS),
        source=one_of(form, "source", SOURCES),
        amount=read_yen(form, "amount") if basis is None else amount_of(basis),
        payer=said_if(form, "payer", _NAME) or None,
        conditions=Spoken(ja=words) if words else None,
        sure=read_share(form, "sure", 1.0),
        terms=read_terms(form) or None,
        basis=basis,
        state="planned",
        ref_initiative=service.ref(said_if(form, "work", 200)),
    )


def named(form: Mapping[str, str]) -> str:
    """What a row is called. Raises BadRequestData."""
    name = said_if(form, "name", _NAME)
    if not name:
        raise fault("name", "empty")
    return name


def read_terms(form: Mapping[str, str]) -> dict[str, object]:
    """What a grant asks, in figures; nothing for what is no grant."""
    if form.get("source") != "grant":
        return {}
    terms: dict[str, object] = {}
    if form.get("share_most", "").strip():
        terms["share_most"] = read_share(form, "share_most", 1.0)
    most = read_yen_if(form, "term_most")
    if most is not None:
        terms["most"] = most
    if form.get("own_exceeds") == "yes":
        terms["own_exceeds"] = True
    deadline = said_if(form, "deadline", 10)
    if deadline:
        terms["deadline"] = deadline
    return terms


def typed_of(item: CostItem | IncomeItem) -> dict[str, str]:
    """A row as it would be typed."""
    known: dict[str, object] = {
        "form": "cost" if isinstance(item, CostItem) else "income",
        "id": item.id,
        "name": item.name.get("ja") if item.name else None,
        "year": item.year,
        "amount": f"{item.amount or 0:,}",
        "payer": item.payer,
        "work": item.ref_initiative,
    }
    if isinstance(item, CostItem):
        bounds = (1.0 if value is None else value for value in (item.least, item.most))
        known |= {"task": item.task, "duty": item.duty}
        known |= {name: f"{value * 100:g}" for name, value in zip(("least", "most"), bounds, strict=True)}
    else:
        terms: Mapping[str, object] = item.terms or {}
        basis: Mapping[str, object] = item.basis or {}
        share = terms.get("share_most")
        known |= {
            "source": item.source,
            "by": basis.get("by", "amount"),
            "units": basis.get("units"),
            "rate": basis.get("rate"),
            "sure": f"{(1.0 if item.sure is None else item.sure) * 100:g}",
            "conditions": item.conditions.get("ja") if item.conditions else None,
            "share_most": f"{share * 100:g}" if isinstance(share, int | float) else None,
            "term_most": terms.get("most"),
            "own_exceeds": "yes" if terms.get("own_exceeds") else None,
            "deadline": terms.get("deadline"),
        }
    return {name: str(value) for name, value in known.items() if value is not None}
