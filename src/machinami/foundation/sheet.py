"""How is a table written so that a spreadsheet reads it as it is meant? CSV (RFC 4180), with Japanese in it."""

import csv
import io
from collections.abc import Iterable, Sequence

MARK = b"\xef\xbb\xbf"  # by which a spreadsheet knows UTF-8
_FORMULAS = tuple("=+-@\t\r")


def sheet(rows: Iterable[Sequence[object]]) -> bytes:
    """The rows as CSV in UTF-8 with its mark. No text in it is taken for a formula; numbers stay numbers."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([cell(one) for one in row] for row in rows)
    return MARK + text.getvalue().encode()


def cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: where it would, an apostrophe stands before it."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULAS) else text
