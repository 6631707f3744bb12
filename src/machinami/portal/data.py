"""What does the town know? Its data by type, one by one, with their past and the correction of a bad reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from zoneinfo import ZoneInfo

from machinami.foundation.sheet import sheet
from machinami.kit.archive import PastValue
from machinami.kit.charts import Chart, payload
from machinami.kit.page import part_of_path
from machinami.kit.units import symbol
from machinami.kit.values import value_text
from machinami.kit.words import Words
from machinami.portal.items import Correction, Fact, Item, correction
from machinami.portal.map import Shelter

TYPES, LIST, ENTITY = (f"machinami.portal/{name}.html" for name in ("types", "list", "entity"))
PAGE = 50
SPANS: Mapping[str, timedelta] = {"1d": timedelta(days=1), "7d": timedelta(days=7), "31d": timedelta(days=31)}
SHOWN = 300


@dataclass(frozen=True, slots=True)
class TypeRow:
    """One type in use."""

    name: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class ListView:
    """One page of the entities of a type."""

    type: TypeRow
    rows: Sequence[tuple[Item, str]]
    search: str
    offset: int
    limit: int


@dataclass(frozen=True, slots=True)
class FactRow:
    """One attribute of an entity, ready for eyes."""

    fact: Fact
    label: str
    text: str
    unit: str
    measured: bool


@dataclass(frozen=True, slots=True)
class PastRow:
    """One past value, ready for eyes. `original`: what it was before it was put right."""

    past: PastValue
    at: datetime
    text: str
    missing: bool
    original: str
    correction: Correction | None


@dataclass(frozen=True, slots=True)
class PastView:
    """The past of one attribute."""

    fact: FactRow
    span: str
    chart: Mapping[str, object] | None
    rows: Sequence[PastRow]
    count: int
    chosen: PastRow | None


@dataclass(frozen=True, slots=True)
class EntityView:
    """One entity; with the past of an attribute where one was asked for."""

    item: Item
    name: str
    type: TypeRow
    facts: Sequence[FactRow]
    past: PastView | None
    done: bool
    fault: str


def type_row(name: str, count: int, words: Words) -> TypeRow:
    """A type with its label where we have a word for it."""
    return TypeRow(name, _label("type", name, words), count)


def named(item: Item, language: str) -> str:
    """The entity's name in the reader's language, else in any, else its id."""
    code = "en" if language == "en" else "ja"
    return item.name.get(code) or next(iter(item.name.values()), item.id)


def matching(items: Sequence[Item], search: str) -> list[Item]:
    """The entities whose id or name holds the search text, whatever the case."""
    wanted = search.casefold()
    return [i for i in items if any(wanted in text.casefold() for text in (i.id, *i.name.values()))]


def shelter(item: Item, language: str) -> Shelter | None:
    """The entity as a shelter on the map; None if it has no place."""
    place, capacity = item.fact("location"), item.fact("capacity")
    if place is None or not isinstance(place.value, dict) or place.value.get("type") != "Point":
        return None
    lon, lat = place.value["coordinates"][:2]
    people = capacity.value if capacity and isinstance(capacity.value, int) else None
    link = f"/data/{part_of_path(item.type)}/{part_of_path(item.id)}"
    return Shelter(item.id, named(item, language), lon, lat, people, link)


def read_value(form: Mapping[str, str]) -> tuple[float | None, bool]:
    """The value that a correction sets (None: missing), and whether what was typed makes sense."""
    if form.get("how") == "missing":
        return None, True
    try:
        value = float(form.get("value", ""))
    except ValueError:
        return None, False
    return value, isfinite(value)


def list_view(
    kind: str, found: Sequence[Item], count: int, search: str, offset: int, words: Words, limit: int = PAGE
) -> ListView:
    """One page of a type."""
    return ListView(type_row(kind, count, words), [(i, named(i, words.language)) for i in found], search, offset, limit)


def entity_view(
    item: Item, words: Words, past: PastView | None = None, done: bool = False, fault: str = ""
) -> EntityView:
    """One entity."""
    facts = [fact_row(fact, words) for fact in item.facts]
    return EntityView(item, named(item, words.language), type_row(item.type, 0, words), facts, past, done, fault)


def fact_row(fact: Fact, words: Words) -> FactRow:
    """One attribute; numbers that were observed can be followed through time."""
    number = isinstance(fact.value, int | float) and not isinstance(fact.value, bool)
    measured = fact.observed_at is not None and (number or fact.value is None)
    return FactRow(
        fact, _label("attribute", fact.name, words), value_text(fact.value, words), symbol(fact.unit), measured
    )


def past_view(
    fact: FactRow,
    found: Sequence[PastValue],
    span: str,
    words: Words,
    now: datetime,
    zone: str,
    chosen: str | None,
    name: str,
) -> PastView:
    """The past of one attribute, newest first; `chosen` names the reading that is to be put right."""
    rows = [row for one in found if (row := _past_row(one, words))]
    points = [(row.at, float(v) if isinstance(v := row.past.value, int | float) else None) for row in rows]
    title = words.plain("data.history_of", name=f"{name} {fact.label}")
    chart = payload(Chart(title, fact.unit, points, now), _chart_words(words), zone) if points else None
    rows.reverse()
    picked = next((row for row in rows if chosen and row.past.instance_id == chosen), None)
    return PastView(fact, span, chart, rows[:SHOWN], len(rows), picked)


def as_csv(name: str, unit: str, found: Sequence[PastValue], zone: str) -> bytes:
    """The past of an attribute as CSV."""
    rows: list[list[object]] = [[f"time ({zone})", f"{name} ({unit})" if unit else name, "original", "reason"]]
    for one in found:
        if one.observed_at is None:
            continue
        note = correction(one.correction)
        local = one.observed_at.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
        kept = ["" if note.original is None else note.original, note.reason] if note else ["", ""]
        rows.append([local, "" if one.value is None else one.value, *kept])
    return sheet(rows)


def _past_row(one: PastValue, words: Words) -> PastRow | None:
    if one.observed_at is None:
        return None
    note = correction(one.correction)
    original = value_text(note.original, words) if note else ""
    return PastRow(one, one.observed_at, value_text(one.value, words), one.value is None, original, note)


def _label(group: str, name: str, words: Words) -> str:
    key = f"{group}.{name}"
    return words.plain(key) if words.has(key) else name


def _chart_words(words: Words) -> dict[str, str]:
    return {key: words.plain(f"chart.{key}") for key in ("time", "observed", "low", "middle", "high", "rain", "now")}
