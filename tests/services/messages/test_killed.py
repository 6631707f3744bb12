"""If the machine dies while people are told, it goes on afterwards: nobody is left out, few are told twice."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.services.messages.test_load import begun, line_of

from machinami.services.messages.service import ON_THEIR_WAY

CROWD = str(Path(__file__).with_name("crowd.py"))


@pytest.mark.parametrize(
    ("people", "kills"), [(600, 1), pytest.param(6_000, 8, marks=pytest.mark.long)]
)  # each kill comes after so many more were told
async def test_a_machine_that_dies_leaves_nobody_out_and_tells_few_twice(
    tmp_path: Path, people: int, kills: int, figure: Callable[[str, float, str], None]
) -> None:
    sinks = await begun("serve", "overlapped")
    assert sinks.stdin is not None
    mail, push = (int(port) for port in await line_of(sinks))

    async def taken() -> list[int]:
        assert sinks.stdin is not None
        sinks.stdin.write(b"\n")
        return [int(one) for one in await line_of(sinks)]

    try:
        words = (sys.executable, CROWD, str(tmp_path), str(mail), str(push), str(people))
        for kill in range(1, kills + 1):
            machine = await asyncio.create_subprocess_exec(*words, stdout=PIPE, start_new_session=True)
            assert machine.stdout is not None
            assert (await asyncio.wait_for(machine.stdout.readline(), 120)).strip() == b"begun"
            async with asyncio.timeout(120):
                while sum((await taken())[0::2]) < people * kill / (kills + 1):
                    assert machine.returncode is None
            os.killpg(machine.pid, signal.SIGKILL)  # with the workers that it computes in
            await machine.wait()
        machine = await asyncio.create_subprocess_exec(*words, stdout=PIPE)
        said, _ = await asyncio.wait_for(machine.communicate(), 240)
        letters, addresses, messages, endpoints = await taken()
    finally:
        sinks.terminate()
        await sinks.wait()
    assert said.split()[2:] == [str(people).encode(), str(people).encode(), b"0"]
    assert (addresses, endpoints) == (people // 2, people // 2)  # nobody is left out
    twice = letters + messages - people
    figure(f"people told twice after {kills} kills among {people}", twice, "")
    assert twice <= ON_THEIR_WAY * kills
