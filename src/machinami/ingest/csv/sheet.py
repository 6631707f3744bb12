"""Which cells stand under which column names? Finds the header row of a table and the rows below it."""

import csv
import difflib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Protocol, Self

from machinami.foundation.errors import InputError
from machinami.ingest.csv.cells import plain

HEADER_SEARCH = 200
_SEPARATORS = (",", "\t", ";")
_POSITION = re.compile(r"#([1-9]\d{0,3})")
_VALUE_BEGINS = "0123456789+-.:/"
_WIDTHS = re.compile(r"\d+[sdn]")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The wanted columns of a table as text; `lines[i]` is the line of the file on which row i ends.

    preamble holds what stands above the header as "name, value" (観測局,持世寺 or #lang,ja).
    """

    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]
    preamble: Mapping[str, str]
    separator: str
    notes: tuple[str, ...]


class Rows(Protocol):
    """The rows of a file, as the csv module reads them."""

    @property
    def line_num(self) -> int:
        """How many lines have been read."""
        ...

    def __iter__(self) -> Self:
        """The rows that are left."""
        ...

    def __next__(self) -> list[str]:
        """The next row."""
        ...


@dataclass(frozen=True, slots=True)
class _Header:
    names: tuple[str, ...]
    positions: tuple[int, ...]
    preamble: dict[str, str]


def read_sheet(text: str, wanted: Sequence[str], optional: Sequence[str] = (), skip: int = 0) -> Sheet:
    """Find the row that holds every wanted column name and return those columns of the rows below it.

    Names are compared after NFKC; `#3` is the third column, whatever it is called. The first wanted column is the
    key (the time): rows directly below the header in which it is empty continue the header. `optional` columns are
    taken along where they are. Raises InputError that lists the columns there are and the nearest to each missing.
    """
    names = [folded(name) for name in wanted]
    best: tuple[str, ...] = ()
    for separator in sorted(_SEPARATORS, key=text[:20_000].count, reverse=True):
        stream = io.StringIO(text, newline="")
        for _ in range(skip):
            stream.readline()
        reader = csv.reader(stream, delimiter=separator)
        try:
            header, near = _find_header(reader, names)
            if header is not None:
                more = [n for n in dict.fromkeys(map(folded, optional)) if n not in names and n in header.names]
                return _below(reader, header, [*names, *more], separator, skip)
        except csv.Error as error:
            raise InputError(f"line {reader.line_num + skip}: {error}; is this a table with commas?") from None
        best = max(best, near, key=lambda cells: _fit(cells, names))
    raise InputError(_missing_columns(names, best), columns=[name for name in best if name])


def folded(name: str) -> str:
    """Return a column name as names are compared: NFKC, inner spaces as one."""
    return " ".join(plain(name).split())


def _find_header(reader: Rows, names: Sequence[str]) -> tuple[_Header | None, tuple[str, ...]]:
    if all(_POSITION.fullmatch(name) for name in names):
        return _Header((), tuple(int(name[1:]) - 1 for name in names), {}), ()
    best: tuple[str, ...] = ()
    preamble: dict[str, str] = {}
    for _, row in zip(range(HEADER_SEARCH), reader, strict=False):
        cells = tuple(map(folded, row))
        positions = [_position(name, cells) for name in names]
        if None not in positions:
            return _Header(cells, tuple(p for p in positions if p is not None), preamble), cells
        best = max(best, cells, key=lambda cells: _fit(cells, names))
        said = [cell for cell in cells if cell]
        if len(said) >= 2 and said[0] == cells[0]:
            preamble.setdefault(said[0].lstrip("#").strip(), said[1])
    return None, best


def _position(name: str, cells: Sequence[str]) -> int | None:
    if name in cells:
        return cells.index(name)
    found = _POSITION.fullmatch(name)
    return int(found[1]) - 1 if found and int(found[1]) <= len(cells) else None


def _below(reader: Rows, header: _Header, names: Sequence[str], separator: str, skip: int) -> Sheet:
    positions = [*header.positions, *(header.names.index(name) for name in names[len(header.positions) :])]
    # Taken twice when there is but one, because itemgetter gives a tuple only for several.
    pick = itemgetter(*positions, positions[0])
    width = max(positions) + 1
    titles = pick(header.names) if header.names else None
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    again = 0
    for row in reader:
        if len(row) < width:
            row += [""] * (width - len(row))
        cells = pick(row)
        if not any(cells) or not any(map(str.strip, cells)):
            continue
        if not rows and titles is not None and _continues_header(row, cells[0]):
            continue
        if titles is not None and cells[0] == titles[0] and tuple(map(folded, cells)) == titles:
            again += 1
            continue
        rows.append(cells)
        lines.append(reader.line_num + skip)
    if not rows:
        raise InputError("there is no row with values below the header; is this the right file?")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=False))
    notes = [f"the header row stands {again} more times in between; passed over"] if again else []
    for name in names:
        if header.names.count(name) > 1:
            others = [f"#{i + 1}" for i, cell in enumerate(header.names) if cell == name]
            notes.append(f"{len(others)} columns are called {name}; {others[0]} is read (the next is {others[1]})")
    return Sheet(columns, lines, header.preamble, separator, tuple(notes))


def _continues_header(row: Sequence[str], key: str) -> bool:
    """Whether a row right below the header belongs to it: units, a #remark, or the widths (15s, 8n) of the USGS."""
    if not key.strip() or row[0].startswith("#"):
        return True
    return all(_WIDTHS.fullmatch(cell.strip()) for cell in row if cell.strip())


def _fit(cells: Sequence[str], names: Sequence[str]) -> tuple[int, int]:
    """How much a row looks like the header: names that are there, and cells that are words rather than values."""
    return sum(name in cells for name in names), sum(cell != "" and cell[0] not in _VALUE_BEGINS for cell in cells)


def _missing_columns(names: Sequence[str], best: Sequence[str]) -> str:
    there = list(dict.fromkeys(name for name in best if name))
    faults = []
    for name in names:
        if _position(name, best) is None:
            near = difflib.get_close_matches(name, there, n=1, cutoff=0.5)
            faults.append(f"no column {name!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
    shown = ", ".join(there[:60]) + (", …" if len(there) > 60 else "")
    return f"{'; '.join(faults)}; the columns are: {shown or '(none found)'}"
