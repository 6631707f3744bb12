"""Does a store find exactly what `matches` says, in the order that `arrange` says?"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from machinami.model.attribute import Attribute, Kind
from machinami.model.change import AttributeChange, Change, Verb
from machinami.model.entity import Entity
from machinami.model.matching import matches
from machinami.model.ordering import arrange
from machinami.model.query import (
    Compare,
    GeoQuery,
    GeoRelation,
    Literal,
    Operator,
    Order,
    Page,
    Path,
    Query,
    TypeAll,
    TypeAny,
    TypeIs,
)
from machinami.store.conformance.acts import (
    GAUGE,
    LEVEL,
    LOCATION,
    NOW,
    at,
    create,
    creation,
    end,
    gauge,
    observe,
    reading,
    write,
)
from machinami.store.generated import NAMES, entities
from machinami.store.generated import NOW as GENERATED_NOW
from machinami.store.generated_queries import queries
from machinami.store.protocol import Backend, TownStore

_PAGES = (Page(5, 0, True), Page(7, 3, False), Page(1000, 0, True), Page(0, 0, True))


async def random_queries_find_what_matches_says(backend: Backend) -> None:
    """400 random queries over 80 random entities, four pages each: same entities, same order, same number."""
    rng = Random(20260630)
    town = await backend.open("default")
    made = entities(rng, 80)
    await create(town, made)
    await _compare(town, made, queries(rng, 400, 80))


async def random_queries_find_what_matches_says_after_changes(backend: Backend) -> None:
    """The same when a third was replaced, a third deleted and a part of that created again."""
    rng = Random(7)
    town = await backend.open("default")
    made = entities(rng, 60)
    await create(town, made)
    other = entities(rng, 60)
    for number in range(0, 60, 3):
        await end(town, made[number].id)
        await write(town, _replacement(made[number + 1], other[number + 1]))
    await create(town, [other[number] for number in range(0, 60, 6)])
    kept = [other[n] if n % 3 == 1 else made[n] for n in range(60) if n % 3]
    now = kept + [other[number] for number in range(0, 60, 6)]
    await _compare(town, now, queries(rng, 200, 60))


def _replacement(before: Entity, after: Entity) -> Change:
    changes = creation(replace(after, id=before.id))
    gone = tuple(AttributeChange(name, i, None) for name, instances in before.attributes.items() for i in instances)
    return replace(changes, verb=Verb.UPDATED, before=before, attributes=(*gone, *changes.attributes))


async def _compare(town: TownStore, made: Sequence[Entity], asked: Sequence[Query]) -> None:
    by_id = {entity.id: entity for entity in made}
    for query in asked:
        matching = [e for e in made if matches(query, e, GENERATED_NOW, by_id.get)]
        wanted = arrange(matching, query.order, GENERATED_NOW)
        assert await _every_id(town, query) == [entity.id for entity in matching], query
        for page in _PAGES:
            found = await town.find(query, page, GENERATED_NOW)
            part = wanted[page.offset : page.offset + page.limit]
            assert list(found.entities) == part, f"{query}\n{page}"
            assert not page.count or found.count == len(wanted), f"{query}\n{page}"


async def a_type_is_paged_in_order_of_creation(backend: Backend) -> None:
    """Offsets and counts are right at the edges, for one type and for several."""
    town = await backend.open("default")
    await create(town, [gauge(n, types=(GAUGE if n % 2 else GAUGE + "2",)) for n in range(50)])
    odd = [gauge(n).id for n in range(50) if n % 2]
    query = Query(types=TypeIs(GAUGE))
    for offset in (0, 5, 24, 25, 100):
        found = await town.find(query, Page(10, offset, True), NOW)
        assert [e.id for e in found.entities] == odd[offset : offset + 10]
        assert found.count == 25
    both = await town.find(Query(types=TypeAny((TypeIs(GAUGE + "2"), TypeIs(GAUGE)))), Page(5, 10, True), NOW)
    assert [e.id for e in both.entities] == [gauge(n).id for n in range(10, 15)]
    assert both.count == 50
    none = await town.find(Query(types=TypeAll((TypeIs(GAUGE), TypeIs(GAUGE + "2")))), Page(5, 0, True), NOW)
    assert (list(none.entities), none.count) == ([], 0)
    unknown = await town.find(Query(types=TypeIs("urn:unknown")), Page(5, 0, True), NOW)
    assert (list(unknown.entities), unknown.count) == ([], 0)


async def ids_come_page_by_page(backend: Backend) -> None:
    """Every id once and in order of creation, also where what was given before goes meanwhile."""
    town = await backend.open("default")
    await create(town, [gauge(n, level=n % 3) for n in range(9_000)])
    dry = Query(types=TypeIs(GAUGE), q=Compare(Path((LEVEL,)), Operator.EQUAL, (Literal(0),)))
    assert await _every_id(town, dry) == [gauge(n).id for n in range(0, 9_000, 3)]
    page = await town.find_ids(Query(types=TypeIs(GAUGE)), NOW)
    first = list(page.ids)
    assert 0 < len(first) < 9_000
    await end(town, first[-1])
    assert first + await _every_id(town, Query(types=TypeIs(GAUGE)), page.after) == [gauge(n).id for n in range(9_000)]
    few = Query(ids=(gauge(7).id, gauge(3).id, "urn:ngsi-ld:Gauge:none"))
    assert await _every_id(town, few) == [gauge(3).id, gauge(7).id]
    assert await _every_id(town, Query(types=TypeIs("urn:unknown"))) == []


async def _every_id(town: TownStore, query: Query, after: int | None = None) -> list[str]:
    page = await town.find_ids(query, GENERATED_NOW, after)
    found = list(page.ids)
    while page.after is not None:
        page = await town.find_ids(query, GENERATED_NOW, page.after)
        found += page.ids
    return found


async def what_has_expired_is_not_found(backend: Backend) -> None:
    """An entity whose expiresAt has passed is in no page and no count."""
    town = await backend.open("default")
    passing = replace(gauge(2, level=1), expires_at=NOW + timedelta(minutes=1))
    await create(town, [gauge(1, level=1), passing, gauge(3, level=1)])
    query = Query(types=TypeIs(GAUGE))
    before = await town.find(query, Page(10, 0, True), NOW)
    after = await town.find(query, Page(10, 0, True), NOW + timedelta(minutes=1))
    assert (len(before.entities), before.count) == (3, 3)
    assert ([e.id for e in after.entities], after.count) == ([gauge(1).id, gauge(3).id], 2)


async def what_expires_is_told_in_time(backend: Backend) -> None:
    """Entities and attribute instances by when they expire, and none that has been changed or deleted since."""
    town = await backend.open("town")
    passing = reading(1, expires_at=at(5))
    await create(
        town, [gauge(1), replace(gauge(2), expires_at=at(3)), gauge(3, level=passing), gauge(4, level=passing)]
    )
    assert list(town.expiring(at(2), 10)) == []
    names = [f"urn:ngsi-ld:Gauge:{number:04d}" for number in (2, 3, 4)]
    assert list(town.expiring(at(5), 10)) == names
    assert list(town.expiring(at(5), 1)) == names[:1]
    await observe(town, names[1], LEVEL, reading(2, 1))
    await end(town, names[2])
    assert list(town.expiring(at(5), 10)) == names[:1]
    await observe(town, names[1], LEVEL, reading(3, 2, expires_at=at(4)))
    assert list(town.expiring(at(5), 10)) == names[:2]
    await end(town, names[0])
    await end(town, names[1])
    assert list(town.expiring(at(9), 10)) == []


async def a_query_follows_every_change_of_a_value(backend: Backend) -> None:
    """A comparison and a place are right after updates, whatever index may answer them."""
    town = await backend.open("default")
    await create(town, [gauge(n, level=float(n)) for n in range(100)])
    high = Query(q=Compare(Path((LEVEL,)), Operator.GREATER_EQUAL, (Literal(95),)))
    for _ in range(3):
        found = await town.find(high, Page(20, 0, True), NOW)
        assert [e.id for e in found.entities] == [gauge(n).id for n in range(95, 100)]
    await observe(town, gauge(3).id, LEVEL, reading(99.5, 1))
    await observe(town, gauge(97).id, LEVEL, reading("dry", 1))
    found = await town.find(high, Page(20, 0, True), NOW)
    assert [e.id for e in found.entities] == [gauge(n).id for n in (3, 95, 96, 98, 99)]


async def near_is_found_around_the_place_only(backend: Backend) -> None:
    """A grid of places: those within 1.2 km are found, also after one has moved, and at the antimeridian."""
    town = await backend.open("default")
    grid = [_placed(n, 139 + (n % 10) / 100, 35 + (n // 10) / 100) for n in range(100)]
    await create(town, grid)
    query = _near(139.05, 35.05, 1200)
    wanted = [e.id for e in grid if matches(query, e, NOW)]
    found = await town.find(query, Page(50, 0, True), NOW)
    assert len(wanted) == 5
    assert ([e.id for e in found.entities], found.count) == (wanted, 5)
    await observe(town, gauge(0).id, LOCATION, _point(139.05, 35.051))
    moved = await town.find(query, Page(50), NOW)
    assert [e.id for e in moved.entities] == [gauge(0).id, *wanted]
    await create(town, [_placed(200, 179.999, 0), _placed(201, -179.999, 0)])
    across = await town.find(_near(180, 0, 500), Page(50), NOW)
    assert [e.id for e in across.entities] == [gauge(200).id, gauge(201).id]


def _point(longitude: float, latitude: float) -> Attribute:
    value = {"type": "Point", "coordinates": [longitude, latitude]}
    return Attribute(Kind.GEO, value, created_at=NOW, modified_at=NOW)


def _placed(number: int, longitude: float, latitude: float) -> Entity:
    return replace(gauge(number), attributes={LOCATION: (_point(longitude, latitude),)})


def _near(longitude: float, latitude: float, metres: float) -> Query:
    centre = {"type": "Point", "coordinates": [longitude, latitude]}
    return Query(geo=GeoQuery(GeoRelation.NEAR, centre, LOCATION, max_distance=metres))


async def order_is_total_and_stable(backend: Backend) -> None:
    """Equal keys keep the order of creation, page by page."""
    town = await backend.open("default")
    made = [gauge(n, level=n % 3) for n in range(30)]
    await create(town, made)
    query = Query(order=(Order(Path((LEVEL,)), descending=True),))
    seen: list[str] = []
    for offset in range(0, 30, 7):
        seen += [e.id for e in (await town.find(query, Page(7, offset), NOW)).entities]
    assert seen == [e.id for e in sorted(made, key=lambda e: -e.attributes[LEVEL][0].value)]


async def types_are_summed_up(backend: Backend) -> None:
    """Each type with its number of entities and the kinds of its attributes."""
    town = await backend.open("default")
    await create(town, [gauge(1, level=1), gauge(2, types=(GAUGE, GAUGE + "2"), level=1, label="x")])
    await create(town, [_placed(3, 139, 35), gauge(4, level=1)])
    await end(town, gauge(4).id)
    first, second = await town.types()
    assert (first.type, first.entity_count) == (GAUGE, 3)
    assert first.attributes[LEVEL] == {"Property": 2}
    assert first.attributes[LOCATION] == {"GeoProperty": 1}
    assert (second.type, second.entity_count) == (GAUGE + "2", 1)
    assert set(second.attributes) == {LEVEL, NAMES[1]}


CHECKS = (
    random_queries_find_what_matches_says,
    random_queries_find_what_matches_says_after_changes,
    a_type_is_paged_in_order_of_creation,
    ids_come_page_by_page,
    what_has_expired_is_not_found,
    what_expires_is_told_in_time,
    a_query_follows_every_change_of_a_value,
    near_is_found_around_the_place_only,
    order_is_total_and_stable,
    types_are_summed_up,
)
