"""Which entities, there or deleted, have a history in a range of time?"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from heapq import merge

import apsw

from machinami.model.attribute import NO_ATTRIBUTES
from machinami.model.entity import Entity
from machinami.model.found import Found, Instance
from machinami.model.matching import matches
from machinami.model.names import SCOPE
from machinami.model.ordering import arrange
from machinami.model.query import Page, Query, TemporalQuery
from machinami.model.sight import Sight
from machinami.store.evolution import judged, satisfied, scope_stretches, selectors, sight_of_past
from machinami.store.sqlite.compile import Plan, Planner
from machinami.store.sqlite.find import linked_by
from machinami.store.sqlite.history import Stretch, has_instance, known, read_instances, span
from machinami.store.sqlite.hot import Hot
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.probe import probe
from machinami.store.sqlite.reading import FileSource, fetch, read_any

_GROUP = 200


def find_past(
    planner: Planner,
    query: Query,
    temporal: TemporalQuery,
    page: Page,
    now: datetime,
    connection: apsw.Connection,
) -> Found:
    """The page of entities, without attributes, in the order that is asked for, else in order of creation."""
    asked = selectors(query)
    judge = _Judge(connection, planner.names, query, temporal, now)
    end = page.offset + page.limit
    count = 0
    found: list[Entity] = []
    for hot, _ in _candidates(planner, connection, query):
        if matches(asked, hot.entity, now) and judge.had(hot):
            if query.order or page.offset <= count < end:
                found.append(replace(hot.entity, attributes=NO_ATTRIBUTES))
            count += 1
            if count == end and not page.count and not query.order:
                break
    if query.order:
        found = list(arrange(found, query.order, now))[page.offset : end]
    return Found(found, count if page.count else None)


class _Judge:
    """Says whether the history of an entity has what the query asks of it."""

    def __init__(
        self, connection: apsw.Connection, names: Names, query: Query, temporal: TemporalQuery, now: datetime
    ) -> None:
        self._connection = connection
        self._names = names
        self._query = query
        self._temporal = temporal
        self._whole = replace(temporal, last_n=None, datasets=None)
        self._judged = judged(query)
        self._linked = linked_by(FileSource(connection))
        self._now = now

    def had(self, hot: Hot) -> bool:
        """Whether it does."""
        query, temporal = self._query, self._temporal
        visible = sight_of_past(query.guard, hot.entity, temporal)
        attributes = query.attrs if visible is None else visible.among(query.attrs or self._known(hot, visible))
        if visible is not None and not attributes:
            return False
        if not has_instance(self._connection, self._names, hot.subject, attributes, temporal):
            return False
        if not self._satisfied(hot, visible):
            return False
        if query.scope is None:
            return True
        scopes = self._read(hot, (SCOPE,), TemporalQuery())
        stretches = scope_stretches(query.scope, hot.entity, scopes, temporal.property)
        return any(one.meets(temporal) for one in stretches)

    def _known(self, hot: Hot, visible: Sight) -> Iterable[str]:
        """The attributes of which something may be seen, or of which there is a history."""
        if visible.only is not None:
            return sorted(visible.only)
        return [name for name in known(self._connection, self._names, hot.subject) if name != SCOPE]

    def _satisfied(self, hot: Hot, visible: Sight | None) -> bool:
        query = self._query
        open_q = query.q
        if open_q is not None and visible is None:
            said = probe(self._connection, self._names, hot.subject, span(self._whole), open_q)
            if said is False:
                return False
            open_q = None if said else open_q
        if open_q is None and query.geo is None:
            return True
        past = self._read(hot, self._judged, self._whole)
        if visible is not None:
            past = [one for one in past if one.attribute == SCOPE or visible.shows(one.attribute)]
        return satisfied(replace(query, q=open_q), hot.entity, past, self._linked, self._now)

    def _read(self, hot: Hot, attributes: tuple[str, ...], temporal: TemporalQuery) -> list[Instance]:
        return read_instances(self._connection, self._names, Stretch([hot.entity.id], attributes, temporal, None))


def _candidates(planner: Planner, connection: apsw.Connection, query: Query) -> Iterator[tuple[Hot, bool]]:
    if query.ids:
        return iter(_by_ids(connection, query.ids))
    plans = [(planner.by_type(query, gone), bool(gone)) for gone in (0, 1)]
    return merge(*(_read(connection, plan, gone) for plan, gone in plans), key=lambda found: found[0].key)


def _by_ids(connection: apsw.Connection, ids: tuple[str, ...]) -> list[tuple[Hot, bool]]:
    found = [one for one in (read_any(connection, entity_id) for entity_id in set(ids)) if one is not None]
    return sorted(found, key=lambda one: one[0].key)


def _read(connection: apsw.Connection, plan: Plan, gone: bool) -> Iterator[tuple[Hot, bool]]:
    after, more = -1, True
    while more:
        keys, more = plan.keys(connection, after, _GROUP)
        hots = fetch(connection, keys)
        for key in keys:
            yield hots[key], gone
        if keys:
            after = keys[-1]
