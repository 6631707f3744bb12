"""What does something that arrived (a report, a measurement, a notice of any type) say, that could become a need?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from machinami.kit.values import spoken
from machinami.kit.words import Words

SPEAKING = ("headline", "name", "text", "description", "instruction")


@dataclass(frozen=True, slots=True)
class Report:
    """An entity of the town from which a need may be made: its id, its type, and what it says in words."""

    id: str
    type: str
    text: str


def report(document: Mapping[str, Any], words: Words) -> Report:
    """What an entity (NGSI-LD, short names) says in the attributes that are words."""
    told = [_said(document.get(name), words) for name in SPEAKING]
    kind = document.get("type")
    types = [kind] if isinstance(kind, str) else list(kind or ())
    return Report(
        str(document.get("id", "")), ", ".join(types), "\n".join(dict.fromkeys(text for text in told if text))
    )


def _said(attribute: Any, words: Words) -> str:
    if isinstance(attribute, list):
        return _said(attribute[0], words) if attribute else ""
    if not isinstance(attribute, Mapping):
        return ""
    if isinstance(attribute.get("languageMap"), Mapping):
        return spoken({str(k): str(v) for k, v in attribute["languageMap"].items()}, words)
    value = attribute.get("value")
    return value.strip() if isinstance(value, str) else ""
