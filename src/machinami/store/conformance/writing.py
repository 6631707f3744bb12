"""Does a store write as promised: together, in order, all or nothing?"""

import asyncio
from collections.abc import Sequence

from machinami.foundation.errors import BadRequestData, Conflict, TenantNotFound
from machinami.model.change import Change
from machinami.model.query import Page, Query, TemporalQuery
from machinami.store.conformance.acts import (
    GAUGE,
    LABEL,
    LEVEL,
    NOW,
    at,
    create,
    creation,
    end,
    gauge,
    observe,
    reading,
    removal,
    update,
    write,
)
from machinami.store.protocol import Backend, Transaction


async def what_is_written_is_there_after_the_commit(backend: Backend) -> None:
    """A work's writes are seen by peek once its awaitable is done, and not before."""
    town = await backend.open("default")
    done = town.transact(lambda tx: tx.write(creation(gauge(1, level=1.5))))
    assert town.peek(gauge(1).id) is None
    await done
    assert town.peek(gauge(1).id) == gauge(1, level=1.5)
    assert town.peek("urn:ngsi-ld:Gauge:none") is None


async def a_work_sees_what_it_wrote_itself(backend: Backend) -> None:
    """Inside a work, get and get_record give its own writes."""
    town = await backend.open("default")

    def work(tx: Transaction) -> object:
        tx.write(creation(gauge(1, level=1)))
        before = tx.get(gauge(1).id)
        assert before is not None
        tx.write(update(before, LEVEL, reading(2, 1)))
        tx.put_record("setting", "colour", {"value": "red"})
        assert tx.get_record("setting", "colour") == {"value": "red"}
        assert tx.delete_record("setting", "colour")
        assert not tx.delete_record("setting", "colour")
        assert tx.get_record("setting", "colour") is None
        return tx.get(gauge(1).id)

    seen = await town.transact(work)
    assert seen == town.peek(gauge(1).id)
    assert seen is not None
    assert town.last_seq == 2


async def works_see_those_before_them_in_call_order(backend: Backend) -> None:
    """A hundred works queued at once each see what the one before wrote."""
    town = await backend.open("default")
    await create(town, [gauge(1, level=0)])

    def work(tx: Transaction) -> int:
        before = tx.get(gauge(1).id)
        assert before is not None
        instance = before.get(LEVEL)
        assert instance is not None
        tx.write(update(before, LEVEL, reading(instance.value + 1, instance.value + 1)))
        return int(instance.value)

    results = await asyncio.gather(*[town.transact(work) for _ in range(100)])
    assert results == list(range(100))
    assert len(await town.instances([gauge(1).id], [LEVEL], TemporalQuery())) == 101


async def a_work_that_raises_leaves_no_trace(backend: Backend) -> None:
    """Its exception comes back; its neighbours in the same commit are untouched."""
    town = await backend.open("default")

    def bad(tx: Transaction) -> None:
        tx.write(creation(gauge(2, level=1)))
        tx.put_record("setting", "colour", {"value": "red"})
        raise Conflict("on purpose")

    good = [town.transact(lambda tx: tx.write(creation(gauge(1, level=1))))]
    failing = town.transact(bad)
    good.append(town.transact(lambda tx: tx.write(creation(gauge(3, level=1)))))
    outcomes = await asyncio.gather(good[0], failing, good[1], return_exceptions=True)
    assert isinstance(outcomes[1], Conflict)
    assert town.peek(gauge(2).id) is None
    assert await town.records("setting") == {}
    assert [c.entity_id for c in await town.changes(0, 10)] == [gauge(1).id, gauge(3).id]
    assert [c.seq for c in await town.changes(0, 10)] == [1, 2]
    assert not await town.instances([gauge(2).id], None, TemporalQuery())


