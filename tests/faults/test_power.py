"""What was acknowledged survives a power cut with durability full; with normal the newest may go; nothing is torn."""

import asyncio
import random
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import apsw
import pytest
from tests.faults.power import Power

from machinami.foundation.errors import StoreUnavailable
from machinami.model.query import TemporalQuery
from machinami.store.conformance.acts import LEVEL, create, gauge, observe, reading
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend

Figure = Callable[[str, float, str], None]
WRITERS = 6
REFUSALS = ((apsw.FullError, "no space left"), (apsw.ReadOnlyError, "not be written"), (apsw.IOError, "disk failed"))


@pytest.fixture
def power() -> Iterator[Power]:
    found = Power()
    yield found
    found.unregister()
    apsw.set_default_vfs("multipleciphers-unix" if "multipleciphers-unix" in apsw.vfs_names() else "unix")


async def cut_again_and_again(folder: Path, power: Power, durability: str, cuts: int) -> tuple[int, int]:
    """Lose the power at random moments while several write; writes that were acknowledged then, and those found."""
    draw = random.Random(7)
    backend = open_backend(folder / "town", StoreSettings(durability=durability, checkpoint_bytes=1 << 17))
    town = await backend.open("default")
    done = [-1] * WRITERS
    stop = asyncio.Event()

    async def write(number: int) -> None:
        await create(town, [gauge(number, level=0)])
        done[number] = 0
        for step in count(1):
            await observe(town, gauge(number).id, LEVEL, reading(step, step))
            done[number] = step
            if stop.is_set():
                return

    writers = [asyncio.create_task(write(number)) for number in range(WRITERS)]
    acknowledged: list[list[int]] = []
    for cut in range(cuts):
        goal = sum(done) + draw.randrange(30, 120)
        while sum(done) < goal:
            await asyncio.sleep(0)
        acknowledged.append(list(done))
        power.lose_power(folder / "town", folder / f"found{cut}", draw)
    stop.set()
    await asyncio.gather(*writers)
    await backend.close()
    sure = there = 0
    for cut, steps in enumerate(acknowledged):
        sure += sum(steps)
        there += await found_whole(folder / f"found{cut}", steps, durability == "full")
    return sure, there


async def found_whole(folder: Path, steps: list[int], every: bool) -> int:
    """How many of the acknowledged writes are there; nothing may be torn, and with `every` none may be missing."""
    backend = open_backend(folder, StoreSettings())
    town = await backend.open("default")
    try:
        assert await town.disagreements() == []
        assert not list(folder.glob("towns/default/*.damaged-*"))
        numbers = [change.seq for change in await town.changes(0, 1_000_000)]
        assert numbers == list(range(1, town.last_seq + 1))
        there = 0
        for number, step in enumerate(steps):
            entity = town.peek(gauge(number).id)
            level = -1 if entity is None else entity.attributes[LEVEL][0].value
            assert level >= step or not every
            series = await town.instances([gauge(number).id], [LEVEL], TemporalQuery())
            assert [one.value.value for one in series] == list(range(level + 1))
            there += max(0, min(level, step))
        return there
    finally:
        await backend.close()


async def test_full_durability_survives_power_cuts(tmp_path: Path, power: Power, figure: Figure) -> None:
    sure, there = await cut_again_and_again(tmp_path, power, "full", 12)
    figure("power cuts survived (durability full)", 12, "")
    figure("acknowledged writes checked after power cuts (durability full)", sure, "")
    figure("of these missing (durability full)", sure - there, "")
    assert there == sure > 0


async def test_normal_durability_may_lose_the_newest_and_tears_nothing(
    tmp_path: Path, power: Power, figure: Figure
) -> None:
    sure, there = await cut_again_and_again(tmp_path, power, "normal", 12)
    figure("of acknowledged writes lost by power cuts (durability normal, as it says)", sure - there, "")
    assert sure > 0


@pytest.mark.parametrize("durability", ["normal", "full"])
@pytest.mark.parametrize(("refusal", "said"), REFUSALS)
async def test_a_disk_that_refuses_is_said_and_written_to_again_when_it_takes_more(
    tmp_path: Path, power: Power, durability: str, refusal: type[apsw.Error], said: str
) -> None:
    backend = open_backend(tmp_path, StoreSettings(durability=durability))
    town = await backend.open("default")
    await create(town, [gauge(n, level=0) for n in range(50)])
    power.refusal = refusal
    for n in range(5):
        with pytest.raises(StoreUnavailable, match=said):
            await observe(town, gauge(n).id, LEVEL, reading(1, 1))
    entity = town.peek(gauge(0).id)
    assert entity is not None
    assert entity.attributes[LEVEL][0].value == 0
    power.refusal = None
    for n in range(5):
        await observe(town, gauge(n).id, LEVEL, reading(2, 2))
    assert town.last_seq == 55
    assert await town.disagreements() == []
    await backend.close()
