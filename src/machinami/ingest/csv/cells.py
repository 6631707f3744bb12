"""What does one cell say: a number, or that nothing was measured?"""

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

USUAL_MARKS = (
    "",
    "-",
    "--",
    "---",
    "*",
    "**",
    "***",
    "欠測",
    "閉局",
    "休止",
    "未受信",
    "点検中",
    "nan",
    "na",
    "n/a",
    "null",
    "none",
)
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?(e[+-]?\d+)?", re.IGNORECASE)


def plain(cell: str) -> str:
    """Return the cell without outer spaces, its full-width letters and digits made plain (NFKC)."""
    if cell.isascii():
        return cell.strip()
    return unicodedata.normalize("NFKC", cell).strip()


@dataclass(frozen=True, slots=True)
class Marks:
    """What means "not measured": words, and numbers (0.00 also means 0)."""

    words: frozenset[str]
    numbers: frozenset[float]


def marks_of(extra: Iterable[str]) -> Marks:
    """Return the usual marks and those given."""
    words = {plain(word).lower() for word in extra}
    numbers = set()
    for word in words:
        try:
            numbers.add(float(word))
        except ValueError:
            continue
    return Marks(frozenset(words | set(USUAL_MARKS)), frozenset(n for n in numbers if math.isfinite(n)))


def read_number(cell: str, marks: Marks) -> float:
    """Return the number in a cell, NaN where it says "not measured"; ValueError where it is neither.

    Thousands may be parted by commas; full-width digits and signs are read; infinity is no measurement.
    """
    try:
        value = float(cell)
    except ValueError:
        value = _read_written(plain(cell), marks)
    if value != value or value in marks.numbers:
        return math.nan
    if not math.isfinite(value):
        raise ValueError(cell)
    return value


def _read_written(text: str, marks: Marks) -> float:
    if text.lower() in marks.words:
        return math.nan
    text = text.replace("−", "-").replace("▲", "-")
    if not any(c.isdigit() for c in text) or not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text.replace(",", ""))
