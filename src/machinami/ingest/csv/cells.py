"""What does one cell say: a number, a text, or that nothing was measured?"""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from machinami.foundation.errors import InputError

USUAL_MARKS = frozenset(
    "- -- --- * ** *** / // /// × # $ nan na n/a null none".split()
    + "欠測 欠 閉局 休止 休測 未受信 点検中 保守中 調整中 不明".split()
    # What the U.S. Geological Survey writes in place of a value: ice, equipment, backwater, maintenance …
    + "ice eqp bkw mnt dis rat ssn".split()
    + [""]
)
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:e[+-]?\d+)?", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that cannot be read: where it stands, what it says, and how to mend it."""

    line: int
    column: str
    value: str
    cure: str

    def __str__(self) -> str:
        """The fault as one sentence."""
        shown = self.value if len(self.value) <= _SHOWN else self.value[:_SHOWN] + "…"
        return f"line {self.line}, column {self.column}: {shown!r} {self.cure}"

    def error(self) -> InputError:
        """The fault as an error."""
        return InputError(str(self), line=self.line, column=self.column, value=self.value[:_SHOWN])


@dataclass(frozen=True, slots=True)
class Marks:
    """What means "not measured": words, and numbers (0.00 also means 0)."""

    words: frozenset[str]
    numbers: frozenset[float]


def plain(cell: str) -> str:
    """Return the cell without outer spaces, its full-width letters and digits made plain (NFKC)."""
    if cell.isascii():
        return cell.strip()
    return unicodedata.normalize("NFKC", cell).strip()


def marks_of(extra: Iterable[str]) -> Marks:
    """Return the usual marks and those given."""
    words = {plain(word).lower() for word in extra}
    numbers = set()
    for word in words:
        try:
            numbers.add(float(word))
        except ValueError:
            continue
    return Marks(frozenset(words | USUAL_MARKS), frozenset(n for n in numbers if math.isfinite(n)))


def read_number(cell: str, marks: Marks) -> float:
    """Return the number in a cell, NaN where it says "not measured"; ValueError where it is neither.

    Thousands may be parted by commas; full-width digits and signs are read; infinity is no measurement.
    """
    text = plain(cell)
    if text.lower() in marks.words:
        return math.nan
    text = text.replace("−", "-").replace("▲", "-").replace("△", "-")
    if text.lower().lstrip("+-") in ("inf", "infinity"):
        return math.nan
    if not any(c.isdigit() for c in text) or not _NUMBER.fullmatch(text):
        raise ValueError(text)
    value = float(text.replace(",", ""))
    return value if math.isfinite(value) and value not in marks.numbers else math.nan


def read_numbers(
    cells: Sequence[str], lines: Sequence[int], column: str, missing: Iterable[str] = (), decimal_comma: bool = False
) -> tuple[NDArray[np.float64], list[Fault]]:
    """Return the cells of a column as numbers, NaN where nothing was measured, and the cells that are neither.

    decimal_comma: the file parts its columns otherwise, so 2,83 is read as 2.83 if no cell has a point.
    """
    marks = marks_of(missing)
    different = set(cells)
    comma = decimal_comma and not any("." in cell for cell in different)
    known: dict[str, float] = {}
    wrong: set[str] = set()
    for cell in different:
        text = cell.replace(",", ".") if comma and _DECIMAL_COMMA.fullmatch(cell) else cell
        try:
            known[cell] = read_number(text, marks)
        except ValueError:
            known[cell] = math.nan
            wrong.add(cell)
    values = np.array([known[cell] for cell in cells], dtype=np.float64)
    cure = "is not a number; mend it, or say that it means a missing value (`missing` in the map, --missing VALUE)"
    faults = [Fault(line, column, cell, cure) for line, cell in zip(lines, cells, strict=True) if cell in wrong]
    return values, faults
