"""In which encoding is this file written?"""

import codecs
import re

from machinami.foundation.errors import InputError

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
TRIED = ("utf-8", "cp932")
# Python reads the five bytes that Shift_JIS leaves undefined as these; no exported table means them.
_STRAY = re.compile("[\x80\xa0\uf8f0-\uf8f3]")


def decode(data: bytes, encoding: str = "") -> tuple[str, str]:
    """Return the text and the encoding's name; `encoding` forces one, else a mark at the start or a strict try decides.

    UTF-8 comes before Shift_JIS (cp932), because Japanese text in Shift_JIS is never valid UTF-8.
    Raises InputError naming the byte and the line where reading failed.
    """
    if encoding:
        return _strictly(data, encoding), encoding
    for mark, name in MARKS:
        if data.startswith(mark):
            return _strictly(data, name), name
    if _looks_like_utf16(data):
        name = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
        return _strictly(data, name), name
    faults = []
    for name in TRIED:
        try:
            text = data.decode(name)
        except UnicodeDecodeError as error:
            fault = error.start
        else:
            stray = _STRAY.search(text) if name == "cp932" else None
            if stray is None:
                return text, name
            fault = len(text[: stray.start()].encode(name))
        faults.append(f"{name} at byte {fault} (line {_line_of(data, fault)})")
    raise InputError(
        f"the file is not text in a known encoding: it is not {', and not '.join(faults)}; "
        "save it as UTF-8, or name its encoding"
    )


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except LookupError:
        raise InputError(f"there is no encoding {encoding!r}; write utf-8, cp932 or utf-16") from None
    except UnicodeDecodeError as error:
        line = _line_of(data, error.start)
        raise InputError(
            f"the file is not {encoding}: byte {error.start} (line {line}) does not fit; name another encoding"
        ) from None


def _line_of(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def _looks_like_utf16(data: bytes) -> bool:
    head = data[:400]
    return len(head) >= 4 and head.count(b"\0") > len(head) // 4
