"""Is this text a URI, and what is its short name?"""

import re

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x1f\x7f]+\Z")


def is_uri(text: object) -> bool:
    """Whether the value is an absolute URI (RFC 3986: a scheme, a colon, something, nothing forbidden)."""
    return isinstance(text, str) and _URI.match(text) is not None


def last_part(uri: str) -> str:
    """The last part of a URI after '/', '#' or ':', for reading by people."""
    return re.split(r"[/#:]", uri.rstrip("/#:"))[-1]
