"""How is an approved warning said in the Common Alerting Protocol (OASIS CAP 1.2, ITU-T X.1303)?"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from xml.etree import ElementTree

from machinami.foundation.errors import InvalidRequest
from machinami.services.flood.model import Level

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
_UNSAFE = re.compile(r"[\s,<&]")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

GRADES: dict[Level, tuple[str, str, str]] = {
    0: ("Past", "Minor", "Observed"),
    2: ("Future", "Moderate", "Possible"),
    3: ("Expected", "Severe", "Likely"),
    4: ("Immediate", "Extreme", "Likely"),
    5: ("Immediate", "Extreme", "Observed"),
}
"""Urgency, severity and certainty (CAP 1.2, 3.2.2) of each 警戒レベル相当."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is said in one language (RFC 3066 code)."""

    language: str
    event: str
    headline: str
    description: str
    instruction: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """Whom it concerns: a description, and a polygon of (latitude, longitude), closed, or none."""

    description: str
    polygon: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class CapAlert:
    """One CAP message. `references` are (sender, identifier, sent) of the messages it updates or cancels."""

    identifier: str
    sender: str
    sender_name: str
    sent: datetime
    level: Level
    words: tuple[Words, ...]
    area: Area
    expires: datetime | None = None
    message: Literal["Alert", "Update", "Cancel"] = "Alert"
    status: Literal["Actual", "Exercise", "Test"] = "Actual"
    references: tuple[tuple[str, str, datetime], ...] = ()
    web: str = ""


def to_cap(alert: CapAlert) -> bytes:
    """Return the alert as CAP 1.2 XML (UTF-8); InvalidRequest names the element that CAP does not allow."""
    check(alert)
    root = ElementTree.Element("alert", {"xmlns": NAMESPACE})
    for name, value in (
        ("identifier", alert.identifier),
        ("sender", alert.sender),
        ("sent", moment(alert.sent)),
        ("status", alert.status),
        ("msgType", alert.message),
        ("scope", "Public"),
    ):
        put(root, name, value)
    if alert.references:
        put(root, "references", " ".join(f"{who},{what},{moment(when)}" for who, what, when in alert.references))
    for words in alert.words:
        root.append(said(alert, words))
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def said(alert: CapAlert, words: Words) -> ElementTree.Element:
    """Return the info element of one language."""
    urgency, severity, certainty = GRADES[alert.level]
    info = ElementTree.Element("info")
    rows = [
        ("language", words.language),
        ("category", "Met"),
        ("event", words.event),
        ("urgency", "Past" if alert.message == "Cancel" else urgency),
        ("severity", severity),
        ("certainty", certainty),
    ]
    if alert.expires is not None:
        rows.append(("expires", moment(alert.expires)))
    rows += [("senderName", alert.sender_name), ("headline", words.headline), ("description", words.description)]
    rows += [("instruction", words.instruction), ("web", alert.web)]
    for name, value in rows:
        if value:
            put(info, name, value)
    parameter = ElementTree.SubElement(info, "parameter")
    put(parameter, "valueName", "警戒レベル相当")
    put(parameter, "value", str(alert.level))
    area = ElementTree.SubElement(info, "area")
    put(area, "areaDesc", alert.area.description)
    if alert.area.polygon:
        put(area, "polygon", " ".join(f"{latitude:.6f},{longitude:.6f}" for latitude, longitude in alert.area.polygon))
    return info


def check(alert: CapAlert) -> None:
    """Raise InvalidRequest where CAP 1.2 (section 3.2) would not allow the message."""
    for name, value in (("identifier", alert.identifier), ("sender", alert.sender)):
        if not value or _UNSAFE.search(value):
            raise InvalidRequest(
                f"CAP {name} {value!r} must not be empty nor hold spaces, commas, < or &", element=name
            )
    if not alert.words or not all(words.event and words.language for words in alert.words):
        raise InvalidRequest("CAP needs words with a language and an event", element="event")
    if not alert.area.description:
        raise InvalidRequest("CAP needs a description of the area", element="areaDesc")
    if alert.message != "Alert" and not alert.references:
        raise InvalidRequest(f"a CAP {alert.message} must say which message it refers to", element="references")
    polygon = alert.area.polygon
    if polygon and (len(polygon) < 4 or polygon[0] != polygon[-1]):
        raise InvalidRequest("a CAP polygon has at least four points and ends where it begins", element="polygon")
    for time in (alert.sent, alert.expires):
        if time is not None and time.tzinfo is None:
            raise InvalidRequest("a CAP time needs its offset from UTC", element="sent")
    if alert.expires is not None and alert.expires <= alert.sent:
        raise InvalidRequest("a CAP message must expire after it was sent", element="expires")


def moment(time: datetime) -> str:
    """Return a time as CAP writes it: with seconds and an offset, UTC as -00:00 (CAP 1.2, 3.3.2)."""
    text = time.isoformat(timespec="seconds")
    return text.replace("+00:00", "-00:00")


def put(parent: ElementTree.Element, name: str, text: str) -> None:
    """Add an element with text; characters that XML 1.0 cannot hold are left out."""
    ElementTree.SubElement(parent, name).text = _NOT_XML.sub("", text)
