"""Which of two texts comes first for a reader? An approximation of the ICU root collation (RFC 6067 tags).

Compared are, in this order: base letters without case and accents; accents; case, small before capital. That
is the structure of the Unicode Collation Algorithm with code points in the place of its weights: right for
Latin, Greek and Cyrillic letters and for kana, while kanji keep the order of Unicode. Honoured are the
strength (`-u-ks-level1`, `-level2`, `-level3`) and numeric order (`-u-kn`); the tailorings of a language
(such as `co-phonebk`) are accepted and sorted as root.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Any

from machinami.foundation.errors import BadRequestData

ROOT = "und"
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{2,8})*(-u(-[A-Za-z0-9]{2,8})+)?\Z")
_DIGITS = re.compile(r"(\d+)")


def check_collation(tag: object) -> str:
    """The tag if it is well formed. Raises BadRequestData otherwise."""
    if not isinstance(tag, str) or _TAG.match(tag) is None:
        raise BadRequestData(
            f"{tag!r} is not a collation; write a language tag such as und, de or und-u-ks-level1",
            value=str(tag)[:80],
            parameter="collation",
            example="und-u-ks-level1",
        )
    return tag


@lru_cache(maxsize=64)
def _options(tag: str) -> tuple[int, bool]:
    parts = tag.lower().split("-")
    level = 3
    if "ks" in parts[:-1]:
        level = {"level1": 1, "level2": 2}.get(parts[parts.index("ks") + 1], 3)
    return level, "kn" in parts and "kn-false" not in tag.lower()


def collation_key(text: str, tag: str) -> tuple[Any, ...]:
    """A key whose order is that of the collation; texts that it does not tell apart have equal keys."""
    level, numeric = _options(tag)
    decomposed = unicodedata.normalize("NFKD", text)
    folded = decomposed.casefold()
    base = "".join(c for c in folded if not unicodedata.combining(c))
    key: tuple[Any, ...] = (_numbers(base) if numeric else base,)
    if level > 1:
        key += (folded,)
    if level > 2:
        key += (decomposed.swapcase(), text)
    return key


def _numbers(text: str) -> tuple[tuple[int, int, str], ...]:
    parts = (part for part in _DIGITS.split(text) if part)
    return tuple(_number(part) if part.isdecimal() else (1, 0, part) for part in parts)


def _number(digits: str) -> tuple[int, int, str]:
    counted = digits.lstrip("0")
    return 0, len(counted), counted
