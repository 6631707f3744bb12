"""Is 03/04/2023 the third of April or the fourth of March? What the whole column tells."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from itertools import pairwise

from machinami.foundation.errors import InputError
from machinami.ingest.csv.cells import plain
from machinami.ingest.csv.times import read_time

_TURNED = re.compile(r"(?P<one>\d{1,2})\s*(?P<mark>[-/.])\s*(?P<two>\d{1,2})\s*(?P=mark)\s*(?P<year>\d{4})(?!\d)")


class Order(Enum):
    """Which part of a date whose year comes last is the day."""

    DAY_FIRST = "day/month/year"
    MONTH_FIRST = "month/day/year"

    def turned(self, cell: str) -> str:
        """The cell with its date as year-month-day; a cell without such a date as it is."""
        found = _TURNED.match(plain(cell))
        if found is None:
            return cell
        day, month = (found["one"], found["two"]) if self is Order.DAY_FIRST else (found["two"], found["one"])
        return f"{found['year']}-{month}-{day}{plain(cell)[found.end() :]}"


def order_of(cells: Iterable[str]) -> Order | None:
    """Return how the dates of a column are written; None where none has its year last.

    A part above 12 is the day. Where there is none, dots mean that the day comes first (25.06.2023, as DIN 5008 has
    it); else it is the order in which more rows follow each other by the usual step. Raises InputError where nothing
    tells, or the column contradicts itself.
    """
    turned = [(cell, found) for cell in cells if (found := _TURNED.match(plain(cell)))]
    if not turned:
        return None
    pairs = [(int(found["one"]), int(found["two"])) for _, found in turned]
    days, months = any(two <= 12 < one for one, two in pairs), any(one <= 12 < two for one, two in pairs)
    if days and months:
        raise InputError("some dates begin with the day and others with the month; write them as 2023-06-25 13:00")
    if days or (not months and all(found["mark"] == "." for _, found in turned)):
        return Order.DAY_FIRST
    if months:
        return Order.MONTH_FIRST
    even = {order: _evenness([order.turned(cell) for cell, _ in turned]) for order in Order}
    if len(set(even.values())) == 1:
        raise InputError(
            f"it cannot be told whether {turned[0][0]} begins with the day or the month; write it as 2023-06-25 13:00, "
            "or give its layout (%d/%m/%Y)"
        )
    return max(Order, key=lambda order: even[order])


def _evenness(cells: list[str]) -> int:
    """How many rows follow the one before by the step that is usual."""
    moments = [moment for cell in cells if (moment := _moment(cell)) is not None]
    steps = Counter(abs(later - earlier) for earlier, later in pairwise(moments) if later != earlier)
    return max(steps.values(), default=0)


def _moment(cell: str) -> datetime | None:
    try:
        return read_time(cell).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
