"""What do the rivers do, for the resident, the officer in charge and the successor?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from machinami.kit.charts import Chart, Direction, Line, Point, Row, Spark, Step, payload, spark, table, trend
from machinami.kit.happening import Level, Notice
from machinami.kit.words import Words

TEMPLATE = "machinami.services.flood/page.html"
ADDRESS = "/services/flood"
Audience = Literal["resident", "officer", "history"]
AUDIENCES: tuple[Audience, ...] = ("resident", "officer", "history")
Mark = Literal["attention", "judgement", "danger", "bank"]
MARKS: tuple[tuple[Mark, Level], ...] = (("attention", 2), ("judgement", 3), ("danger", 4), ("bank", 5))
ROWS_BEHIND_A_CHART = 48


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The four levels of a gauge, in its unit; None where none is set."""

    attention: float | None = None
    judgement: float | None = None
    danger: float | None = None
    bank: float | None = None


@dataclass(frozen=True, slots=True)
class ThresholdChange:
    """One entry in the history of a gauge's levels."""

    at: datetime
    who: str
    role: str
    reason: str
    before: Thresholds
    after: Thresholds


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything known of one gauge. `level` None: its state is unknown, and `reason` says why."""

    id: str
    name: str
    river: str
    unit: str
    thresholds: Thresholds
    level: Level | None
    observed: Sequence[Point]
    reason: str = ""
    forecast: Sequence[Step] = ()
    issued: datetime | None = None
    rain: Sequence[Point] = ()
    changes: Sequence[ThresholdChange] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a gauge suggests to tell the residents; only a named officer can say it."""

    id: str
    gauge: str
    level: Level
    headline: str
    body: str
    area: str
    reasons: Sequence[str]
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What an officer decided, when and why."""

    at: datetime
    kind: Literal["approved", "declined", "withdrawn", "thresholds", "setting"]
    subject: str
    who: str
    role: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """How well the model did on held-out data beside persistence (the level stays as it is)."""

    gauge: str
    hours: int
    model: float
    persistence: float
    unit: str
    coverage: float | None
    rows: int
    trained_at: datetime
    in_use: bool

    @property
    def gain(self) -> float:
        """The share of persistence's error that the model takes away; negative where it is worse."""
        return 1 - self.model / self.persistence if self.persistence else 0.0


@dataclass(frozen=True, slots=True)
class State:
    """All that the flood service knows, as the page needs it."""

    sheets: Sequence[Sheet]
    notices: Sequence[Notice] = ()
    proposals: Sequence[Proposal] = ()
    decisions: Sequence[Decision] = ()
    scores: Sequence[Score] = ()
    public_forecast: bool = False


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


def choose_audience(asked: str | None) -> Audience:
    """For whom the page is; the resident unless said otherwise."""
    return next((audience for audience in AUDIENCES if audience == asked), "resident")


def view(
    state: State,
    audience: Audience,
    words: Words,
    now: datetime,
    zone: str,
    done: str = "",
    rejected: Mapping[str, Sequence[Field]] | None = None,
) -> FloodView:
    """The page for one audience. Residents see forecasts only where the town has decided so.

    `rejected`: the fields of a gauge's levels that an officer typed and that were not accepted, by gauge id.
    """
    forecasts = audience != "resident" or state.public_forecast
    typed = rejected or {}
    cards = [_card(s, words, now, zone, forecasts, typed.get(s.id)) for s in _worst_first(state.sheets)]
    faulty = next((card.key for card in cards if any(field.fault for field in card.fields)), "")
    return FloodView(audience, cards, state, forecasts, done, faulty)


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
        fields.append(Field(mark, level, text, fault))
    return Thresholds(**values), tuple(fields)


def lines(thresholds: Thresholds, words: Words) -> tuple[Line, ...]:
    """The levels that are set, as lines across a chart."""
    named = ((getattr(thresholds, mark), mark, level) for mark, level in MARKS)
    return tuple(Line(words.plain(f"flood.mark.{m}"), value, level) for value, m, level in named if value is not None)


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
    return tuple(Field(mark, level, "" if value is None else f"{value:.2f}") for mark, level, value in values)


def _worst_first(sheets: Sequence[Sheet]) -> list[Sheet]:
    return sorted(sheets, key=lambda s: (-1 if s.level is None else -s.level, s.name))
