"""What does a request say whose header fields came before, byte by byte?

A client that asks often sends the same header fields each time, except for the request line. Once the parser has read
them, and has found nothing that is not plain, the same bytes mean the same: they are not taken apart again.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from machinami.kit.http import Headers

_MOST = 1_024
_LONGEST = 1_024  # bytes of the fields that are remembered: they come from outside
_LINE = re.compile(rb"(GET|POST|PATCH) (/[!-\"$-~]{0,1000}) HTTP/1\.1")
_FRAMING = b"transfer-encoding"


@dataclass(frozen=True, slots=True)
class Fields:
    """Header fields in order, the same by name where each comes once, and the length of the body."""

    headers: Headers
    by_name: dict[bytes, bytes] | None
    length: int


class Whole(NamedTuple):
    """One request that has come whole and alone."""

    method: str
    target: str
    fields: Fields
    body: bytes


class Familiar:
    """The header fields of plain requests, by their bytes."""

    def __init__(self) -> None:
        self._known: dict[bytes, Fields] = {}

    def read(self, data: bytes) -> Whole | None:
        """The request that the bytes are; None if they are more or less than one, or not known well enough."""
        end = data.find(b"\r\n\r\n")
        start = data.find(b"\r\n", 0, end + 2)
        fields = self._known.get(data[start:end]) if end >= 0 else None
        if fields is None or len(data) != end + 4 + fields.length:
            return None
        line = _LINE.fullmatch(data, 0, start)
        if line is None:
            return None
        method, target = line.groups()
        return Whole(method.decode("ascii"), target.decode("ascii"), fields, data[end + 4 :])

    def learn(self, data: bytes, headers: Headers) -> None:
        """Remember the fields of a plain request that the parser has read, if the bytes are this request alone."""
        end = data.find(b"\r\n\r\n")
        block = data[data.find(b"\r\n") : end]
        if len(block) > _LONGEST or not block.count(b"\n") == block.count(b"\r") == block.count(b"\r\n") == len(
            headers
        ):
            return  # a line that goes on in the next one, or ends in another way
        by_name = dict(headers)
        length = by_name.get(b"content-length", b"0")
        if _FRAMING in by_name or not length.isdigit() or len(data) != end + 4 + int(length):
            return
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[block] = Fields(tuple(headers), by_name if len(by_name) == len(headers) else None, int(length))
