"""Does a store remember: the history, its ranges, its corrections, its sums?"""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from machinami.model.attribute import Attribute
from machinami.model.change import AttributeChange, Change, Verb
from machinami.model.found import Instance, Series
from machinami.model.query import Duration, Page, Query, TemporalQuery, TimeRelation, TypeIs
from machinami.model.retention import Step, condensed_of, thin
from machinami.store.conformance.acts import (
    GAUGE,
    LABEL,
    LEVEL,
    NOW,
    STATE,
    at,
    create,
    end,
    gauge,
    observe,
    reading,
    removal,
    update,
    write,
)
from machinami.store.protocol import Backend, TownStore, Transaction
from machinami.store.timeline import readings

_ALL = TemporalQuery()
_EXACT = ("totalCount", "sum", "avg", "min", "max", "sumsq", "stddev")
_MANY = [
    replace(temporal, property=name, last_n=last)
    for temporal in (
        _ALL,
        TemporalQuery(TimeRelation.BEFORE, at(4)),
        TemporalQuery(TimeRelation.AFTER, at(1)),
        TemporalQuery(TimeRelation.BETWEEN, at(1), at(4)),
    )
    for name in ("observedAt", "createdAt", "modifiedAt", "deletedAt")
    for last in (None, 2)
]
_ID = gauge(1).id


async def _series(town: TownStore, temporal: TemporalQuery, limit: int | None = None) -> list[object]:
    return [i.value.value for i in await town.instances([_ID], [LEVEL], temporal, limit)]


async def _fill(town: TownStore, values: Sequence[object]) -> None:
    """A gauge whose level was observed once a minute from NOW."""
    await create(town, [gauge(1, level=values[0])])
    for minute, value in enumerate(values[1:], 1):
        await observe(town, _ID, LEVEL, reading(value, minute))


async def instances_come_back_as_they_were(backend: Backend) -> None:
    """Every member of an instance survives; each gets an instanceId."""
    town = await backend.open("default")
    kept = reading(
        1.5,
        unit_code="MTR",
        dataset_id="urn:d:1",
        expires_at=at(60),
        attributes={LABEL: (reading({"deep": [1, None]}),)},
    )
    values: list[Attribute] = [kept, reading(2, 1), reading("text", 2), reading([1, 2], 3), reading(True, 4)]
    values += [replace(reading(3, 5), observed_at=None, modified_at=at(5)), replace(reading(4, 6), modified_at=None)]
    await create(town, [gauge(1, level=values[0])])
    for value in values[1:]:
        await observe(town, _ID, LEVEL, value)
    found = await town.instances([_ID], [LEVEL], _ALL)
    assert [replace(i.value, instance_id=None) for i in found] == values
    assert [type(i.value.value) for i in found] == [type(v.value) for v in values]
    assert len({i.value.instance_id for i in found}) == len(values)
    assert all(i.value.instance_id is not None and i.entity_id == _ID for i in found)


async def ranges_of_time_are_exact(backend: Backend) -> None:
    """after and between include the moment they begin with, before and between exclude the one they end with."""
    town = await backend.open("default")
    await _fill(town, [0, 1, 2, 3, 4])
    assert await _series(town, TemporalQuery(TimeRelation.BEFORE, at(2))) == [0, 1]
    assert await _series(town, TemporalQuery(TimeRelation.AFTER, at(2))) == [2, 3, 4]
    assert await _series(town, TemporalQuery(TimeRelation.BETWEEN, at(1), at(3))) == [1, 2]
    assert await _series(town, TemporalQuery(last_n=2)) == [3, 4]
    assert await _series(town, TemporalQuery(TimeRelation.BEFORE, at(3), last_n=2)) == [1, 2]
    assert await _series(town, _ALL, limit=2) == [0, 1]
    assert await _series(town, TemporalQuery(last_n=3), limit=2) == [3, 4]


