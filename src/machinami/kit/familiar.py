"""What does a request say whose header fields came before, byte by byte?

A client that asks often sends the same header fields each time, except for the request line. Once the parser has read
them, and has found nothing that is not plain, the same bytes mean the same: they are not taken apart again.

Fields with a credential are remembered without it: they are found by a keyed digest of all bytes, and the credential is
taken from each request itself. Only who asks many times a second is found by the bytes as they are, credential and all:
these are kept for a second at most. So none stays in memory when it is revoked, and whether it is, is asked each time.
"""

import re
from collections.abc import Callable
from hashlib import sha256
from os import urandom
from typing import NamedTuple

from machinami.kit.http import Headers, Memo

_MOST = 1_024
_LONGEST = 1_024  # bytes of the fields that are remembered: they come from outside
_LINE = re.compile(rb"(GET|POST|PATCH) (/[!-\"$-~]{0,1000}) HTTP/1\.1")
_MOMENT = 1.0  # seconds for which fields stay in memory with the credential in them
_FRAMING = b"transfer-encoding"
_SECRET = frozenset({b"authorization", b"proxy-authorization", b"cookie", b"x-api-key"})


class Fields(NamedTuple):
    """Header fields in order, the same by name where each comes once, the length of the body, and what others remember
    with these fields."""

    headers: Headers
    by_name: dict[bytes, bytes] | None
    length: int
    memo: Memo


class Private(NamedTuple):
    """Fields of which one holds a credential: its name, where it begins and ends in the bytes, all fields with nothing
    in its place, and what `Fields` has besides."""

    name: bytes
    begin: int
    end: int
    by_name: dict[bytes, bytes]
    length: int
    memo: Memo


class Whole(NamedTuple):
    """One request that has come whole and alone: its line, what `Fields` has, and its body."""

    method: str
    target: str
    headers: Headers
    by_name: dict[bytes, bytes] | None
    memo: Memo
    body: bytes


Later = Callable[[float, Callable[[], None]], object]


class Familiar:
    """The header fields of plain requests, by their bytes. later: has something done after so many seconds; None:
    nothing stays in memory with a credential in it."""

    def __init__(self, later: Later | None = None) -> None:
        self._known: dict[bytes, Fields] = {}
        self._private: dict[bytes, Private] = {}
        self._lately: dict[bytes, Fields] = {}
        self._later = later
        self._salt = urandom(32)

    def read(self, data: bytes) -> Whole | None:
        """The request that the bytes are; None if they are more or less than one, or not known well enough."""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return None
        start = data.find(b"\r\n", 0, end + 2)
        block = data[start:end]
        fields = self._known.get(block) or self._lately.get(block) or self._without_credential(block)
        if fields is None:
            return None
        headers, by_name, length, memo = fields
        if len(data) != end + 4 + length:
            return None
        line = _LINE.fullmatch(data, 0, start)
        if line is None:
            return None
        method, target = line.groups()
        return Whole(method.decode("ascii"), target.decode("ascii"), headers, by_name, memo, data[end + 4 :])

    def _without_credential(self, block: bytes) -> Fields | None:
        """What was remembered of fields without the credential in them, with the one that stands in this request."""
        kept = self._private.get(self._mark(block)) if self._private else None
        if kept is None:
            return None
        by_name = {**kept.by_name, kept.name: block[kept.begin : kept.end]}
        fields = Fields(tuple(by_name.items()), by_name, kept.length, kept.memo)
        if self._later is not None:
            if not self._lately:
                self._later(_MOMENT, self._lately.clear)
            if len(self._lately) < _MOST:
                self._lately[block] = fields
        return fields

    def _mark(self, block: bytes) -> bytes:
        """By what fields with a credential are found: nobody has other fields of the same mark, nor guesses one."""
        return sha256(self._salt + block).digest()

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
        if len(self._known) + len(self._private) >= _MOST:
            self._known.clear()
            self._private.clear()
            self._lately.clear()
        if not _SECRET.isdisjoint(by_name):
            if len(by_name) == len(headers) and len(_SECRET & by_name.keys()) == 1:
                self._private[self._mark(block)] = _without_secret(block, headers, int(length))
            return
        alone = by_name if len(by_name) == len(headers) else None
        self._known[block] = Fields(tuple(headers), alone, int(length), Memo())


def _without_secret(block: bytes, headers: Headers, length: int) -> Private:
    """What is remembered of fields with one credential; every field is a line of the block, in this order."""
    line, by_name = 0, dict(headers)
    for name in by_name:
        if name in _SECRET:
            break
        line = block.index(b"\r\n", line + 2)
    begin = block.index(by_name[name], block.index(b":", line) + 1)
    end = begin + len(by_name[name])
    return Private(name, begin, end, {**by_name, name: b""}, length, Memo())
