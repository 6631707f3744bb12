"""How do other programs read and hand in reports? Open311 GeoReport v2: the same values as XML and as JSON.

http://wiki.open311.org/GeoReport_v2. A row is a mapping in the order of the standard; None is an empty element in XML
and null in JSON. Whatever XML 1.0 cannot say (control characters) is left out of both, so that both say the same.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import orjson

from machinami.foundation.errors import MachinamiError
from machinami.foundation.instant import parse_instant
from machinami.services.civic_reports.model import LONGEST_TEXT, OPEN, Category, Report

Form = Literal["json", "xml"]
Row = Mapping[str, Any]
SPAN, MOST = timedelta(days=90), 1_000
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
_UNSAYABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATTRIBUTE = re.compile(r"attribute\[([A-Za-z0-9_.-]{1,60})\](\[\])?")


class Fault(MachinamiError):
    """The request is refused as GeoReport says it: 400, 403 or 404."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status


@dataclass(frozen=True, slots=True)
class Asked:
    """Which requests somebody wants to see. ids: these alone, whatever else is said; codes, statuses: None for all."""

    start: datetime
    end: datetime
    ids: frozenset[str] | None = None
    codes: frozenset[str] | None = None
    statuses: frozenset[str] | None = None


def services(found: Sequence[Category], tag: str) -> list[Row]:
    """GET services: what may be reported, with names in a language."""
    return [
        {
            "service_code": one.category_code,
            "service_name": spoken(one.name, tag),
            "description": spoken(one.text, tag),
            "metadata": bool(one.questions),
            "type": "realtime",
            "keywords": ",".join(one.keywords or []),
            "group": spoken(one.group, tag),
        }
        for one in found
    ]


def definition(category: Category, tag: str) -> Row:
    """GET services/{code}: what a category asks."""
    return {
        "service_code": category.category_code,
        "attributes": [
            {
                "variable": True,
                "code": one["code"],
                "datatype": one["datatype"],
                "required": one["required"],
                "datatype_description": None,
                "order": number,
                "description": spoken(one["description"], tag),
                "values": [{"key": v["key"], "name": spoken(v["name"], tag)} for v in one.get("values") or []],
            }
            for number, one in enumerate(category.questions or [], 1)
        ],
    }


def requests(
    found: Sequence[Report], everyone: Sequence[Report], known: Sequence[Category], tag: str, zone: str, media: str
) -> list[Row]:
    """GET requests: what everybody may read of reports. everyone: all of them, since one that was merged goes on as the
    one that it follows; media: the address before the name of a photo."""
    by_id = {one.id: one for one in everyone}
    names = {one.category_code: spoken(one.name, tag) for one in known}
    return [_request(one, by_id.get(one.ref_duplicate or "", one), names, tag, ZoneInfo(zone), media) for one in found]


def _request(one: Report, head: Report, names: Mapping[str | None, str], tag: str, zone: ZoneInfo, media: str) -> Row:
    place = one.location
    return {
        "service_request_id": one.report_id,
        "status": "open" if head.state in OPEN else "closed",
        "status_notes": spoken(head.answer, tag) or one.removal,
        "service_name": names.get(one.category_code) or one.category_code,
        "service_code": one.category_code,
        "description": spoken(one.text, tag) or None,
        "agency_responsible": head.department_id,
        "service_notice": None if head is one else f"see {head.report_id}",
        "requested_datetime": _told(one.requested_at, zone),
        "updated_datetime": _told(head.updated_at if head.state in OPEN else head.closed_at or head.updated_at, zone),
        "expected_datetime": _told(head.expected_at, zone),
        "address": one.landmark,
        "address_id": None,
        "zipcode": None,
        "lat": place.lat if place else None,
        "long": place.lon if place else None,
        "media_url": f"{media}{one.media[0]}-large.jpg" if one.media else None,
    }


def read_query(asked: Mapping[str, str], now: datetime) -> Asked:
    """What the query of GET requests asks for: numbers of requests alone, whatever else is said, or a range. Raises
    Fault: none may be wider than 90 days; where none is given, it is the last 90."""
    if ids := _list(asked, "service_request_id"):
        return Asked(now - SPAN, now, ids)
    given = {name: _moment(asked, name) for name in ("start_date", "end_date")}
    start, end = given["start_date"], given["end_date"]
    if start is None and end is None:
        start, end = now - SPAN, now
    elif start is None:
        start = (end or now) - SPAN
    elif end is None:
        end = start + SPAN
    if end is None or start > end:
        raise Fault(400, "start_date is later than end_date")
    if end - start > SPAN:
        raise Fault(400, "start_date and end_date may not be more than 90 days apart")
    statuses = _list(asked, "status")
    if statuses and not statuses <= {"open", "closed"}:
        raise Fault(400, "status is open or closed, or both with a comma between them")
    return Asked(start, end, None, _list(asked, "service_code"), statuses)


