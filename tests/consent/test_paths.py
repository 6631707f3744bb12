"""Does no path by which data are read give what the law keeps? Random worlds, asked by every one of them."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from itertools import count
from random import Random

import pytest
from tests.consent.worlds import World, world

from machinami.broker import history, operations
from machinami.broker.entity_maps import EntityMaps, matching_here, places_here
from machinami.broker.finding import every_id
from machinami.broker.policy import Policy
from machinami.broker.seen import Seen, cut_told, reading
from machinami.broker.town import Town
from machinami.foundation.errors import Forbidden, MachinamiError, NotFound, SignInRequired, StepUpRequired
from machinami.model.entity import Entity
from machinami.model.lawful import Asked, is_there, shows
from machinami.model.query import Exists, Page, Path, Query, TemporalQuery, TimeRelation
from machinami.model.sight import Span
from machinami.model.telling import told
from machinami.store.conformance.acts import creation
from machinami.store.generated import NOW
from machinami.store.memory import MemoryBackend
from machinami.store.timeline import span_of

SHORT, LONG = 250, 10_000
SPANS = (
    TemporalQuery(),
    TemporalQuery(TimeRelation.BETWEEN, NOW - timedelta(hours=30), NOW + timedelta(minutes=1)),
    TemporalQuery(TimeRelation.AFTER, NOW - timedelta(hours=30), property="modifiedAt"),
)

Given = tuple[str, str]  # an entity, and an attribute of it of which a value was given; "" for that it is there


async def test_no_path_gives_what_the_law_keeps() -> None:
    await _try(range(SHORT))


@pytest.mark.long
async def test_no_path_gives_what_the_law_keeps_in_10_000_worlds() -> None:
    await _try(range(SHORT, SHORT + LONG))


async def _try(seeds: Sequence[int]) -> None:
    kept = given = 0
    for seed in seeds:
        found = world(Random(seed), 8)
        town = await _town(found)
        known = {entity.id: entity for entity in found.entities}
        async for path, span, pairs in _paths(town, found):
            for entity_id, name in pairs:
                asked = Asked(found.by, known[entity_id], NOW, span)
                assert is_there(found.rows, found.code, asked), (seed, path, entity_id)
                assert not name or shows(found.rows, found.code, asked, name), (seed, path, entity_id, name)
                given += 1
        for entity in found.entities:
            kept += sum(not shows(found.rows, found.code, Asked(found.by, entity, NOW), n) for n in entity.attributes)
    assert min(kept, given) > len(seeds)


async def _town(found: World) -> Town:
    store = await MemoryBackend().open("default")
    policy, numbers = Policy(found.rows), count(1)
    policy.law = found.law
    town = Town("default", store, policy, lambda: NOW, lambda: str(next(numbers)))
    await store.transact(lambda tx: [tx.write(creation(entity)) for entity in found.entities])
    return town


def _pairs(entities: Sequence[Entity]) -> set[Given]:
    return {(one.id, name) for one in entities for name in ("", *one.attributes)}


async def _paths(town: Town, found: World) -> AsyncIterator[tuple[str, Span | None, set[Given]]]:
    """Every path by which data are read, with what it gave."""
    by, ids = found.by, [entity.id for entity in found.entities]
    yield "retrieval", None, _pairs([one for entity_id in ids if (one := _retrieved(town, entity_id, by)) is not None])
    try:
        store = reading(town, by)
    except (Forbidden, SignInRequired, StepUpRequired):
        return
    every = (await operations.query(town, Query(), Page(100), by)).entities
    yield "query", None, _pairs(every)
    yield "ids", None, {(one, "") for one in await every_id(town, Query(), by)}
    for name in {name for entity in found.entities for name in entity.attributes}:
        filtered = await every_id(town, Query(q=Exists(Path((name,)))), by)
        yield "filter", None, {(one, name) for one in filtered}
        counted = await operations.query(town, Query(attrs=(name,)), Page(0, 0, True), by)
        assert counted.count == len(filtered)
    maps = EntityMaps()
    kept = maps.keep(town, Query(), dict.fromkeys(ids if found.law.marks else (), ("@none",)), None, by)
    yield "map", None, {(one, "") for one in (await maps.shown(town, kept.id, by)).entries}
    yield "page of a map", None, _pairs(await matching_here(town, ids, Query(), by))
    yield "new map", None, {(one, "") for one in await places_here(town, Query(), by)}
    yield (
        "log",
        None,
        {(change.entity_id, part.name) for change in await store.changes(0, 100) for part in change.attributes},
    )
    yield "notification", None, _notified(town, found)
    for temporal in SPANS:
        span = span_of(temporal)
        yield "past", span, _of_past(await history.instances(town, ids, None, temporal, by))  # type: ignore[arg-type]
        series = await store.series(ids, None, temporal)
        yield "series", span, {(one.entity_id, one.attribute) for one in series if one.attribute in _names(found)}
        heads = await store.find_past(Query(), temporal, Page(100), NOW)
        yield "heads", span, {(one.id, "") for one in heads.entities}
        for name in _names(found):
            which = await store.find_past(Query(attrs=(name,)), temporal, Page(100), NOW)
            yield "filtered past", span, {(one.id, name) for one in which.entities}
            for one in ids:
                buckets = await history.aggregates(town, one, name, temporal, ["totalCount"], None, by)
                yield "aggregate", span, {(one, name)} if buckets else set()


def _retrieved(town: Town, entity_id: str, by: object) -> Entity | None:
    try:
        return operations.retrieve(town, entity_id, by)  # type: ignore[arg-type]
    except (NotFound, MachinamiError):
        return None


def _names(found: World) -> set[str]:
    return {name for entity in found.entities for name in entity.attributes}


def _of_past(instances: Sequence[object]) -> set[Given]:
    return {(one.entity_id, one.attribute) for one in instances if "scope" not in one.attribute.lower()}  # type: ignore[attr-defined]


def _notified(town: Town, found: World) -> set[Given]:
    rights = town.policy.rights_now(found.by)
    assert rights is not None
    every = [cut_told(rights, what) for one in found.entities if (what := told([creation(one)])) is not None]
    return _pairs([one.entity for one in every if one is not None]) | {
        (change.entity_id, part.name) for one in every if one is not None for change in one.changes
        for part in change.attributes
    }  # fmt: skip


def test_seen_is_what_stands_between() -> None:
    named = "aggregate changes find find_ids find_past instances linked peek recall series types"  # all tried above
    assert {name for name in dir(Seen) if not name.startswith("_")} == set(named.split())
