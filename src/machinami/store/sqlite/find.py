"""Which entities match? Candidates by index, judged as `matches` says, a page at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat

from machinami.model.entity import Entity
from machinami.model.found import Found, IdPage
from machinami.model.judging import Test, judge
from machinami.model.matching import seen
from machinami.model.ordering import arrange
from machinami.model.query import Page, Query, looked_at
from machinami.model.sealed import excerpt
from machinami.store.sqlite.compile import Plan
from machinami.store.sqlite.connection import read
from machinami.store.sqlite.hot import Hot
from machinami.store.sqlite.reading import Source, array_of
from machinami.store.sqlite.statements import SQL

_FIRST = 32  # candidates in the first group, beyond those that the page needs, where most are in vain
_NEARLY = 1.5  # candidates for each that the page needs, where most of them match
_IDS = 5_000  # ids that are enough for one page of them
_MOST = 2_000  # candidates in one group: bounds the memory of a long read


@dataclass(slots=True)
class Effort:
    """How many candidates were looked at, and how many are too many for the event loop (None: any number)."""

    bound: int | None
    seen: int = 0

    @property
    def spent(self) -> bool:
        """Whether the bound is reached."""
        return self.bound is not None and self.seen > self.bound


class TooLong(Exception):
    """The read is too long for the event loop."""


def find(source: Source, plan: Plan, query: Query, page: Page, now: datetime, effort: Effort) -> Found:
    """The page of entities that match. Raises TooLong where the effort's bound is reached before."""
    if query.ids:
        return _paged(_by_ids(source, query, now), query, page, now)
    if plan.exact and not query.order:
        keys, _ = plan.keys(source.connection, -1, page.limit, page.offset)
        return Found(source.entities(keys), plan.count(source.connection) if page.count else None)
    matching = _matching(source, plan, query, now, page, effort)
    if query.order or page.count:
        return _paged(matching, query, page, now)
    skipped = 0
    found: list[Entity] = []
    if page.limit:
        for entity in matching:
            if skipped < page.offset:
                skipped += 1
                continue
            found.append(entity)
            if len(found) == page.limit:
                break
    return Found(found)


def find_ids(source: Source, plan: Plan, query: Query, now: datetime, after: int) -> IdPage:
    """The ids of what matches after a key. An entity is looked at only where the plan alone cannot tell."""
    if query.ids:
        return IdPage([entity.id for entity in _by_ids(source, query, now)])
    fits = judge(query, now, linked_by(source))
    ids: list[str] = []
    while len(ids) < _IDS:
        keys, more = plan.keys(source.connection, after, _MOST)
        if not keys:
            return IdPage(ids)
        if plan.exact:
            ids += [entity_id for (entity_id,) in read(source.connection, SQL.ids_by_key, (array_of(keys),))]
        else:
            ids += [entity.id for entity in source.entities(keys) if fits(entity)]
        if not more:
            return IdPage(ids)
        after = keys[-1]
    return IdPage(ids, after)


def _paged(matching: Iterator[Entity] | Sequence[Entity], query: Query, page: Page, now: datetime) -> Found:
    """The page of what matches, all of which has to be seen: for its number, or for the order asked for."""
    end = page.offset + page.limit
    if query.order:
        ordered = arrange(matching, query.order, now)
        return Found(ordered[page.offset : end], len(ordered) if page.count else None)
    found: list[Entity] = []
    count = 0
    for entity in matching:
        if page.offset <= count < end:
            found.append(entity)
        count += 1
    return Found(found, count if page.count else None)


def _by_ids(source: Source, query: Query, now: datetime) -> list[Entity]:
    states = {entity_id: source.state(entity_id) for entity_id in query.ids}
    hots = sorted((s for s in states.values() if isinstance(s, Hot)), key=lambda hot: hot.key)
    fits = judge(query, now, linked_by(source))
    return list(_seen(query, [hot.entity for hot in hots if fits(hot.entity)]))


def _seen(query: Query, entities: Iterable[Entity]) -> Iterable[Entity]:
    """The matching entities as who asks may see them."""
    guard = query.guard
    if guard is None:
        return entities
    return (visible for entity in entities if (visible := seen(guard, entity)) is not None)


def linked_by(source: Source) -> Callable[[str], Entity | None]:
    """How a condition on a linked entity finds it."""

    def linked(entity_id: str) -> Entity | None:
        state = source.state(entity_id)
        return state.entity if isinstance(state, Hot) else None

    return linked


def _sparing(fits: Test, query: Query) -> Test:
    """The same judgement without opening what is sealed.

    An index leads to ever other entities. Those that come first in order of creation are opened: whoever asks without
    an index looks at the same ones again.
    """
    names = looked_at(query)
    return lambda entity: fits(excerpt(entity, names))


def _matching(source: Source, plan: Plan, query: Query, now: datetime, page: Page, effort: Effort) -> Iterator[Entity]:
    judged = judge(query, now, linked_by(source))
    fits = judged if plan.in_order else _sparing(judged, query)
    needed = page.offset + page.limit
    after, size = -1, min(_MOST, needed + _FIRST if plan.in_order else int(needed * _NEARLY) + 1)
    while True:
        keys, more = plan.keys(source.connection, after, size)
        yield from _seen(query, filter(fits, source.entities(keys)))
        if not more:
            return
        effort.seen += len(keys)
        if effort.spent:
            raise TooLong
        after, size = keys[-1], min(_MOST, size * 4)


def patience() -> Callable[[], bool]:
    """What SQLite asks every so many steps whether to stop: it is let go on twice.

    A statement that SQLite keeps goes on counting from its last run, so that a first question may come at once.
    """
    return chain(repeat(False, 2), repeat(True)).__next__
