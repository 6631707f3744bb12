"""Where are messages sent, and with what? The address and the header fields of a receiver (pure; 5.2.15, 5.2.22)."""

import re
from collections.abc import Iterable

from machinami.apis.ngsild.members import Json, listed
from machinami.foundation.urn import is_uri
from machinami.model.fragments import wrong

_ENDPOINT = re.compile(r"(https?|mqtts?)://[^\s/?#]+", re.IGNORECASE)
_TOPIC = re.compile(r"mqtts?://[^/]+/[^#+?]+\Z", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}\Z")


def check_address(uri: object, member: str) -> str:
    """The address of a receiver. Raises BadRequestData with the member at fault."""
    if not isinstance(uri, str) or not _ENDPOINT.match(uri) or not is_uri(uri):
        raise wrong(member, "must be an http, https, mqtt or mqtts URL")
    if uri.lower().startswith("mqtt") and not _TOPIC.match(uri):
        raise wrong(member, "must name the topic after the host, without # + ?")
    return uri


def read_pairs(row: Json, member: str, where: str = "") -> Iterable[tuple[str, str]]:
    """The keys and values of receiverInfo or notifierInfo; each can be the field of a header."""
    for index, pair in enumerate(listed(row, member)):
        key, value = (pair.get("key"), pair.get("value")) if isinstance(pair, dict) else (None, None)
        if not isinstance(key, str) or not isinstance(value, str) or not _HEADER_NAME.match(key):
            raise wrong(f"{where}{member}[{index}]", 'must be {"key": …, "value": …}, a header each')
        if not value.isprintable():
            raise wrong(f"{where}{member}[{index}].value", "must be one line of text")
        yield key, value
