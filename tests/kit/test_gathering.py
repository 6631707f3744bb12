"""Results are kept before who handed them in goes on, and many that come together are kept in one go."""

import asyncio

import pytest

from machinami.kit.gathering import Gathering


async def test_what_comes_while_one_is_written_is_written_together_afterwards() -> None:
    written: list[list[int]] = []
    free = asyncio.Event()

    async def write(results: list[int]) -> None:
        await free.wait()
        written.append(results)

    gathering = Gathering(write)
    first = asyncio.create_task(gathering.keep(0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    rest = [asyncio.create_task(gathering.keep(n)) for n in range(1, 50)]
    await asyncio.sleep(0)
    assert not first.done()
    free.set()
    await asyncio.gather(first, *rest)
    assert written == [[0], list(range(1, 50))]


async def test_who_hands_in_what_cannot_be_kept_is_told_and_the_next_is_kept() -> None:
    written: list[str] = []

    async def write(results: list[str]) -> None:
        if "bad" in results:
            raise ValueError("no room")
        written.extend(results)

    gathering = Gathering(write)
    with pytest.raises(ValueError, match="no room"):
        await gathering.keep("bad")
    await gathering.keep("good")
    assert written == ["good"]


async def test_one_who_gives_up_waiting_stops_nobody_else() -> None:
    written: list[int] = []

    async def write(results: list[int]) -> None:
        await asyncio.sleep(0)
        written.extend(results)

    gathering = Gathering(write)
    one, other = (asyncio.create_task(gathering.keep(n)) for n in (1, 2))
    await asyncio.sleep(0)
    one.cancel()
    await other
    assert written == [1, 2]