async def each_time_of_an_instance_can_be_asked_for(backend: Backend) -> None:
    """observedAt, modifiedAt, createdAt and deletedAt choose and order by themselves."""
    town = await backend.open("default")
    late = replace(reading(1, 0), modified_at=at(30), created_at=at(10))
    early = replace(reading(2, 5), modified_at=at(20), created_at=at(20))
    silent = replace(reading(3, 0), observed_at=None, modified_at=at(25), created_at=at(25))
    await create(town, [gauge(1, level=late)])
    await observe(town, _ID, LEVEL, early)
    await observe(town, _ID, LEVEL, silent)

    async def after(moment: datetime, timeproperty: str) -> list[object]:
        return await _series(town, TemporalQuery(TimeRelation.AFTER, moment, property=timeproperty))

    assert await after(at(-1), "observedAt") == [1, 2]
    assert await after(at(0), "modifiedAt") == [2, 3, 1]
    assert await after(at(22), "modifiedAt") == [3, 1]
    assert await after(at(0), "createdAt") == [1, 2, 3]
    assert await after(at(-1), "deletedAt") == []
    before = town.peek(_ID)
    assert before is not None
    await write(town, removal(before, LEVEL))
    (mark,) = await town.instances([_ID], [LEVEL], TemporalQuery(property="deletedAt"))
    assert mark.deleted_at == NOW
    assert await after(at(-1), "deletedAt") == ["urn:ngsi-ld:null"]
    assert await after(at(-1), "observedAt") == [1, 2]


async def several_entities_and_attributes_come_in_order(backend: Backend) -> None:
    """By entity as asked, then by attribute, then by time; the limit is for each attribute."""
    town = await backend.open("default")
    await create(town, [gauge(n, level=n, label=str(n)) for n in (1, 2)])
    await observe(town, gauge(2).id, LEVEL, reading(20, -5))
    found = await town.instances([gauge(2).id, "urn:none:1", gauge(1).id], None, _ALL)
    assert [i.value.value for i in found] == ["2", 20, 2, "1", 1]
    found = await town.instances([gauge(2).id], [LEVEL, LABEL, "urn:none"], _ALL, 1)
    assert [i.value.value for i in found] == ["2", 20]


async def a_series_says_the_same_as_its_instances(backend: Backend) -> None:
    """Attribute by attribute, whether in columns or not, whatever is asked for."""
    town = await backend.open("default")
    await create(town, [gauge(n, level=n / 3, label=n, state=reading(True), name=reading("a")) for n in (1, 2)])
    for minute in range(1, 6):
        await observe(town, _ID, LEVEL, reading(minute + 0.1, minute, unit_code="MTR"))
        await observe(town, _ID, LABEL, reading(minute, minute))
        late = replace(reading(2 * minute, 0), modified_at=at(9 - minute), created_at=at(minute), observed_at=None)
        await observe(town, gauge(2).id, LABEL, late)
    await observe(town, gauge(2).id, LEVEL, reading(7, 1, attributes={LABEL: (reading("odd"),)}))
    await observe(town, _ID, STATE, replace(reading(1), observed_at=None, created_at=None, modified_at=None))
    before = town.peek(gauge(2).id)
    assert before is not None
    await write(town, removal(before, LABEL))
    for temporal in _MANY:
        for limit in (None, 3):
            asked = [gauge(2).id, "urn:none:1", _ID]
            instances = await town.instances(asked, None, temporal, limit)
            series = await town.series(asked, None, temporal, limit)
            assert {(s.entity_id, s.attribute) for s in series} == {(i.entity_id, i.attribute) for i in instances}
            for one in series:
                same = [i for i in instances if (i.entity_id, i.attribute) == (one.entity_id, one.attribute)]
                _agree(one, same, temporal)
            assert not await town.series([_ID], ["urn:none"], temporal, limit)
            (level,) = await town.series([_ID], [LEVEL], replace(_ALL, last_n=2), limit)
            assert level.readings is None or list(level.readings.numbers) == [4.1, 5.1]


