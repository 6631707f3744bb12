"""What does a formula come to, over rows that were gathered for it, and from which rows did it come?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import fsum, isfinite
from statistics import median
from typing import Any, Literal, NamedTuple

from machinami.model.comparison import as_day, as_moment
from machinami.model.entity import Entity
from machinami.model.matching import Linked, unlinked
from machinami.model.query import Condition
from machinami.model.target import targets
from machinami.model.town_terms import NAMESPACE
from machinami.services.indicators.logic.formula import (
    Aggregate,
    Arithmetic,
    Attribute,
    Elapsed,
    Negated,
    Number,
    Term,
    Unit,
    Window,
    aggregates,
)

SIMULATED = NAMESPACE + "simulated"
SECONDS: Mapping[Unit, float] = {"days": 86_400.0, "hours": 3_600.0, "minutes": 60.0}
Why = Literal["", "no_rows", "no_values", "by_zero"]


class Asked(NamedTuple):
    """Which rows one aggregate needs: entities of a type (expanded) for which a condition holds; those that came to
    be within `since_days`; with past values of the attribute `past` (expanded) of the last `past_days`."""

    type: str
    condition: Condition | None = None
    since_days: float | None = None
    past: str = ""
    past_days: float = 0.0


class Row(NamedTuple):
    """One entity and, where they were asked for, its past values in order of time."""

    entity: Entity
    past: tuple[float, ...] = ()


class Used(NamedTuple):
    """One entity that counted, and what it counted with (None: it counts by being there)."""

    id: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Part:
    """What one aggregate came to: its text, its value, how many values it is of, the rows, and how many entities were
    left out because they had no such value."""

    text: str
    type: str
    value: float | None
    count: int
    used: tuple[Used, ...]
    left_out: int = 0
    why: Why = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a formula came to. value None: it cannot be computed, and `why`. simulated: a row was never measured."""

    value: float | None
    parts: tuple[Part, ...]
    why: Why = ""
    simulated: bool = False

    @property
    def smallest(self) -> int:
        """Of how many values the part with the fewest is."""
        return min((part.count for part in self.parts), default=0)


Rows = Callable[[Asked], Sequence[Row]]


def asked_by(term: Term) -> list[Asked]:
    """All that must be gathered for a formula, each once."""
    return list(dict.fromkeys(asked for one in aggregates(term) for asked in _asked(one)))


def relationships(term: Term) -> frozenset[str]:
    """The relationships (expanded) that a formula follows in what it takes of entities."""
    if isinstance(term, Aggregate):
        return frozenset() if term.value is None else relationships(term.value)
    if isinstance(term, Arithmetic):
        return relationships(term.left) | relationships(term.right)
    if isinstance(term, Negated):
        return relationships(term.of)
    if isinstance(term, Elapsed):
        return frozenset().union(*(relationships(end) for end in (term.start, term.end) if end is not None))
    if isinstance(term, Attribute) and term.inner is not None:
        return frozenset((term.path.names[0],)) | relationships(term.inner)
    return frozenset()


def compute(term: Term, rows: Rows, now: datetime, linked: Linked = unlinked) -> Outcome:
    """What the formula comes to.

    A division by zero and an aggregate of nothing give None, never 0: that there is nothing to take a mean of is no
    mean of 0. `count` and `sum` of nothing are 0.
    """
    parts = {id(one): _part(one, rows, now, linked) for one in aggregates(term)}
    told = tuple(parts.values())
    value, why = _value(term, parts)
    seen = (row for one in aggregates(term) for asked in _asked(one) for row in rows(asked))
    return Outcome(value, told, why, any(_is_simulated(row.entity) for row in seen))


def _asked(one: Aggregate) -> tuple[Asked, ...]:
    since, past, days = None, "", 0.0
    if one.window is not None and one.window.kind == "since":
        since = one.window.days
    elif isinstance(one.window, Window) and isinstance(one.value, Attribute):
        past, days = one.value.path.names[0], one.window.days
    asked = Asked(one.type, one.condition, since, past, days)
    return (asked, asked._replace(condition=None)) if one.name == "share" else (asked,)


