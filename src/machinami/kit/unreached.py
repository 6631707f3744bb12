"""Why did a message not arrive? What was noted of it, in the reader's words; what nobody knows stays as it is."""

import re

from machinami.kit.words import Words
from machinami.wire.reasons import AWAY, BROKEN, REFUSED, UNKNOWN

_NO_WEB = "its server does not answer as one of the web"
_KEYS = {_NO_WEB: "no_web", REFUSED: "refused", UNKNOWN: "unknown", BROKEN: "broken", AWAY: "away"}
_PATTERNS = (
    ("status", re.compile(r"the (receiver|server) answered (?P<status>\d{3})")),
    ("late", re.compile(r"(no answer|the MQTT broker did not take it) within (?P<seconds>[\d.]+) s")),
    ("untrusted", re.compile(r"its certificate is not trusted: (?P<cause>[^;]*).*", re.DOTALL)),
    ("closed", re.compile(r"the (receiver|broker) closed the connection.*")),
)


def why_unreached(reason: str, words: Words) -> str:
    """The reason of a failed delivery."""
    if reason in _KEYS:
        return words.plain(f"unreached.{_KEYS[reason]}")
    for key, pattern in _PATTERNS:
        found = pattern.fullmatch(reason)
        if found is not None:
            return words.plain(f"unreached.{key}", **found.groupdict())
    return reason
