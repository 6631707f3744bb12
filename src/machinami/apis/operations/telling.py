"""How is what was found out about an installation said? In the reader's words, for pages, programs and the terminal."""

import shlex
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from machinami.foundation.instant import format_instant
from machinami.kit.moments import TOWN_ZONE, moment
from machinami.kit.unreached import why_unreached
from machinami.kit.words import LANGUAGES, Words
from machinami.model.checkup.finding import Checkup, Finding, Well
from machinami.model.checkup.forecast import Forecast, span_of

PACKAGE = "machinami.apis.operations"
_SIZES = frozenset({"free", "used", "left", "limit", "bytes"})
_EDITORS = "nano"


def sized(amount: float) -> str:
    """Bytes as people say them, in decimal units."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(amount) < 1_000:
            return f"{amount:.0f} {unit}" if unit == "B" or abs(amount) >= 100 else f"{amount:.1f} {unit}"
        amount /= 1_000
    return f"{amount:.1f} TB"


def said(values: Mapping[str, Any], now: datetime, words: Words, zone: str = TOWN_ZONE) -> dict[str, Any]:
    """The values of a text as people read them."""
    told: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, datetime):
            told[name] = moment(value, now, words, zone).day
        elif name in _SIZES and isinstance(value, int | float):
            told[name] = sized(value)
        elif name == "reason":
            told[name] = why_unreached(str(value), words)
        else:
            told[name] = value
    return told


def what(finding: Finding, now: datetime, words: Words, zone: str = TOWN_ZONE) -> str:
    """What is wrong."""
    return words.plain(f"finding.{finding.key}.what", **said(finding.values, now, words, zone))


def cure(finding: Finding, now: datetime, words: Words, zone: str = TOWN_ZONE) -> str:
    """What is to be done."""
    return words.plain(f"finding.{finding.key}.do", **said(finding.values, now, words, zone))


def well(one: Well, now: datetime, words: Words, zone: str = TOWN_ZONE) -> str:
    """What is well."""
    return words.plain(f"well.{one.check}", **said(one.values, now, words, zone))


def command(finding: Finding, data: str, program: str) -> str:
    """What can be typed; empty where nothing can."""
    known = {"{program}": program, "{data}": shlex.quote(data), "{editor}": _EDITORS}
    text = finding.command
    for name, value in known.items():
        text = text.replace(name, value)
    return text


def outlook(forecast: Forecast | None, words: Words) -> list[str]:
    """When the disk is full, and how fast the data grow."""
    if forecast is None or forecast.per_day is None:
        return [words.plain("forecast.measuring")]
    if forecast.days is None:
        return [words.plain("forecast.none")]
    unit, count = span_of(forecast.days)
    pace = {"amount": sized(forecast.per_day), "days": f"{forecast.measured:.0f}"}
    return [words.plain(f"forecast.full_in_{unit}", count=count), words.plain("forecast.pace", **pace)]


def document(checkup: Checkup, data: str, program: str = "machinami") -> dict[str, Any]:
    """The whole as JSON, each sentence in every language."""
    spoken = {language: Words(language, PACKAGE) for language in LANGUAGES}
    at = checkup.at
    return {
        "at": format_instant(at),
        "sound": checkup.is_sound,
        "findings": [
            {
                "check": one.check,
                "key": one.key,
                "about": one.about,
                "severity": one.severity.value,
                "since": None if one.since is None else format_instant(one.since),
                "what": {language: what(one, at, words) for language, words in spoken.items()},
                "do": {language: cure(one, at, words) for language, words in spoken.items()},
                "command": command(one, data, program),
                "link": one.link,
            }
            for one in checkup.findings
        ],
        "well": [
            {"check": one.check, "what": {language: well(one, at, words) for language, words in spoken.items()}}
            for one in checkup.well
        ],
        "unknown": list(checkup.unknown),
    }
