"""Is everything in the closed months once, in few files of bounded size, whatever breaks while one is split?"""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.broker.test_thinning import Broken, Files, rows_in

from machinami.broker.closed_months import OWNER, ClosedMonths, mark_of
from machinami.foundation.errors import StoreUnavailable
from machinami.store.files import MemoryFiles
from machinami.store.parquet import Chosen, Row, count, join

MONTH, KIND = "2026-05", "https://example.org/Gauge"


def row(entity: int, number: int, kind: str = KIND) -> Row:
    return f"urn:e:{entity}", kind, "level", "", 1_000_000 * number, number / 2, "MTR", f"urn:i:{entity}:{number}"


ADDED = st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), min_size=1, max_size=12), max_size=4)


@given(ADDED, st.integers(0, 30))
@settings(max_examples=8, deadline=None)
def test_what_was_kept_is_there_once_and_each_entity_in_one_file_whatever_breaks(
    added: list[list[tuple[int, int]]], breaks: int
) -> None:
    async def tried() -> None:
        files = Files(breaks)
        months = ClosedMonths(files, rows=8)
        wanted: set[Row] = set()
        for each in added:
            rows = [row(entity, number) for entity, number in each]
            try:
                await months.keep(MONTH, KIND, rows)
            except Broken:  # what was broken off is begun again
                files.left = None
                found = await rows_in(months)
                assert wanted <= set(found)
                assert len(found) == len(set(found))
                await months.keep(MONTH, KIND, rows)
            wanted.update(rows)
            found = await rows_in(months)
            assert sorted(found) == sorted(wanted)
        await one_file_each(months)
        await months.forget("urn:e:3")
        for name in await files.names(OWNER):
            content = await files.get(OWNER, name)
            assert content is not None
            assert not count(content, Chosen("urn:e:3"))
        assert sorted(await rows_in(months)) == sorted(one for one in wanted if one[0] != "urn:e:3")

    asyncio.run(tried())


async def one_file_each(months: ClosedMonths) -> None:
    seen: dict[str, str] = {}
    for name in await months.names():
        held = {one[0] async for one in months.read(name, Chosen())}
        content = await months.content(name)
        assert content is not None
        assert count(content, Chosen()) <= 8 or len(held) == 1
        for entity in held:
            assert seen.setdefault(entity, name) == name


async def test_a_month_of_a_type_is_one_file_until_it_is_too_large() -> None:
    files = MemoryFiles()
    months = ClosedMonths(files, rows=1_000)
    for kind in (KIND, KIND + "2"):
        await months.keep(MONTH, kind, [row(entity, number, kind) for entity in range(90) for number in range(10)])
    assert len(await months.names()) == 2
    await months.keep(MONTH, KIND, [row(entity, number) for entity in range(90, 150) for number in range(10)])
    names = await months.names()
    assert len(names) == 1 + 16
    assert len(await rows_in(months)) == 900 + 1_500
    seven = [one for name in names for one in [one async for one in months.read(name, Chosen("urn:e:7", KIND))]]
    assert seven == [row(7, number) for number in range(10)]


async def test_files_that_were_made_for_each_entity_are_read_and_forgotten_as_ever() -> None:
    files = MemoryFiles()
    for entity in (1, 2):
        content = join(None, [row(entity, 1)], "", 10)[""]
        await files.put(OWNER, f"{MONTH}-{mark_of(f'urn:e:{entity}')[:24]}.parquet", content)
    months = ClosedMonths(files)
    await months.keep(MONTH, KIND, [row(1, 2)])
    assert sorted(await rows_in(months)) == [row(1, 1), row(1, 2), row(2, 1)]
    assert await months.forget("urn:e:1") == 2
    assert await rows_in(months) == [row(2, 1)]


async def test_what_is_added_while_something_is_forgotten_brings_nothing_back() -> None:
    months = ClosedMonths(MemoryFiles())
    await months.keep(MONTH, KIND, [row(entity, 1) for entity in range(20)])
    adding = asyncio.create_task(months.keep(MONTH, KIND, [row(entity, 2) for entity in range(10, 20)]))
    await asyncio.gather(adding, months.forget("urn:e:3"), months.forget("urn:e:4", {"level"}))
    held = {one[0] for one in await rows_in(months)}
    assert held == {f"urn:e:{entity}" for entity in range(20) if entity not in (3, 4)}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_file_does_not_depend_on_the_order_in_which_its_rows_came(seed: int) -> None:
    rows = [row(entity, number) for entity in range(20) for number in range(5)]
    mixed = random.Random(seed).sample(rows, len(rows))
    assert join(None, mixed, "", 1_000)[""] == join(None, rows, "", 1_000)[""]


class Full(MemoryFiles):
    """Files on a disk that is full at times."""

    is_full = False

    async def put(self, owner: str, name: str, content: bytes) -> None:
        if self.is_full:
            raise StoreUnavailable("There is no room")
        await super().put(owner, name, content)


async def test_what_is_taken_out_for_one_is_never_lost_of_another() -> None:
    files = Full()
    months = ClosedMonths(files)
    await months.keep(MONTH, KIND, [row(one, number) for one in range(3) for number in range(3)])
    files.is_full = True
    with pytest.raises(StoreUnavailable):
        await months.forget("urn:e:1")
    assert {one[0] for one in await rows_in(months)} >= {"urn:e:0", "urn:e:2"}
    files.is_full = False
    await months.forget("urn:e:1")
    assert {one[0] for one in await rows_in(months)} == {"urn:e:0", "urn:e:2"}


async def test_a_damaged_file_is_named_and_keeps_nobody_from_being_taken_out_of_the_others() -> None:
    files = MemoryFiles()
    months = ClosedMonths(files)
    for month in ("2026-04", "2026-05", "2026-06"):
        await months.keep(month, KIND, [row(1, 1), row(2, 2)])
    damaged = (await months.names())[1]
    content = bytearray(await files.get(OWNER, damaged) or b"")
    content[4:60] = bytes(56)  # in the middle of what it holds; its end is as it was
    await files.put(OWNER, damaged, bytes(content))
    with pytest.raises(StoreUnavailable, match=f"{damaged} is damaged"):
        await months.forget("urn:e:1")
    for name in {*await months.names()} - {damaged}:
        assert [one[0] async for one in months.read(name, Chosen())] == ["urn:e:2"]
    with pytest.raises(StoreUnavailable, match=f"{damaged} is damaged"):
        await months.keep("2026-05", KIND, [row(3, 3)])
    with pytest.raises(StoreUnavailable, match=f"{damaged} is damaged"):
        await rows_in(months)
    assert await files.get(OWNER, damaged) == bytes(content)
