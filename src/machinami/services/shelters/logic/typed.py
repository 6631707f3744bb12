"""What did a phone tell, and can it be taken? One report at a time, so that one bad one does not hold up the others."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import parse_instant
from machinami.model.view import Ref
from machinami.services.shelters.logic.consumption import BY_ID
from machinami.services.shelters.model import GROUPS, KINDS, Kind, ShelterReport

MOST = 100_000
OLDEST = timedelta(days=30)
PREFIX = "urn:ngsi-ld:ShelterReport:"
_OF_STOCK = ("stock_in", "stock_out", "stock_take", "order")


def report(told: Mapping[str, Any], place: str, by: str, now: datetime) -> ShelterReport:
    """The report that a phone told as a row of texts and numbers. Raises BadRequestData saying what is wrong with it.

    A phone whose clock runs ahead is set right: nothing was so later than now.
    """
    kind = _kind(told.get("kind"))
    at = _moment(told.get("at"), now)
    made = ShelterReport(
        id=_id(told.get("id")),
        ref_place=Ref(place),
        kind=kind,
        at=at,
        told_by=by,
        received_at=now,
        persons=_whole(told, "persons") if kind == "hand" else None,
        inward=_whole(told, "inward") if kind == "gate" else None,
        outward=_whole(told, "outward") if kind == "gate" else None,
        profile=_profile(told) if kind == "hand" else None,
        item=_item(told) if kind in _OF_STOCK else None,
        quantity=float(_whole(told, "quantity") or 0) if kind in _OF_STOCK else None,
        expires_on=_day(told.get("expires_on")) if kind == "stock_in" else None,
        voids=_id(told.get("voids")) if kind == "void" else None,
        ref_order=Ref(str(told.get("order"))[:200]) if kind == "arrived" else None,
    )
    if kind == "gate" and not (made.inward or made.outward):
        raise BadRequestData("Say how many came in or went out", field="inward")
    return made


def order_id(report_id: str) -> str:
    """The id of the order that a report asks for: the same report sent twice asks once."""
    return f"urn:ngsi-ld:ReliefOrder:{report_id.removeprefix(PREFIX)}"


def _id(said: object) -> str:
    text = str(said or "").removeprefix(PREFIX)
    if not (6 <= len(text) <= 64 and text.replace("-", "").isascii() and text.replace("-", "").isalnum()):
        raise BadRequestData("A report needs an id of 6 to 64 letters, digits and hyphens", field="id")
    return PREFIX + text


def _kind(said: object) -> Kind:
    for kind in KINDS:
        if kind == said:
            return kind
    raise BadRequestData(f"{str(said)[:40]!r} is no kind of report; it is one of {', '.join(KINDS)}", field="kind")


def _moment(said: object, now: datetime) -> datetime:
    if not said:
        return now
    at = min(parse_instant(said, "at"), now)
    if at < now - OLDEST:
        raise BadRequestData(f"{said} is more than {OLDEST.days} days ago; look at the phone's clock", field="at")
    return at


def _whole(told: Mapping[str, Any], name: str) -> int | None:
    text = str(told.get(name, "") if told.get(name) is not None else "").strip()
    if not text:
        if name in ("inward", "outward"):
            return None
        raise BadRequestData(f"{name} is missing; write a whole number", field=name)
    if not (text.isascii() and text.isdigit() and int(text) <= MOST):
        raise BadRequestData(f"{text[:20]!r} is no whole number from 0 to {MOST}", field=name)
    return int(text)


def _profile(told: Mapping[str, Any]) -> dict[str, int] | None:
    """People by group, where any group was counted; a group that was left empty is nobody."""
    counted: dict[str, Any] = {group: told.get(group) for group in GROUPS if str(told.get(group) or "").strip()}
    return {group: _whole(counted, group) or 0 for group in counted} or None


def _item(told: Mapping[str, Any]) -> str:
    item = str(told.get("item", ""))
    if item not in BY_ID:
        raise BadRequestData(f"{item[:40]!r} is none of {', '.join(BY_ID)}", field="item")
    return item


def _day(said: object) -> str | None:
    if not said:
        return None
    try:
        return date.fromisoformat(str(said)).isoformat()
    except ValueError:
        raise BadRequestData(f"{str(said)[:20]!r} is no day; write it as 2026-06-30", field="expires_on") from None
