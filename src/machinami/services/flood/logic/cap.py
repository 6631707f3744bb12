"""How is what a town tells its residents said in the Common Alerting Protocol (OASIS CAP 1.2, ITU-T X.1303)?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from xml.etree import ElementTree

from machinami.foundation.errors import BadRequestData
from machinami.model.view import Point
from machinami.services.flood.model import Alert

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
LANGUAGES = {"ja": "ja-JP", "en": "en-US"}
PARAMETER = {"ja": "警戒レベル相当", "en": "Warning level (Japan, 1 to 5)"}
_UNSAFE = re.compile(r"[\s,<&]")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
Kind = Literal["Alert", "Update", "Cancel"]
STATUSES = ("Actual", "Exercise", "Test")

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
    """What is said in one language (RFC 3066 code)."""

    language: str
    event: str
    headline: str
    description: str
    instruction: str
    area: str
    parameter: tuple[str, str]


@dataclass(frozen=True, slots=True)
class CapMessage:
    """One CAP message. `references` are `sender,identifier,sent` of the messages that it updates or cancels.

    centre: longitude and latitude; radius in km; both or neither.
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


def grades(level: int, observed: bool) -> tuple[str, str, str]:
    """Urgency, severity and certainty of a warning level; level 5 is always observed."""
    return OBSERVED[level] if observed or level not in EXPECTED else EXPECTED[level]


def message_of(alert: Alert, revision: Mapping[str, object]) -> CapMessage:
    """One of the messages sent about an alert (a row of its `revisions`)."""
    kind: Kind = "Update" if revision["kind"] == "Update" else "Cancel" if revision["kind"] == "Cancel" else "Alert"
    sent = datetime.fromisoformat(str(revision["sent"]))
    level = alert.warning_level or 0
    references = revision.get("references")
    return CapMessage(
        identifier=str(revision["identifier"]),
        sender=alert.sender or "",
        sent=sent,
        status=alert.status or "Test",
        kind=kind,
        infos=tuple(_info(alert, language, level) for language in LANGUAGES),
        urgency="Past" if kind == "Cancel" else alert.urgency or "Unknown",
        severity=alert.severity or "Unknown",
        certainty=alert.certainty or "Unknown",
        response="AllClear" if kind == "Cancel" else RESPONSES.get(level, "Monitor"),
        effective=alert.valid_from or sent,
        expires=alert.valid_to or sent,
        sender_name=alert.alert_source or "",
        references=tuple(str(one) for one in references) if isinstance(references, list) else (),
        note=str(revision.get("note") or ""),
        centre=alert.location,
        radius=alert.radius or 0.0,
    )


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


def moment(time: datetime) -> str:
    """A time as CAP writes it: with seconds and an offset, UTC as -00:00 (CAP 1.2, 3.3.2)."""
    return time.isoformat(timespec="seconds").replace("+00:00", "-00:00")


def _info(alert: Alert, language: str, level: int) -> Info:
    def said(words: Mapping[str, str] | None) -> str:
        return "" if not words else words.get(language) or words.get("ja") or next(iter(words.values()))

    return Info(
        LANGUAGES[language],
        said(alert.event),
        said(alert.headline),
        said(alert.text),
        said(alert.instruction),
        said(alert.area_name),
        (PARAMETER[language], str(level)),
    )


def _say(root: ElementTree.Element, message: CapMessage, words: Info) -> None:
    info = ElementTree.SubElement(root, "info")
    rows = [
        ("language", words.language),
        ("category", "Met"),
        ("event", words.event),
        ("responseType", message.response),
        ("urgency", message.urgency),
        ("severity", message.severity),
        ("certainty", message.certainty),
        ("effective", moment(message.effective)),
        ("expires", moment(message.expires)),
        ("senderName", message.sender_name),
        ("headline", words.headline),
        ("description", words.description),
        ("instruction", words.instruction),
    ]
    _put_all(info, rows)
    parameter = ElementTree.SubElement(info, "parameter")
    _put_all(parameter, [("valueName", words.parameter[0]), ("value", words.parameter[1])])
    area = ElementTree.SubElement(info, "area")
    circle = ""
    if message.centre is not None:
        circle = f"{message.centre.lat:.6f},{message.centre.lon:.6f} {message.radius:g}"
    _put_all(area, [("areaDesc", words.area), ("circle", circle)])


def _put_all(parent: ElementTree.Element, rows: list[tuple[str, str]]) -> None:
    """Add what is not empty; characters that XML 1.0 cannot hold are left out."""
    for name, value in rows:
        if value:
            ElementTree.SubElement(parent, name).text = _NOT_XML.sub("", value)


def _demand(holds: bool, element: str, fault: str) -> None:
    if not holds:
        raise BadRequestData(f"CAP 1.2 does not allow this {element}: {fault}", element=element)
