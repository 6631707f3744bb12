"""Is a job stirred by what it is to be stirred by, and by nothing else?"""

import asyncio
from collections.abc import Callable

import pytest
from tests.services.flood.conftest import GAUGE, START, River, river

from machinami.broker.contexts import town_context
from machinami.kit.schedule import Job, Triggers

__all__ = ["river"]


class Count:
    """A job that does nothing but count how often it has run."""

    def __init__(self, river: River) -> None:
        self.job = Job("count", self._run, lambda: river.now, every=3_600, settle=0)

    async def _run(self) -> None:
        pass

    def has_run(self, times: int) -> Callable[[], bool]:
        return lambda: self.job.health.runs == times


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


async def test_a_job_runs_when_an_entity_of_its_types_or_its_own_entity_has_changed(river: River) -> None:
    expand = town_context().expand
    by_type, by_entity, by_neither = Count(river), Count(river), Count(river)
    triggers = Triggers(river.town)
    triggers.add(by_type.job, [expand("RiverGauge"), expand("RainGauge")], "urn:x:a")
    triggers.add(by_entity.job, [expand("RainGauge")], GAUGE)
    triggers.add(by_neither.job, [expand("RainGauge")], "urn:x:b")
    counts = (by_type, by_entity, by_neither)
    for one in counts:
        one.job.start()
    for one in counts:
        await until(one.has_run(1))
    await river.stand()
    await until(by_type.has_run(2))
    await until(by_entity.has_run(2))
    assert by_neither.job.health.runs == 1
    for one in counts:
        await one.job.stop()


async def test_a_job_that_fails_for_one_reason_is_told_once_and_told_when_it_works_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reasons = ["the line is cut", "the line is cut", "no room", "no room", ""]

    async def work() -> None:
        if reason := reasons[min(job.health.runs, len(reasons) - 1)]:
            raise OSError(reason)

    job = Job("delivery", work, lambda: START, every=0.001, settle=0)
    with caplog.at_level("INFO", "machinami.schedule"):
        job.start()
        await until(lambda: job.health.runs > len(reasons))
        await job.stop()
    said = [str(record.exc_info[1]) if record.exc_info else record.getMessage() for record in caplog.records]
    assert said == ["the line is cut", "no room", "delivery works again"]
    assert job.health.failures == 4
