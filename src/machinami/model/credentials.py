"""Which header values that clients hand over for others to see are secrets, and how is a document shown without them?

A registration says with which fields a source is asked (contextSourceInfo), a subscription with which its receiver is
told (receiverInfo; ETSI GS CIM 009, 5.2.22). Credentials among them, and a password inside an address, are used, but
never shown again, not even to who gave them.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from machinami.foundation.urn import without_password

MASK = "********"
_SECRET = re.compile(r"authorization|cookie|token|secret|password|credential|api-?key", re.IGNORECASE)
_PLACES = (("contextSourceInfo",), ("notification", "endpoint", "receiverInfo"))
_USER = re.compile("//(?P<user>[^/?#@:]*:)?[^/?#]*@")
_ADDRESSES = (("endpoint",), ("notification", "endpoint", "uri"))
_FROM_REQUEST = "urn:ngsi-ld:request"  # stands for what the request says (4.3.6.5): nothing is kept
Document = dict[str, Any]
Pair = Mapping[str, Any]


def is_secret(pair: Pair) -> bool:
    """Whether the pair of a header's name and value holds a credential."""
    key, value = pair.get("key"), pair.get("value")
    return isinstance(key, str) and isinstance(value, str) and value != _FROM_REQUEST and bool(_SECRET.search(key))


def with_secrets(document: Document, change: Callable[[Pair], Pair]) -> Document:
    """The document of a registration or subscription with each of its credentials changed."""
    for place in _PLACES:
        document = _changed(document, place, change)
    return document


def with_addresses(document: Document, change: Callable[[str], str]) -> Document:
    """The document of a registration or subscription with the address changed at which others are told or asked."""
    for place in _ADDRESSES:
        document = _readdressed(document, place, change)
    return document


def has_password(address: object) -> bool:
    """Whether an address says by which password it is connected to (RFC 3986, 3.2.1)."""
    return isinstance(address, str) and without_password(address) != address


def masked(address: str) -> str:
    """An address as it may be shown: who connects stays, the password goes."""
    return _USER.sub(lambda found: f"//{found['user'] or ''}{MASK}@", address, count=1)


def discreet(document: Document) -> Document:
    """The document as it may be shown."""
    shown = with_secrets(document, lambda pair: {**pair, "value": MASK} if is_secret(pair) else pair)
    return with_addresses(shown, masked)


def revealed(document: Document, known: Iterable[tuple[str, str]], address: str = "") -> Document:
    """The document with the credentials that it was shown without; known, address: the fields and the address that it
    had."""
    values = {name.lower(): value for name, value in known}

    def told(pair: Pair) -> Pair:
        if pair.get("value") != MASK or not is_secret(pair):
            return pair
        return {**pair, "value": values.get(pair["key"].lower(), MASK)}

    return with_addresses(with_secrets(document, told), lambda one: address if one == masked(address) else one)


def _changed(document: Document, place: tuple[str, ...], change: Callable[[Pair], Pair]) -> Document:
    first, *rest = place
    inner = document.get(first)
    if rest:
        return {**document, first: _changed(inner, tuple(rest), change)} if isinstance(inner, dict) else document
    if isinstance(inner, dict):
        return {**document, first: change(inner)}
    if not isinstance(inner, list):
        return document
    return {**document, first: [change(row) if isinstance(row, dict) else row for row in inner]}


def _readdressed(document: Document, place: tuple[str, ...], change: Callable[[str], str]) -> Document:
    first, *rest = place
    inner = document.get(first)
    if rest:
        return {**document, first: _readdressed(inner, tuple(rest), change)} if isinstance(inner, dict) else document
    return {**document, first: change(inner)} if isinstance(inner, str) else document
