"""Do the settings by which a town is held to level 2 of the ASVS do what they say?"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from tests.knowing import NAVIGATED, Visitor

from machinami.app.running import TownOS, pace_of, targets_of
from machinami.foundation.errors import SettingsError
from machinami.foundation.settings import MqttSettings, Settings
from machinami.wire.targets import Targets

ENTITIES = "/ngsi-ld/v1/entities"
SECRET = "heron-7-weir"


@contextlib.asynccontextmanager
async def served(folder: Path, **settings: object) -> AsyncIterator[tuple[TownOS, Visitor]]:
    """A town with one administrator, and their browser."""
    town = TownOS(Settings(folder, port=0, **settings), "test")  # type: ignore[arg-type]  # as each test says
    serving = await town.start()
    jar = aiohttp.CookieJar(unsafe=True)
    try:
        async with Visitor(aiohttp.ClientSession(serving.url, cookie_jar=jar, headers=NAVIGATED)) as first:
            yield town, first
    finally:
        await town.stop()


@pytest.mark.parametrize("lane", [True, False])
async def test_one_who_asks_too_often_is_told_to_wait_in_their_language_and_the_others_go_on(
    tmp_path: Path, lane: bool
) -> None:
    async with served(tmp_path, requests_per_client=1, fast_lane=lane) as (town, first):
        await first.become_first()

        async def refused(path: str) -> aiohttp.ClientResponse:
            async with asyncio.timeout(60):
                while True:
                    async with first.session.get(path) as answer:
                        if answer.status == 429:
                            await answer.read()
                            return answer
                        assert answer.status == 200

        problem = await refused(f"{ENTITIES}?type=River")
        assert (problem.content_type, problem.headers["Retry-After"]) == ("application/json", "1")
        for language, said in (("ja", "少しお待ちください"), ("en", "Please wait a moment")):
            for path in ("/", "/people", "/audit", "/services/flood"):
                await refused(f"{ENTITIES}?type=River")
                page = await refused(f"{path}?lang={language}")
                assert (page.content_type, page.headers["Retry-After"]) == ("text/html", "1")
                assert said in await page.text()
        async with aiohttp.ClientSession(town.address) as stranger, stranger.get(f"{ENTITIES}?type=River") as other:
            assert other.status == 401  # another one, who is refused for another reason


def test_an_open_town_and_one_at_its_own_machine_count_nobody(tmp_path: Path) -> None:
    assert pace_of(Settings(tmp_path)) is None
    assert pace_of(Settings(tmp_path, host="0.0.0.0")) is not None
    assert pace_of(Settings(tmp_path, host="0.0.0.0", requests_per_client=0)) is None


def test_a_town_in_a_network_tells_nobody_anything_in_the_clear_unless_it_says_so(tmp_path: Path) -> None:
    assert targets_of(Settings(tmp_path)) == Targets(private=True, plain=True)
    for afar in ({"host": "0.0.0.0"}, {"trust_proxy": True}):
        assert targets_of(Settings(tmp_path, **afar)) == Targets(private=False, plain=False)
        assert targets_of(Settings(tmp_path, **afar, plain_targets=True)) == Targets(private=False, plain=True)


async def test_a_broker_of_sensors_is_not_listened_to_in_the_clear(tmp_path: Path) -> None:
    (tmp_path / "mqtt.toml").write_text("", encoding="utf-8")
    rows = (MqttSettings("mqtt://broker.example", tmp_path / "mqtt.toml"),)
    town = TownOS(Settings(tmp_path, port=0, trust_proxy=True, mqtt=rows), "test")
    try:
        with pytest.raises(SettingsError):
            await town.start()
    finally:
        await town.stop()


async def test_passwords_in_addresses_are_sealed_where_they_are_kept_and_work_after_a_restart(tmp_path: Path) -> None:
    uri = f"http://town:{SECRET}@127.0.0.1:9/notify"
    subscription = {
        "id": "urn:ngsi-ld:Subscription:1",
        "type": "Subscription",
        "entities": [{"type": "River"}],
        "notification": {"endpoint": {"uri": uri}},
    }
    registration = {
        "id": "urn:ngsi-ld:ContextSourceRegistration:1",
        "type": "ContextSourceRegistration",
        "information": [{"entities": [{"type": "River"}]}],
        "endpoint": f"http://town:{SECRET}@127.0.0.1:9",
    }
    async with served(tmp_path) as (town, first):
        for path, document in (("subscriptions", subscription), ("csourceRegistrations", registration)):
            async with first.session.post(f"/ngsi-ld/v1/{path}", json=document) as made:
                assert made.status == 201, await made.text()
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert SECRET.encode() not in kept
    assert b"urn:machinami:sealed:" in kept
    async with served(tmp_path) as (town, first):
        async with first.session.get("/ngsi-ld/v1/subscriptions/urn:ngsi-ld:Subscription:1") as found:
            assert (await found.json())["notification"]["endpoint"]["uri"] == uri
