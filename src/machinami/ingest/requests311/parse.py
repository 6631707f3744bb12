"""What stands in a table of service requests (311)? Each row by what it says, whatever its columns are called.

Read from the published table of the Citizens' Service Bureau of St. Louis, and from tables with the names of Open311.
A cell that is empty, or NA, says nothing.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from machinami.foundation.errors import InputError

COLUMNS: Mapping[str, Sequence[str]] = {
    "id": ("requestid", "service_request_id"),
    "category": ("problemcode", "service_code"),
    "text": ("description",),
    "office": ("submitto", "agency_responsible"),
    "asked": ("datetimeinit", "requested_datetime"),
    "closed": ("datetimeclosed", "closed_datetime"),
    "cancelled": ("datecancelled",),
    "x": ("srx", "long", "lon"),
    "y": ("sry", "lat"),
    "address": ("probaddress", "address"),
}
"""What a row may say, and how its column may be called."""
NEEDED = ("id", "category", "office", "asked")
_NOTHING = frozenset({"", "NA", "N/A", "NULL"})


def parse(content: bytes, name: str, zone: str = "UTC") -> list[dict[str, Any]]:
    """The rows, each with its line (the head is line 1); times with their zone, as ISO 8601. Raises InputError."""
    try:
        text, clock = content.decode("utf-8-sig"), ZoneInfo(zone)
    except UnicodeDecodeError:
        raise InputError(f"{name} is not UTF-8; save it as UTF-8 and try again") from None
    except (ZoneInfoNotFoundError, ValueError):
        raise InputError(f"{zone!r} is no time zone; write one as America/Chicago") from None
    table = csv.DictReader(io.StringIO(text, newline=""))
    heads = {head.strip().lower(): head for head in table.fieldnames or []}
    columns = {role: next((heads[one] for one in known if one in heads), "") for role, known in COLUMNS.items()}
    missing = [role for role in NEEDED if not columns[role]]
    if missing:
        wanted = "; ".join(" or ".join(COLUMNS[role]) for role in missing)
        raise InputError(f"{name} has no column {wanted}")
    return [_row(number, row, columns, clock, name) for number, row in enumerate(table, 2)]


def _row(line: int, row: Mapping[str, Any], columns: Mapping[str, str], zone: ZoneInfo, name: str) -> dict[str, Any]:
    said: dict[str, Any] = {"line": line}
    for role, column in columns.items():
        cell = str(row.get(column) or "").strip() if column else ""
        said[role] = None if cell.upper() in _NOTHING else cell
    for role in ("asked", "closed", "cancelled"):
        said[role] = _moment(said[role], zone, f"{name}, line {line}")
    for role in ("x", "y"):
        said[role] = _number(said[role])
    return said


def _moment(cell: str | None, zone: ZoneInfo, where: str) -> str | None:
    if cell is None:
        return None
    try:
        at = datetime.fromisoformat(cell)
    except ValueError:
        raise InputError(f"{where}: {cell[:40]!r} is no time; write 2018-01-31 09:00:00") from None
    return (at if at.tzinfo else at.replace(tzinfo=zone)).isoformat()


def _number(cell: str | None) -> float | None:
    try:
        return None if cell is None else float(cell)
    except ValueError:
        return None
