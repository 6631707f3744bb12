"""Which moment does a written time mean?"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from machinami.ingest.csv.cells import plain

ERAS = {
    "明治": 1867,
    "大正": 1911,
    "昭和": 1925,
    "平成": 1988,
    "令和": 2018,
    "M": 1867,
    "T": 1911,
    "S": 1925,
    "H": 1988,
    "R": 2018,
}
ZONES = {
    "UTC": 0, "GMT": 0, "Z": 0, "JST": 9, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7, "CET": 1, "CEST": 2,
}  # fmt: skip
_DATE = (
    r"(?P<era>明治|大正|昭和|平成|令和|[MTSHR](?=\d+[./年-]))?(?P<year>\d{1,4}|元)"
    r"\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})日?"
)
_CLOCK = (
    r"(?:(?P<hour>\d{1,2})\s*[:時](?:\s*(?P<minute>\d{1,2})\s*[:分]?)?"
    r"(?:\s*(?P<second>\d{1,2})(?:[.,]\d*)?秒?)?)"
)
_OFFSET = r"(?P<offset>Z|[+-]\d{2}:?\d{2}|[A-Z]{3,4})"
_WRITTEN = re.compile(rf"{_DATE}(?:\s*\([^)]*\))?(?:[T\s]*{_CLOCK})?\s*{_OFFSET}?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T_ ]?(\d{2})(\d{2})(\d{2})?)?")


def read_time(text: str, layout: str = "") -> datetime:
    """Return the time that a cell says, aware where it says an offset; ValueError where it is no time.

    Reads ISO 8601, 2023/6/5 1:00, 2023/06/25 24:00 (the next day's 0:00), 2023年6月25日 1時00分, 令和5年6月25日,
    202306250100. `layout` (as strptime) is for anything else, such as %m/%d/%Y.
    """
    cell = plain(text)
    if layout:
        return datetime.strptime(cell, layout)  # noqa: DTZ007  the zone is a fact of the file, applied later
    found = _WRITTEN.fullmatch(cell)
    if found:
        return _assembled(found)
    compact = _COMPACT.fullmatch(cell)
    if compact is None:
        raise ValueError(text)
    year, month, day, hour, minute, second = (int(part or 0) for part in compact.groups())
    return _moment(year, month, day, hour, minute, second)


def _assembled(found: re.Match[str]) -> datetime:
    year = 1 if found["year"] == "元" else int(found["year"])
    if found["era"]:
        year += ERAS[found["era"]]
    elif len(found["year"]) < 4:
        raise ValueError(found[0])
    clock = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    moment = _moment(year, int(found["month"]), int(found["day"]), *clock)
    offset = found["offset"]
    if not offset:
        return moment
    if offset in ZONES:
        return moment.replace(tzinfo=timezone(timedelta(hours=ZONES[offset])))
    if offset[0] not in "+-":
        raise ValueError(found[0])
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    return moment.replace(tzinfo=timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes)))


def _moment(year: int, month: int, day: int, hour: int, minute: int, second: int) -> datetime:
    if hour == 24 and minute == 0 and second == 0:
        return datetime(year, month, day) + timedelta(days=1)  # noqa: DTZ001  the zone is applied later
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  the zone is applied later


def in_zone(times: Iterable[datetime], zone: tzinfo) -> tuple[list[int], int]:
    """Return seconds since 1970 of times in file order, and how many local times do not exist in the zone.

    When clocks go back, an hour is written twice: its second writing is the one that does not come later
    than what was read before. A local time that clocks skip is taken as standard time.
    """
    seconds: list[int] = []
    skipped = 0
    before: int | None = None
    for time in times:
        if time.tzinfo is not None:
            moment = time.astimezone(UTC)
        else:
            moment = time.replace(tzinfo=zone).astimezone(UTC)
            later = time.replace(tzinfo=zone, fold=1).astimezone(UTC)
            if later > moment and before is not None and int(moment.timestamp()) <= before < int(later.timestamp()):
                moment = later
            skipped += later < moment
        before = int(moment.timestamp())
        seconds.append(before)
    return seconds, skipped
