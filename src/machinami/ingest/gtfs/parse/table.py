"""What do the rows of one table of a timetable say, and which of them cannot be read?"""

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeVar

from machinami.foundation.errors import InputError

T = TypeVar("T")
MOST_TOLD = 200
LONGEST_FIELD = 200_000


class Fault(NamedTuple):
    """A row that was left out: file, line (the header is line 1), column, and why."""

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        """As a sentence."""
        where = f"{self.file}, line {self.line}" + (f", {self.column}" if self.column else "")
        return f"{where}: {self.reason}"


@dataclass(slots=True)
class Faults:
    """The faults met so far: the first ones as they are, and how many there were in all."""

    told: list[Fault] = field(default_factory=list)
    count: int = 0

    def add(self, file: str, line: int, column: str, reason: str) -> None:
        """Note one fault."""
        self.count += 1
        if len(self.told) < MOST_TOLD:
            self.told.append(Fault(file, line, column, reason))


class Row(NamedTuple):
    """One row: its line in the file, and the cells by column; a column that is not there is empty."""

    file: str
    line: int
    cells: Mapping[str, str]

    def get(self, column: str) -> str:
        """What stands in a column, without blanks around it; nothing where it is not there."""
        return self.cells.get(column, "")

    def need(self, column: str) -> str:
        """What stands in a column. Raises Unreadable where nothing does."""
        text = self.cells.get(column, "")
        if not text:
            raise Unreadable(column, "is empty")
        return text

    def whole(self, column: str, default: int = 0) -> int:
        """A whole number of 0 and more; the default where nothing stands."""
        text = self.cells.get(column, "")
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Unreadable(column, f"{text[:40]!r} is no whole number")
        return int(text)

    def degrees(self, column: str, most: float) -> float:
        """A latitude or longitude."""
        text = self.need(column)
        try:
            value = float(text)
        except ValueError:
            raise Unreadable(column, f"{text[:40]!r} is no number") from None
        if not math.isfinite(value) or abs(value) > most:
            raise Unreadable(column, f"{text[:40]} is not within ±{most:g}°")
        return value

    def day(self, column: str) -> date:
        """A day as 20190401."""
        text = self.need(column)
        try:
            if len(text) != 8 or not text.isascii() or not text.isdigit():
                raise ValueError(text)
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            raise Unreadable(column, f"{text[:40]!r} is no day; write it as 20190401") from None


class Unreadable(Exception):
    """A cell that cannot be read: its column and why."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def decoded(data: bytes, name: str) -> str:
    """The text of a table: UTF-8 with or without a mark, else Shift_JIS as Japanese spreadsheets write it."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        try:
            return data.decode("cp932")
        except UnicodeDecodeError:
            raise InputError(
                f"{name} is neither UTF-8 nor Shift_JIS (byte {error.start}); save it as UTF-8", file=name
            ) from None


def rows_of(data: bytes, name: str, faults: Faults, needed: Sequence[str] = ()) -> Iterator[Row]:
    """The rows of a table. Raises InputError where a column that is needed is not there."""
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(io.StringIO(decoded(data, name), newline=""))
    header = [cell.strip() for cell in next(reader, [])]
    lacking = [column for column in needed if column not in header]
    if lacking:
        raise InputError(f"{name} has no column {lacking[0]}; its first line must name it", file=name)
    width = len(header)
    try:
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) > width and any(cell.strip() for cell in cells[width:]):
                faults.add(name, reader.line_num, "", f"has {len(cells)} cells where {width} columns are named")
                continue
            yield Row(name, reader.line_num, {key: cell.strip() for key, cell in zip(header, cells, strict=False)})
    except csv.Error as error:
        raise InputError(f"{name}, line {reader.line_num}: {error}", file=name) from None


def read_each(rows: Iterator[Row], make: Callable[[Row], T | None], faults: Faults) -> Iterator[T]:
    """What is made of each row; one that cannot be read is noted and left out."""
    for row in rows:
        try:
            made = make(row)
        except Unreadable as error:
            faults.add(row.file, row.line, error.column, error.reason)
            continue
        if made is not None:
            yield made


def seconds_of(text: str) -> int:
    """Seconds of a day of service from 7:05:00 or 25:10:00. ValueError where it is no time."""
    hours, minutes, seconds = text.split(":")
    if not (hours.isdigit() and minutes.isdigit() and seconds.isdigit() and len(hours) <= 3):
        raise ValueError(text)
    found = (int(hours), int(minutes), int(seconds))
    if found[1] > 59 or found[2] > 59 or found[0] > 240:
        raise ValueError(text)
    return found[0] * 3600 + found[1] * 60 + found[2]
