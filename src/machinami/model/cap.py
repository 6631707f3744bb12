"""How is what a town tells its residents said in the Common Alerting Protocol (OASIS CAP 1.2, ITU-T X.1303)?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from xml.etree import ElementTree

from machinami.foundation.errors import BadRequestData
from machinami.model.view import Point
from machinami.model.vocabulary.alerts import Alert

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
LANGUAGES = {"ja": "ja-JP", "en": "en-US", "easy": "ja-x-easy"}
"""Languages of the town as RFC 3066 has them, in the order in which they are said; easy Japanese is a private one."""
LEVEL_NAME = {"ja": "警戒レベル相当", "en": "Warning level (Japan, 1 to 5)"}
_UNSAFE = re.compile(r"[\s,<&]")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_WEB = re.compile(r"[\s<>\"]")
Kind = Literal["Alert", "Update", "Cancel"]
Ring = tuple[Point, ...]
STATUSES = ("Actual", "Exercise", "Test")
CATEGORIES = (
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other",
)  # fmt: skip
IMPLIED: dict[str | None, str] = {
    "weather": "Met", "health": "Health", "naturalDisaster": "Geo", "security": "Security", "environment": "Env",
    "traffic": "Transport", "agriculture": "Env",
}  # fmt: skip
"""The category of CAP that one of Smart Data Models implies."""

OBSERVED: dict[int, tuple[str, str, str]] = {
    2: ("Expected", "Moderate", "Observed"),
    3: ("Expected", "Severe", "Observed"),
    4: ("Immediate", "Extreme", "Observed"),
    5: ("Immediate", "Extreme", "Observed"),
}
EXPECTED: dict[int, tuple[str, str, str]] = {
    2: ("Future", "Moderate", "Likely"),
    3: ("Expected", "Severe", "Likely"),
    4: ("Immediate", "Extreme", "Likely"),
}
"""Urgency, severity and certainty (CAP 1.2, 3.2.2) of each warning level, as it is observed or only expected."""
RESPONSES: dict[int, str] = {2: "Prepare", 3: "Evacuate", 4: "Evacuate", 5: "Shelter"}


@dataclass(frozen=True, slots=True)
class Info:
    """What is said in one language (RFC 3066 code). parameters: names and values."""

    language: str
    event: str
    headline: str
    description: str
    instruction: str
    area: str
    parameters: tuple[tuple[str, str], ...] = ()
    audience: str = ""


@dataclass(frozen=True, slots=True)
class CapMessage:
    """One CAP message. `references` are `sender,identifier,sent` of the messages that it updates or cancels.

    centre: longitude and latitude; radius in km; both or neither. polygons: closed rings. response: what to do
    (CAP 1.2, 3.2.2). web: an absolute address of more.
    """

    identifier: str
    sender: str
    sent: datetime
    status: str
    kind: Kind
    infos: tuple[Info, ...]
    urgency: str
    severity: str
    certainty: str
    response: str
    effective: datetime
    expires: datetime
    sender_name: str
    references: tuple[str, ...] = ()
    note: str = ""
    centre: Point | None = None
    radius: float = 0.0
    polygons: tuple[Ring, ...] = ()
    category: str = "Other"
    web: str = ""


def grades(level: int, observed: bool) -> tuple[str, str, str]:
    """Urgency, severity and certainty of a warning level; level 5 is always observed."""
    return OBSERVED[level] if observed or level not in EXPECTED else EXPECTED[level]


def message_of(alert: Alert, revision: Mapping[str, object]) -> CapMessage:
    """One of the messages sent about an alert (a row of its `revisions`)."""
    kind: Kind = "Update" if revision["kind"] == "Update" else "Cancel" if revision["kind"] == "Cancel" else "Alert"
    sent = datetime.fromisoformat(str(revision["sent"]))
    references = revision.get("references")
    response = alert.response or RESPONSES.get(alert.warning_level or 0, "Monitor")
    return CapMessage(
        identifier=str(revision["identifier"]),
        sender=alert.sender or "",
        sent=sent,
        status=alert.status or "Test",
        kind=kind,
        infos=tuple(_info(alert, language) for language in languages_of(alert)),
        urgency="Past" if kind == "Cancel" else alert.urgency or "Unknown",
        severity=alert.severity or "Unknown",
        certainty=alert.certainty or "Unknown",
        response="AllClear" if kind == "Cancel" else response,
        effective=alert.valid_from or sent,
        expires=alert.valid_to or sent,
        sender_name=alert.alert_source or "",
        references=tuple(str(one) for one in references) if isinstance(references, list) else (),
        note=str(revision.get("note") or ""),
        centre=alert.location,
        radius=alert.radius or 0.0,
        polygons=rings_of(alert.area),
        category=alert.cap_category or IMPLIED.get(alert.category, "Other"),
        web=alert.web or "",
    )


def languages_of(alert: Alert) -> list[str]:
    """The languages in which an alert is said: those of its headline or its text, the town's own first."""
    said = {**(alert.headline or {}), **(alert.text or {})}
    return [one for one in LANGUAGES if one in said] + sorted(one for one in said if one not in LANGUAGES)


