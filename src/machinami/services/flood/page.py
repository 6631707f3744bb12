"""What do the rivers do, for the resident, the officer in charge and the successor?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from machinami.foundation.instant import parse_instant
from machinami.kit.approving import read_message
from machinami.kit.charts import Chart, Direction, Row, Spark, payload, spark, table, trend
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.happening import Level, as_level
from machinami.kit.http import Request, Response, Route
from machinami.kit.settings import NOTHING_REFUSED, Refused
from machinami.kit.signing import Audience, choose_audience, officer, said
from machinami.kit.words import Words
from machinami.model.expectation import Step
from machinami.model.vocabulary.alerts import Message
from machinami.model.vocabulary.office import Officer
from machinami.services.flood.book.day import events as events
from machinami.services.flood.book.happening import happening as happening
from machinami.services.flood.book.state import Sheet, State
from machinami.services.flood.book.telling import ADDRESS, lines
from machinami.services.flood.book.town import TownBook
from machinami.services.flood.model import MARKS, Mark, Thresholds
from machinami.services.flood.service import PACKAGE

TEMPLATE = f"{PACKAGE}/page.html"
ROWS_BEHIND_A_CHART = 48


class Book(Protocol):
    """What the page asks of the service: what is known, and what an officer may decide."""

    async def state(self, words: Words) -> State:
        """All that is known now, in the reader's words."""
        ...

    async def approve(self, proposal: str, message: Message, by: Officer) -> None:
        """Publish a proposal as the officer wrote it."""
        ...

    async def decline(self, proposal: str, reason: str, by: Officer) -> None:
        """Decide not to publish a proposal."""
        ...

    async def withdraw(self, notice: str, reason: str, by: Officer) -> None:
        """Take back what is published."""
        ...

    async def set_thresholds(self, gauge: str, levels: Thresholds, reason: str, by: Officer) -> None:
        """Change the levels of a gauge."""
        ...

    async def undo_thresholds(self, gauge: str, by: Officer, seen: datetime) -> None:
        """Bring back the levels before the last change, if the newest that the officer saw still is."""
        ...

    async def setting(self, form: Mapping[str, str], words: Words) -> Refused | None:
        """Change or undo a setting of the service; the refusal where the value will not do."""
        ...


