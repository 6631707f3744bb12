"""The log forgets only what is old and what every reader has passed; state and history stay whole."""

from datetime import timedelta

from tests.broker.conftest import OFFICER, START, gauge, level

from machinami.broker import history, operations
from machinami.broker.retention import trim
from machinami.model.context import core
from machinami.model.query import TemporalQuery

ONE = "urn:ngsi-ld:Gauge:1"


async def write_days(town, house, days: int) -> None:
    await operations.create(town, gauge(), OFFICER)
    for day in range(1, days):
        house.clock.now = START + timedelta(days=day)
        await operations.update(town, ONE, level(float(day)), OFFICER)


async def test_old_changes_are_forgotten_and_young_ones_kept(town, house):
    await write_days(town, house, 10)

    forgotten = await trim(town, START + timedelta(days=7), [town.store.last_seq])

    assert forgotten == 7
    assert [change.at for change in await town.store.changes(0, 100)] == [
        START + timedelta(days=day) for day in (7, 8, 9)
    ]


async def test_what_a_reader_still_needs_is_kept_however_old(town, house):
    await write_days(town, house, 10)

    await trim(town, START + timedelta(days=7), [town.store.last_seq, 3])

    assert [change.seq for change in await town.store.changes(3, 100)] == list(range(4, 11))


async def test_trimming_again_forgets_nothing_and_history_stays_whole(town, house):
    await write_days(town, house, 10)
    await trim(town, START + timedelta(days=7), [])

    assert await trim(town, START + timedelta(days=7), []) == 0
    span = history.Span([core().expand("level")], TemporalQuery(property="modifiedAt"))
    past = await history.retrieve_past(town, ONE, span, OFFICER)
    assert len(past.instances) == 10
    assert operations.retrieve(town, ONE, OFFICER).get(core().expand("level")).value == 9.0
