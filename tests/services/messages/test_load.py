"""Many people are told in seconds over a real mail server and a real push service, and the broker answers meanwhile."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.services.messages.crowd import OneService, done, settings, settle, storm

from machinami.broker import operations

SINKS = str(Path(__file__).with_name("sinks.py"))


async def begun(*words: str) -> Process:
    return await asyncio.create_subprocess_exec(sys.executable, SINKS, *words, stdin=PIPE, stdout=PIPE)


async def line_of(process: Process) -> list[float]:
    assert process.stdout is not None
    return [float(word) for word in (await process.stdout.readline()).split()]


@pytest.mark.parametrize(
    ("people", "manner"),
    [
        (100, "overlapped"),
        pytest.param(10_000, "overlapped", marks=pytest.mark.long),
        pytest.param(10_000, "in turn", marks=pytest.mark.long),
    ],
)
async def test_people_are_told_in_seconds_while_the_broker_answers(
    tmp_path: Path, people: int, manner: str, figure: Callable[[str, float, str], None]
) -> None:
    sinks = await begun("serve", manner)
    mail, push = (int(port) for port in await line_of(sinks))
    town = OneService(settings(tmp_path, mail), "test")
    serving = await town.start()
    try:
        city = town.houses[0].city
        await settle(city, people, push)
        gauge = operations.peek((await town.broker.town(None)), "urn:ngsi-ld:Alert:storm", city.viewer)
        assert gauge is None
        asked = people / 300 if people > 1_000 else 2.0
        began = datetime.now(UTC)
        alert = storm(began)
        await city.publish(alert)
        asker = await begun("ask", f"{serving.url}/ngsi-ld/v1/entities/{alert.id}", str(asked))
        told = await done(city, town, 240)
        seconds = (datetime.now(UTC) - began).total_seconds()
        count, middle, late, longest = await line_of(asker)
        await asker.wait()
        assert sinks.stdin is not None
        sinks.stdin.write(b"\n")
        letters, addresses, messages, endpoints = (int(one) for one in await line_of(sinks))
    finally:
        sinks.terminate()
        await sinks.wait()
        await town.stop()
    name = f"{people} people told, mail {manner}"
    figure(name, seconds, "s")
    figure(f"{name}: answers of the broker meanwhile", count, "")
    for what, value in (("median", middle), ("p99", late), ("longest", longest)):
        figure(f"{name}: {what} of an answer of the broker", value, "ms")
    assert (told.people, told.sent, told.failed) == (people, people, 0)
    assert (letters, addresses) == (people // 2, people // 2)  # each once
    assert (messages, endpoints) == (people // 2, people // 2)
    assert told.reached_share == 1.0
    assert late < 1_000
