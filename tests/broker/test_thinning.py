"""Is what retention leaves what its rule says, whatever breaks in the middle?"""

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.broker.conftest import OFFICER, START, Clock, House, gauge

from machinami.broker import evolution, operations
from machinami.broker.closed_months import ROWS, ClosedMonths, row_of
from machinami.broker.erasure import Going, carry_out
from machinami.broker.thinning import STATE, apply_rules, effect_of, rules_of, set_rule
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, StoreUnavailable
from machinami.foundation.instant import to_micros
from machinami.model.attribute import Attribute, Kind
from machinami.model.context import core
from machinami.model.found import Instance
from machinami.model.query import TemporalQuery
from machinami.model.retention import EVERY_TYPE, Rule, Step, bucket_of, is_reading, month_of, step_of, sum_of
from machinami.store.files import MemoryFiles
from machinami.store.parquet import Chosen, Row
from machinami.store.protocol import Transaction
from machinami.wire.recorded import RecordedWire

ZONE = ZoneInfo("Asia/Tokyo")
ONE = "urn:ngsi-ld:Gauge:1"
LEVEL, NOTE = core().expand("level"), core().expand("note")
GAUGE = core().expand("Gauge")
RULE = Rule(40, 100, 200)
EXACT = ("totalCount", "sum", "min", "max", "avg", "stddev")


class Broken(Exception):
    """The power went."""


