"""Is this body a well-formed Open mHealth measure, and if not: what is wrong, where, and how is it mended?

Written from the facts of the published schemas (namespaces omh and ieee, the latter IEEE 1752.1): which members a
measure must have, of which kind, in which units and words. A schema says nothing of sense (a count may end before it
began); what can be used is judged by `reading`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from machinami.foundation.duration import duration_seconds

Check = Callable[[Any, str], Iterator["Fault"]]
_ZONED = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)
PARTS_OF_DAY = ("morning", "afternoon", "evening", "night")
DURATIONS = ("ps", "ns", "us", "ms", "sec", "min", "h", "d", "wk", "Mo", "yr")
STATISTICS = (
    "average", "count", "maximum", "median", "minimum", "standard deviation", "sum", "variance", "20th percentile",
    "80th percentile", "lower quartile", "upper quartile", "quartile deviation", "1st quintile", "2nd quintile",
    "3rd quintile", "4th quintile",
)  # fmt: skip
LENGTHS = ("fm", "pm", "nm", "um", "mm", "cm", "m", "km", "in", "ft", "yd", "mi")
MASSES = ("fg", "pg", "ng", "ug", "mg", "g", "kg", "Metric Ton", "gr", "oz", "lb", "Ton")
POSTURES = ("sitting", "lying down", "standing", "semi-recumbent")
BODY_SITES = ("left thigh", "right thigh", "left wrist", "right wrist", "left upper arm", "right upper arm")
EXERTIONS = ("at rest", "active", "before exercise", "after exercise", "during exercise")
SLEEP_TIMES = ("before sleeping", "during sleep", "on waking")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a document: where (a path such as /step_count/unit), what, and the cure."""

    where: str
    what: str
    cure: str

    def __str__(self) -> str:
        return f"{self.where or '/'}: {self.what}; {self.cure}"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a measure: how its value is checked, and whether it must be there."""

    check: Check
    required: bool = False


Form = Mapping[str, Member]


def faults(body: Any, name: str, version: str, namespace: str = "omh") -> list[Fault]:
    """All that is wrong with the body of a measure; nothing for a well-formed one.

    name, version: those of its schema, such as "step-count" and "3.0". A version that is not known is judged by
    the newest known one before it of the same major number.
    """
    form = form_of(name, version, namespace)
    if form is None:
        known = ", ".join(f"{n} {v}" for s, n, v in sorted(FORMS) if s == namespace) or "none"
        cure = f"give one of: {known}"
        return [Fault("/header/schema_id", f"the schema {namespace}:{name}:{version} is not known", cure)]
    if not isinstance(body, dict):
        return [Fault("", f"a measure is a JSON object, not {kind_of(body)}", "send { … }")]
    found = [
        Fault(f"/{key}", f"{name} {version} must have {key}", f"add {key}")
        for key, member in form.items()
        if member.required and key not in body
    ]
    for key, value in body.items():
        if key in form:
            found += form[key].check(value, f"/{key}")
    return found


def form_of(name: str, version: str, namespace: str = "omh") -> Form | None:
    """The form of a schema; None where no version of this major number is known."""
    if not re.fullmatch(r"\d{1,3}(\.(\d{1,3}|x))?", version, re.ASCII):
        return None
    major, _, minor = version.partition(".")
    least = 10**6 if minor in ("", "x") else int(minor)
    known = [
        (int(v.partition(".")[2]), form)
        for (s, n, v), form in FORMS.items()
        if s == namespace and n == name and v.partition(".")[0] == major
    ]
    usable = [row for row in known if row[0] <= least]
    return max(usable, key=lambda row: row[0])[1] if usable else None


def kind_of(value: Any) -> str:
    """What a JSON value is, in a word."""
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), "null")


def number(least: float | None = None, whole: bool = False) -> Check:
    """A JSON number; a text that looks like one is none."""

    def check(value: Any, where: str) -> Iterator[Fault]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield Fault(where, f"{value!r:.60} is {kind_of(value)}, not a number", "write it without quotation marks")
        elif value != value or abs(value) > 1e15:
            yield Fault(where, f"{value} is no finite number", "write an ordinary number")
        elif whole and value != int(value):
            yield Fault(where, f"{value} is not a whole number", "count whole steps")
        elif least is not None and value < least:
            yield Fault(where, f"{value} is below {least:g}", f"give {least:g} or more")

    return check


def text(value: Any, where: str) -> Iterator[Fault]:
    """A JSON text."""
    if not isinstance(value, str):
        yield Fault(where, f"{kind_of(value)} instead of a text", "write a text")


def one_of(words: tuple[str, ...]) -> Check:
    """One of a few words, written exactly so."""

    def check(value: Any, where: str) -> Iterator[Fault]:
        if not isinstance(value, str) or value not in words:
            yield Fault(
                where, f"{value!r:.60} is not one of the words allowed here", f"write one of {', '.join(words)}"
            )

    return check


def quantity(units: tuple[str, ...], least: float | None = None) -> Check:
    """A value with its unit, as {"value": 3.2, "unit": "km"}."""
    members = {"value": number(least), "unit": one_of(units)}

    def check(value: Any, where: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            cure = f'write {{"value": …, "unit": "{units[0]}"}}'
            yield Fault(where, f"{kind_of(value)} instead of a value with its unit", cure)
            return
        for key, inner in members.items():
            if key in value:
                yield from inner(value[key], f"{where}/{key}")
            else:
                yield Fault(f"{where}/{key}", f"the {key} is missing", f"add {key}")

    return check


def date_time(value: Any, where: str) -> Iterator[Fault]:
    """A moment with its zone (RFC 3339)."""
    if not isinstance(value, str) or not _ZONED.match(value) or not _parses(value):
        cure = "write it with its zone, like 2026-06-30T09:00:00+09:00"
        yield Fault(where, f"{value!r:.60} is not a date-time with a zone", cure)


def _parses(value: str) -> bool:
    try:
        datetime.fromisoformat(value.upper())
    except ValueError:
        return False
    return True


def day(value: Any, where: str) -> Iterator[Fault]:
    """A calendar day."""
    try:
        date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "")
    except ValueError:
        yield Fault(where, f"{value!r:.60} is not a date", "write it like 2026-06-30")


def _span(value: Any, where: str) -> Iterator[Fault]:
    duration = quantity(DURATIONS, 0)
    if isinstance(value, str) and duration_seconds(value) is not None:
        return
    yield from duration(value, where)


def interval(parts_of_day: bool) -> Check:
    """A time interval: two ends, or one end and a duration; in omh also a day with a part of it."""
    members: dict[str, Check] = {"start_date_time": date_time, "end_date_time": date_time, "duration": _span}
    pairs = [{"start_date_time", "end_date_time"}, {"start_date_time", "duration"}, {"end_date_time", "duration"}]
    if parts_of_day:
        members |= {"date": day, "part_of_day": one_of(PARTS_OF_DAY)}
        pairs.append({"date", "part_of_day"})

    def check(value: Any, where: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault(where, f"{kind_of(value)} instead of an interval", "write start_date_time and end_date_time")
        elif not any(pair <= value.keys() for pair in pairs):
            what = "an interval needs two of start, end and duration" + (", or a date" if parts_of_day else "")
            yield Fault(where, what, "add start_date_time and end_date_time")
        else:
            for key, inner in members.items():
                if key in value:
                    yield from inner(value[key], f"{where}/{key}")

    return check


def time_frame(moments: bool = True, parts_of_day: bool = True) -> Check:
    """When it holds: an interval or, where allowed, a moment; one of them and not both."""
    span = interval(parts_of_day)

    def check(value: Any, where: str) -> Iterator[Fault]:
        said = value.keys() & {"date_time", "time_interval"} if isinstance(value, dict) else set()
        if said == {"time_interval"}:
            yield from span(value["time_interval"], f"{where}/time_interval")
        elif said == {"date_time"} and moments:
            yield from date_time(value["date_time"], f"{where}/date_time")
        elif said == {"date_time"}:
            yield Fault(f"{where}/date_time", "this measure is of an interval, not of a moment", "give time_interval")
        else:
            cure = "give time_interval" + (" or date_time, not both" if moments else "")
            yield Fault(where, "this does not say when", cure)

    return check


def _form(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Form:
    members = {key: Member(check, True) for key, check in required.items()}
    return members | {key: Member(check) for key, check in (optional or {}).items()}


_ANY, _INTERVAL = time_frame(), time_frame(moments=False)
_NEW, _NEW_INTERVAL = time_frame(parts_of_day=False), time_frame(moments=False, parts_of_day=False)
_STATISTIC = one_of(STATISTICS)
_PER: Mapping[str, Check] = {"descriptive_statistic": _STATISTIC, "descriptive_statistic_denominator": text}
_NOTES: Mapping[str, Check] = {"descriptive_statistic": _STATISTIC, "user_notes": text}
_PRESSURE = {name: quantity(("mmHg",)) for name in ("systolic_blood_pressure", "diastolic_blood_pressure")}
_SITTING: Mapping[str, Check] = {"body_posture": one_of(POSTURES), "measurement_location": one_of(BODY_SITES), **_NOTES}
_ACTIVITY_MORE: Mapping[str, Check] = {
    "distance": quantity(LENGTHS),
    "effective_time_frame": _ANY,
    "reported_activity_intensity": one_of(("light", "moderate", "vigorous")),
    "met_value": number(0),
    "kcal_burned": quantity(("kcal",), 0),
    "base_movement_quantity": quantity(("steps", "strokes", "repetitions"), 0),
}
_PULSE = {"heart_rate": quantity(("beats/min",), 0)}
_EXERTION: Mapping[str, Check] = {
    "temporal_relationship_to_physical_activity": one_of(EXERTIONS),
    "temporal_relationship_to_sleep": one_of(SLEEP_TIMES),
    **_NOTES,
}
_STEPS, _COUNT = {"step_count": quantity(("steps",), 0)}, {"step_count": number(0)}
_WEIGHT = {"body_weight": quantity(MASSES)}
_SLEEP = {"sleep_duration": quantity(("h", "min", "sec"), 0)}

FORMS: Mapping[tuple[str, str, str], Form] = {
    ("omh", "step-count", "1.0"): _form(_COUNT, {"effective_time_frame": _ANY, **_NOTES}),
    ("omh", "step-count", "2.0"): _form({**_COUNT, "effective_time_frame": _INTERVAL}, _PER),
    ("omh", "step-count", "3.0"): _form({**_STEPS, "effective_time_frame": _INTERVAL}, _PER),
    ("ieee", "step-count", "1.0"): _form({**_STEPS, "effective_time_frame": _NEW_INTERVAL}, _PER),
    ("omh", "physical-activity", "1.0"): _form({"activity_name": text}, _ACTIVITY_MORE),
    ("ieee", "physical-activity", "1.0"): _form(
        {"activity_name": text, "effective_time_frame": _NEW}, {**_ACTIVITY_MORE, "effective_time_frame": _NEW}
    ),
    ("omh", "blood-pressure", "1.0"): _form(
        _PRESSURE, {"effective_time_frame": _ANY, "position_during_measurement": one_of(POSTURES), **_NOTES}
    ),
    ("omh", "blood-pressure", "2.0"): _form(_PRESSURE, {"effective_time_frame": _ANY, **_SITTING}),
    ("omh", "blood-pressure", "3.0"): _form({**_PRESSURE, "effective_time_frame": _ANY}, _SITTING),
    ("omh", "blood-pressure", "3.1"): _form({**_PRESSURE, "effective_time_frame": _ANY}, {**_SITTING, **_EXERTION}),
    ("omh", "blood-pressure", "4.0"): _form({**_PRESSURE, "effective_time_frame": _NEW}, {**_SITTING, **_EXERTION}),
    ("omh", "body-weight", "1.0"): _form(_WEIGHT, {"effective_time_frame": _ANY, **_NOTES}),
    ("omh", "body-weight", "2.0"): _form({**_WEIGHT, "effective_time_frame": _ANY}, _NOTES),
    ("omh", "body-weight", "3.0"): _form({**_WEIGHT, "effective_time_frame": _NEW}, _NOTES),
    ("omh", "heart-rate", "1.0"): _form(_PULSE, {"effective_time_frame": _ANY, **_EXERTION}),
    ("omh", "heart-rate", "2.0"): _form({**_PULSE, "effective_time_frame": _ANY}, _EXERTION),
    ("omh", "sleep-duration", "1.0"): _form(_SLEEP, {"effective_time_frame": _ANY, **_NOTES}),
    ("omh", "sleep-duration", "2.0"): _form({**_SLEEP, "effective_time_frame": _INTERVAL}, _PER),
}