async def a_work_that_touched_history_and_raises_leaves_no_trace(backend: Backend) -> None:
    """The same for works that corrected or removed history, with writes before and after."""
    town = await backend.open("default")
    await create(town, [gauge(1, level=1)])
    before = await town.instances([gauge(1).id], None, TemporalQuery())

    def bad(tx: Transaction) -> None:
        tx.write(creation(gauge(2, level=1)))
        assert tx.remove_history(gauge(1).id)
        tx.write(creation(gauge(3, level=1)))
        raise Conflict("on purpose")

    first = town.transact(lambda tx: tx.write(creation(gauge(4, level=1))))
    failing = town.transact(bad)
    last = town.transact(lambda tx: tx.write(creation(gauge(5, level=1))))
    outcomes = await asyncio.gather(first, failing, last, return_exceptions=True)
    assert isinstance(outcomes[1], Conflict)
    assert await town.instances([gauge(1).id], None, TemporalQuery()) == before
    found = await town.find(Query(), Page(10, 0, True), NOW)
    assert [e.id for e in found.entities] == [gauge(n).id for n in (1, 4, 5)]
    assert [c.seq for c in await town.changes(0, 10)] == [1, 2, 3]


async def what_json_cannot_say_is_refused_alone(backend: Backend) -> None:
    """A value that cannot be kept fails its own work with BadRequestData, and no other."""
    town = await backend.open("default")
    bad = town.transact(lambda tx: tx.write(creation(gauge(1, level=1 << 70))))
    good = town.transact(lambda tx: tx.write(creation(gauge(2, level=1))))
    outcomes = await asyncio.gather(bad, good, return_exceptions=True)
    assert isinstance(outcomes[0], BadRequestData)
    assert town.peek(gauge(1).id) is None
    assert town.peek(gauge(2).id) is not None


async def a_deleted_entity_is_gone_and_may_come_back(backend: Backend) -> None:
    """Deleted it is nowhere; created anew it comes last in order, with its old history."""
    town = await backend.open("default")
    await create(town, [gauge(1, level=1), gauge(2, level=1)])
    await end(town, gauge(1).id)
    assert town.peek(gauge(1).id) is None
    assert [e.id for e in (await town.find(Query(), Page(), NOW)).entities] == [gauge(2).id]
    await create(town, [gauge(1, level=reading(5, 5))])
    assert [e.id for e in (await town.find(Query(), Page(), NOW)).entities] == [gauge(2).id, gauge(1).id]
    history = await town.instances([gauge(1).id], [LEVEL], TemporalQuery())
    assert [(i.value.value, i.deleted_at) for i in history if i.deleted_at is None] == [(1, None), (5, None)]
    assert [i.deleted_at for i in history if i.deleted_at is not None] == [NOW]


async def many_changes_of_one_entity_in_one_commit_end_in_its_last_state(backend: Backend) -> None:
    """Created, changed, deleted and created again in one group: the last state stands, every step is logged."""
    town = await backend.open("default")
    first, second = gauge(1, level=1), gauge(1, types=(GAUGE, GAUGE + "2"), label="x")
    await asyncio.gather(
        create(town, [first]),
        observe(town, first.id, LEVEL, reading(2, 1)),
        end(town, first.id),
        create(town, [second]),
        observe(town, first.id, LABEL, reading("y", 2)),
    )
    state = town.peek(first.id)
    assert state is not None
    assert state.types == (GAUGE, GAUGE + "2")
    assert [i.value for i in state.attributes[LABEL]] == ["y"]
    assert [c.verb.value for c in await town.changes(0, 10)] == [
        "created",
        "updated",
        "deleted",
        "created",
        "updated",
    ]
    assert [e.id for e in (await town.find(Query(), Page(), NOW)).entities] == [first.id]


async def listeners_hear_every_change_once_and_in_order(backend: Backend) -> None:
    """on_commit gives numbered changes, the same as the log."""
    town = await backend.open("default")
    heard: list[Change] = []

    def listen(changes: Sequence[Change]) -> None:
        heard.extend(changes)

    town.on_commit(listen)
    await asyncio.gather(*[create(town, [gauge(n, level=n)]) for n in range(20)])
    await write(town, removal(gauge(3, level=3), LEVEL))
    assert [change.seq for change in heard] == list(range(1, 22))
    assert list(await town.changes(0, 100)) == heard
    assert town.last_seq == 21


