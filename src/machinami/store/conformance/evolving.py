"""Does a store know what was so at another time? Heads of past entities, scopes, and queries of the past."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from machinami.model.attribute import Attribute, Kind
from machinami.model.change import Change, Verb
from machinami.model.entity import Entity
from machinami.model.found import Instance
from machinami.model.names import SCOPE
from machinami.model.null import NULL
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
    ScopePattern,
    TemporalQuery,
    TimeRelation,
    TypeIs,
)
from machinami.store.conformance.acts import (
    GAUGE,
    LABEL,
    LEVEL,
    LOCATION,
    NOW,
    VOCABULARY,
    at,
    create,
    creation,
    deletion,
    end,
    gauge,
    observe,
    reading,
    write,
)
from machinami.store.protocol import Backend, TownStore, Transaction

_ALL = TemporalQuery()
_ID = gauge(1).id


def _between(first: float, last: float) -> TemporalQuery:
    return TemporalQuery(TimeRelation.BETWEEN, at(first), at(last))


def _above(value: float) -> Query:
    return Query(q=Compare(Path((LEVEL,)), Operator.GREATER, (Literal(value),)))


async def _past(town: TownStore, query: Query, temporal: TemporalQuery = _ALL) -> list[str]:
    found = await town.find_past(query, temporal, Page(20, 0, True), NOW)
    assert found.count == len(found.entities)
    return [entity.id for entity in found.entities]


async def a_past_entity_is_known_by_its_head(backend: Backend) -> None:
    """What is remembered of an entity is recalled until it is there, and again when it is gone."""
    town = await backend.open("default")
    head = Entity(_ID, (GAUGE,), scopes=("/River",))
    assert town.recall(_ID) is None

    def tell(tx: Transaction) -> None:
        assert tx.recall(_ID) is None
        tx.remember(head)
        assert tx.recall(_ID) == head
        tx.remember(replace(head, types=(GAUGE, LABEL)))
        tx.add_history(Instance(_ID, LEVEL, reading(1, -5)))

    await town.transact(tell)
    assert town.recall(_ID) == replace(head, types=(GAUGE, LABEL))
    assert await _past(town, Query(types=TypeIs(LABEL))) == [_ID]
    await create(town, [gauge(1, level=2)])
    assert town.recall(_ID) is None
    await town.transact(lambda tx: tx.remember(head))
    assert town.recall(_ID) is None
    assert await _past(town, Query(types=TypeIs(LABEL))) == []
    assert len(await town.instances([_ID], [LEVEL], _ALL)) == 2
    await end(town, _ID)
    assert town.recall(_ID) == Entity(_ID, (GAUGE,))
    assert await town.transact(lambda tx: tx.recall(_ID)) == Entity(_ID, (GAUGE,))


async def a_memory_that_fails_leaves_no_trace(backend: Backend) -> None:
    """A work that raises after it has remembered something has not remembered it."""
    town = await backend.open("default")

    def fail(tx: Transaction) -> None:
        tx.remember(Entity(_ID, (GAUGE,)))
        tx.add_history(Instance(_ID, LEVEL, reading(1)))
        raise ValueError("no")

    with suppress(ValueError):
        await town.transact(fail)
    assert town.recall(_ID) is None
    assert list(await town.instances([_ID], None, _ALL)) == []


async def the_past_is_judged_by_the_time_asked_for(backend: Backend) -> None:
    """q and geoQ look at the instances within the range, of entities that are there and of those that are not."""
    town = await backend.open("default")
    for number in (1, 2):
        await create(town, [gauge(number, level=90)])
        await observe(town, gauge(number).id, LEVEL, reading(10 * number, 10))
        await observe(town, gauge(number).id, LEVEL, reading(5, 20))
    await end(town, gauge(2).id)
    assert await _past(town, _above(50), _between(-1, 5)) == [gauge(1).id, gauge(2).id]
    assert await _past(town, _above(15), _between(5, 30)) == [gauge(2).id]
    assert await _past(town, _above(50), _between(5, 30)) == []
    point = {"type": "Point", "coordinates": [138.0, 35.0]}
    place = Attribute(Kind.GEO, point, observed_at=at(10), modified_at=at(10))
    await town.transact(lambda tx: tx.add_history(Instance(_ID, LOCATION, place)))
    near = Query(geo=GeoQuery(GeoRelation.NEAR, point, LOCATION, max_distance=10.0))
    assert await _past(town, near, _between(5, 15)) == [_ID]
    assert await _past(town, near, _between(15, 30)) == []


async def scopes_have_a_history(backend: Backend) -> None:
    """Each change of the scope is an instance that was observed then; its end is marked."""
    town = await backend.open("default")
    born = replace(gauge(1, level=reading(1, 5)), scopes=("/A",))
    moved = replace(born, scopes=("/B", "/C"))
    await write(town, creation(born))
    await write(town, Change(Verb.UPDATED, _ID, born.types, born, moved, (), at(10), "tester"))
    await write(town, replace(deletion(moved), at=at(20)))
    turns = await town.instances([_ID], [SCOPE], _ALL)
    assert [(i.value.value, i.value.observed_at, i.deleted_at) for i in turns] == [
        ("/A", NOW, None),
        (["/B", "/C"], at(10), None),
        (NULL, None, at(20)),
    ]
    assert await _scoped(town, "A", _between(2, 8)) == [_ID]
    assert await _scoped(town, "B", _between(2, 8)) == []
    assert await _past(town, Query(attrs=(SCOPE,)), _between(9, 11)) == [_ID]
    assert await _past(town, Query(), _between(9, 11)) == []


async def _scoped(town: TownStore, scope: str, temporal: TemporalQuery) -> list[str]:
    return await _past(town, Query(scope=ScopePattern((scope,))), temporal)


async def scopes_without_a_history_were_always_so(backend: Backend) -> None:
    """What is known of the scopes of a past entity holds for all of its past."""
    town = await backend.open("default")

    def tell(tx: Transaction) -> None:
        tx.remember(Entity(_ID, (GAUGE,), scopes=("/A",)))
        tx.add_history(Instance(_ID, LEVEL, reading(1, 5)))

    await town.transact(tell)
    assert await _scoped(town, "A", _between(0, 10)) == [_ID]
    assert await _scoped(town, "B", _between(0, 10)) == []


async def datasets_choose_instances(backend: Backend) -> None:
    """Only instances of the datasets asked for, @none for the default ones, and only entities that have some."""
    town = await backend.open("default")
    await create(town, [gauge(1, level=1)])

    def tell(tx: Transaction) -> None:
        for minute, dataset in enumerate(("urn:d:1", "urn:d:2", None), 1):
            tx.add_history(Instance(_ID, LEVEL, reading(minute * 10, minute, dataset_id=dataset)))

    await town.transact(tell)
    for datasets, values in (
        (("@none",), [1, 30]),
        (("urn:d:1", "urn:d:2"), [10, 20]),
        (("@none", "urn:d:2"), [1, 20, 30]),
        (("urn:d:3",), []),
    ):
        asked = TemporalQuery(datasets=datasets)
        assert await _values(town, asked) == values
        assert await _past(town, Query(), asked) == ([_ID] if values else [])
        assert await _values(town, replace(asked, last_n=1)) == values[-1:]
    assert await town.transact(lambda tx: tx.remove_history(_ID, LEVEL, "@none"))
    assert await _values(town, _ALL) == [10, 20]
    assert not await town.transact(lambda tx: tx.remove_history(_ID, LEVEL, "@none"))


async def _values(town: TownStore, temporal: TemporalQuery) -> Sequence[object]:
    return [i.value.value for i in await town.instances([_ID], [LEVEL], temporal)]


async def a_deletion_may_have_been_observed(backend: Backend) -> None:
    """The mark of a deletion with an observedAt of the same moment is found by it; another is found by deletedAt."""
    town = await backend.open("default")
    seen = Attribute(Kind.PROPERTY, NULL, observed_at=at(1), modified_at=at(1))
    told = Attribute(Kind.PROPERTY, NULL, modified_at=at(2))

    def tell(tx: Transaction) -> None:
        tx.add_history(Instance(_ID, LEVEL, seen, at(1)))
        tx.add_history(Instance(_ID, LEVEL, told, at(2)))

    await town.transact(tell)
    by_time = await town.instances([_ID], [LEVEL], TemporalQuery(TimeRelation.AFTER, NOW))
    assert [(i.deleted_at, i.value.observed_at) for i in by_time] == [(at(1), at(1))]
    marks = await town.instances([_ID], [LEVEL], TemporalQuery(property="deletedAt"))
    assert [i.deleted_at for i in marks] == [at(1), at(2)]


async def the_past_comes_in_the_order_asked_for(backend: Backend) -> None:
    """By id, up or down, page by page; else in order of creation."""
    town = await backend.open("default")
    await create(town, [gauge(n, level=1) for n in (2, 3, 1)])
    order = Order(Path(("@id",)), True)
    assert await _past(town, Query(types=TypeIs(GAUGE))) == [gauge(n).id for n in (2, 3, 1)]
    assert await _past(town, Query(types=TypeIs(GAUGE), order=(order,))) == [gauge(n).id for n in (3, 2, 1)]
    page = await town.find_past(Query(order=(replace(order, descending=False),)), _ALL, Page(1, 1), NOW)
    assert [entity.id for entity in page.entities] == [gauge(2).id]


async def an_instance_keeps_the_type_of_its_value(backend: Backend) -> None:
    """valueType comes back from the history as from the state."""
    town = await backend.open("default")
    typed = reading("12:00", value_type=VOCABULARY + "Time")
    await create(town, [gauge(1, level=typed)])
    (found,) = await town.instances([_ID], [LEVEL], _ALL)
    assert found.value.value_type == VOCABULARY + "Time"


CHECKS = (
    a_past_entity_is_known_by_its_head,
    a_memory_that_fails_leaves_no_trace,
    the_past_is_judged_by_the_time_asked_for,
    scopes_have_a_history,
    scopes_without_a_history_were_always_so,
    datasets_choose_instances,
    a_deletion_may_have_been_observed,
    the_past_comes_in_the_order_asked_for,
    an_instance_keeps_the_type_of_its_value,
)
