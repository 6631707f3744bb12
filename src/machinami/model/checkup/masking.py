"""What of a text must nobody else see? Secrets, keys, and whatever may say who somebody is, are masked.

The rule errs on the safe side: what looks like a secret is masked though it may be none.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

HIDDEN = "‹…›"
_SECRET_NAME = re.compile(r"(?i)(password|passwd|secret|token|credential|private|key|sender|user)(?!.*(_env|_file)$)")
_IN_URL = re.compile(r"://[^/\s@]*?:([^/\s]+)@")
_SHORTEST = 4
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]+-----.*?(-----END [A-Z ]+-----|\Z)", re.DOTALL), HIDDEN),
    (re.compile(r"(?i)\b(authorization|cookie|set-cookie|x-api-key|proxy-authorization)(\"?\s*[:=]\s*)[^\r\n]+"),
     rf"\1\2{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic|dpop|digest)\s+[A-Za-z0-9._~+/=-]{6,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?i)((?:password|passwd|secret|token|credential|api[_-]?key|code)\w*\"?\s*[:=]\s*\"?)[^\s\",;]+"),
     rf"\1{HIDDEN}"),
    (re.compile(r"(?<=://)[^/\s@\"]+@"), f"{HIDDEN}@"),
    (re.compile(r"(?<=[\w/])[?#][^\s\"'<>]*=[^\s\"'<>]*"), f"?{HIDDEN}"),
    (re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"), HIDDEN),
    (re.compile(r"(?i)\burn:(?!machinami:(?:console|service)\b)[a-z0-9][a-z0-9-]{0,31}:[^\s\"'<>,;)\]]+"),
     f"urn:{HIDDEN}"),
    (re.compile(r"\b(?!127\.)(?:\d{1,3}\.){3}\d{1,3}\b"), HIDDEN),
    (re.compile(r"(?i)(?<![\w:])(?!::1\b)(?:[0-9a-f]{1,4}:){3,7}[0-9a-f:]*[0-9a-f]"), HIDDEN),
    (re.compile(r"(?<![\d.])(?:\+81[-\s]?|0)\d{1,4}[-\s(]\d{1,4}[-\s)]\d{3,4}(?!\d)"), HIDDEN),
    (re.compile(r"(?<![A-Za-z0-9+/_=-])(?=[A-Za-z0-9+/_=-]*\d)(?=[A-Za-z0-9+/_=-]*[A-Za-z])[A-Za-z0-9+_=-]{24,}"),
     HIDDEN),
)  # fmt: skip


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without these secrets, and without what looks like one."""
    for secret in sorted({one for one in secrets if len(one) >= _SHORTEST}, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text


def masked(table: Mapping[str, Any]) -> dict[str, str]:
    """The texts in a table of settings, at any depth, that nobody else may see, by the names under which they stand."""
    found: dict[str, str] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{key}": text for key, text in masked(value).items()}
        elif isinstance(value, list):
            for at, one in enumerate(value):
                if isinstance(one, Mapping):
                    found |= {f"{name}.{at}.{key}": text for key, text in masked(one).items()}
        elif isinstance(value, str):
            inside = _IN_URL.search(value)
            if _SECRET_NAME.search(name):
                found[name] = value
            elif inside is not None:
                found[name] = inside[1]
    return found
