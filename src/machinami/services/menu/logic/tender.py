"""How does the menu leave for a tender? As a table that spreadsheets open: CSV in UTF-8 with a BOM (RFC 4180)."""

import csv
import io
from collections.abc import Sequence

BOM = "\ufeff"
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """The table as bytes. A cell that a spreadsheet would take for a formula is led by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return (BOM + out.getvalue()).encode("utf-8")


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell
