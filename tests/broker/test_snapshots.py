"""A snapshot keeps what its queries found, for a while, in its own town, and is read like a town (5.5.15, 5.16)."""

import asyncio
from datetime import timedelta

import orjson
import pytest
from tests.broker.conftest import OFFICER, gauge, level, subscription

from machinami.broker import operations, snapshot_filling, snapshots
from machinami.broker.federation.gathering import Wide
from machinami.broker.federation.trigger import Trigger
from machinami.broker.history import Span, query_past
from machinami.broker.snapshot_filling import Asked, AskedPast
from machinami.broker.snapshots import MOST_SNAPSHOTS
from machinami.foundation.errors import AlreadyExists, NotFound, TooManyResults
from machinami.model.context import core
from machinami.model.parse import parse_q
from machinami.model.query import Page, Query, TemporalQuery, TypeIs
from machinami.model.representation import NORMALIZED, Representation
from machinami.model.snapshot import LONGEST_LIFETIME

LEVEL = core().expand("level")
GAUGES = TypeIs(core().expand("Gauge"))
ALL = Query(GAUGES)
HIGH = Query(GAUGES, q=parse_q("level>1", core()))
NONE = Query(GAUGES, q=parse_q("level>99", core()))
FIRST, SECOND = "urn:ngsi-ld:Gauge:1", "urn:ngsi-ld:Gauge:2"


def asked(query, shown=NORMALIZED):
    return Asked(Wide(query, Page()), shown, Trigger(core(), {}), False)


async def frozen(house, town, *queries, pasts=(), lifetime=None, **members):
    broker = house.broker
    rows = [query if isinstance(query, Asked) else asked(query) for query in queries]
    made = broker.snapshots.create(town, members, lifetime, rows, pasts, broker.federation, OFFICER)
    assert made.status == "preparing"
    return await ready(house, town, made.id)


async def ready(house, town, name):
    work = house.broker.snapshots.kept[town.name][name].work
    await asyncio.wait_for(work, 10)
    return house.broker.snapshots.get(town, name, OFFICER)


async def sown(town, *levels):
    for number, value in enumerate(levels, 1):
        await operations.create(town, gauge(number, value), OFFICER)


async def ids(town):
    return [one.id for one in (await operations.query(town, Query(), Page(100), OFFICER)).entities]


async def test_what_changes_afterwards_is_not_in_the_snapshot(town, house):
    await sown(town, 0.5, 2.0)
    made = await frozen(house, town, HIGH)
    before = operations.retrieve(town, SECOND, OFFICER)
    await operations.update(town, SECOND, level(0.1), OFFICER)

    inside = house.broker.snapshots.open(town, made.id, OFFICER)

    assert made.status == "success"
    assert await ids(inside) == [SECOND]
    assert operations.retrieve(inside, SECOND, OFFICER) == before
    with pytest.raises(NotFound):
        operations.retrieve(inside, FIRST, OFFICER)


async def test_the_status_says_how_the_queries_went(town, house, monkeypatch):
    await sown(town, 0.5, 2.0)
    monkeypatch.setattr(snapshot_filling, "MOST_ENTITIES", 1)

    assert (await frozen(house, town, NONE)).status == "empty"
    assert (await frozen(house, town, HIGH, NONE)).status == "partial"
    failed = await frozen(house, town, ALL)

    assert failed.status == "failure"
    assert "1 entities at most" in failed.details[0].problem["detail"]


async def test_only_the_attributes_that_a_query_wants_are_frozen(town, house):
    await sown(town, 2.0)
    nothing = Representation(attrs=("https://words.test/none",))

    made = await frozen(house, town, asked(ALL, nothing))

    inside = house.broker.snapshots.open(town, made.id, OFFICER)
    assert operations.retrieve(inside, FIRST, OFFICER).attributes == {}


async def test_a_snapshot_can_be_changed_without_the_town_or_a_clone_hearing_of_it(town, house):
    await sown(town, 2.0)
    made = await frozen(house, town, ALL)
    clone = house.broker.snapshots.clone(town, made.id, {}, None, OFFICER)
    await ready(house, town, clone.id)
    inside = house.broker.snapshots.open(town, made.id, OFFICER, writing=True)

    await operations.update(inside, FIRST, level(9.0), OFFICER)
    await operations.create(inside, gauge(2, 1.0), OFFICER)

    assert await ids(inside) == [FIRST, SECOND]
    for other in (town, house.broker.snapshots.open(town, clone.id, OFFICER)):
        assert await ids(other) == [FIRST]
        assert operations.retrieve(other, FIRST, OFFICER).attributes[LEVEL][0].value == 2.0


async def test_a_full_snapshot_is_not_written_to(town, house, monkeypatch):
    await sown(town, 2.0)
    made = await frozen(house, town, ALL)
    monkeypatch.setattr(snapshots, "MOST_HELD", 1)

    house.broker.snapshots.open(town, made.id, OFFICER)
    with pytest.raises(TooManyResults, match="full"):
        house.broker.snapshots.open(town, made.id, OFFICER, writing=True)


async def test_subscribers_of_a_snapshot_hear_of_its_changes_and_of_no_others(town, house):
    await sown(town, 2.0)
    made = await frozen(house, town, ALL)
    inside = house.broker.snapshots.open(town, made.id, OFFICER)
    await house.broker.subscribe(inside, subscription("urn:sub:1", "Gauge"), OFFICER)

    await operations.update(town, FIRST, level(3.0), OFFICER)
    await operations.update(inside, FIRST, level(9.0), OFFICER)

    message = (await house.wire.until_sent(1))[0]
    told = orjson.loads(message.body)
    assert [one["level"]["value"] for one in told["data"]] == [9.0]
    assert message.headers["NGSILD-Snapshot"] == made.id
    assert house.broker.subscriptions(town, OFFICER) == []
    house.broker.snapshots.drop(town, made.id, OFFICER)


