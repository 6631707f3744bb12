"""What does a table of measurements say: which values, of which columns, at which times?

Pure: bytes in, values out. Header lines before the header row, trailing commas, full-width characters and
Japanese column names are read; whatever cannot be read is said with its line, column, value and cure.
"""

import csv
import difflib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

from machinami.foundation.errors import InputError
from machinami.ingest.csv.cells import marks_of, plain, read_number
from machinami.ingest.csv.encoding import decode
from machinami.ingest.csv.times import in_zone, read_time

HEADER_SEARCH = 60


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of text under named columns; `lines[i]` is the line of the file on which row i stands."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def column(self, name: str) -> list[str]:
        """Return the cells of a column, empty where a row is too short."""
        position = self.names.index(name)
        return [row[position] if position < len(row) else "" for row in self.rows]


@dataclass(frozen=True, slots=True)
class Measurements:
    """Columns of numbers over ascending distinct times (seconds since 1970); notes say what was put right."""

    seconds: NDArray[np.int64]
    columns: dict[str, NDArray[np.float64]]
    notes: tuple[str, ...]


def read_measurements(
    data: bytes,
    time: str,
    missing: Mapping[str, Sequence[str]],
    zone: tzinfo = UTC,
    encoding: str = "",
    layout: str = "",
) -> Measurements:
    """Read the time column and the columns named in `missing` (each with its extra marks for "not measured").

    Rows are sorted by time; of several rows at one time the last one stands. Raises InputError.
    """
    text, used = decode(data, encoding)
    sheet = read_sheet(text, (time, *missing))
    seconds, notes = read_times(sheet, (time,), zone, layout)
    columns = {name: read_column(sheet, name, marks) for name, marks in missing.items()}
    order = np.argsort(seconds, kind="stable")
    ordered = seconds[order]
    last = np.concatenate([ordered[1:] != ordered[:-1], [True]]) if len(ordered) else np.zeros(0, dtype=bool)
    if not np.array_equal(order, np.arange(len(order))):
        notes.append("rows were not in order of time; they were sorted")
    if not last.all():
        notes.append(f"{int((~last).sum())} rows repeat a time; the last one of each stands")
    keep = order[last]
    notes.insert(0, f"read as {used}")
    return Measurements(seconds[keep], {name: values[keep] for name, values in columns.items()}, tuple(notes))


def read_sheet(text: str, wanted: Iterable[str], skip: int = 0) -> Sheet:
    """Find the row that holds every wanted column name and return the rows below it.

    Raises InputError that lists the columns there are and the nearest to each that is missing.
    """
    names = [plain(name) for name in wanted]
    dialect = _separator(text)
    reader = csv.reader(io.StringIO(text), delimiter=dialect)
    best: tuple[str, ...] = ()
    header: tuple[str, ...] | None = None
    rows, lines = [], []
    try:
        for row in reader:
            if reader.line_num <= skip:
                continue
            if header is None:
                cells = tuple(plain(cell) for cell in row)
                if all(name in cells for name in names):
                    header = cells
                elif reader.line_num <= HEADER_SEARCH + skip and _fit(cells, names) > _fit(best, names):
                    best = cells
            elif any(cell.strip() for cell in row):
                rows.append(tuple(row))
                lines.append(reader.line_num)
    except csv.Error as error:
        raise InputError(f"line {reader.line_num}: {error}; is this a table with commas?") from None
    if header is None:
        raise InputError(_missing_columns(names, best), columns=[name for name in best if name])
    if not rows:
        raise InputError("there is no row below the header")
    return Sheet(header, tuple(rows), tuple(lines))


def read_times(
    sheet: Sheet, columns: Sequence[str], zone: tzinfo, layout: str = "", zones: str = ""
) -> tuple[NDArray[np.int64], list[str]]:
    """Return seconds since 1970 of each row, from one column or several to be joined; notes on the clock.

    `zones` names a column of zone abbreviations (EST, JST) or offsets.
    """
    parts = [sheet.column(plain(name)) for name in columns]
    if zones:
        parts.append(sheet.column(plain(zones)))
    times: list[datetime] = []
    for line, cells in zip(sheet.lines, zip(*parts, strict=True), strict=True):
        cell = " ".join(cells)
        try:
            times.append(read_time(cell, layout))
        except ValueError:
            raise InputError(
                f"line {line}, column {columns[0]}: {cell!r} is not a time; "
                "write it as 2023-06-25 13:00, or give its layout",
                line=line,
                column=columns[0],
                value=cell,
            ) from None
    seconds, skipped = in_zone(times, zone)
    notes = [f"{skipped} times do not exist in {zone} (clocks skip them); taken as standard time"] if skipped else []
    return np.array(seconds, dtype=np.int64), notes


def read_column(sheet: Sheet, name: str, missing: Sequence[str] = ()) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where nothing was measured; InputError names the cell that is neither."""
    marks = marks_of(missing)
    values = np.empty(len(sheet.rows))
    for i, cell in enumerate(sheet.column(plain(name))):
        try:
            values[i] = read_number(cell, marks)
        except ValueError:
            raise InputError(
                f"line {sheet.lines[i]}, column {name}: {cell!r} is not a number; "
                "mend it, or say that it means a missing value",
                line=sheet.lines[i],
                column=name,
                value=cell,
            ) from None
    return values


def _separator(text: str) -> str:
    head = text[:20_000]
    return max((",", "\t", ";"), key=head.count)


def _fit(cells: Sequence[str], names: Sequence[str]) -> tuple[int, int]:
    return sum(name in cells for name in names), sum(bool(cell) for cell in cells)


def _missing_columns(names: Sequence[str], best: Sequence[str]) -> str:
    there = [name for name in best if name]
    faults = []
    for name in names:
        if name not in best:
            near = difflib.get_close_matches(name, there, n=1, cutoff=0.5)
            faults.append(f"no column {name!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
    shown = ", ".join(there[:60]) + (", …" if len(there) > 60 else "")
    return f"{'; '.join(faults)}; the columns are: {shown or '(none found)'}"