async def the_log_tells_each_change_as_it_was(backend: Backend) -> None:
    """Before, after, attributes, who and when come back; a reader goes on from any number."""
    town = await backend.open("default")
    entity = gauge(1, level=1, label="a")
    patch = update(entity, LEVEL, reading(2, 1))
    assert patch.after is not None
    await write(town, creation(entity), patch, removal(patch.after, LABEL))
    log = await town.changes(1, 10)
    assert [c.seq for c in log] == [2, 3]
    assert log[0].before == entity
    assert log[0].after == patch.after
    assert log[0].attributes == patch.attributes
    assert (log[0].at, log[0].by) == (at(1), "tester")
    assert log[1].attributes[0].after is None
    assert len(await town.changes(0, 2)) == 2
    assert await town.changes(3, 10) == []


async def a_trimmed_log_goes_on_counting(backend: Backend) -> None:
    """Rows below the number are forgotten, the last one never; numbers go on."""
    town = await backend.open("default")
    await create(town, [gauge(n, level=n) for n in range(10)])
    assert await town.trim_log(6) == 5
    assert [c.seq for c in await town.changes(0, 100)] == [6, 7, 8, 9, 10]
    assert await town.trim_log(100) == 4
    await create(town, [gauge(11, level=1)])
    assert [c.seq for c in await town.changes(0, 100)] == [10, 11]


async def records_are_kept_by_kind_and_key(backend: Backend) -> None:
    """put replaces, delete says whether there was one."""
    town = await backend.open("default")
    await town.transact(lambda tx: tx.put_record("subscription", "b", {"n": 1}))
    await town.transact(lambda tx: tx.put_record("subscription", "a", {"n": [2, {"x": None}]}))
    await town.transact(lambda tx: tx.put_record("context", "a", {"n": 3}))
    assert await town.records("subscription") == {"a": {"n": [2, {"x": None}]}, "b": {"n": 1}}
    assert await town.transact(lambda tx: tx.delete_record("subscription", "a"))
    assert not await town.transact(lambda tx: tx.delete_record("subscription", "a"))
    assert await town.records("subscription") == {"b": {"n": 1}}
    assert await town.transact(lambda tx: tx.get_record("context", "a")) == {"n": 3}
    assert (town.record("context", "a"), town.record("context", "b")) == ({"n": 3}, None)


async def towns_are_apart(backend: Backend) -> None:
    """What one town holds no other sees; one that is not there is made only if it may be."""
    north, south = await backend.open("north"), await backend.open("south")
    await create(north, [gauge(1, level=1)])
    assert south.peek(gauge(1).id) is None
    assert south.last_seq == 0
    assert list(await backend.towns()) == ["north", "south"]
    assert await backend.open("north") is north
    for name, error in (("west", TenantNotFound), ("../up", BadRequestData), ("", BadRequestData)):
        try:
            await backend.open(name, create=False)
        except error:
            continue
        raise AssertionError(f"{name!r} was opened")


CHECKS = (
    what_is_written_is_there_after_the_commit,
    a_work_sees_what_it_wrote_itself,
    works_see_those_before_them_in_call_order,
    a_work_that_raises_leaves_no_trace,
    a_work_that_touched_history_and_raises_leaves_no_trace,
    what_json_cannot_say_is_refused_alone,
    a_deleted_entity_is_gone_and_may_come_back,
    many_changes_of_one_entity_in_one_commit_end_in_its_last_state,
    listeners_hear_every_change_once_and_in_order,
    the_log_tells_each_change_as_it_was,
    a_trimmed_log_goes_on_counting,
    records_are_kept_by_kind_and_key,
    towns_are_apart,
)