async def test_the_maker_is_told_how_a_snapshot_fares_until_it_ends(town, house):
    await sown(town, 2.0)
    told = {"endpoint": "http://maker.invalid/", "receiverInfo": [{"key": "X-Case", "value": "7"}]}
    made = await frozen(house, town, HIGH, NONE, **told)
    await house.wire.until_sent(1)
    house.broker.snapshots.update(town, made.id, {"snapshotPriority": 2}, frozenset(), None, OFFICER)
    await house.wire.until_sent(2)
    house.broker.snapshots.drop(town, made.id, OFFICER)

    messages = await house.wire.until_sent(3)

    bodies = [orjson.loads(one.body) for one in messages]
    assert {one["type"] for one in bodies} == {"SnapshotNotification"}
    assert {one["snapshotId"] for one in bodies} == {made.id}
    assert bodies[0]["snapshotStatus"] == "partial"
    assert bodies[0]["snapshotQueriesDetails"] == [{"resultStatus": "success"}, {"resultStatus": "empty"}]
    assert [one["snapshotPriority"] for one in bodies] == [5, 2, 2]
    assert [one["expiresAt"] < one["notifiedAt"] for one in bodies] == [False, False, True]
    assert all(one.headers["X-Case"] == "7" for one in messages)


async def test_nobody_is_told_any_more_when_the_endpoint_is_taken_away(town, house):
    made = await frozen(house, town, ALL)

    changed = house.broker.snapshots.update(
        town, made.id, {"endpoint": "http://maker.invalid/"}, frozenset({"endpoint"}), None, OFFICER
    )

    assert "endpoint" not in changed.document
    assert house.wire.sent == []


async def test_the_least_goes_where_there_is_no_room_for_what_is_worth_more(town, house):
    for number in range(MOST_SNAPSHOTS):
        await frozen(house, town, ALL, id=f"urn:s:{number}", snapshotPriority=3 if number == 4 else 6)

    await frozen(house, town, ALL, id="urn:s:new")

    with pytest.raises(NotFound):
        house.broker.snapshots.get(town, "urn:s:4", OFFICER)
    with pytest.raises(TooManyResults):
        await frozen(house, town, ALL, snapshotPriority=5)


async def test_the_past_is_frozen_too(town, house):
    await sown(town, 1.0)
    for value in (2.0, 3.0):
        await operations.update(town, FIRST, level(value), OFFICER)
    span = Span(None, TemporalQuery())
    made = await frozen(house, town, pasts=[AskedPast(Wide(ALL, Page(10)), span, Trigger(core()), True)])
    await operations.update(town, FIRST, level(4.0), OFFICER)

    inside = house.broker.snapshots.open(town, made.id, OFFICER)

    past = (await query_past(inside, ALL, Page(10), span, OFFICER)).entities
    assert [one.value.value for one in past[0].instances] == [1.0, 2.0, 3.0]
    assert await ids(inside) == []


async def test_a_clone_outlives_its_original(town, house):
    await sown(town, 2.0)
    made = await frozen(house, town, ALL)
    kept = house.broker.snapshots
    clone = kept.clone(town, made.id, {"snapshotPriority": 9}, None, OFFICER)
    assert (await ready(house, town, clone.id)).status == "success"

    kept.purge(town, lambda one: one.document["snapshotPriority"] < 9, OFFICER)

    with pytest.raises(NotFound):
        kept.get(town, made.id, OFFICER)
    assert await ids(kept.open(town, clone.id, OFFICER)) == [FIRST]
    with pytest.raises(NotFound):
        kept.purge(town, lambda one: False, OFFICER)


async def test_a_snapshot_ends_when_its_time_is_over_which_is_bounded(town, house):
    made = await frozen(house, town, ALL, lifetime=timedelta(days=3650))
    assert made.expires_at == town.clock() + LONGEST_LIFETIME
    changed = house.broker.snapshots.update(town, made.id, {}, frozenset(), timedelta(minutes=1), OFFICER)
    assert changed.expires_at == town.clock() + timedelta(minutes=1)

    house.clock.pass_seconds(61)

    with pytest.raises(NotFound):
        house.broker.snapshots.open(town, made.id, OFFICER)


async def test_a_snapshot_knows_when_it_was_used(town, house):
    made = await frozen(house, town, ALL)
    house.clock.pass_seconds(5)

    house.broker.snapshots.open(town, made.id, OFFICER)

    assert house.broker.snapshots.get(town, made.id, OFFICER).last_used_at == made.last_used_at + timedelta(seconds=5)


async def test_a_snapshot_is_known_in_its_own_town_only(town, house):
    made = await frozen(house, town, ALL)
    other = await house.broker.town("harbour", create=True)

    for act in (house.broker.snapshots.get, house.broker.snapshots.open, house.broker.snapshots.drop):
        with pytest.raises(NotFound):
            act(other, made.id, OFFICER)


async def test_there_are_not_too_many_and_no_two_of_one_name(town, house):
    await frozen(house, town, ALL, id="urn:s:1")
    with pytest.raises(AlreadyExists):
        await frozen(house, town, ALL, id="urn:s:1")
    for _ in range(MOST_SNAPSHOTS - 1):
        await frozen(house, town, ALL)

    with pytest.raises(TooManyResults, match="delete one"):
        await frozen(house, town, ALL)
