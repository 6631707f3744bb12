"""Which moment does a written time mean?"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from machinami.foundation.errors import InputError
from machinami.ingest.csv.cells import plain

ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018, "M": 1867, "T": 1911, "S": 1925,
        "H": 1988, "R": 2018}  # fmt: skip
ZONES = {
    "UTC": 0.0, "GMT": 0.0, "Z": 0.0, "JST": 9.0, "KST": 9.0, "EST": -5.0, "EDT": -4.0, "CST": -6.0, "CDT": -5.0,
    "MST": -7.0, "MDT": -6.0, "PST": -8.0, "PDT": -7.0, "AKST": -9.0, "AKDT": -8.0, "HST": -10.0, "WET": 0.0,
    "WEST": 1.0, "BST": 1.0, "CET": 1.0, "CEST": 2.0, "EET": 2.0, "EEST": 3.0, "AEST": 10.0, "AEDT": 11.0,
    "ACST": 9.5, "AWST": 8.0, "NZST": 12.0, "NZDT": 13.0,
}  # fmt: skip
FIRST_YEAR, LAST_YEAR = 1800, 2200
_DATE = (
    r"(?P<era>明治|大正|昭和|平成|令和|[MTSHR](?=\d+[./年-]))?(?P<year>\d{1,4}|元)\s*[-/.年\s]\s*(?P<month>\d{1,2})"
    r"\s*[-/.月\s]\s*(?P<day>\d{1,2})日?(?:\s*\([^)]*\))?"
)
_CLOCK = (
    r"(?P<half>午前|午後)?\s*(?P<hour>\d{1,2})(?:\s*[:時](?:\s*(?P<minute>\d{1,2})\s*[:分]?)?"
    r"(?:\s*(?P<second>\d{1,2})(?:[.,]\d*)?秒?)?)?(?:\s*(?P<noon>[AP]M))?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = rf"(?:{'|'.join(_MONTHS)})[a-z]*\.?"
_NAMED = re.compile(
    rf"(?:(?P<day>\d{{1,2}})[-/\s]\s*(?P<month>{_NAME})|(?P<name>{_NAME})\s*(?P<date>\d{{1,2}}))"
    r",?[-/\s]\s*(?P<year>\d{4})",
    re.IGNORECASE,
)
_OFFSET = r"(?P<offset>Z|[+-]\d{2}(?::?\d{2})?|[A-Z]{3,4})"
_WRITTEN = re.compile(rf"{_DATE}(?:(?:T|\s+|(?<=日)|(?<=\)))(?:{_CLOCK}|(?P<clock>\d{{4}})))?\s*{_OFFSET}?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T_ ]?(\d{2})(?::?(\d{2})(?::?(\d{2}))?)?)?")
_COUNTED = re.compile(r"1\d{9}|1\d{12}")
_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_ZERO = _ZERO.replace(tzinfo=None)
_SECOND = timedelta(seconds=1)


def read_time(text: str, layout: str = "") -> datetime:
    """Return the time that a cell says, aware where it says an offset; ValueError where it is no time.

    Reads ISO 8601, 2023/6/5 1:00, 2023/06/25 24:00 (the next day's 0:00), 2023年6月25日 1時00分, 令和5年6月25日,
    25-Jun-2023, 202306250100, and seconds or milliseconds since 1970. `layout` (as strptime) is for anything else;
    dates whose year comes last are turned before (`order`). Parts of a second are cut off.
    """
    cell = plain(text)
    if layout:
        moment = datetime.strptime(cell, layout).replace(microsecond=0)  # noqa: DTZ007  the zone is applied later
        return _bounded(moment)
    if found := _WRITTEN.fullmatch(_with_numbers(cell)):
        return _assembled(found)
    if found := _COMPACT.fullmatch(cell):
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
        if FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12:
            return _moment(year, month, day, hour, minute, second)
    if _COUNTED.fullmatch(cell):
        return datetime.fromtimestamp(int(cell[:10]), UTC)
    raise ValueError(text)


def zone_of(name: str) -> tzinfo:
    """Return the time zone of this name; InputError for a name that is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(
            f"there is no time zone {name!r}; write it as Asia/Tokyo or America/New_York", zone=name
        ) from None


def _with_numbers(cell: str) -> str:
    """The cell with a date whose month has a name as year-month-day."""
    found = _NAMED.match(cell)
    if found is None:
        return cell
    month = _MONTHS.index((found["month"] or found["name"])[:3].lower()) + 1
    return f"{found['year']}-{month}-{found['day'] or found['date']}{cell[found.end() :]}"


def _assembled(found: re.Match[str]) -> datetime:
    year = 1 if found["year"] == "元" else int(found["year"])
    if found["era"]:
        year += ERAS[found["era"]]
    elif len(found["year"]) < 4:
        raise ValueError(found[0])
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    if found["clock"]:
        hour, minute = divmod(int(found["clock"]), 100)
    if found["half"] or found["noon"]:
        if hour > 12:
            raise ValueError(found[0])
        hour = hour % 12 + (12 if found["half"] == "午後" or found["noon"] == "PM" else 0)
    moment = _moment(year, int(found["month"]), int(found["day"]), hour, minute, second)
    offset = found["offset"]
    if not offset:
        return moment
    if offset[0] in "+-":
        digits = offset[1:].replace(":", "").ljust(4, "0")
        minutes = int(digits[:2]) * 60 + int(digits[2:])
        return moment.replace(tzinfo=timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes)))
    if offset not in ZONES:
        raise ValueError(found[0])
    return moment.replace(tzinfo=timezone(timedelta(hours=ZONES[offset])))