def _agree(series: Series, instances: Sequence[Instance], temporal: TemporalQuery) -> None:
    if series.readings is None:
        assert list(series.instances) == list(instances)
        return
    plain = readings(instances, temporal.property)
    assert plain is not None
    assert list(series.readings.moments) == list(plain.moments)
    assert [(type(n), n) for n in series.readings.numbers] == [(type(n), n) for n in plain.numbers]


async def an_instance_can_be_corrected_and_removed(backend: Backend) -> None:
    """A correction keeps the instance's name, is logged, and moves the present only if it says so."""
    town = await backend.open("default")
    await _fill(town, [0, 99, 2])
    wrong = (await town.instances([_ID], [LEVEL], _ALL))[1]
    name = wrong.value.instance_id
    assert name is not None

    async def correct(value: Attribute | None, moving: bool = False, instance: str = name) -> bool:
        def work(tx: Transaction) -> bool:
            entity = tx.get(_ID)
            assert entity is not None
            change = update(entity, LEVEL, reading(3, 2))
            one = AttributeChange(LEVEL, wrong.value, value)
            change = replace(change, after=change.after if moving else None, attributes=(one,))
            return tx.correct(_ID, LEVEL, instance, value, change)

        return await town.transact(work)

    assert await correct(replace(wrong.value, value=1))
    assert await _series(town, _ALL) == [0, 1, 2]
    assert [i.value.instance_id for i in await town.instances([_ID], [LEVEL], _ALL)][1] == name
    assert await correct(replace(wrong.value, value=1, observed_at=at(7)))
    assert await _series(town, _ALL) == [0, 2, 1]
    assert await correct(replace(wrong.value, value=1.5), moving=True)
    assert await _series(town, _ALL) == [0, 1.5, 2]
    present = town.peek(_ID)
    assert present is not None
    assert present.attributes[LEVEL][0].value == 3
    assert await correct(None)
    assert await _series(town, _ALL) == [0, 2]
    assert not await correct(None)
    assert not await correct(None, instance="urn:ngsi-ld:instance:none")
    assert town.last_seq == 7


async def a_correction_may_be_of_what_is_deleted(backend: Backend) -> None:
    """The history of a deleted entity can be corrected, and forgotten with its name."""
    town = await backend.open("default")
    await _fill(town, [0, 99])
    await end(town, _ID)
    wrong = (await town.instances([_ID], [LEVEL], TemporalQuery(TimeRelation.BEFORE, at(60))))[-1]
    value = replace(wrong.value, value=1)
    one = AttributeChange(LEVEL, wrong.value, value)
    change = Change(Verb.UPDATED, _ID, (), None, None, (one,), NOW, "tester")
    name = wrong.value.instance_id or ""
    assert await town.transact(lambda tx: tx.correct(_ID, LEVEL, name, value, change))
    assert await _series(town, TemporalQuery(TimeRelation.BEFORE, at(60))) == [0, 1]
    assert town.peek(_ID) is None
    assert await _past(town, Query(ids=(_ID,))) == [_ID]
    assert await town.transact(lambda tx: tx.remove_history(_ID))
    assert await _past(town, Query(ids=(_ID,))) == []
    assert not await town.transact(lambda tx: tx.remove_history(_ID))


async def history_can_be_brought_in(backend: Backend) -> None:
    """Instances of the past are put in their place; an entity that never was is known as a past one."""
    town = await backend.open("default")
    await _fill(town, [2])

    def work(tx: Transaction) -> None:
        tx.add_history(Instance(_ID, LEVEL, reading(1, -1)))
        tx.add_history(Instance(_ID, LEVEL, reading(1.5, -1)))
        assert tx.recall(gauge(2).id) is None
        tx.remember(gauge(2))
        tx.remember(replace(gauge(1), types=("urn:none",)))
        tx.add_history(Instance(gauge(2).id, LEVEL, reading(5, -9)))
        tx.add_history(Instance(gauge(3).id, LEVEL, reading(5, -9)))

    await town.transact(work)
    assert await _series(town, _ALL) == [1, 1.5, 2]
    assert town.peek(gauge(2).id) is None
    assert await _past(town, Query(types=TypeIs(GAUGE))) == [_ID, gauge(2).id]
    assert town.last_seq == 1