@dataclass(frozen=True, slots=True)
class Field:
    """One level in the editor: what is typed, and what is wrong with it."""

    mark: Mark
    level: Level
    text: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One gauge as the page shows it."""

    sheet: Sheet
    key: str
    value: float | None
    observed_at: datetime | None
    direction: Direction
    spark: Spark
    chart: Mapping[str, object] | None
    rows: Sequence[Row]
    fields: Sequence[Field]
    highest: Step | None


@dataclass(frozen=True, slots=True)
class FloodView:
    """All that the page shows to one audience."""

    audience: Audience
    cards: Sequence[Card]
    state: State
    forecasts: bool
    done: str
    faulty: str
    refused: Refused


def routes(city: City, desk: Desk) -> list[Route]:
    """The pages of the flood service of one town."""
    return book_routes(TownBook(city, desk.time_zone), desk)


def book_routes(book: Book, desk: Desk) -> list[Route]:
    """The page and every decision that can be taken on it."""
    frame = Frame.around(desk)
    decide = _decisions(book)
    return [
        frame.public(ADDRESS, _show(book, frame), "Rivers: levels, proposals, decisions"),
        frame.page("POST", f"{ADDRESS}/thresholds", _thresholds(book, frame), "Change the levels of a gauge"),
        frame.page("POST", f"{ADDRESS}/settings", _setting(book, frame), "Change a setting of the service"),
        *(frame.page("POST", f"{ADDRESS}/{name}", handler) for name, handler in decide.items()),
    ]


def _show(book: Book, frame: Frame) -> PageHandler:
    async def show(request: Request) -> Response:
        words, asked = frame.words(request, PACKAGE), request.arguments
        done = asked.get("done", "")
        done = done if words.has(f"flood.done.{done}") else ""
        audience = choose_audience(asked.get("view"))
        seen = view(await book.state(words), audience, words, frame.clock(), frame.zone, done)
        return frame.show(request, TEMPLATE, flood=seen)

    return show


def _thresholds(book: Book, frame: Frame) -> PageHandler:
    async def take(request: Request) -> Response:
        form, words = read_form(request), frame.words(request, PACKAGE)
        levels, fields = read_thresholds(form, words)
        if any(field.fault for field in fields):
            rejected = {said(form, "gauge"): fields}
            seen = view(await book.state(words), "officer", words, frame.clock(), frame.zone, rejected=rejected)
            return frame.show(request, TEMPLATE, 422, flood=seen)
        await book.set_thresholds(said(form, "gauge"), levels, said(form, "reason"), officer(form))
        return see_other(f"{ADDRESS}?view=officer&done=thresholds")

    return take


def _setting(book: Book, frame: Frame) -> PageHandler:
    async def take(request: Request) -> Response:
        form, words = read_form(request), frame.words(request, PACKAGE)
        refused = await book.setting(form, words)
        if refused is not None:
            seen = view(await book.state(words), "officer", words, frame.clock(), frame.zone, refused=refused)
            return frame.show(request, TEMPLATE, 422, flood=seen)
        return see_other(f"{ADDRESS}?view=officer&done=setting{'_undone' if form.get('undo') else ''}")

    return take


def _decisions(book: Book) -> Mapping[str, PageHandler]:
    async def approve(request: Request) -> Response:
        form = read_form(request)
        message = read_message(form)
        await book.approve(said(form, "proposal"), message, officer(form))
        return see_other(f"{ADDRESS}?view=officer&done=approved")

    async def decline(request: Request) -> Response:
        form = read_form(request)
        await book.decline(said(form, "proposal"), said(form, "reason"), officer(form))
        return see_other(f"{ADDRESS}?view=officer&done=declined")

    async def withdraw(request: Request) -> Response:
        form = read_form(request)
        await book.withdraw(said(form, "notice"), said(form, "reason"), officer(form))
        return see_other(f"{ADDRESS}?view=officer&done=withdrawn")

    async def undo(request: Request) -> Response:
        form = read_form(request)
        await book.undo_thresholds(said(form, "gauge"), officer(form), parse_instant(said(form, "seen")))
        return see_other(f"{ADDRESS}?view=officer&done=undone")

    return {
        "approve": approve,
        "decline": decline,
        "withdraw": withdraw,
        "thresholds/undo": undo,
    }


def view(
    state: State,
    audience: Audience,
    words: Words,
    now: datetime,
    zone: str,
    done: str = "",
    rejected: Mapping[str, Sequence[Field]] | None = None,
    refused: Refused = NOTHING_REFUSED,
) -> FloodView:
    """The page for one audience. Residents see forecasts only where the town has decided so.

    `rejected`: the fields of a gauge's levels that an officer typed and that were not accepted, by gauge id;
    `refused`: the same of a setting.
    """
    forecasts = audience != "resident" or state.public_forecast
    typed = rejected or {}
    cards = [_card(s, words, now, zone, forecasts, typed.get(s.id)) for s in _worst_first(state.sheets)]
    faulty = next((card.key for card in cards if any(field.fault for field in card.fields)), "")
    return FloodView(audience, cards, state, forecasts, done, faulty, refused)


def read_thresholds(form: Mapping[str, str], words: Words) -> tuple[Thresholds, tuple[Field, ...]]:
    """The levels that an officer typed, and each field with what is wrong with it.

    They must be numbers and rise: attention < judgement < danger <= bank. An empty field sets no level.
    """
    fields, values, below = [], dict[Mark, float | None](), None
    for mark, level in MARKS:
        text = form.get(mark, "").strip()
        value, fault = _number(text, words)
        if value is not None and below is not None:
            name, least = below
            if value < least or (value == least and mark != "bank"):
                fault = words.plain("flood.edit.order", upper=words.plain(f"flood.mark.{mark}"), lower=name)
        if value is not None:
            below = (words.plain(f"flood.mark.{mark}"), value)
        values[mark] = value
        fields.append(Field(mark, as_level(level), text, fault))
    return Thresholds(**values), tuple(fields)


def _number(text: str, words: Words) -> tuple[float | None, str]:
    if not text:
        return None, ""
    try:
        value = float(text)
    except ValueError:
        return None, words.plain("flood.edit.number")
    return (value, "") if -100 < value < 1_000 else (None, words.plain("flood.edit.range"))


def _card(sheet: Sheet, words: Words, now: datetime, zone: str, forecasts: bool, typed: Sequence[Field] | None) -> Card:
    known = [(at, value) for at, value in sheet.observed if value is not None]
    at, value = known[-1] if known else (None, None)
    ahead = sheet.forecast if forecasts else ()
    drawn = lines(sheet.thresholds, words)
    chart = Chart(
        words.plain("flood.chart", name=sheet.name), sheet.unit, sheet.observed, now, ahead, drawn, sheet.rain
    )
    return Card(
        sheet,
        sheet.id.rpartition(":")[2],
        value,
        at,
        "unknown" if sheet.level is None else trend(sheet.observed),
        spark(sheet.observed, drawn),
        payload(chart, chart_words(words), zone) if known else None,
        table(chart, ROWS_BEHIND_A_CHART),
        typed or _fields(sheet.thresholds),
        max(ahead, key=lambda step: step.middle, default=None),
    )


def chart_words(words: Words) -> dict[str, str]:
    """The words that the browser writes into a chart."""
    return {key: words.plain(f"chart.{key}") for key in ("time", "observed", "low", "middle", "high", "rain", "now")}


def _fields(thresholds: Thresholds) -> tuple[Field, ...]:
    values = ((mark, level, getattr(thresholds, mark)) for mark, level in MARKS)
    return tuple(Field(mark, as_level(level), "" if value is None else f"{value:.2f}") for mark, level, value in values)


def _worst_first(sheets: Sequence[Sheet]) -> list[Sheet]:
    return sorted(sheets, key=lambda s: (-1 if s.level is None else -s.level, s.name))