def _part(one: Aggregate, rows: Rows, now: datetime, linked: Linked) -> Part:
    found = rows(_asked(one)[0])
    if one.value is None:
        used = tuple(Used(row.entity.id, None) for row in found)
        if one.name == "count":
            return Part(one.text, one.type, float(len(found)), len(found), used)
        whole = len(rows(_asked(one)[1]))
        value = len(found) / whole if whole else None
        return Part(one.text, one.type, value, whole, used, why="" if whole else "no_rows")
    taken: list[Used] = []
    distinct: set[Any] = set()
    left_out = 0
    for row in found:
        values = (
            list(row.past) if one.window and one.window.kind == "over" else _values(one.value, row.entity, now, linked)
        )
        if one.name in ("distinct", "count"):
            told = [value for value in values if value is not None]
            distinct.update(_hashable(value) for value in told)
            taken += [Used(row.entity.id, _number(value)) for value in told]
        else:
            told = [number for value in values if (number := _number(value)) is not None]
            taken += [Used(row.entity.id, number) for number in told]
        left_out += not told
    if one.name == "distinct":
        return Part(one.text, one.type, float(len(distinct)), len(taken), tuple(taken), left_out)
    value = _AGGREGATES[one.name]([used.value for used in taken if used.value is not None], len(taken))
    why: Why = "" if value is not None else "no_values" if found else "no_rows"
    return Part(one.text, one.type, value, len(taken), tuple(taken), left_out, why)


_AGGREGATES: Mapping[str, Callable[[list[float], int], float | None]] = {
    "count": lambda values, count: float(count),
    "sum": lambda values, count: fsum(values),
    "mean": lambda values, count: fsum(values) / len(values) if values else None,
    "median": lambda values, count: median(values) if values else None,
    "min": lambda values, count: min(values, default=None),
    "max": lambda values, count: max(values, default=None),
}


def _value(term: Term, parts: Mapping[int, Part]) -> tuple[float | None, Why]:
    if isinstance(term, Number):
        return term.value, ""
    if isinstance(term, Aggregate):
        part = parts[id(term)]
        return part.value, part.why
    if isinstance(term, Negated):
        value, why = _value(term.of, parts)
        return None if value is None else -value, why
    if isinstance(term, Arithmetic):
        left, why = _value(term.left, parts)
        right, other = _value(term.right, parts)
        if left is None or right is None:
            return None, why or other
        value = _calculated(term, left, right)
        return value, "" if value is not None else "by_zero"
    return None, "no_values"


def _calculated(term: Arithmetic, left: float, right: float) -> float | None:
    if term.sign == "/":
        value = left / right if right else None
    elif term.sign == "*":
        value = left * right
    else:
        value = left + right if term.sign == "+" else left - right
    return value if value is not None and isfinite(value) else None


def _values(term: Term, entity: Entity, now: datetime, linked: Linked) -> list[Any]:
    """What a term comes to in one entity: one value for each instance of an attribute."""
    if isinstance(term, Number):
        return [term.value]
    if isinstance(term, Attribute):
        return _at(term, entity, now, linked)
    if isinstance(term, Elapsed):
        return _elapsed(term, entity, now, linked)
    if isinstance(term, Negated):
        return [None if (n := _number(value)) is None else -n for value in _values(term.of, entity, now, linked)]
    if isinstance(term, Arithmetic):
        left, right = (_values(side, entity, now, linked) for side in (term.left, term.right))
        pairs = ((_number(a), _number(b)) for a in left for b in right)
        return [None if a is None or b is None else _calculated(term, a, b) for a, b in pairs]
    return []


def _at(term: Attribute, entity: Entity, now: datetime, linked: Linked) -> list[Any]:
    found = [value for _, value in targets(term.path, entity, now)]
    if term.inner is None:
        return [part for value in found for part in (value if isinstance(value, list | tuple) else (value,))]
    others = [other for value in found for name in named(value) if (other := linked(name)) is not None]
    return [value for other in others for value in _at(term.inner, other, now, linked)]


def named(value: Any) -> list[str]:
    """The entities that the value of a relationship names; none where it is no relationship's."""
    return [name for name in (value if isinstance(value, list | tuple) else (value,)) if isinstance(name, str)]


def _elapsed(term: Elapsed, entity: Entity, now: datetime, linked: Linked) -> list[Any]:
    starts, ends = (
        [now] if side is None else [_moment(value) for value in _at(side, entity, now, linked)]
        for side in (term.start, term.end)
    )
    return [
        (end - start).total_seconds() / SECONDS[term.unit]
        for start in starts
        for end in ends
        if start is not None and end is not None
    ]


def _moment(value: Any) -> datetime | None:
    moment = as_moment(value)
    if moment is not None:
        return moment
    day = as_day(value)
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | datetime) else repr(value)


def _is_simulated(entity: Entity) -> bool:
    found = entity.get(SIMULATED)
    return found is not None and found.value is True


def came_within(entity: Entity, days: float, now: datetime) -> bool:
    """Whether the entity came to be in the last so many days."""
    return entity.created_at is not None and entity.created_at > now - timedelta(days=days)
