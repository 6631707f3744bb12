"""Which entities, there or deleted, have a history in a range of time?"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from heapq import merge

import apsw

from machinami.model.attribute import NO_ATTRIBUTES
from machinami.model.entity import Entity
from machinami.model.found import Found
from machinami.model.matching import matches
from machinami.model.query import Page, Query, TemporalQuery
from machinami.store.sqlite.compile import Plan, Planner
from machinami.store.sqlite.find import linked_by
from machinami.store.sqlite.history import has_instance
from machinami.store.sqlite.hot import Hot
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
    """The page of entities, without attributes, in order of creation.

    Of a deleted entity only id, types and scopes are known: q and geoQ are not asked of it.
    """
    current = replace(query, attrs=(), order=())
    selectors = replace(current, q=None, geo=None)
    linked = linked_by(FileSource(connection))
    end = page.offset + page.limit
    count = 0
    found: list[Entity] = []
    for hot, gone in _candidates(planner, connection, query):
        fits = matches(selectors, hot.entity, now) if gone else matches(current, hot.entity, now, linked)
        if fits and has_instance(connection, planner.names, hot.subject, query.attrs, temporal):
            if page.offset <= count < end:
                found.append(replace(hot.entity, attributes=NO_ATTRIBUTES))
            count += 1
            if count == end and not page.count:
                break
    return Found(found, count if page.count else None)


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
