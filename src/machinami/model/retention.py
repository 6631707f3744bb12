"""How long is the past kept, and as what? Readings as they came, then one for each hour, then one for each day.

A rule counts in whole months of the town's zone: the readings of a month are condensed, all together, when its end is
further back than the rule says. A condensed reading is an instance like any other: its value is the mean, its
observedAt the beginning of the hour or day, and its sub-attribute `condensed` says of how many readings it was made and
how they lay. So whoever asks for the past is answered as ever, and is told what was condensed. Only plain readings are:
Properties with a number that say when they were observed, and no more than a unit and a datasetId besides. The rest of
the past (texts, places, decisions) stays as it is.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from machinami.foundation.errors import BadRequestData
from machinami.model.attribute import Attribute, Kind
from machinami.model.found import Instance
from machinami.model.town_terms import NAMESPACE

CONDENSED = NAMESPACE + "condensed"
EVERY_TYPE = "*"
_LEAST, _MOST = 31, 36_525


class Step(StrEnum):
    """As what a reading is kept; the periods are ISO 8601 durations."""

    RAW = ""
    HOUR = "PT1H"
    DAY = "P1D"
    NOTHING = "never"


_ORDER = (Step.RAW, Step.HOUR, Step.DAY, Step.NOTHING)


@dataclass(frozen=True, slots=True)
class Rule:
    """For how many days readings are kept as they came, then by the hour, then by the day; None: for ever, and no later
    step is reached. archive: whether what came goes to the closed months before it is condensed."""

    raw_days: int | None = 1_096
    hourly_days: int | None = 3_653
    daily_days: int | None = None
    archive: bool = True

    def step(self, end: datetime, now: datetime) -> Step:
        """As what the readings of a month that ends then are kept now."""
        kept = Step.RAW
        for days, after in zip((self.raw_days, self.hourly_days, self.daily_days), _ORDER[1:], strict=True):
            if days is None or end > now - timedelta(days=days):
                break
            kept = after
        return kept

    def to_record(self) -> dict[str, Any]:
        """As a record of the store."""
        return {
            "rawDays": self.raw_days,
            "hourlyDays": self.hourly_days,
            "dailyDays": self.daily_days,
            "archive": self.archive,
        }


def read_rule(record: Mapping[str, Any]) -> Rule:
    """Back from a record, or from what somebody sent. Raises BadRequestData."""
    days = [record.get(name) for name in ("rawDays", "hourlyDays", "dailyDays")]
    for name, value in zip(("rawDays", "hourlyDays", "dailyDays"), days, strict=True):
        if value is not None and (type(value) is not int or not _LEAST <= value <= _MOST):
            raise BadRequestData(f"{name} is a whole number of days from {_LEAST} to {_MOST}, or nothing", key=name)
    known = [value for value in days if value is not None]
    if known != sorted(known) or (days[0] is None and known) or (days[1] is None and days[2] is not None):
        raise BadRequestData("Each step lasts at least as long as the one before, and none comes after «for ever»")
    return Rule(days[0], days[1], days[2], record.get("archive", True) is True)


def rule_for(rules: Mapping[str, Rule], types: Iterable[str]) -> Rule:
    """The rule of an entity: of its types the one that keeps longest, else that of every type."""
    found = [rules[name] for name in types if name in rules]
    if not found:
        return rules.get(EVERY_TYPE, Rule())
    return max(found, key=lambda rule: tuple(map(_length, (rule.raw_days, rule.hourly_days, rule.daily_days))))


def _length(days: int | None) -> float:
    return math.inf if days is None else days


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the town's calendar: its name (2026-05), its beginning and its end."""

    name: str
    begin: datetime
    end: datetime


