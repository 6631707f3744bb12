"""For how long may a fetched document be used, as its server says? (RFC 9111, 4.2; ETSI GS CIM 009, 5.13.1)"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_DIRECTIVE = re.compile(r'\s*([A-Za-z-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s",]*)))?\s*(?:,|\Z)')


def freshness(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds for which an answer with these header fields (names in lower case) is fresh; None where it does not say.

    What may not be kept or not be used without asking again is fresh for no time at all. Of several sayings the one
    for caches that many share counts first, as this one is; a date that cannot be read is past (RFC 9111, 5.3).
    """
    said = directives(headers.get("cache-control", ""))
    if not said.keys().isdisjoint(("no-store", "no-cache", "private")):
        return 0.0
    for name in ("s-maxage", "max-age"):
        if name in said:
            return max(0.0, _seconds(said[name]) - _seconds(headers.get("age", "0")))
    if "expires" in headers:
        expires, date = _moment(headers["expires"]), _moment(headers.get("date", "")) or now
        return 0.0 if expires is None else max(0.0, (expires - date).total_seconds())
    return 0.0 if "no-cache" in headers.get("pragma", "").lower() else None


def directives(text: str) -> Mapping[str, str]:
    """The directives of a Cache-Control field with their arguments; of a repeated one the first stands."""
    found: dict[str, str] = {}
    for name, quoted, plain in _DIRECTIVE.findall(text):
        found.setdefault(name.lower(), quoted or plain)
    return found


def _seconds(text: str) -> float:
    """A number of seconds; what is none is no time (RFC 9111, 4.2.1: a stale answer is the safe reading)."""
    return float(text[:10]) if text.isascii() and text.isdigit() else 0.0


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
