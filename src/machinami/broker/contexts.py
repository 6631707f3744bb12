"""Which JSON-LD contexts does this installation hold, and how does a new one come in?

The core and the town's own context are built in. A user's context is fetched once, kept in the store and pinned:
from then on it is read from there, at every start, without the network. Hosted contexts (ETSI GS CIM 009, 5.13)
live beside the cached ones.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from machinami.foundation.errors import BadRequestData, ContextNotAvailable, NotFound
from machinami.foundation.instant import format_instant, parse_instant
from machinami.model import town_terms
from machinami.model.context import Context, assemble, core
from machinami.store.protocol import TownStore
from machinami.wire.protocol import Fetcher

RECORD = "context"
CACHED, HOSTED, IMPLICIT = "Cached", "Hosted", "ImplicitlyCreated"
_ASSEMBLED = 512
_FETCH_SECONDS = 10.0
_FETCH_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Stored:
    """One kept context: its URL (or local id), kind (Cached, Hosted, ImplicitlyCreated), body and times."""

    url: str
    kind: str
    body: Mapping[str, Any]
    created_at: datetime
    last_used: datetime | None = None
    uses: int = 0


class Contexts:
    """All contexts of the installation: resolves sources to Context values."""

    def __init__(self, store: TownStore, fetcher: Fetcher, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._fetcher = fetcher
        self._clock = clock
        self._kept: dict[str, Stored] = {}
        self._assembled: OrderedDict[str, Context] = OrderedDict()
        self._fetching: dict[str, asyncio.Task[None]] = {}

    async def load(self) -> None:
        """Read what was kept before."""
        for url, record in (await self._store.records(RECORD)).items():
            self._kept[url] = Stored(url, record["kind"], record["body"], parse_instant(record["createdAt"]))

    def resolve(self, source: Any) -> Context:
        """The context of a source whose documents are all here. Raises ContextNotAvailable (fact `url`) otherwise."""
        if source is None:
            return core()
        key = source_key(source)
        context = self._assembled.get(key)
        if context is None:
            context = assemble(source, self._lookup)
            self._assembled[key] = context
            if len(self._assembled) > _ASSEMBLED:
                self._assembled.popitem(last=False)
        return context

    async def obtain(self, source: Any) -> Context:
        """The context of a source; documents not yet here are fetched, kept and pinned."""
        for _ in range(20):
            try:
                return self.resolve(source)
            except ContextNotAvailable as error:
                url = error.facts.get("url")
                if not isinstance(url, str) or url in self._kept:
                    raise
                await self._fetch_once(url)
        raise ContextNotAvailable("The @context refers to more than 20 other documents")

    async def _fetch_once(self, url: str) -> None:
        """Fetch a document; whoever asks for the same one meanwhile waits for the same answer."""
        task = self._fetching.get(url)
        if task is None:
            task = asyncio.ensure_future(self._fetch(url))
            self._fetching[url] = task
            task.add_done_callback(lambda _: self._fetching.pop(url, None))
        await asyncio.shield(task)

    async def _fetch(self, url: str) -> None:
        document = await self._fetcher.fetch_json(url, _FETCH_SECONDS, _FETCH_BYTES)
        if not isinstance(document, dict) or "@context" not in document:
            raise BadRequestData(f"The document at {url} holds no @context", url=url)
        await self.keep(url, CACHED, {"@context": document["@context"]})

    async def keep(self, url: str, kind: str, body: Mapping[str, Any]) -> Stored:
        """Keep a context document under a URL."""
        stored = Stored(url, kind, body, self._clock())
        record = {"kind": kind, "body": body, "createdAt": format_instant(stored.created_at)}
        await self._store.transact(lambda tx: tx.put_record(RECORD, url, record))
        self._kept[url] = stored
        self._assembled.clear()
        return stored

    async def host(self, url: str, body: Any) -> Stored:
        """Host a user's context (5.13.2): it must be assemblable, with what it refers to."""
        if not isinstance(body, dict) or "@context" not in body:
            raise BadRequestData('A context document is a JSON object with a member "@context"')
        await self.obtain(body["@context"])
        return await self.keep(url, HOSTED, {"@context": body["@context"]})

    async def drop(self, url: str) -> None:
        """Forget a context (5.13.5)."""
        self.get(url)
        await self._store.transact(lambda tx: tx.delete_record(RECORD, url))
        self._kept.pop(url, None)
        self._assembled.clear()

    async def reload(self, url: str) -> None:
        """Fetch a cached context anew; the old one stays if that fails (5.13.5, reload)."""
        if self.get(url).kind != CACHED:
            raise BadRequestData("Only cached contexts can be reloaded; a hosted one is replaced by its owner")
        await self._fetch(url)

    def get(self, url: str) -> Stored:
        """One kept context."""
        if url not in self._kept:
            raise NotFound(f"There is no context {url} here", url=url)
        return self._kept[url]

    def stored(self) -> list[Stored]:
        """All kept contexts in order of their URLs."""
        return [self._kept[url] for url in sorted(self._kept)]

    def _lookup(self, url: str) -> Mapping[str, Any] | None:
        stored = self._kept.get(url)
        return stored.body if stored else None


def source_key(source: Any) -> str:
    """The text by which a source of a context is known."""
    return source if isinstance(source, str) else orjson.dumps(source).decode()


def town_context() -> Context:
    """The town's own context: the short names that pages, services and devices use."""
    return assemble(town_terms.URL, lambda _: None)
