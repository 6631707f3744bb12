"""Which offers answer a need, what became of it, and who meets whom on a matching day? Pages for the office."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from machinami.foundation.errors import BadRequestData, MachinamiError
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.signing import officer, said, said_if
from machinami.kit.words import Words
from machinami.model.view import Words as Spoken
from machinami.model.vocabulary.circle import CityNeed
from machinami.model.vocabulary.fields import FIELDS_OR_OTHER
from machinami.model.vocabulary.office import Officer
from machinami.services.partnership import service
from machinami.services.partnership.book import sheets
from machinami.services.partnership.logic.offers import find, question_of, read_wishes, usual_wishes
from machinami.services.partnership.model import (
    MATURITIES,
    MEMBER_KINDS,
    MOST_AT_A_DAY,
    Participant,
    SolutionSeed,
)
from machinami.services.partnership.service import PACKAGE

ADDRESS = "/services/partnership"
OFFERS, DAYS = f"{ADDRESS}/offers", f"{ADDRESS}/days"
_MOST_PLACES = 20
Deed = Callable[[Mapping[str, str], Officer], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """A need or an offer in the form of a matching day: its number in its list, what it is called, and as typed its
    places and wishes."""

    number: int
    id: str
    name: str
    key: str
    places: str
    wishes: str


class MatchingPages:
    """Offers and matching days of one town."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.frame = Frame.around(desk)

    def routes(self) -> list[Route]:
        """The pages, and what can be done on them."""
        deeds: dict[str, tuple[str, Deed]] = {
            f"{OFFERS}/seed": (OFFERS, self.seed),
            f"{OFFERS}/match": (OFFERS, self.match),
            f"{OFFERS}/step": (OFFERS, self.step),
            f"{OFFERS}/withdraw": (OFFERS, self.withdraw),
            DAYS: (DAYS, self.day),
        }
        return [
            self.frame.page("GET", OFFERS, self.offers, "Offers of solution providers: search that explains itself"),
            self.frame.page("GET", DAYS, self.days, "Matching days: who meets whom"),
            *(self.frame.page("POST", path, self.taken(back, deed)) for path, (back, deed) in deeds.items()),
        ]

    def taken(self, back: str, deed: Deed) -> PageHandler:
        """The handler of a form: does the deed, or shows the page again with what would do."""

        async def take(request: Request) -> Response:
            form = read_form(request)
            try:
                done = await deed(form, officer(form))
            except BadRequestData as error:
                fault = said_fault(error, self.frame.words(request, PACKAGE))
                show = self.offers_page if back == OFFERS else self.days_page
                return await show(request, form, 422, fault)
            return see_other(f"{back}?done={done}")

        return take

    async def offers(self, request: Request) -> Response:
        """The offers, as they were searched for."""
        return await self.offers_page(request, {})

    async def offers_page(
        self, request: Request, typed: Mapping[str, str], status: int = 200, fault: str = ""
    ) -> Response:
        """The offers; with what was typed and what is wrong with it, where it was refused."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        held = await service.standing(self.city)
        need = next((one for one in held.needs if one.id == asked.get("need")), None)
        question = asked.get("q", "") or (question_of(need) if need else "")
        facets = {name: asked.get(name, "") for name in ("field", "maturity", "kind")}
        found = find(question, held.seeds, **facets)
        done = asked.get("done", "")
        return self.frame.show(
            request,
            f"{PACKAGE}/offers.html",
            status,
            held=held,
            may=self.city.is_author(),
            need=need,
            asked=sheets.Typed({**facets, "q": asked.get("q", ""), "need": need.id if need else ""}),
            searched=bool(question.strip()),
            offers=sheets.offers_of(held, found, words),
            needs=[(one.id, words.of(one.name, "—")) for one in held.open_needs],
            talks=sheets.talks_of(held, words, service.today(self.city)),
            typed=sheets.Typed(typed),
            fault=fault,
            done=words.rich(f"partnership.done.{done}") if words.has(f"partnership.done.{done}") else "",
            days=held.settings.follow_days,
            **self._choices(words),
        )

    def _choices(self, words: Words) -> dict[str, list[tuple[str, str]]]:
        def choices(group: str, names: Sequence[str]) -> list[tuple[str, str]]:
            return [(name, words.plain(f"partnership.{group}.{name}")) for name in names]

        return {
            "fields": [(name, words.plain(f"field.{name}")) for name in FIELDS_OR_OTHER],
            "maturities": choices("maturity", MATURITIES),
            "kinds": choices("kind", MEMBER_KINDS),
        }

    async def seed(self, form: Mapping[str, str], by: Officer) -> str:
        """Write an offer, or write one anew."""
        chosen = (
            form.get("field") in FIELDS_OR_OTHER,
            form.get("maturity") in MATURITIES,
            form.get("kind") in MEMBER_KINDS,
        )
        if not all(chosen):
            raise BadRequestData("Choose a field, how far it is, and who offers it", field="field", fault="choice")
        conditions = said_if(form, "conditions", 1_000)
        one = SolutionSeed(
            said_if(form, "id", 200),
            Spoken(ja=said(form, "name", 120)),
            Spoken(ja=said(form, "text", 2_000)),
            said(form, "provider", 120),
            form["kind"],
            form["field"],
            form["maturity"],
            Spoken(ja=conditions) if conditions else None,
            "offered",
        )
        await service.keep(self.city, "seed", one, by)
        return "seed"

    async def match(self, form: Mapping[str, str], by: Officer) -> str:
        """Bring a need and an offer together."""
        need, seed = said(form, "need", 200), said(form, "seed", 200)
        await service.bring_together(self.city, need, seed, by, said_if(form, "reason", 300))
        return "match"

    async def step(self, form: Mapping[str, str], by: Officer) -> str:
        """Write down what became of it."""
        await service.step(self.city, said(form, "match", 200), said(form, "to", 20), by, said_if(form, "reason", 300))
        return "step"

    async def withdraw(self, form: Mapping[str, str], by: Officer) -> str:
        """Take an offer back."""
        await service.withdraw(self.city, said(form, "id", 200), by, said(form, "reason", 300))
        return "withdraw"

    async def days(self, request: Request) -> Response:
        """The form of the next matching day, and those that were."""
        return await self.days_page(request, {})

    async def days_page(
        self, request: Request, typed: Mapping[str, str], status: int = 200, fault: str = ""
    ) -> Response:
        """The matching days; with what was typed and what is wrong with it, where it was refused."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        held = await service.standing(self.city)
        needs, seeds = at_a_day(held)
        of_needs, of_seeds = usual_wishes(needs, seeds)
        places = held.settings.places
        done = asked.get("done", "")
        return self.frame.show(
            request,
            f"{PACKAGE}/days.html",
            status,
            held=held,
            may=self.city.is_author(),
            needs=rows_of(needs, "n", of_needs, [s.id for s in seeds], places, typed, words),
            seeds=rows_of(seeds, "s", of_seeds, [n.id for n in needs], places, typed, words),
            left_out=max(len(held.open_needs) - MOST_AT_A_DAY, 0),
            names=sheets.names_of(held, words),
            typed=sheets.Typed(typed),
            fault=fault,
            today=service.today(self.city).isoformat(),
            done=words.rich(f"partnership.done.{done}") if words.has(f"partnership.done.{done}") else "",
        )

    async def day(self, form: Mapping[str, str], by: Officer) -> str:
        """Arrange a matching day."""
        needs, seeds = at_a_day(await service.standing(self.city))
        theirs = {str(n): seed.id for n, seed in enumerate(seeds, 1)}
        ours = {str(n): need.id for n, need in enumerate(needs, 1)}
        await service.hold_day(
            self.city,
            said(form, "name", 120),
            said(form, "held_on", 10),
            [_participant(form, f"n{n}", need.id, theirs) for n, need in enumerate(needs, 1)],
            [_participant(form, f"s{n}", seed.id, ours) for n, seed in enumerate(seeds, 1)],
            by,
        )
        return "day"