async def history_can_be_forgotten_in_part(backend: Backend) -> None:
    """By attribute, by dataset, or as a whole; the present stays."""
    town = await backend.open("default")
    await create(town, [gauge(1, level=1, label=reading("x", dataset_id="urn:d:1"))])
    await observe(town, _ID, LABEL, reading("y", 1))
    remove = town.transact
    assert not await remove(lambda tx: tx.remove_history(_ID, "urn:none"))
    assert not await remove(lambda tx: tx.remove_history(_ID, LEVEL, "urn:d:1"))
    assert await remove(lambda tx: tx.remove_history(_ID, LABEL, "urn:d:1"))
    assert [i.value.value for i in await town.instances([_ID], [LABEL], _ALL)] == ["y"]
    assert await remove(lambda tx: tx.remove_history(_ID, LABEL))
    assert await remove(lambda tx: tx.remove_history(_ID))
    assert list(await town.instances([_ID], None, _ALL)) == []
    assert town.peek(_ID) is not None


async def the_past_is_found_by_time(backend: Backend) -> None:
    """Entities with an instance in the range, deleted ones too, without attributes."""
    town = await backend.open("default")
    await create(town, [gauge(n, level=reading(n, n)) for n in range(10)])
    await create(town, [gauge(10, types=(GAUGE + "2",), level=1)])
    await end(town, gauge(4).id)
    query = Query(types=TypeIs(GAUGE))
    between = TemporalQuery(TimeRelation.BETWEEN, at(3), at(6))
    found = await town.find_past(query, between, Page(2, 0, True), NOW)
    assert ([e.id for e in found.entities], found.count) == ([gauge(3).id, gauge(4).id], 3)
    assert all(e.types == (GAUGE,) and not e.attributes for e in found.entities)
    assert await _past(town, query, between, 2) == [gauge(5).id]
    assert await _past(town, Query(attrs=(LABEL,)), between) == []
    assert len(await _past(town, Query(attrs=(LEVEL, LABEL)))) == 11
    await create(town, [gauge(4, level=reading(1, 90))])
    assert await _past(town, query, between) == [gauge(n).id for n in (3, 5, 4)]


async def _past(town: TownStore, query: Query, temporal: TemporalQuery = _ALL, offset: int = 0) -> list[str]:
    return [e.id for e in (await town.find_past(query, temporal, Page(20, offset), NOW)).entities]


_METHODS = ("totalCount", "distinctCount", "sum", "avg", "min", "max", "stddev", "sumsq")


async def numbers_are_summed_up_by_period(backend: Backend) -> None:
    """Periods begin with the range; each has its own counts, sums and spread."""
    town = await backend.open("default")
    await _fill(town, [1, 3, 3, 1e9 + 1, 1e9 + 3])
    after = TemporalQuery(TimeRelation.AFTER, at(-1))
    first, second = await town.aggregate(_ID, LEVEL, after, _METHODS, Duration(seconds=240))
    assert (first.start, first.end, second.end) == (at(-1), at(3), at(7))
    assert first.values == {
        "totalCount": 3,
        "distinctCount": 2,
        "sum": 7,
        "avg": 7 / 3,
        "min": 1,
        "max": 3,
        "stddev": first.values["stddev"],
        "sumsq": 19,
    }
    assert math.isclose(first.values["stddev"], math.sqrt(8 / 9))
    assert math.isclose(second.values["stddev"], 1)
    (whole,) = await town.aggregate(_ID, LEVEL, _ALL, ("totalCount", "max"), None)
    assert (whole.start, whole.end, whole.values) == (NOW, at(4), {"totalCount": 5, "max": 1e9 + 3})
    assert list(await town.aggregate(_ID, "urn:none", _ALL, ("sum",), None)) == []
    last = await town.aggregate(_ID, LEVEL, replace(after, last_n=1), ("totalCount",), Duration(seconds=60))
    assert [(b.start, b.values) for b in last] == [(at(4), {"totalCount": 1})]


