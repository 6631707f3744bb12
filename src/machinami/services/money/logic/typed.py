"""What does an officer mean who types yen, a count, a share or a year? Full-width digits, commas and 万 are read."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

from machinami.foundation.errors import BadRequestData
from machinami.methods.amounts import read_amount
from machinami.services.money.model import MOST_YEN

W = TypeVar("W", bound=str)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def read_yen(form: Mapping[str, str], name: str) -> int:
    """Whole yen, as 12,000,000 or 1,200万 or 1億2000万. Raises BadRequestData."""
    amount = read_amount(form.get(name, ""), MOST_YEN)
    if amount is None:
        raise fault(name, "yen")
    return amount


def read_yen_if(form: Mapping[str, str], name: str) -> int | None:
    """The same for a field that may be left empty."""
    return read_yen(form, name) if form.get(name, "").strip() else None


def read_share(form: Mapping[str, str], name: str, default: float, most: float = 1.0) -> float:
    """A share typed in per cent: 90 is 0.9. Empty is the default. Raises BadRequestData."""
    value = read_number(form, name)
    if value is None:
        return default
    share = float(value / 100)
    if not 0 <= share <= most:
        raise fault(name, "percent")
    return share


def read_number(form: Mapping[str, str], name: str) -> Fraction | None:
    """A number from 0 on; None where nothing is typed. Raises BadRequestData."""
    plain = re.sub(r"[,\s%]", "", unicodedata.normalize("NFKC", form.get(name, "")))
    if not plain:
        return None
    if not _NUMBER.fullmatch(plain) or len(plain) > 16:
        raise fault(name, "number")
    return Fraction(plain)


def read_whole(form: Mapping[str, str], name: str, least: int, most: int) -> int:
    """A whole number between two bounds. Raises BadRequestData."""
    value = read_number(form, name)
    if value is None or value.denominator != 1 or not least <= value <= most:
        raise fault(name, "whole", least=least, most=most)
    return int(value)


def one_of(form: Mapping[str, str], name: str, choices: Sequence[W]) -> W:
    """One of a few words. Raises BadRequestData."""
    for word in choices:
        if word == form.get(name, ""):
            return word
    raise fault(name, "choice")


def fault(name: str, kind: str, **facts: object) -> BadRequestData:
    """What is wrong with a field, so that a page can say it in the reader's words."""
    return BadRequestData(f"The field {name!r} does not hold what it should: {kind}", field=name, fault=kind, **facts)
