"""Which JSON-LD contexts does this installation hold, and how does a new one come in?

The core and the town's own context are built in. A user's context is fetched once and kept in the store: from
then on it is read from there, at every start, without the network; now and then it is fetched anew. Hosted contexts
(ETSI GS CIM 009, 5.13) live beside the cached ones. A document is fetched once for all towns, but each knows only of
those that it asked for itself (4.14): which words another uses, and how often, is not told.
"""

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from machinami.broker.renewal import Renewal, expiry
from machinami.broker.shelf import Shelf
from machinami.broker.stored_context import Stored, from_record
from machinami.broker.town import DEFAULT_TOWN
from machinami.foundation.errors import (
    BadRequestData,
    Conflict,
    ContextNotAvailable,
    InvalidRequest,
    MachinamiError,
    NotFound,
)
from machinami.foundation.urn import without_password
from machinami.model import town_terms
from machinami.model.context import Context, assemble, core, core_version_of
from machinami.store.protocol import TownStore
from machinami.wire.protocol import Fetcher

RECORD = "context"
_LOG = logging.getLogger("machinami.broker")
CACHED, HOSTED, IMPLICIT = "Cached", "Hosted", "ImplicitlyCreated"
BUILT_IN = "Built in"  # the core: to clients a cached one
AT_HAND = 20_000_000  # bytes of documents in memory
_ASSEMBLED = 512
_FETCH_SECONDS = 10.0
_FETCH_BYTES = 2_000_000


@dataclass(slots=True)
class _Assembled:
    """A context that is ready, the URLs of the documents that it was made of, their bytes, and how often each town
    asked for it."""

    context: Context
    urls: frozenset[str]
    weight: int = 0
    uses: dict[str, int] = field(default_factory=dict)


