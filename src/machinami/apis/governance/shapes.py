"""What do rows, reasons and entries look like to programs? Values as JSON documents."""

from collections.abc import Callable, Mapping
from typing import Any

from machinami.model.explaining import Reason, said
from machinami.model.policy import Row
from machinami.model.policy_document import sentence, write_row
from machinami.model.policy_remarks import Remark

Shorten = Callable[[str], str]


def row_document(row: Row, shorten: Shorten, remark: Remark | None = None) -> dict[str, Any]:
    """A row with its sentence, and what is odd about it. The row in it is what can be sent again."""
    told: dict[str, Any] = {"row": write_row(row), "sentence": sentence(row, shorten), "derived": row.derived}
    return told if remark is None else {**told, "remarks": remark_document(remark, shorten)}


def remark_document(remark: Remark, shorten: Shorten) -> dict[str, Any]:
    """What is odd about a row; what is not odd is left out."""
    told: dict[str, Any] = {
        "repeats": remark.repeats.id if remark.repeats is not None else None,
        "reachesNobody": remark.unreached,
        "nothingThere": [shorten(name) for name in remark.empty],
    }
    return {name: value for name, value in told.items() if value}


def reason_document(reason: Reason, shorten: Shorten) -> dict[str, Any]:
    """Why a deed is allowed or not."""
    told: dict[str, Any] = {"deed": reason.deed.value, "allowed": reason.row is not None}
    if reason.row is not None:
        told |= {"row": reason.row.id, "sentence": sentence(reason.row, shorten)}
    if reason.partly:
        told["within"] = "its scopes or its area only"
    lacking = [{"row": row.id, "lacks": lack.value, "sentence": said(row, lack)} for row, lack in reason.lacking]
    return {**told, "lacking": lacking} if lacking else told


def place_text(place: tuple[int, int] | None) -> str | None:
    """Where to go on in the record, as a cursor."""
    return None if place is None else f"{place[0]}.{place[1]}"


def read_place(text: str) -> tuple[int, int] | None:
    """Back from `place_text`; None for no place."""
    number, dot, index = text.partition(".")
    if not (dot and number.isascii() and number.isdigit() and index.isascii() and index.isdigit() and len(text) < 30):
        return None
    return int(number), int(index)


def entry_row(entry: Mapping[str, Any]) -> list[object]:
    """An entry as the cells of a table, in the order of COLUMNS."""
    cells = {**entry, "types": " ".join(entry.get("types", ())), "attributes": " ".join(entry.get("attributes", ()))}
    return [cells.get(name, "") for name in COLUMNS]


COLUMNS = ("at", "who", "for", "purpose", "did", "entity", "types", "attributes", "what", "about", "refused", "times")
