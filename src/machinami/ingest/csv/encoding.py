"""In which encoding is this file written?"""

import codecs
import re
import unicodedata
from collections.abc import Iterable

from machinami.foundation.errors import InputError

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
TRIED = ("utf-8", "cp932", "euc_jp")
# Windows wrote ㎥ and ① into what it called Shift_JIS; its own table reads everything that the narrow one does.
_WIDER = {"shift_jis": "cp932", "sjis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "ms932": "cp932"}
# Python reads four bytes that Shift_JIS leaves undefined as characters that no text has.
_STRAY = re.compile("[\x80\xa0\uf8f1-\uf8f3]")
_ISO_2022 = (b"\x1b$B", b"\x1b$@", b"\x1b(J")


def decode(data: bytes, encoding: str | None = None, expected: Iterable[str] = ()) -> tuple[str, str]:
    """Return the text and the encoding's name; `encoding` forces one, else a mark at the start or a strict try decides.

    UTF-8 comes first, because Japanese text in another encoding is never valid UTF-8. Where both Shift_JIS (cp932)
    and EUC-JP fit, the one in which the `expected` words (column names) are found stands, else the one that needs
    fewer half-width katakana. Raises InputError naming the byte and the line where reading failed.
    """
    if encoding:
        return _strictly(data, encoding), encoding
    for mark, name in MARKS:
        if data.startswith(mark):
            return _strictly(data, name), name
    if _looks_like_utf16(data):
        name = "utf-16-le" if data[1:400:2].count(0) > data[0:400:2].count(0) else "utf-16-be"
        return _strictly(data, name), name
    if any(mark in data for mark in _ISO_2022):
        return _strictly(data, "iso2022_jp"), "iso2022_jp"
    fitting, faults = [], []
    for name in TRIED:
        text, failed = _tried(data, name)
        if text is None:
            faults.append(f"{name} at byte {failed} (line {_line_of(data, failed)})")
        else:
            fitting.append((text, name))
        if name == "utf-8" and fitting:
            return fitting[0]
    if not fitting:
        raise InputError(
            f"the file is not text in a known encoding: it is not {', and not '.join(faults)}; "
            "save it as UTF-8, or name its encoding"
        )
    words = [unicodedata.normalize("NFKC", word) for word in expected]
    return min(fitting, key=lambda found: (_lacking(found[0], words), _half_width(found[0])))


def _tried(data: bytes, encoding: str) -> tuple[str | None, int]:
    """The text, or None and the byte that does not fit."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        return None, error.start
    if encoding == "cp932" and (stray := _STRAY.search(text)):
        return None, len(text[: stray.start()].encode(encoding))
    return text, 0


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(_WIDER.get(encoding.lower().replace(" ", ""), encoding))
    except UnicodeDecodeError as error:
        line = _line_of(data, error.start)
        raise InputError(
            f"the file is not {encoding}: byte {error.start} (line {line}) does not fit; name another encoding"
        ) from None
    except (LookupError, ValueError):
        raise InputError(f"there is no encoding {encoding!r}; write utf-8, cp932, euc_jp or utf-16") from None


def _line_of(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def _looks_like_utf16(data: bytes) -> bool:
    head = data[:400]
    return len(head) >= 4 and head.count(0) > len(head) // 8


def _lacking(text: str, words: Iterable[str]) -> int:
    folded = unicodedata.normalize("NFKC", text[:100_000])
    return sum(word not in folded for word in words)


def _half_width(text: str) -> int:
    return sum("\uff61" <= character <= "\uff9f" for character in text[:100_000])
