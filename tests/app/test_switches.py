"""Is a service that a town turned off really off, does it keep its data, and who may turn it?"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from tests.policy.inhabited import Crowd, Inhabited, inhabited

from machinami.app.running import TownOS
from machinami.broker import batch, operations
from machinami.broker.contexts import town_context
from machinami.cli.new_service import create
from machinami.foundation.settings import Settings
from machinami.kit.installed import Broken, Service, findable, load
from machinami.kit.schedule import Health
from machinami.model.principal import Principal, Role
from machinami.model.view import to_entity
from machinami.model.vocabulary.circle import Initiative
from machinami.model.vocabulary.switches import TownService, switch_id

SIGNED = {"who": "山田花子", "role": "企画課長", "reason": "まだ使わない"}
PAID = "sendai_lid"
BY = Principal("urn:test", frozenset({Role.ADMINISTRATOR}))


class Small(TownOS):
    """An open town with two services."""

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """The two."""
        return [load(f"machinami.services.{name}") for name in ("cases", "money")], []


class Window:
    """A browser before the town."""

    def __init__(self, town: TownOS, url: str, session: aiohttp.ClientSession) -> None:
        self.town, self._url, self._session = town, url, session

    async def see(self, path: str) -> tuple[int, str]:
        async with self._session.get(self._url + path, headers={"Accept": "text/html"}) as answer:
            return answer.status, await answer.text()

    async def send(self, path: str, **form: str) -> tuple[int, str]:
        data, fields = {**SIGNED, **form}, {"Accept": "text/html"}
        async with self._session.post(self._url + path, data=data, headers=fields) as answer:
            return answer.status, await answer.text()

    async def turn(self, service: str, state: str) -> tuple[int, str]:
        return await self.send("/services", service=service, state=state)

    def health(self, service: str) -> Health:
        return next(house.health for house in self.town.houses if house.service.manifest.id == service)

    async def put(self, view: TownService | Initiative) -> None:
        town = await self.town.broker.town(None)
        await batch.put_all(town, [(to_entity(view, town_context()), [])], BY)

    async def ran(self, service: str, times: int) -> None:
        """Wait until a service has been woken so many times."""
        async with asyncio.timeout(20):
            while self.health(service).runs < times:
                await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def window(tmp_path: Path) -> AsyncIterator[Window]:
    running = Small(Settings(tmp_path, port=0), "test")
    serving = await running.start()
    async with aiohttp.ClientSession() as session:
        yield Window(running, serving.url, session)
    await running.stop()


async def test_every_service_of_a_new_town_is_on(window: Window) -> None:
    assert (await window.see("/services/money"))[0] == 200
    assert "止めているサービス" not in (await window.see("/services"))[1]


async def test_a_service_that_is_off_shows_no_pages_and_says_why_and_comes_back(window: Window) -> None:
    status, text = await window.turn("money", "off")
    assert (status, "サービスを止めました" in text, "止めているサービス" in text) == (200, True, True)
    status, text = await window.see("/services/money")
    assert (status, "この町では止めてあります" in text) == (404, True)
    assert (await window.see("/services/money/rows.csv"))[0] == 404
    assert (await window.see("/services/cases"))[0] == 200
    assert (await window.turn("money", "off"))[0] == 409
    assert "サービスを動かしました" in (await window.turn("money", "on"))[1]
    assert (await window.see("/services/money"))[0] == 200


async def test_a_service_that_is_off_takes_no_work_and_begins_at_once_when_it_is_on(window: Window) -> None:
    town = await window.town.broker.town(None)
    await window.turn("cases", "off")
    await window.ran("cases", 2)  # woken by being turned off
    await window.put(Initiative("urn:ngsi-ld:Initiative:1", state="planned"))
    library = "urn:ngsi-ld:ReferenceCase:sendai_lid"
    assert operations.peek(town, library, BY) is None
    await window.turn("cases", "on")
    async with asyncio.timeout(20):
        while operations.peek(town, library, BY) is None:
            await asyncio.sleep(0.02)
    await window.turn("cases", "off")
    assert operations.peek(town, library, BY) is not None  # its data stay


async def test_what_was_decided_is_kept_with_who_and_why(window: Window) -> None:
    await window.turn("money", "off")
    await window.turn("money", "on")
    said = window.town._switches.said("money")
    assert said is not None
    assert (said.state, said.decided_by, said.reason) == ("on", "山田花子", "まだ使わない")
    assert [(row["state"], row["by"]) for row in said.revisions or []] == [("off", "山田花子")]


async def test_a_town_remembers_what_is_off(tmp_path: Path) -> None:
    for first in (True, False):
        running = Small(Settings(tmp_path, port=0), "test")
        serving = await running.start()
        async with aiohttp.ClientSession() as session:
            window = Window(running, serving.url, session)
            if first:
                await window.turn("money", "off")
            assert (await window.see("/services/money"))[0] == 404
        await running.stop()


async def test_what_another_program_writes_turns_off_nothing_but_by_the_word_off(window: Window) -> None:
    await window.put(TownService(switch_id("money"), state="<b>perhaps</b>"))
    assert (await window.see("/services/money"))[0] == 200
    await window.put(TownService(switch_id("money"), state="off"))
    assert (await window.see("/services/money"))[0] == 404


async def test_a_service_that_is_not_installed_cannot_be_turned_on(window: Window) -> None:
    assert (await window.turn("elsewhere", "on"))[0] == 404
    assert (await window.turn("money", "perhaps"))[0] == 400


async def test_trying_a_case_turns_its_service_on_and_stopping_turns_it_off(window: Window) -> None:
    await window.turn("money", "off")
    page = f"/services/cases?case={PAID}&view=officer"
    assert "この町では止めてあります" in (await window.see(page))[1]
    status, text = await window.send("/services/cases/try", case=PAID)
    assert (status, "サービスを動かしました" in text) == (200, True)
    assert (await window.see("/services/money"))[0] == 200
    work = re.search(r'name="work" value="([^"]+)"', text)
    assert work is not None
    status, text = await window.send("/services/cases/untry", work=work[1])
    assert (status, "試すのをやめました" in text) == (200, True)
    assert (await window.see("/services/money"))[0] == 404
    assert (await window.send("/services/cases/untry", work=work[1]))[0] == 409
    assert "取組の下書きをつくる" in (await window.see(page))[1]  # it can be tried again


async def test_stopping_a_trial_leaves_on_what_was_on_before(window: Window) -> None:
    _, text = await window.send("/services/cases/try", case=PAID)
    work = re.search(r'name="work" value="([^"]+)"', text)
    assert work is not None
    await window.send("/services/cases/untry", work=work[1])
    assert (await window.see("/services/money"))[0] == 200


async def test_a_service_from_outside_is_named_with_its_command_and_looked_for(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"name": "ベンチを数える", "place": "となり町", "problem": "足りない", "text": "数えた"}
    _, text = await window.send(
        "/services/cases/add", field="welfare", stage="", size="other", service="", outside="bench_count", **told
    )
    assert "pip install …/bench_count" in text
    key = re.search(r'name="case" value="(\w+)"', text)
    assert key is not None
    assert "まだ見つかりません" in (await window.see(f"/services/cases?case={key[1]}&check=yes"))[1]
    create("bench_count", tmp_path, tmp_path / "outside")
    info = tmp_path / "outside/src/machinami_bench_count-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: machinami-bench-count\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[machinami.services]\nbench_count = bench_count\n")
    monkeypatch.syspath_prepend(str(tmp_path / "outside/src"))
    assert "bench_count" in findable()
    assert "起動し直すと" in (await window.see(f"/services/cases?case={key[1]}&check=yes"))[1]


@pytest_asyncio.fixture
async def crowd(tmp_path: Path) -> AsyncIterator[Crowd]:
    async with inhabited(tmp_path, Inhabited) as found:
        yield found


async def test_officers_turn_services_and_residents_only_see_which_are_off(crowd: Crowd) -> None:
    form = {**SIGNED, "service": "flood", "state": "off"}
    for who in ("nobody", "resident", "operator"):
        assert (await crowd.ask(who, "POST", "/services", form=form)).refused
        assert "この町で止める" not in (await crowd.ask(who, "GET", "/services")).text
    assert "この町で止める" in (await crowd.ask("officer", "GET", "/services")).text
    assert (await crowd.ask("officer", "POST", "/services", form=form)).status == 303
    seen = (await crowd.ask("resident", "GET", "/services")).text
    assert ("止めているサービス" in seen, "山田花子" in seen) == (True, False)
    assert (await crowd.ask("resident", "GET", "/services/flood")).status == 404
    answer = await crowd.ask("resident", "GET", "/services/flood/cap", Accept="application/json")
    assert answer.status == 404
