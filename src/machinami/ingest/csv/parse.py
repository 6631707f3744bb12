"""What does a table of measurements say: which values, of which columns, at which times?

Pure: bytes in, values out. Header lines before the header row, trailing commas, full-width characters and
Japanese column names are read; whatever cannot be read is said with its line, column, value and cure.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

from machinami.foundation.errors import InputError
from machinami.ingest.csv.cells import Fault, read_numbers
from machinami.ingest.csv.encoding import decode
from machinami.ingest.csv.order import order_of
from machinami.ingest.csv.sheet import Sheet, folded, read_sheet
from machinami.ingest.csv.times import read_time, resolve, zone_of


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of numbers (NaN: not measured) over ascending distinct times; notes say what was put right.

    seconds: since 1970, UTC; lines[i]: the line of the file from which row i comes.
    """

    seconds: NDArray[np.int64]
    columns: dict[str, NDArray[np.float64]]
    lines: NDArray[np.int64]
    notes: tuple[str, ...]

    @property
    def times(self) -> list[datetime]:
        """The times as aware moments in UTC."""
        return [datetime.fromtimestamp(int(second), UTC) for second in self.seconds]


def read_table(
    data: bytes,
    *,
    time: str,
    columns: Sequence[str],
    zone: str | tzinfo = "UTC",
    missing: Sequence[str] | Mapping[str, Sequence[str]] = (),
    encoding: str | None = None,
    layout: str = "",
    skip: int = 0,
) -> Table:
    """Read the time column and the named columns of numbers.

    time: a column, or several to be joined, as 日付+時刻. zone: of times that say no offset. missing: marks for "not
    measured" besides the usual ones, for all columns or for each. Rows are sorted by time; of several rows at one
    time the last stands. Raises InputError that names line, column, value and cure.
    """
    clock = zone_of(zone) if isinstance(zone, str) else zone
    text, used = decode(data, encoding, (*time.split("+"), *columns))
    keys, sheet = _sheet_with_time(text, time, columns, skip)
    seconds, faults, notes = read_times(sheet, keys, clock, layout)
    values = {}
    for name in columns:
        marks = missing.get(name, ()) if isinstance(missing, Mapping) else missing
        values[name], wrong = read_numbers(
            sheet.columns[folded(name)], sheet.lines, name, marks, decimal_comma=sheet.separator == ";"
        )
        faults += wrong
    if faults:
        raise min(faults, key=lambda fault: fault.line).error()
    keep, repairs = in_order(seconds)
    notes = [f"read as {used}", *sheet.notes, *notes, *repairs]
    columns_kept = {name: column[keep] for name, column in values.items()}
    return Table(seconds[keep], columns_kept, np.array(sheet.lines, dtype=np.int64)[keep], tuple(notes))


def _sheet_with_time(text: str, time: str, columns: Sequence[str], skip: int) -> tuple[tuple[str, ...], Sheet]:
    try:
        return (time,), read_sheet(text, (time, *columns), skip=skip)
    except InputError:
        keys = tuple(part.strip() for part in time.split("+") if part.strip())
        if len(keys) < 2:
            raise
        return keys, read_sheet(text, (*keys, *columns), skip=skip)


def read_times(
    sheet: Sheet,
    columns: Sequence[str],
    zone: tzinfo,
    layout: str = "",
    groups: Sequence[Hashable] | None = None,
) -> tuple[NDArray[np.int64], list[Fault], list[str]]:
    """Return seconds since 1970 of each row, the cells that are no time, and notes on the clock.

    columns: one, or several to be joined by a space. groups: of each row, the station it belongs to. A row whose
    time is a fault has the time of the row before it, to be left out by the caller.
    """
    parts = [sheet.columns[folded(name)] for name in columns]
    known: dict[str, datetime | None] = {}
    times: list[datetime] = []
    faults: list[Fault] = []
    name = "+".join(columns)
    rows = parts[0] if len(parts) == 1 else [" ".join(cells) for cells in zip(*parts, strict=True)]
    turned, notes = _turned(rows, name) if not layout else (rows, [])
    for line, written, cell in zip(sheet.lines, rows, turned, strict=True):
        if cell not in known:
            known[cell] = _time_or_none(cell, layout)
        time = known[cell]
        if time is None:
            faults.append(
                Fault(line, name, written, "is not a time; write it as 2023-06-25 13:00, or give its layout (%m/%d/%Y)")
            )
            time = times[-1] if times else datetime(1970, 1, 1, tzinfo=UTC)
        times.append(time)
    resolved = resolve(times, zone, groups)
    if resolved.repeated:
        notes.append(f"{resolved.repeated} times stand in an hour that clocks in {zone} repeat; told apart by order")
    if resolved.skipped:
        notes.append(f"{resolved.skipped} times do not exist in {zone} (clocks skip them); taken as standard time")
    return resolved.seconds, faults, notes


def _turned(cells: Sequence[str], name: str) -> tuple[Sequence[str], list[str]]:
    """The cells with their dates as year-month-day, and a note where they were not."""
    try:
        order = order_of(cells)
    except InputError as error:
        raise InputError(f"column {name}: {error.detail}", column=name) from None
    if order is None:
        return cells, []
    return [order.turned(cell) for cell in cells], [f"dates are read as {order.value}"]


def _time_or_none(cell: str, layout: str) -> datetime | None:
    try:
        return read_time(cell, layout)
    except (ValueError, OverflowError):
        return None


def in_order(seconds: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[str]]:
    """Return the positions of the rows to keep, in order of time (of several at one time the last), and notes."""
    order = np.argsort(seconds, kind="stable")
    ordered = seconds[order]
    last = np.ones(len(order), dtype=bool)
    last[:-1] = ordered[1:] != ordered[:-1]
    notes = []
    if not np.array_equal(order, np.arange(len(order))):
        notes.append("rows were not in order of time; they were sorted")
    if not last.all():
        notes.append(f"{int((~last).sum())} rows repeat a time; the last one of each stands")
    return order[last], notes