def _moment(year: int, month: int, day: int, hour: int, minute: int, second: int) -> datetime:
    midnight = hour == 24 and minute == 0 and second == 0
    moment = datetime(year, month, day, 0 if midnight else hour, minute, second)  # noqa: DTZ001  applied later
    return _bounded(moment) + timedelta(days=midnight)


def _bounded(moment: datetime) -> datetime:
    """The moment, if it can be one of a measurement: within it no arithmetic with zones overflows."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(moment)
    return moment


@dataclass(frozen=True, slots=True)
class Resolved:
    """Seconds since 1970 of written times; how many stand in an hour that clocks repeat, or in one they skip."""

    seconds: NDArray[np.int64]
    repeated: int
    skipped: int


def resolve(times: Sequence[datetime], zone: tzinfo, groups: Sequence[Hashable] | None = None) -> Resolved:
    """Return what written times mean in a zone.

    When clocks go back, an hour is written twice: a time is of the second writing when the first would not come
    later than what was read before it (of the same group: the same station). A file that runs backwards is read
    from its end. A local time that clocks skip is taken as if they had not yet gone forward.
    """
    count = len(times)
    seconds = np.zeros(count, dtype=np.int64)
    last: dict[Hashable, int] = {}
    repeated = skipped = 0
    order = range(count - 1, -1, -1) if _runs_backwards(times) else range(count)
    for i in order:
        time, group = times[i], None if groups is None else groups[i]
        if time.tzinfo is not None:
            moment = (time - _ZERO) // _SECOND
        else:
            moment, later = _both(time, zone)
            skipped += later < moment
            repeated += later > moment
            if later > moment and moment <= last.get(group, moment - 1) < later:
                moment = later
        last[group] = moment
        seconds[i] = moment
    return Resolved(seconds, repeated, skipped)


def _both(time: datetime, zone: tzinfo) -> tuple[int, int]:
    """The two moments that a local time may mean: before and after clocks are changed; nearly always the same."""
    local = (time - _NAIVE_ZERO) // _SECOND
    before, after = zone.utcoffset(time), zone.utcoffset(time.replace(fold=1))
    if before is None or after is None:
        return local, local
    return local - before // _SECOND, local - after // _SECOND


def _runs_backwards(times: Sequence[datetime]) -> bool:
    falling = rising = 0
    for one, other in pairwise(times):
        if one.tzinfo is None and other.tzinfo is None:
            falling += other < one
            rising += other > one
    return falling > rising