def month_of(at: datetime, zone: ZoneInfo) -> Month:
    """The month in which a moment lies."""
    local = at.astimezone(zone)
    begin = datetime(local.year, local.month, 1, tzinfo=zone)
    end = datetime(local.year + local.month // 12, local.month % 12 + 1, 1, tzinfo=zone)
    return Month(f"{local:%Y-%m}", begin, end)


def is_due(rules: Mapping[str, Rule], last: datetime, now: datetime, zone: ZoneInfo) -> bool:
    """Whether by any rule a month has come to its next step between two moments."""
    every = {days for rule in rules.values() for days in (rule.raw_days, rule.hourly_days, rule.daily_days)}
    return any(
        month_of(now - timedelta(days=days), zone) != month_of(last - timedelta(days=days), zone)
        for days in every
        if days is not None
    )


def is_reading(instance: Instance) -> bool:
    """Whether it is a plain reading, raw or condensed."""
    value = instance.value
    return (
        instance.deleted_at is None
        and value.kind is Kind.PROPERTY
        and type(value.value) in (int, float)
        and math.isfinite(value.value)
        and value.observed_at is not None
        and value.expires_at is None
        and not value.object_type
        and value.value_type is None
        and value.attributes.keys() <= {CONDENSED}
    )


@dataclass(frozen=True, slots=True)
class Sum:
    """What is known of some readings: how many, their mean, the sum of the squares of their distances from it, the
    smallest and the largest."""

    count: int
    mean: float
    spread: float
    low: float
    high: float

    def joined(self, other: "Sum") -> "Sum":
        """Of both together (Chan, Golub and LeVeque 1983, on the spread)."""
        count = self.count + other.count
        apart = other.mean - self.mean
        mean = self.mean + apart * other.count / count
        spread = self.spread + other.spread + apart * apart * self.count * other.count / count
        return Sum(count, mean, spread, min(self.low, other.low), max(self.high, other.high))


def sum_of_number(number: float) -> Sum:
    """What is known of one reading."""
    return Sum(1, float(number), 0.0, number, number)


def sum_of(value: Attribute) -> Sum:
    """What is known of the readings behind an instance: of one as it came, itself."""
    told = condensed_of(value)
    if told is None:
        return sum_of_number(value.value)
    return Sum(told["count"], float(value.value), told["spread"], told["minimum"], told["maximum"])


def condensed_of(value: Attribute) -> Mapping[str, Any] | None:
    """What a condensed instance says of the readings behind it; None for one as it came."""
    found = value.attributes.get(CONDENSED)
    told = found[0].value if found else None
    return told if isinstance(told, dict) and type(told.get("count")) is int else None


def step_of(value: Attribute) -> Step:
    """As what an instance is kept."""
    told = condensed_of(value)
    return Step.RAW if told is None else Step(told["period"])


def bucket_of(at: datetime, step: Step, zone: ZoneInfo) -> datetime:
    """The beginning of the hour or day in which a moment lies; of a day, by the town's calendar."""
    if step is Step.HOUR:
        return at.replace(minute=0, second=0, microsecond=0)
    local = at.astimezone(zone)
    return datetime(local.year, local.month, local.day, tzinfo=zone).astimezone(at.tzinfo)


@dataclass(frozen=True, slots=True)
class Thinned:
    """What becomes of some readings: the names of those that go, and what comes in their place, if anything does."""

    gone: tuple[str, ...]
    made: tuple[Instance, ...] = ()


def thin(instances: Iterable[Instance], step: Step, zone: ZoneInfo) -> list[Thinned]:
    """Condense the readings of one attribute to a step, hour by hour or day by day. What is condensed as far already,
    or is no reading, stays as it is; what comes late joins what is there."""
    if step is Step.RAW:
        return []
    due = [one for one in instances if is_reading(one) and one.value.instance_id]
    if step is Step.NOTHING:
        return [Thinned((str(one.value.instance_id),)) for one in due]
    groups: dict[tuple[Any, ...], list[Instance]] = defaultdict(list)
    for one in due:
        at = one.value.observed_at
        if at is not None and _ORDER.index(step_of(one.value)) <= _ORDER.index(step):
            groups[bucket_of(at, step, zone), one.value.dataset_id, one.value.unit_code].append(one)
    return [
        Thinned(tuple(str(one.value.instance_id) for one in members), (_condensed(members, begin, step),))
        for (begin, *_), members in groups.items()
        if len(members) > 1 or step_of(members[0].value) is not step
    ]


def _condensed(members: Sequence[Instance], begin: datetime, step: Step) -> Instance:
    whole = sum_of(members[0].value)
    for one in members[1:]:
        whole = whole.joined(sum_of(one.value))
    told = {
        "period": step.value,
        "count": whole.count,
        "minimum": whole.low,
        "maximum": whole.high,
        "spread": whole.spread,
    }
    said = {CONDENSED: (Attribute(Kind.JSON, told),)}
    first = members[0]
    times = [at for one in members if (at := one.value.modified_at or one.value.created_at) is not None]
    value = replace(
        first.value,
        value=whole.mean,
        observed_at=begin,
        modified_at=max(times, default=None),
        instance_id=None,
        attributes=said,
    )
    return replace(first, value=value)


def as_they_came(instances: Iterable[Instance]) -> list[Instance]:
    """Those that are readings which nothing was done to."""
    return [one for one in instances if is_reading(one) and step_of(one.value) is Step.RAW]