def wanted(reports: Sequence[Report], asked: Asked) -> list[Report]:
    """The reports that are asked for, the newest first, at most a thousand."""
    by_id = {one.id: one for one in reports}
    found = [one for one in reports if one.report_id and one.state != "withdrawn"]
    if asked.ids is not None:
        found = [one for one in found if one.report_id in asked.ids]
    else:
        found = [one for one in found if one.requested_at and asked.start <= one.requested_at <= asked.end]
        if asked.codes is not None:
            found = [one for one in found if one.category_code in asked.codes]
        if asked.statuses is not None:
            found = [one for one in found if _status(by_id.get(one.ref_duplicate or "", one)) in asked.statuses]
    return sorted(found, key=lambda one: (_since(one), one.report_id or ""), reverse=True)[:MOST]


def _since(report: Report) -> float:
    return report.requested_at.timestamp() if report.requested_at else 0.0


def _status(report: Report) -> str:
    return "open" if report.state in OPEN else "closed"


@dataclass(frozen=True, slots=True)
class Posted:
    """What POST requests brought, as far as it can be read without knowing the town."""

    code: str
    place: tuple[float, float] | None
    address: str
    description: str
    contact: Mapping[str, str]
    details: Mapping[str, str]
    media_url: str


def read_post(fields: Sequence[tuple[str, str]]) -> Posted:
    """What the form of POST requests says; place: longitude and latitude. Raises Fault for what must be there."""
    said = {name: value.strip() for name, value in fields if not _ATTRIBUTE.fullmatch(name)}
    details: dict[str, str] = {}
    for name, value in fields:
        match = _ATTRIBUTE.fullmatch(name)
        if match:  # of a list that is chosen from several times, all
            details[match[1]] = f"{details[match[1]]},{value}" if match[2] and match[1] in details else value
    if not said.get("service_code"):
        raise Fault(400, "service_code was not provided")
    if len(said.get("description", "")) > LONGEST_TEXT:
        raise Fault(400, f"description has more than {LONGEST_TEXT} characters")
    place = _place(said)
    address = said.get("address_string") or said.get("address_id") or ""
    if place is None and not address:
        raise Fault(400, "lat and long, address_string or address_id must be provided")
    name = " ".join(said[part] for part in ("last_name", "first_name") if said.get(part))
    contact = {"name": name, "email": said.get("email", ""), "phone": said.get("phone", "")}
    text, media = said.get("description", ""), said.get("media_url", "")[:500]
    return Posted(said["service_code"], place, address, text, contact, details, media)


def _place(said: Mapping[str, str]) -> tuple[float, float] | None:
    lat, lon = said.get("lat", ""), said.get("long", "") or said.get("lon", "")
    if not lat and not lon:
        return None
    try:
        place = float(lon), float(lat)
    except ValueError:
        raise Fault(400, "lat and long are degrees of WGS 84, as 34.8123") from None
    if not (-180 <= place[0] <= 180 and -90 <= place[1] <= 90):
        raise Fault(400, "lat is from -90 to 90, long from -180 to 180")
    return place


def _moment(asked: Mapping[str, str], name: str) -> datetime | None:
    text = asked.get(name, "").strip()
    if not text:
        return None
    try:
        return parse_instant(text.replace(" ", "+"))
    except MachinamiError:
        raise Fault(400, f"{name} is a moment with its zone, as 2026-06-30T09:00:00Z (W3C date and time)") from None


def _list(asked: Mapping[str, str], name: str) -> frozenset[str] | None:
    words = [word.strip() for word in asked.get(name, "").split(",")]
    return frozenset(word for word in words if word) or None


def _told(at: datetime | None, zone: ZoneInfo) -> str | None:
    return None if at is None else at.astimezone(zone).isoformat(timespec="seconds")


def spoken(words: Mapping[str, str] | None, tag: str) -> str:
    """A text in a language, without ruby: else in Japanese, else in any."""
    return (words or {}).get(tag) or (words or {}).get("ja") or next(iter((words or {}).values()), "")


def in_json(rows: Sequence[Row] | Row) -> bytes:
    """As JSON."""
    return orjson.dumps(_plain(rows))


def in_xml(root: str, child: str, rows: Sequence[Row] | Row) -> bytes:
    """As XML: a root with a child for each row; of one row, the root is it."""
    top = ElementTree.Element(root)
    for row in [rows] if isinstance(rows, Mapping) else rows:
        _fill(top if isinstance(rows, Mapping) else ElementTree.SubElement(top, child), row)
    written: bytes = ElementTree.tostring(top, encoding="utf-8", xml_declaration=True)
    return written


_CHILDREN = {"attributes": "attribute", "values": "value", "endpoints": "endpoint", "formats": "format"}


def _fill(element: ElementTree.Element, row: Row) -> None:
    for name, value in row.items():
        part = ElementTree.SubElement(element, name)
        if isinstance(value, list):
            for one in value:
                inner = ElementTree.SubElement(part, _CHILDREN[name])
                if isinstance(one, Mapping):
                    _fill(inner, one)
                else:
                    inner.text = as_text(one)
        else:
            part.text = as_text(value)


def as_text(value: object) -> str | None:
    """A value as the text of an element; None: an empty one."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return _UNSAYABLE.sub("", str(value))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return _UNSAYABLE.sub("", value) if isinstance(value, str) else value
