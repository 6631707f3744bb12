"""Which time is asked for? The parameters of a temporal query (ETSI GS CIM 009, 4.11)."""

from datetime import datetime

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import parse_instant
from machinami.model.query import TemporalQuery, TimeRelation

PROPERTIES = ("observedAt", "createdAt", "modifiedAt", "deletedAt")
_EXAMPLE = "timerel=between&timeAt=2026-06-30T00:00:00Z&endTimeAt=2026-07-01T00:00:00Z"
_MOST = 2**31 - 1


def parse_temporal(
    timerel: object = None,
    time_at: object = None,
    end_time_at: object = None,
    timeproperty: object = None,
    last_n: object = None,
) -> TemporalQuery:
    """The temporal query that the five parameters say; those that are None were not given.

    last_n: a whole number or its text. Raises BadRequestData (facts: parameter, expected, example).
    """
    if timeproperty is not None and timeproperty not in PROPERTIES:
        raise _fault("timeproperty", f"one of {', '.join(PROPERTIES)}", timeproperty)
    name = str(timeproperty or PROPERTIES[0])
    count = _read_count(last_n)
    if timerel is None:
        if time_at is not None or end_time_at is not None:
            raise _fault("timerel", "before, after or between where there is a timeAt", None)
        return TemporalQuery(property=name, last_n=count)
    if timerel not in tuple(TimeRelation):
        raise _fault("timerel", "before, after or between", timerel)
    relation = TimeRelation(str(timerel))
    start = _read_moment("timeAt", time_at)
    end = _read_moment("endTimeAt", end_time_at) if relation is TimeRelation.BETWEEN else None
    return TemporalQuery(relation, start, end, name, count)


def _read_moment(parameter: str, text: object) -> datetime:
    if text is None:
        raise _fault(parameter, "a date-time such as 2026-06-30T09:00:00Z", None)
    try:
        return parse_instant(text, parameter)
    except OverflowError as error:
        raise _fault(parameter, "a date-time within the calendar", text) from error


def _read_count(last_n: object) -> int | None:
    if last_n is None:
        return None
    text = str(last_n) if isinstance(last_n, int | str) and not isinstance(last_n, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 0 < int(text) <= _MOST):
        raise _fault("lastN", "a whole number above 0", last_n)
    return int(text)


def _fault(parameter: str, expected: str, found: object) -> BadRequestData:
    said = "it is missing" if found is None else f"{str(found)[:40]!r} is there"
    return BadRequestData(
        f"{parameter}: {expected} is expected, but {said}; write for example {_EXAMPLE}",
        parameter=parameter,
        expected=expected,
        example=_EXAMPLE,
        position=1,
    )