class Contexts:
    """All contexts of the installation: resolves sources to Context values.

    at_hand: about how many bytes of documents stay in memory, as they are and once more as they are used; what is not
    at hand is read from the store.
    """

    def __init__(
        self, store: TownStore, fetcher: Fetcher, clock: Callable[[], datetime], at_hand: int = AT_HAND
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._clock = clock
        self._began = clock()
        self._kept: dict[str, Stored] = {}
        self._bodies = Shelf(at_hand)
        self._at_hand = at_hand
        self._weight = 0
        self._assembled: OrderedDict[str, _Assembled] = OrderedDict()
        self._uses: Counter[tuple[str, str]] = Counter()
        self._fetching: dict[str, asyncio.Task[None]] = {}
        self._renewal = Renewal()

    async def load(self) -> None:
        """Read what was kept before."""
        for url, record in (await self._store.records(RECORD)).items():
            self._kept[url] = from_record(url, record)

    @property
    def away(self) -> Mapping[str, tuple[datetime, str]]:
        """The documents that could not be had when they were asked for last: since when, and the kind of error."""
        return self._renewal.away

    @property
    def count(self) -> int:
        """How many documents are kept."""
        return len(self._kept)

    def body(self, url: str) -> Mapping[str, Any] | None:
        """The document that is kept for a URL; None where there is none."""
        if url not in self._kept:
            return None
        found = self._bodies.get(url)
        if found is None:
            record = self._store.record(RECORD, url)
            found = None if record is None else record["body"]
            if found is not None:
                self._bodies.put(url, found)
        return found

    def resolve(self, source: Any, town: str | None = None) -> Context:
        """The context of a source whose documents are all here. Raises ContextNotAvailable (fact `url`) otherwise.

        town: whose client asks for it; a document that this town did not ask for before must be obtained first.
        """
        if source is None:
            return core()
        found = self._assemble(source)
        if town is not None:
            uses = found.uses.get(town)
            if uses is None:
                uses = 0
                self._refuse_foreign(found, town)
                unknown = self._unknown(found, town)
                if unknown:
                    raise ContextNotAvailable(f"{unknown[0]} was not asked for in {town} yet", url=unknown[0])
            found.uses[town] = uses + 1
        return found.context

    def _unknown(self, found: _Assembled, town: str) -> list[str]:
        """The documents from elsewhere that a town has not asked for."""
        every = [self._kept[url] for url in found.urls if url in self._kept]
        return [one.url for one in every if one.kind == CACHED and town not in one.towns]

    def _refuse_foreign(self, found: _Assembled, town: str) -> None:
        """What is hosted here is its town's own: another one gets it as little as over the network. What the default
        town hosts is served to whoever names no town, and so may be used by all. Raises ContextNotAvailable."""
        for url in found.urls:
            one = self._kept.get(url)
            if one is not None and one.kind != CACHED and {town, DEFAULT_TOWN}.isdisjoint(one.towns) and one.towns:
                raise ContextNotAvailable(f"{url} is hosted here, and not for {town}", url=url)

    def _assemble(self, source: Any) -> _Assembled:
        key = source_key(source)
        found = self._assembled.get(key)
        if found is None:
            urls: set[str] = set()

            def look_up(url: str) -> Mapping[str, Any] | None:
                urls.add(url)
                return self.body(url)

            context = assemble(source, look_up)
            found = _Assembled(context, frozenset(urls), len(key) + sum(map(self._bodies.size, urls)))
            self._assembled[key] = found
            self._weight += found.weight
            while len(self._assembled) > 1 and (len(self._assembled) > _ASSEMBLED or self._weight > self._at_hand):
                oldest = self._assembled.popitem(last=False)[1]
                self._weight -= oldest.weight
                self._note_uses([oldest])
        return found

    def _note_uses(self, assembled: Iterable[_Assembled]) -> None:
        for one in assembled:
            for town, uses in one.uses.items():
                self._uses.update(dict.fromkeys(((url, town) for url in one.urls), uses))

    def _forget_assembled(self) -> None:
        self._note_uses(self._assembled.values())
        self._assembled.clear()
        self._weight = 0

    def uses(self, url: str, town: str) -> int:
        """How often a town found the context here since the start (numberOfHits, 5.13.3.5)."""
        ready = sum(one.uses.get(town, 0) for one in self._assembled.values() if url in one.urls)
        return self._uses[url, town] + ready

    def note_use(self, url: str, town: str) -> None:
        """The context was found by who asked for it itself."""
        self._uses[url, town] += 1

    async def obtain(self, source: Any, town: str | None = None) -> Context:
        """The context of a source; documents not yet here are fetched, kept and pinned. town: whose client asks."""
        for _ in range(20):
            try:
                found = self._assemble(source)
                if town is not None:
                    self._refuse_foreign(found, town)
                    for known in self._unknown(found, town):
                        await self._make_known(known, town)
                return found.context
            except ContextNotAvailable as error:
                url = error.facts.get("url")
                if not isinstance(url, str) or url in self._kept:
                    raise
                await self._fetch_once(url)
        raise ContextNotAvailable("The @context refers to more than 20 other documents")

    async def _make_known(self, url: str, town: str) -> None:
        stored = self._kept.get(url)
        if stored is not None:
            await self._change(replace(stored, towns={**stored.towns, town: self._clock()}))

    async def _fetch_once(self, url: str) -> None:
        """Fetch a document; whoever asks for the same one meanwhile waits for the same answer."""
        task = self._fetching.get(url)
        if task is None:
            task = asyncio.ensure_future(self._fetch(url))
            self._fetching[url] = task
            task.add_done_callback(lambda _: self._fetching.pop(url, None))
        await asyncio.shield(task)

    async def _fetch(self, url: str) -> None:
        try:
            fetched = await self._fetcher.fetch_json(url, _FETCH_SECONDS, _FETCH_BYTES)
        except MachinamiError as error:
            self._renewal.refused(url, self._clock(), str(error.facts.get("cause") or type(error).__name__))
            raise
        document = fetched.document
        if not isinstance(document, dict) or "@context" not in document:
            raise BadRequestData(f"The document at {url} holds no @context", url=url)
        self._renewal.succeeded(url)
        await self.keep(url, CACHED, {"@context": document["@context"]}, fresh=fetched.fresh)

    async def keep(
        self, url: str, kind: str, body: Mapping[str, Any], town: str | None = None, fresh: float | None = None
    ) -> Stored:
        """Keep a context document under a URL. fresh: the seconds until it is to be fetched anew."""
        now, present = self._clock(), self._kept.get(url)
        towns = {*(present.towns if present is not None else ()), *((town,) if town is not None else ())}
        stored = Stored(url, kind, now, dict.fromkeys(towns, now), expiry(fresh, now))
        same = present is not None and self.body(url) == body
        await self._keep(stored, body)
        if not same:
            self._forget_assembled()
        return stored

    async def _change(self, stored: Stored) -> None:
        """Keep what is said of a document anew; one that is not to be found any more stays away."""
        body = self.body(stored.url)
        if body is not None:
            await self._keep(stored, body)

    async def _keep(self, stored: Stored, body: Mapping[str, Any]) -> None:
        """Held in memory first, so that of two changes at once none is lost."""
        before = self._kept.get(stored.url)
        self._kept[stored.url] = stored
        self._bodies.put(stored.url, body)
        record = stored.to_record(body)
        try:
            await self._store.transact(lambda tx: tx.put_record(RECORD, stored.url, record))
        except BaseException:
            if self._kept.get(stored.url) is stored:
                self._restore(stored.url, before)
            raise

    def _restore(self, url: str, before: Stored | None) -> None:
        self._bodies.drop(url)
        if before is None:
            self._kept.pop(url, None)
        else:
            self._kept[url] = before
        self._forget_assembled()

    async def host(self, url: str, body: Any, town: str | None = None, kind: str = HOSTED) -> Stored:
        """Host a user's context (5.13.2): it must be assemblable, with what it refers to."""
        source = source_of(body)
        await self.obtain(source, town)
        return await self.keep(url, kind, {"@context": source}, town)

    async def publish(self, source: Any, address: Callable[[str], str], town: str) -> str:
        """The URL of a context: its own, or one at which this broker serves it from now on (5.13.1).

        Only a context that is embedded or a list has none of its own. address: the URL for a name; the same context
        always has the same name in a town.
        """
        if source is None or isinstance(source, str):
            return source or core().core_url
        key = f"{town} {orjson.dumps(source, option=orjson.OPT_SORT_KEYS).decode()}"
        url = address(sha256(key.encode()).hexdigest()[:32])
        if url not in self._kept:
            await self.host(url, {"@context": source}, town, IMPLICIT)
        return url

    async def drop(self, url: str, town: str) -> None:
        """Forget a context, as far as a town knows of it (5.13.5); the document goes with the last that does."""
        stored = self.get(url)
        if stored.kind == BUILT_IN:
            raise BadRequestData("The core @context is part of this broker and cannot be deleted", url=url)
        self._forget_assembled()
        del self._uses[url, town]
        left = {name: since for name, since in stored.towns.items() if name != town}
        if left:
            await self._change(replace(stored, towns=left))
            return
        await self._store.transact(lambda tx: tx.delete_record(RECORD, url))
        self._kept.pop(url, None)
        self._bodies.drop(url)
        self._forget_assembled()

    async def reload(self, url: str, town: str) -> None:
        """Fetch a cached context anew; the old one stays if that fails (5.13.5, reload).

        The core is built in word for word, so that there is nothing to be fetched anew.
        """
        stored = self.find(url)
        if stored is not None and stored.kind == BUILT_IN:
            return
        if stored is None or stored.kind != CACHED or town not in stored.towns:
            raise BadRequestData("Only cached contexts can be reloaded; a hosted one is replaced by its owner", url=url)
        try:
            await self._fetch(url)
        except BadRequestData as error:
            raise ContextNotAvailable(f"The @context {url} cannot be had anew: {error.detail}", url=url) from error

    async def renew(self, before: datetime) -> None:
        """Fetch those anew whose time is over (5.13.1): the one that their server named, else after they were fetched
        before this. One that cannot be had stays as it was, and is tried again later: a town goes on without the
        network."""
        now = self._clock()
        for url, stored in list(self._kept.items()):
            over = stored.created_at < before if stored.expires_at is None else stored.expires_at <= now
            if stored.kind != CACHED or not over or not self._renewal.is_due(url, now):
                continue
            try:
                await self._fetch(url)
            except MachinamiError as error:
                self._renewal.failed(url, now)
                _LOG.warning("the @context %s stays as it was: %s", *map(without_password, (url, error.detail)))

    async def of_town(self, town: str, named: Container[str] = ()) -> dict[str, dict[str, Any]]:
        """The records of the contexts that a town knows of, or uses as everybody's (those that are `named`), as they
        are kept where it is alone."""
        found = {}
        for url, stored in self._kept.items():
            since = stored.towns.get(town)
            if since is None and not (url in named and DEFAULT_TOWN in stored.towns):
                continue
            body = self.body(url)
            if body is not None:
                alone = replace(stored, towns={DEFAULT_TOWN: since or stored.created_at})
                found[url] = alone.to_record(body)
        return found

    async def take_in(self, records: Mapping[str, Mapping[str, Any]], town: str) -> None:
        """Keep the contexts of a town that comes here. Raises Conflict where one is something else here."""
        for url, record in records.items():
            came = from_record(url, record)
            present = self._kept.get(url)
            if present is None:
                await self._keep(replace(came, towns={town: came.created_at}), record["body"])
            elif present.kind != CACHED and self.body(url) != record["body"]:
                raise Conflict(f"Another town hosts a context at {url} here", url=url)
            else:
                await self._change(replace(present, towns={**present.towns, town: came.created_at}))
        self._forget_assembled()

    def find(self, url: str) -> Stored | None:
        """The context that is kept for a URL, or built in under it; None if there is none."""
        if core_version_of(url) is not None:
            return Stored(url, BUILT_IN, self._began)
        return self._kept.get(url)

    def get(self, url: str) -> Stored:
        """One kept context. Raises NotFound."""
        stored = self.find(url)
        if stored is None:
            raise NotFound(f"There is no context {url} here", url=url)
        return stored

    def stored(self, town: str | None = None) -> list[Stored]:
        """The kept contexts in order of their URLs: those that a town knows of, or all."""
        return [one for _, one in sorted(self._kept.items()) if town is None or town in one.towns]


def source_of(document: Any) -> Any:
    """What a context document says. Raises InvalidRequest if it is none."""
    if not isinstance(document, dict) or "@context" not in document:
        raise InvalidRequest('A context document is a JSON object with a member "@context"')
    return document["@context"]


def source_key(source: Any) -> str:
    """The text by which a source of a context is known."""
    return source if isinstance(source, str) else orjson.dumps(source).decode()


def town_context() -> Context:
    """The town's own context: the short names that pages, services and devices use."""
    return assemble(town_terms.URL, lambda _: None)