def at_a_day(held: service.Standing) -> tuple[list[CityNeed], list[SolutionSeed]]:
    """The needs that wait and the offers that stand, as many as a day takes, in order of their ids."""
    needs = sorted(held.open_needs, key=lambda one: (-(one.voices or 0), one.id))
    seeds = sorted((one for one in held.seeds if one.state == "offered"), key=lambda one: one.id)
    return needs[:MOST_AT_A_DAY], seeds[:MOST_AT_A_DAY]


def rows_of(
    ours: Sequence[CityNeed | SolutionSeed],
    letter: str,
    wishes: Mapping[str, tuple[str, ...]],
    others: Sequence[str],
    places: int,
    typed: Mapping[str, str],
    words: Words,
) -> list[Row]:
    """One side of a matching day, with the wishes that texts suggest where nothing was typed."""
    number = {other: str(n) for n, other in enumerate(others, 1)}
    rows = []
    for n, one in enumerate(ours, 1):
        key = f"{letter}{n}"
        usual = ", ".join(number[wish] for wish in wishes[one.id])
        name = words.of(one.name, "—")
        shown = (typed.get(f"places:{key}", str(places)), typed.get(f"wishes:{key}", usual))
        rows.append(Row(n, one.id, name, key, *shown))
    return rows


def _participant(form: Mapping[str, str], key: str, entity_id: str, others: Mapping[str, str]) -> Participant:
    places = form.get(f"places:{key}", "0").strip() or "0"
    if not (places.isascii() and places.isdigit() and int(places) <= _MOST_PLACES):
        raise BadRequestData(f"{places!r} is no number of meetings", field="places", fault="places")
    return Participant(entity_id, int(places), read_wishes(form.get(f"wishes:{key}", ""), others))


def said_fault(error: MachinamiError, words: Words) -> str:
    """What is wrong with what was typed, in the reader's words where they are known."""
    kind, field = error.facts.get("fault", ""), error.facts.get("field", "")
    if kind and words.has(f"partnership.fault.{kind}"):
        return words.plain(f"partnership.fault.{kind}")
    label = f"partnership.label.{field}"
    if field and words.has(label):
        return words.plain("partnership.fault.field", field=words.plain(label))
    return words.plain("partnership.fault.other", detail=error.detail)