async def a_thinned_past_is_whole_for_whoever_sums_it_up(backend: Backend) -> None:
    """A few instances in the place of many: all or none of them, and sums are what they were."""
    town = await backend.open("default")
    await _fill(town, [1.0, 2.5, 2.5, 7.0, -3.0, 4.0])
    whole = (await town.aggregate(_ID, LEVEL, _ALL, _EXACT, None))[0].values
    past = await town.instances([_ID], [LEVEL], _ALL)
    (first, second) = thin(past[:3], Step.HOUR, ZoneInfo("UTC")), [str(one.value.instance_id) for one in past[3:5]]
    made = replace(past[3], value=replace(past[3].value, value=0.5, instance_id=None))
    assert not await town.transact(lambda tx: tx.thin_history(_ID, LEVEL, [*second, "urn:nowhere"], [made]))
    assert not await town.transact(lambda tx: tx.thin_history("urn:nobody", LEVEL, second, [made]))
    assert await town.instances([_ID], [LEVEL], _ALL) == past
    assert await town.transact(lambda tx: tx.thin_history(_ID, LEVEL, first[0].gone, first[0].made))
    (kept, *rest) = await town.instances([_ID], [LEVEL], _ALL)
    assert [one.value.value for one in rest] == [7.0, -3.0, 4.0]
    assert kept.value.value == 2.0
    assert condensed_of(kept.value) is not None
    summed = (await town.aggregate(_ID, LEVEL, _ALL, _EXACT, None))[0].values
    assert all(math.isclose(summed[name], whole[name], abs_tol=1e-9) for name in _EXACT)
    assert await town.transact(lambda tx: tx.thin_history(_ID, LEVEL, second, []))
    assert [one.value.value for one in await town.instances([_ID], [LEVEL], _ALL)] == [2.0, 4.0]


async def values_of_other_kinds_are_summed_up_as_far_as_they_can(backend: Backend) -> None:
    """Texts have least and greatest, truth counts as one, a missing value as nothing."""
    town = await backend.open("default")
    await _fill(town, ["b", "a", None, "b"])
    (bucket,) = await town.aggregate(_ID, LEVEL, _ALL, _METHODS, None)
    assert bucket.values == {"totalCount": 3, "distinctCount": 2, "min": "a", "max": "b"}
    await observe(town, _ID, LEVEL, reading(True, 9))
    await observe(town, _ID, LEVEL, reading(False, 10))
    (bucket,) = await town.aggregate(_ID, LEVEL, TemporalQuery(TimeRelation.AFTER, at(5)), ("sum", "avg"), None)
    assert bucket.values == {"sum": 1, "avg": 0.5}


CHECKS = (
    instances_come_back_as_they_were,
    ranges_of_time_are_exact,
    each_time_of_an_instance_can_be_asked_for,
    several_entities_and_attributes_come_in_order,
    a_series_says_the_same_as_its_instances,
    an_instance_can_be_corrected_and_removed,
    a_correction_may_be_of_what_is_deleted,
    history_can_be_brought_in,
    history_can_be_forgotten_in_part,
    the_past_is_found_by_time,
    numbers_are_summed_up_by_period,
    a_thinned_past_is_whole_for_whoever_sums_it_up,
    values_of_other_kinds_are_summed_up_as_far_as_they_can,
)
