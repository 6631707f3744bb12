"""Does an officer who is no engineer see whether notifications arrive, mend it, and learn why? In every language."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from tests.faults.load import BASE, prop
from tests.faults.receiver import Receiver

from machinami.app.running import TownOS
from machinami.cli.entrance import enter
from machinami.foundation.settings import Settings
from machinami.kit.words import LANGUAGES, differences

SUB, GAUGE = "urn:ngsi-ld:Subscription:water", "urn:ngsi-ld:Gauge:1"
PAGE = f"/notifications/{SUB}"


@dataclass
class World:
    """A running town, somebody at its pages, and a receiver that takes what it is told."""

    folder: Path
    session: aiohttp.ClientSession
    receiver: Receiver

    async def write(self, level: int) -> None:
        body = [{"id": GAUGE, "type": "Gauge", "level": prop(level)}]
        async with self.session.post(f"{BASE}/entityOperations/upsert?options=update", json=body) as answer:
            assert answer.status < 300

    async def page(self, path: str = PAGE, language: str = "en", status: int = 200) -> str:
        mark = "&" if "?" in path else "?"
        async with self.session.get(f"{path}{mark}lang={language}") as answer:
            assert answer.status == status, await answer.text()
            return await answer.text()

    async def press(self, act: str) -> str:
        async with self.session.post(f"{PAGE}/{act}", data={"pressed": act}) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.text()

    async def command(self, capsys: pytest.CaptureFixture[str], *words: str) -> str:
        code = await asyncio.to_thread(enter, ["notifications", *words, "--data", str(self.folder)])
        assert code == 0
        return capsys.readouterr().out


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder, receiver = tmp_path_factory.mktemp("town"), Receiver()
    await receiver.start()
    town = TownOS(Settings(folder, port=0), "test")
    serving = await town.start()
    async with aiohttp.ClientSession(serving.url, headers={"Cookie": "lang=en"}) as session:
        found = World(folder, session, receiver)
        assert "Nobody has subscribed yet" in await found.page("/notifications")
        wish = {"id": SUB, "type": "Subscription", "subscriptionName": "Levels for the dam",
                "entities": [{"type": "Gauge"}], "q": "level>10",
                "notification": {"endpoint": {"uri": receiver.url}}}  # fmt: skip
        async with session.post(f"{BASE}/subscriptions", json=wish) as answer:
            assert answer.status == 201, await answer.text()
        yield found
    await town.stop()
    await receiver.die()


def test_the_texts_agree_in_every_language() -> None:
    assert differences("machinami.apis.deliveries") == []


@pytest.mark.asyncio(loop_scope="module")
async def test_what_was_never_told_says_so_and_why(world: World) -> None:
    await world.write(5)
    assert "Levels for the dam" in await world.page("/notifications")
    shown = await world.page(f"{PAGE}?entity={GAUGE}")
    assert "There was nothing to tell yet" in shown
    assert "It is not told, as not all conditions are met." in shown
    assert "The condition on values (level&gt;10) is not met." in shown
    for language in LANGUAGES:
        assert "{" not in (await world.page(f"{PAGE}?entity={GAUGE}", language)).partition("<main")[2]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_held_subscription_goes_on_when_it_is_released(world: World) -> None:
    assert "It is held. Changes wait" in await world.press("hold")
    told = len(world.receiver.told)
    await world.write(20)
    await world.write(21)
    assert len(world.receiver.told) == told
    await world.press("release")
    await world.receiver.until(lambda: len(world.receiver.told) == told + 2)
    assert world.receiver.values()[GAUGE][-2:] == [20, 21]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_test_shows_whether_the_receiver_takes_it(world: World) -> None:
    assert "The receiver took the test." in await world.press("test")
    world.receiver.answer = lambda: 500
    shown = await world.press("test")
    world.receiver.answer = lambda: 204
    assert "did not take the test" in shown
    assert "the receiver answered 500" in shown


@pytest.mark.asyncio(loop_scope="module")
async def test_what_cannot_be_asked_is_said_beside_the_field(world: World) -> None:
    assert "Enter an id, such as" in await world.page(f"{PAGE}?entity=gauge", status=422)
    assert "no such thing, or change, that you may see" in await world.page(f"{PAGE}?entity=urn:x:none", status=422)
    await world.page("/notifications/urn:x:none", status=404)


@pytest.mark.asyncio(loop_scope="module")
async def test_the_command_line_says_the_same(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    await world.write(5)
    listed = json.loads(await world.command(capsys, "list", "--json"))
    assert [(one["id"], one["receiver"]) for one in listed] == [(SUB, world.receiver.url)]
    assert SUB in await world.command(capsys, "list")
    assert "taken / 届きました" in await world.command(capsys, "test", SUB)
    said = await world.command(capsys, "why", SUB, GAUGE)
    assert "× no " in said
    assert "値の条件（level>10）に合いません。" in said
    assert json.loads(await world.command(capsys, "hold", SUB, "--json"))["held"]
    assert not json.loads(await world.command(capsys, "release", SUB, "--json"))["held"]
    assert "0 to be told" in await world.command(capsys, "replay", SUB)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_town_that_does_not_run_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(enter, ["notifications", "list", "--data", str(tmp_path)]) == 1
    assert "does not run; start it with" in capsys.readouterr().err
