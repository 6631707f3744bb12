"""Is this text a URI, and what is its short name?"""

import re

_SCHEME = "[A-Za-z][A-Za-z0-9+.-]*:"
_URI = re.compile(_SCHEME + r"[!#-;=?-\[\]_a-z~]+").fullmatch  # what is allowed is found faster than what is not
_IRI = re.compile(_SCHEME + r"[^\s<>\"{}|\\^`\x00-\x1f\x7f]+").fullmatch
_USER = re.compile("//[^/?#]*@")
# what nobody sees, so that two ids would look the same: code points that are ignorable by default (Unicode 4.4, 5.21),
# blank letters, noncharacters, surrogates
_UNSEEN = re.compile(
    "[\u0080-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)


def is_uri(text: object) -> bool:
    """Whether the value is an absolute URI (RFC 3986: a scheme, a colon, something, nothing forbidden), or an IRI
    without characters that cannot be seen."""
    if not isinstance(text, str):
        return False
    if text.isascii():
        return _URI(text) is not None
    return _IRI(text) is not None and _UNSEEN.search(text) is None


def without_password(uri: str) -> str:
    """The URI as it may be told of: without who connects, and by which password (RFC 3986, 3.2.1)."""
    return _USER.sub("//", uri, count=1)


def last_part(uri: str) -> str:
    """The last part of a URI after '/', '#' or ':', for reading by people."""
    return re.split(r"[/#:]", uri.rstrip("/#:"))[-1]
