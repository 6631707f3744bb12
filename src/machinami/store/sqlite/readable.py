"""Which rows of a table can still be read, where pages of it cannot?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import apsw

_FARTHEST = 1 << 40
Row = tuple[Any, ...]
UNREADABLE = (apsw.Error, ValueError)  # of a file that is damaged; ValueError: text that is none


@dataclass(frozen=True, slots=True)
class Table:
    """A table to be read: its columns, the first of which orders it; whether it is a number; what a row must be; by
    which columns it is ordered as a whole."""

    name: str
    columns: str
    numbered: bool = True
    fits: Callable[[Row], bool] = lambda row: True
    order: str = ""

    @property
    def first(self) -> str:
        """The column that orders it."""
        return self.columns.partition(",")[0]


@dataclass(slots=True)
class Gap:
    """Where rows cannot be read: from what the last one before says in the first column to what the first one after
    says; None: from the beginning, to the end."""

    after: Any
    before: Any = None

    def holds(self, value: int) -> bool:
        """Whether rows of a value may be missing."""
        return (self.after is None or value >= self.after) and (self.before is None or value <= self.before)


def rows(source: apsw.Connection, table: Table, gaps: list[Gap]) -> Iterator[Row]:
    """Every row that can be read: over what cannot be read, and up to it from behind. Some may come twice."""
    last: Any = None
    step, broken = 0, False
    while True:
        where, bound = ("", ()) if last is None else (f"WHERE {table.first} >= ?", (last + step,))
        came = False
        try:
            for row in source.execute(
                f"SELECT {table.columns} FROM {table.name} {where} ORDER BY {table.first}", bound
            ):
                if broken:
                    gaps[-1].before, broken = row[0], False
                    yield from _backwards(source, table, gaps[-1])
                last, came = row[0], True
                yield row
            break
        except UNREADABLE:
            if not broken:
                gaps.append(Gap(last))
                broken = True
            if not table.numbered or step > _FARTHEST:
                break
            last, step = (last if isinstance(last, int) else 0), (1 if came else max(1, 2 * step))
    if broken:
        yield from _backwards(source, table, gaps[-1])


def _backwards(source: apsw.Connection, table: Table, gap: Gap) -> Iterator[Row]:
    """What can be read of a gap from its end."""
    bounds = [(">=", gap.after), ("<=", gap.before)]
    wanted = [(f"{table.first} {sign} ?", bound) for sign, bound in bounds if bound is not None]
    where = "WHERE " + " AND ".join(text for text, _ in wanted) if wanted else ""
    order = ", ".join(f"{name} DESC" for name in (table.order or table.first).split(", "))
    try:
        found = source.execute(
            f"SELECT {table.columns} FROM {table.name} {where} ORDER BY {order}", tuple(bound for _, bound in wanted)
        )
        yield from found
    except UNREADABLE:
        return