class Files(MemoryFiles):
    """Files in which the power goes after so many were written or dropped."""

    def __init__(self, breaks_after: int | None = None) -> None:
        super().__init__()
        self.left = breaks_after

    def step(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Broken

    async def put(self, owner: str, name: str, content: bytes) -> None:
        await super().put(owner, name, content)
        self.step()

    async def drop(self, owner: str, name: str) -> bool:
        self.step()
        return await super().drop(owner, name)


def with_months(town: Town, files: MemoryFiles, rows: int = ROWS) -> ClosedMonths:
    """The town, with its closed months there. rows: how many a file may have."""
    object.__setattr__(town, "months", ClosedMonths(files, rows))
    return town.months


async def rows_in(months: ClosedMonths) -> list[Row]:
    return [row for name in await months.names() async for row in months.read(name, Chosen())]


def past_of(days: list[tuple[int, int, float]]) -> list[Instance]:
    """Readings so many days and minutes before now, and one note a day that is no reading."""
    found = []
    for back, minute, number in days:
        at = START - timedelta(days=back) + timedelta(minutes=minute)
        found.append(Instance(ONE, LEVEL, Attribute(Kind.PROPERTY, number, None, at, "MTR", modified_at=at)))
    at = START - timedelta(days=days[0][0])
    return [*found, Instance(ONE, NOTE, Attribute(Kind.PROPERTY, "cleaned", observed_at=at, modified_at=at))]


async def fill(town: Town, days: list[tuple[int, int, float]]) -> list[Instance]:
    await operations.create(town, gauge(), OFFICER)
    past = past_of(days)

    def work(tx: Transaction) -> None:
        for one in past:
            tx.add_history(one)

    await town.store.transact(work)
    return past


async def kept(town: Town, name: str = LEVEL) -> list[Instance]:
    return list(await town.store.instances([ONE], [name], TemporalQuery()))


DAYS = st.lists(
    st.tuples(st.integers(0, 260), st.integers(0, 1_439), st.floats(-100, 100)), min_size=1, max_size=60
)  # fmt: skip


@given(DAYS, st.none() | st.integers(0, 8))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_is_left_is_what_the_rule_says_and_a_break_loses_and_doubles_nothing(
    tmp_path_factory: pytest.TempPathFactory, days: list[tuple[int, int, float]], breaks: int | None
) -> None:
    house = House(tmp_path_factory.mktemp("town"), RecordedWire(), Clock())
    town = await house.open()
    try:
        past = [one for one in await fill(town, days) if one.attribute == LEVEL]
        await set_rule(town, GAUGE, RULE, OFFICER)
        before = [one for one in await kept(town) if is_reading(one)]
        files = Files(breaks)
        with_months(town, files)
        try:
            await apply_rules(town, ZONE, 5)
        except Broken:
            await house.close()
            town = await house.open()
        files.left = None
        months = with_months(town, files)
        await apply_rules(town, ZONE)
        after = [one for one in await kept(town) if is_reading(one)]
        assert_as_ruled(before, after)
        assert len(await kept(town, NOTE)) == 1
        rows = await rows_in(months)
        due = [one for one in past if RULE.step(month_of(seen(one), ZONE).end, START) is not Step.RAW]
        assert sorted((row[4], row[5]) for row in rows) == sorted(
            (to_micros(seen(one)), float(one.value.value)) for one in due
        )
        assert (await apply_rules(town, ZONE)).condensed == 0
        await town.store.transact(lambda tx: tx.delete_record(STATE, "done"))
        assert (await apply_rules(town, ZONE)).condensed == 0  # looked at anew, all is as it should be
    finally:
        await house.close()


def seen(one: Instance) -> datetime:
    assert one.value.observed_at is not None
    return one.value.observed_at


def assert_as_ruled(before: list[Instance], after: list[Instance]) -> None:
    """Month by month: as they came, by the hour, by the day, or not at all; and each bucket counts what it held."""
    wanted: dict[tuple[Step, datetime], list[Instance]] = {}
    for one in before:
        step = RULE.step(month_of(seen(one), ZONE).end, START)
        if step is not Step.NOTHING:
            at = seen(one) if step is Step.RAW else bucket_of(seen(one), step, ZONE)
            wanted.setdefault((step, at), []).append(one)
    found: dict[tuple[Step, datetime], list[Instance]] = {}
    for one in after:
        found.setdefault((step_of(one.value), seen(one)), []).append(one)
    assert found.keys() == wanted.keys()
    for place, members in wanted.items():
        assert sum(sum_of(one.value).count for one in found[place]) == len(members)
        total = sum(sum_of(one.value).mean * sum_of(one.value).count for one in found[place])
        assert math.isclose(total, sum(one.value.value for one in members), abs_tol=1e-6)


async def test_the_past_is_answered_as_ever_and_says_what_was_condensed(town: Town, house: House) -> None:
    readings = [(150, minute, minute / 10) for minute in range(0, 240, 10)]
    await fill(town, readings)
    whole = (await town.store.aggregate(ONE, LEVEL, OBSERVED, EXACT, None))[0].values
    await set_rule(town, EVERY_TYPE, Rule(40, 4_000, None, archive=False), OFFICER)
    account = await apply_rules(town, ZONE)
    assert (account.condensed, account.made, account.archived) == (24, 4, 0)
    summed = (await town.store.aggregate(ONE, LEVEL, OBSERVED, EXACT, None))[0].values
    assert all(math.isclose(summed[name], whole[name], abs_tol=1e-9) for name in EXACT)
    past = [one for one in await kept(town) if is_reading(one)]
    assert [sum_of(one.value).count for one in past] == [6, 6, 6, 6]


OBSERVED = TemporalQuery()


async def test_nothing_is_condensed_that_is_to_be_archived_and_cannot_be(town: Town) -> None:
    await fill(town, [(150, 0, 1.0), (150, 10, 2.0)])
    await set_rule(town, EVERY_TYPE, Rule(40, None, None), OFFICER)
    before = await kept(town)
    with pytest.raises(StoreUnavailable, match="no folder for files"):
        await apply_rules(town, ZONE)
    assert await kept(town) == before
    assert town.store.record(STATE, "done") is None


async def test_a_rule_says_beforehand_what_it_does(town: Town) -> None:
    await fill(town, [(250, 0, 1.0), (150, 0, 1.0), (150, 10, 2.0), (90, 0, 1.0), (1, 0, 1.0)])
    effect = await effect_of(town, GAUGE, RULE, ZONE)
    assert (effect.hourly, effect.daily, effect.never, effect.whole) == (1, 2, 1, True)
    assert (await effect_of(town, core().expand("Nothing"), RULE, ZONE)).whole
    with pytest.raises(BadRequestData):
        await set_rule(town, GAUGE, Rule(10, 5, None), OFFICER)
    await set_rule(town, GAUGE, RULE, OFFICER)
    assert (await rules_of(town))[GAUGE] == RULE
    await set_rule(town, GAUGE, None, OFFICER)
    assert GAUGE not in await rules_of(town)


async def test_erasing_an_entity_or_its_past_reaches_the_closed_months(town: Town) -> None:
    months = with_months(town, MemoryFiles())
    past = past_of([(150, 0, 1.0), (150, 10, 2.0), (100, 0, 5.0)])
    other = [Instance("urn:other", one.attribute, one.value) for one in past]
    named = [Instance(ONE, NOTE + "2", past[0].value)]
    for each in (past[:2] + named, other[:2]):
        await months.keep("2026-01", GAUGE, [row_of(GAUGE, one) for one in each])
    await operations.create(town, gauge(), OFFICER)
    await evolution.forget_attribute(town, ONE, LEVEL, OFFICER, every=True)
    assert {row[2] for row in await rows_in(months) if row[0] == ONE} == {NOTE + "2"}
    await carry_out(town, Going(None, [ONE]), (), OFFICER, "asked for")
    rows = await rows_in(months)
    assert {row[0] for row in rows} == {"urn:other"}
    assert len(rows) == 2


async def test_what_is_forgotten_while_it_is_archived_leaves_the_closed_months_again(town: Town) -> None:
    await fill(town, [(150, 0, 1.0), (150, 10, 2.0)])
    await set_rule(town, EVERY_TYPE, Rule(40, None, None), OFFICER)

    class Forgetting(MemoryFiles):
        async def put(self, owner: str, name: str, content: bytes) -> None:
            await super().put(owner, name, content)
            await town.store.transact(lambda tx: tx.remove_history(ONE, LEVEL))

    months = with_months(town, Forgetting())
    account = await apply_rules(town, ZONE)
    assert (account.condensed, account.left) == (0, 2)
    assert await rows_in(months) == []
    assert town.store.record(STATE, "done") is None  # so it is looked at again
