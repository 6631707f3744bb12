"""How many yen does a text say? Full-width digits, commas and 万 are read, as people type them."""

import re
import unicodedata
from fractions import Fraction

_UNITS = {"千": 10**3, "万": 10**4, "億": 10**8, "兆": 10**12}
_PART = re.compile(r"(\d+(?:\.\d+)?)(千万|千|万|億|兆)?")


def read_amount(text: str, most: int) -> int | None:
    """Whole yen, as 12,000,000 or 1,200万 or 1億2000万; None where a text says none, no whole yen, or more than
    `most`."""
    plain = re.sub(r"[,\s円¥]", "", unicodedata.normalize("NFKC", text))
    total, at = Fraction(0), 0
    for part in _PART.finditer(plain):
        if part.start() != at or (at and plain[at - 1] not in _UNITS):
            return None
        unit = 1
        for letter in part[2] or "":
            unit *= _UNITS[letter]
        total, at = total + Fraction(part[1]) * unit, part.end()
    if not plain or at != len(plain) or total.denominator != 1 or total > most:
        return None
    return int(total)
