"""Which entities match where some are sealed? The store knows who they are; what they hold is judged when opened."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from machinami.broker.shroud.opening import Opener
from machinami.model.attribute import NO_ATTRIBUTES
from machinami.model.entity import Entity
from machinami.model.found import Found, IdPage, Instance
from machinami.model.guarding import meets, one_of
from machinami.model.judging import judge
from machinami.model.matching import seen
from machinami.model.names import SCOPE
from machinami.model.ordering import arrange
from machinami.model.query import Page, Query, TemporalQuery, hops
from machinami.store.evolution import judged, satisfied, scope_stretches, selectors, visible_past
from machinami.store.protocol import TownStore
from machinami.store.timeline import is_meant

_MORE = 32  # candidates beyond those that the page needs
_TURN = 500  # candidates, until others get their turn
_EVERY = 1 << 40


class Judge:
    """Asks a store in which some entities are sealed."""

    def __init__(self, store: TownStore, opener: Opener) -> None:
        self._store = store
        self._opener = opener

    def peek(self, entity_id: str) -> Entity | None:
        """The entity, at once."""
        held = self._store.peek(entity_id)
        return None if held is None else self._opener.entity(held)

    def reaches(self, query: Query) -> bool:
        """Whether the answer may depend on what is sealed."""
        if not self._opener.types:
            return False
        if query.q is not None and hops(query.q):
            return True
        return query.types is None or meets(query.types, self._opener.types.__contains__)

    async def find(self, query: Query, page: Page, now: datetime) -> Found:
        """The entities that match, in order."""
        if not _asks_content(query):
            found = await self._store.find(query, page, now)
            return Found([self._opener.entity(held) for held in found.entities], found.count)
        fits = judge(query, now, self.peek)
        guard = query.guard
        whole = bool(query.order) or page.count
        matching: list[Entity] = []
        async for entity in self._candidates(query, page, now):
            if fits(entity):
                visible = entity if guard is None else seen(guard, entity)
                if visible is not None:
                    matching.append(visible)
                    if not whole and len(matching) >= page.offset + page.limit:
                        break
        ordered = arrange(matching, query.order, now) if query.order else matching
        return Found(ordered[page.offset : page.offset + page.limit], len(ordered) if page.count else None)

    async def find_ids(self, query: Query, now: datetime, after: int | None = None) -> IdPage:
        """The ids of what matches, in order of creation."""
        if not _asks_content(query):
            return await self._store.find_ids(query, now, after)
        found = await self._store.find_ids(_who(query), now, after)
        fits = judge(query, now, self.peek)
        ids: list[str] = []
        for count, entity_id in enumerate(found.ids, 1):
            entity = self.peek(entity_id)
            if entity is not None and fits(entity):
                ids.append(entity_id)
            if not count % _TURN:
                await asyncio.sleep(0)
        return IdPage(ids, found.after)

    async def _candidates(self, query: Query, page: Page, now: datetime) -> AsyncIterator[Entity]:
        """Entities that may match, opened, in order of creation."""
        if query.ids or self._narrows(query):
            ids = query.ids or await self._may_match(query, now)
            for held in (await self._store.find(Query(ids=ids), Page(len(ids)), now)).entities if ids else ():
                yield self._opener.entity(held)
            return
        who, first = _who(query), page.offset + page.limit + _MORE
        begun = [held.id for held in (await self._store.find(who, Page(first), now)).entities]
        for entity in self._opened(begun):
            yield entity
        if len(begun) < first:
            return
        looked, after, more = set(begun), None, True
        while more:
            found = await self._store.find_ids(who, now, after)
            for start in range(0, len(found.ids), _TURN):
                for entity in self._opened([one for one in found.ids[start : start + _TURN] if one not in looked]):
                    yield entity
                await asyncio.sleep(0)
            after, more = found.after, found.after is not None

    def _opened(self, ids: Sequence[str]) -> Iterator[Entity]:
        for entity_id in ids:
            entity = self.peek(entity_id)
            if entity is not None:
                yield entity

    def _narrows(self, query: Query) -> bool:
        """Whether the store's own indexes find all that may match besides what is sealed."""
        asks = query.q is not None or query.geo is not None or query.attrs
        return bool(query.types is None and not query.selectors and asks and (query.q is None or not hops(query.q)))

    async def _may_match(self, query: Query, now: datetime) -> tuple[str, ...]:
        plain = replace(query, guard=None, order=())
        sealed = Query(types=one_of(self._opener.types))
        return tuple(dict.fromkeys([*await self._all_ids(plain, now), *await self._all_ids(sealed, now)]))

    async def _all_ids(self, query: Query, now: datetime) -> list[str]:
        found = await self._store.find_ids(query, now)
        ids = [*found.ids]
        while found.after is not None:
            found = await self._store.find_ids(query, now, found.after)
            ids += found.ids
        return ids

    async def find_past(self, query: Query, temporal: TemporalQuery, page: Page, now: datetime) -> Found:
        """Entities, current or deleted, whose history in the range satisfies the query."""
        every = Page(_EVERY)
        who = replace(selectors(query), attrs=query.attrs, guard=None)
        heads = (await self._store.find_past(who, temporal, every, now)).entities
        plain = {one.id for one in (await self._store.find_past(query, temporal, every, now)).entities}
        found: list[Entity] = []
        for count, head in enumerate(heads, 1):
            is_plain = self._opener.types.isdisjoint(head.types)
            if head.id in plain if is_plain else await self._had(head, query, temporal, now):
                found.append(replace(head, attributes=NO_ATTRIBUTES))
            if not count % _TURN:
                await asyncio.sleep(0)
        ordered = arrange(found, query.order, now) if query.order else found
        return Found(ordered[page.offset : page.offset + page.limit], len(ordered) if page.count else None)

    async def _had(self, head: Entity, query: Query, temporal: TemporalQuery, now: datetime) -> bool:
        """Whether the history of a sealed entity has what the query asks of it (5.7.4.4)."""
        entity = self.peek(head.id) or head
        whole = replace(temporal, last_n=None, datasets=None)
        past: dict[str, list[Instance]] = {}
        for one in self._opener.instances(await self._store.instances([head.id], None, whole)):
            past.setdefault(one.attribute, []).append(one)
        history = visible_past(query, entity, past, temporal)
        wanted = query.attrs or [name for name in history if name != SCOPE]
        if not any(is_meant(one, temporal) for name in wanted for one in history.get(name, ())):
            return False
        meant = [one for name in judged(query) for one in history.get(name, ()) if is_meant(one, whole)]
        if not satisfied(query, entity, meant, self.peek, now):
            return False
        if query.scope is None:
            return True
        ever = TemporalQuery(property=temporal.property)
        scopes = await self._store.instances([head.id], [SCOPE], ever)
        return any(one.meets(temporal) for one in scope_stretches(query.scope, entity, scopes, temporal.property))


def _asks_content(query: Query) -> bool:
    """Whether more is asked than who an entity is."""
    return bool(query.attrs or query.order or query.q is not None or query.geo is not None or query.guard is not None)


def _who(query: Query) -> Query:
    """The part of a query that says who an entity is."""
    return Query(
        types=query.types,
        ids=query.ids,
        id_pattern=query.id_pattern,
        scope=query.scope,
        selectors=query.selectors,
    )
