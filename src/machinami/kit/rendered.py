"""How do public pages hold a crowd? When many ask for the same page, it is made once a second and served many times.

A page is kept only for strangers, as all of them are shown the same. As long as few ask, each is shown what is so now;
in a crowd what is shown is at most a second old.
"""

import asyncio
import time
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import blake2b

from machinami.kit.forms import WAITING, own_cookie, session_cookie
from machinami.kit.http import Request, Response
from machinami.kit.viewing import VIEWER
from machinami.kit.words import Language
from machinami.model.principal import ANONYMOUS

_SECOND = 1.0
_CROWD = 8  # askers of one page within a second
_MOST, _MOST_BYTES = 256, 32_000_000
_KNOWN = ("lang", "view", "date")  # what may be asked for of a page that is kept
_LONGEST = 120
_TENANT = b"ngsild-tenant"
_GZIP = 31  # how zlib is told to write gzip
Key = tuple[str, str, str, str, bytes]
Make = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class _Kept:
    """One page as strangers are shown it. asked: how often within a second, which began at `since`; crowded: whether
    so many ask for it that what was made serves others, too."""

    response: Response
    etag: bytes
    made: float
    since: float
    crowded: bool = False
    asked: int = 0
    packed: bytes = b""

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        return len(self.response.body) + len(self.packed)

    def answer(self, request: Request) -> Response:
        """The page for one reader: packed if they take that, and only that it is the same if they have it."""
        self.asked += 1
        self.crowded = self.crowded or self.asked >= _CROWD
        own = self.response
        headers = [*own.headers, (b"etag", self.etag), (b"cache-control", b"no-cache")]
        fields = request.fields
        if fields.get(b"if-none-match") == self.etag:
            return Response(304, headers=headers)
        if b"gzip" not in fields.get(b"accept-encoding", b""):
            return Response(own.status, own.body, own.media_type, headers)
        if not self.packed:
            packer = zlib.compressobj(5, zlib.DEFLATED, _GZIP)
            self.packed = packer.compress(own.body) + packer.flush()
        return Response(own.status, self.packed, own.media_type, [*headers, (b"content-encoding", b"gzip")])


@dataclass(slots=True)
class Rendered:
    """The pages of one town that many ask for."""

    clock: Callable[[], float] = time.monotonic
    made: int = 0
    served: int = 0
    _kept: OrderedDict[Key, _Kept] = field(default_factory=OrderedDict)
    _making: dict[Key, "asyncio.Task[_Kept | Response]"] = field(default_factory=dict)

    def show(self, request: Request, language: Language, origin: str, make: Make) -> Response | Awaitable[Response]:
        """The answer to a request for a page. make: makes it anew."""
        key = _key(request, language, origin)
        if key is None:
            return make(request)
        found = self._kept.get(key)
        if found is not None and found.crowded and self.clock() - found.made <= _SECOND:
            request.forgive()
            self.served += 1
            return found.answer(request)
        making = self._making.get(key)
        if making is not None:
            if found is not None:  # a page that is kept: who waits for it holds up nobody of the same address
                request.forgive()
            return self._shared(making, request, make)
        task = self._making[key] = asyncio.ensure_future(self._make(key, request, make))
        task.add_done_callback(lambda _: self._making.pop(key, None))
        return self._own(task, request)

    async def _make(self, key: Key, request: Request, make: Make) -> _Kept | Response:
        before, began = self._kept.get(key), self.clock()
        response = await make(request)
        self.made += 1
        if response.status != 200 or response.parts is not None or _is_personal(response):
            self._kept.pop(key, None)
            return response
        etag = b'"' + blake2b(response.body, digest_size=12).hexdigest().encode() + b'"'
        kept = _Kept(response, etag, began, began)
        if before is not None and began - before.since <= _SECOND:
            kept.since, kept.asked, kept.crowded = before.since, before.asked, before.crowded
        elif before is not None:
            kept.crowded = before.asked >= _CROWD and began - before.since <= 2 * _SECOND
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST or sum(one.size for one in self._kept.values()) > _MOST_BYTES:
            self._kept.popitem(last=False)
        return kept

    async def _own(self, task: "asyncio.Task[_Kept | Response]", request: Request) -> Response:
        found = await asyncio.shield(task)
        return found.answer(request) if isinstance(found, _Kept) else found

    async def _shared(self, task: "asyncio.Task[_Kept | Response]", request: Request, make: Make) -> Response:
        """What another asker is waiting for; what was made for them alone is made anew for this one."""
        found = await asyncio.shield(task)
        if isinstance(found, _Kept):
            request.forgive()
            self.served += 1
            return found.answer(request)
        return await make(request)


def _is_personal(response: Response) -> bool:
    """Whether an answer gives its reader something of their own; the language they asked for is no secret."""
    return any(name == b"set-cookie" and b"lang=" not in value[:12] for name, value in response.headers)


def _key(request: Request, language: Language, origin: str) -> Key | None:
    """By what a page is kept; None where it is shown to one reader alone, or asked for as nobody does."""
    if request.method != "GET" or (VIEWER.get() or ANONYMOUS) != ANONYMOUS or len(request.query) > _LONGEST:
        return None
    if session_cookie(request) or own_cookie(request, WAITING) or not all(name in _KNOWN for name in request.arguments):
        return None
    return request.path, request.query, language, origin, request.fields.get(_TENANT, b"")
