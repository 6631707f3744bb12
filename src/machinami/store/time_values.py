"""What is the first, the last or the mean of values that are themselves times? (ETSI GS CIM 009, Table 4.5.19.1-2)

Such a value is an object with `@type` DateTime, Date or Time and its text as `@value` (4.6.3). Of dates there is no
mean; that of times of the day is a time of the day.
"""

import re
from collections.abc import Sequence
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import parse_instant

_TIME = re.compile(r"(\d\d):(\d\d):(\d\d(?:[.,]\d{1,6})?)(?:Z|[+]00:00)?\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


def time_value(value: Any) -> tuple[str, float | str, str] | None:
    """The type of a value that is a time, what orders it among those of its type, and its text; None if it is none."""
    if (
        not isinstance(value, dict)
        or not isinstance(value.get("@type"), str)
        or not isinstance(value.get("@value"), str)
    ):
        return None
    kind, text = re.split("[/#:]", value["@type"])[-1], value["@value"]
    if kind == "DateTime":
        try:
            return kind, parse_instant(text).timestamp(), text
        except BadRequestData:
            return None
    if kind == "Date" and _DATE.match(text):
        return kind, text, text
    found = _TIME.match(text) if kind == "Time" else None
    if found is None:
        return None
    return kind, int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3].replace(",", ".")), text


def aggregate_times(values: Sequence[tuple[str, float | str, str]], method: str) -> str | None:
    """The result of a method for times; None where it makes no sense of them."""
    kinds = {kind for kind, _, _ in values}
    if len(kinds) != 1:
        return None
    if method in ("min", "max"):
        ordered = sorted(values, key=lambda one: one[1])
        return ordered[0 if method == "min" else -1][2]
    if method == "avg" and kinds == {"Time"}:
        seconds = [at for _, at, _ in values if isinstance(at, float)]
        return _written(sum(seconds) / len(seconds))
    return None


def _written(seconds: float) -> str:
    micros = round(seconds * 1e6)
    whole, rest = divmod(micros, 1_000_000)
    fraction = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{fraction}Z"