def rings_of(area: Mapping[str, Any] | None) -> tuple[Ring, ...]:
    """The outer rings of a GeoJSON geometry, closed; CAP knows no holes. What is no area gives none."""
    if not area:
        return ()
    kind, held = area.get("type"), area.get("coordinates")
    polygons = held if kind == "MultiPolygon" else [held] if kind == "Polygon" else []
    outer = [polygon[0] for polygon in polygons or [] if polygon]
    rings = [tuple(Point(float(lon), float(lat)) for lon, lat, *_ in ring) for ring in outer]
    closed = [ring if ring[0] == ring[-1] else (*ring, ring[0]) for ring in rings if len(ring) >= 3]
    return tuple(ring for ring in closed if len(ring) >= 4)


def reference(sender: str, identifier: str, sent: datetime) -> str:
    """How a later message refers to an earlier one (CAP 1.2, 3.2.1: references)."""
    return f"{sender},{identifier},{moment(sent)}"


def to_cap(message: CapMessage) -> bytes:
    """The message as CAP 1.2 XML (UTF-8). Raises BadRequestData naming the element that CAP does not allow."""
    check(message)
    root = ElementTree.Element("alert", {"xmlns": NAMESPACE})
    rows = [
        ("identifier", message.identifier),
        ("sender", message.sender),
        ("sent", moment(message.sent)),
        ("status", message.status),
        ("msgType", message.kind),
        ("scope", "Public"),
        ("note", message.note),
        ("references", " ".join(message.references)),
    ]
    _put_all(root, rows)
    for info in message.infos:
        _say(root, message, info)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def check(message: CapMessage) -> None:
    """Raise BadRequestData where CAP 1.2 (section 3.2) would not allow the message."""
    for name, value in (("identifier", message.identifier), ("sender", message.sender)):
        _demand(bool(value) and not _UNSAFE.search(value), name, f"{value!r} is empty or holds a space, comma, < or &")
    _demand(message.status in STATUSES, "status", f"{message.status!r} is not one of {', '.join(STATUSES)}")
    _demand(message.category in CATEGORIES, "category", f"{message.category!r} is not one of {', '.join(CATEGORIES)}")
    _demand(bool(message.infos), "info", "there is none")
    for info in message.infos:
        _demand(bool(info.event.strip()), "event", f"it is empty in {info.language}")
        _demand(bool(info.headline.strip()), "headline", f"it is empty in {info.language}")
        _demand(bool(info.area.strip()), "areaDesc", f"it is empty in {info.language}")
    _demand(message.kind == "Alert" or bool(message.references), "references", f"a {message.kind} must name a message")
    for name, time in (("sent", message.sent), ("effective", message.effective), ("expires", message.expires)):
        _demand(time.tzinfo is not None, name, "it has no offset from UTC")
    _demand(message.expires > message.effective, "expires", "it is not after effective")
    _demand(message.radius >= 0, "circle", "its radius is negative")
    absolute = message.web.startswith(("http://", "https://")) and not _NOT_WEB.search(message.web)
    _demand(not message.web or absolute, "web", f"{message.web!r} is no absolute address")


def moment(time: datetime) -> str:
    """A time as CAP writes it: with seconds and an offset, UTC as -00:00 (CAP 1.2, 3.3.2)."""
    return time.isoformat(timespec="seconds").replace("+00:00", "-00:00")


def _info(alert: Alert, language: str) -> Info:
    def said(words: Mapping[str, str] | None) -> str:
        return "" if not words else words.get(language) or words.get("ja") or next(iter(words.values()))

    named = [(said(row["name"]), row["value"]) for row in alert.parameters or []]
    if alert.warning_level:
        named.insert(0, (said(LEVEL_NAME), str(alert.warning_level)))
    return Info(
        LANGUAGES.get(language, language),
        said(alert.event),
        said(alert.headline),
        said(alert.text),
        said(alert.instruction),
        said(alert.area_name),
        tuple(named),
        said(alert.audience),
    )


def _say(root: ElementTree.Element, message: CapMessage, words: Info) -> None:
    info = ElementTree.SubElement(root, "info")
    rows = [
        ("language", words.language),
        ("category", message.category),
        ("event", words.event),
        ("responseType", message.response),
        ("urgency", message.urgency),
        ("severity", message.severity),
        ("certainty", message.certainty),
        ("audience", words.audience),
        ("effective", moment(message.effective)),
        ("expires", moment(message.expires)),
        ("senderName", message.sender_name),
        ("headline", words.headline),
        ("description", words.description),
        ("instruction", words.instruction),
        ("web", message.web),
    ]
    _put_all(info, rows)
    for name, value in words.parameters:
        _put_all(ElementTree.SubElement(info, "parameter"), [("valueName", name), ("value", value)])
    area = ElementTree.SubElement(info, "area")
    circle = "" if message.centre is None else f"{_pair(message.centre)} {message.radius:g}"
    polygons = [("polygon", " ".join(map(_pair, ring))) for ring in message.polygons]
    _put_all(area, [("areaDesc", words.area), *polygons, ("circle", circle)])


def _pair(place: Point) -> str:
    return f"{place.lat:.6f},{place.lon:.6f}"


def _put_all(parent: ElementTree.Element, rows: list[tuple[str, str]]) -> None:
    """Add what is not empty; characters that XML 1.0 cannot hold are left out."""
    for name, value in rows:
        if value:
            ElementTree.SubElement(parent, name).text = _NOT_XML.sub("", value)


def _demand(holds: bool, element: str, fault: str) -> None:
    if not holds:
        raise BadRequestData(f"CAP 1.2 does not allow this {element}: {fault}", element=element)
