"""What do the pages of a protected town show, and to whom? And can its services still work?"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import pytest
from tests.policy.inhabited import CASE, GAUGE, MARK, sow
from tests.policy.towns import PEOPLE, identify, row

from machinami.app.running import TownOS
from machinami.broker import legal_records
from machinami.broker.audit import Search
from machinami.foundation.settings import Settings
from machinami.kit.http import Request
from machinami.kit.installed import Broken, Service, load
from machinami.model.principal import Principal
from machinami.model.town_terms import TERMS

CLOSED = "This is not open to you"
FILLED = {"{type}": "RiverGauge", "{id}": GAUGE, "{rest:path}": "nowhere", "{name:path}": "x", "{alert}": "1"}


class KnownTown(TownOS):
    """An installation in which a header says who asks."""

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """The flood service, wherever this runs."""
        return [load("machinami.services.flood")], []

    def identify(self, request: Request) -> Principal:
        """Who the header says."""
        return identify(request)


@contextlib.asynccontextmanager
async def town_of(folder: Path) -> AsyncIterator[tuple[KnownTown, aiohttp.ClientSession]]:
    """A protected installation with pages, services, and entities that bear a mark."""
    town = KnownTown(Settings(folder, port=0), "test")
    serving = await town.start()
    await town.broker.protect()
    try:
        await sow(town)
        async with aiohttp.ClientSession(serving.url, headers={"Accept": "text/html"}) as session:
            yield town, session
    finally:
        await town.stop()


@pytest.mark.parametrize("who", ["nobody", "operator"])
async def test_no_page_shows_anything_to_who_has_no_row(tmp_path: Path, who: str) -> None:
    async with town_of(tmp_path) as (town, session):
        seen = set()
        for route in town.routes:
            path = route.path
            for part, text in FILLED.items():
                path = path.replace(part, text)
            if route.method == "GET" and "{" not in path:
                async with session.get(path, headers={"x-who": who}) as answer:
                    text = (await answer.read()).decode("utf-8", "replace")
                    seen.add(answer.status)
                assert MARK not in text, path
                assert answer.status < 500, (path, text)
        assert {200, 401 if who == "nobody" else 403} <= seen


async def test_pages_show_to_each_what_they_may_see(tmp_path: Path) -> None:
    async with town_of(tmp_path) as (_, session):

        async def shown(who: str, path: str) -> tuple[int, bool]:
            async with session.get(path, headers={"x-who": who}) as answer:
                return answer.status, MARK in await answer.text()

        assert await shown("resident", f"/data/RiverGauge/{GAUGE}") == (200, True)
        assert (await shown("resident", f"/data/Case/{CASE}"))[0] == 404
        assert await shown("officer", f"/data/Case/{CASE}") == (200, True)
        assert await shown("resident", "/map") == (200, True)
        assert await shown("resident", "/services/flood") == (200, True)


async def test_who_may_not_see_what_the_town_tells_is_not_told_that_all_is_calm(tmp_path: Path) -> None:
    async with town_of(tmp_path) as (town, session):

        async def home(who: str) -> str:
            async with session.get("/", headers={"x-who": who}) as answer:
                assert answer.status == 200
                return await answer.text()

        closed = "まだ一般に公開されていません"
        assert closed in await home("nobody")
        assert "川や雨のデータは、まだ届いていません" not in await home("nobody")
        assert closed not in await home("resident")
        house = await town.broker.town(None)
        kept = [one for one in house.policy.kept or () if one.id != "open-levels"]
        house.policy.set_rows([*kept, row("open-levels", "everyone", ["read"], types=[TERMS["RiverGauge"]])])
        levels_alone = await home("nobody")
        assert closed in levels_alone
        assert "避難の呼びかけはありません" not in levels_alone
        more = row("open-told", "everyone", ["read"], types=[TERMS[name] for name in ("Alert", "FloodMonitoring")])
        house.policy.set_rows([*(house.policy.kept or ()), more])
        assert closed not in await home("nobody")


async def test_pages_say_what_is_not_open_in_place_of_a_false_none(tmp_path: Path) -> None:
    async with town_of(tmp_path) as (town, session):

        async def page(path: str) -> str:
            async with session.get(f"{path}?lang=en") as answer:
                assert answer.status == 200, path
                return await answer.text()

        house = await town.broker.town(None)
        gauges = row("gauges", "everyone", ["read"], types=[TERMS["RiverGauge"]])
        house.policy.set_rows([*(house.policy.kept or ()), gauges])
        flood = await page("/services/flood")
        assert MARK in flood
        assert "published nothing" not in flood  # alerts are not open
        assert "No data have arrived" not in flood  # nor is the state of the gauge
        assert CLOSED in flood
        async with session.get("/services/flood/cap") as answer:
            assert answer.status == 401  # an empty feed would say that nothing was published
        shown = await page("/map")
        assert MARK in shown
        assert CLOSED in shown  # the shelters
        for path in ("/data", "/data/RiverGauge", "/datamap"):
            assert ("only what is open to you" in await page(path)) == (path != "/data/RiverGauge"), path
        shelters = await page("/data/Shelter")
        assert "Nothing matches" not in shelters
        assert CLOSED in shelters
        alerts = row("alerts", "everyone", ["read"], types=[TERMS["Alert"]])
        house.policy.set_rows([*(one for one in house.policy.kept or () if one.id != "gauges"), alerts])
        home = await page("/")
        assert "There is no call to evacuate now" in home
        assert "River levels are not open to you" in home
        assert "No water level gauge is connected" not in home
        assert "published nothing" in await page("/services/flood")
        assert "<feed" in await page("/services/flood/cap")


async def test_what_the_law_keeps_is_not_said_to_be_none(tmp_path: Path) -> None:
    async with town_of(tmp_path) as (town, session):

        async def shelters() -> str:
            async with session.get("/data/Shelter?lang=en", headers={"x-who": "resident"}) as answer:
                return await answer.text()

        assert CLOSED not in await shelters()
        house = await town.broker.town(None)
        await legal_records.mark_personal(house, [TERMS["Shelter"]], PEOPLE["administrator"])
        hidden = await shelters()
        assert MARK not in hidden
        assert CLOSED in hidden
        told = "/policy/explanation?who=everyone&what=Shelter&lang=en"
        async with session.get(told, headers={"x-who": "administrator"}) as answer:
            assert "Marked as personal" in await answer.text()


async def test_a_stranger_in_a_fresh_town_is_told_what_it_is_and_how_to_come_in(tmp_path: Path) -> None:
    async with town_of(tmp_path) as (_, session):
        for path in ("/", "/map", "/data", "/data/RiverGauge", "/datamap", "/services", "/services/flood", "/help"):
            async with session.get(f"{path}?lang=en") as answer:
                text = await answer.text()
            assert "This is the city OS Machinami" in text, path
            assert "/sign-in" in text, path
        async with session.get("/?lang=en", headers={"x-who": "administrator"}) as answer:
            assert "Residents see nothing yet" in await answer.text()
        async with session.get("/?lang=en", headers={"x-who": "officer"}) as answer:
            assert "Residents see nothing yet" not in await answer.text()


SETTING = {"setting": "silent_minutes", "value": "30", "reason": "night", "who": "Mayor", "role": "mayor"}


async def test_the_settings_of_a_service_are_changed_only_by_who_may_change_what_it_writes(tmp_path: Path) -> None:
    async with town_of(tmp_path) as (town, session):
        house = await town.broker.town(None)
        narrow = row("narrow", "program:urn:program:gauge", ["change"], types=[TERMS["FloodDecision"]])
        house.policy.set_rows([*(house.policy.kept or ()), narrow])
        done = {}
        for who in PEOPLE:
            async with session.post("/services/flood/settings", data=SETTING, headers={"x-who": who}) as answer:
                done[who] = answer.status
            kept = await house.store.records("settings")
            assert bool(kept) == (who in ("officer", "department-head", "administrator")), (who, done)
            for name in kept:
                await house.store.transact(lambda tx, name=name: tx.delete_record("settings", name))
        trail = await town.broker.audit(house).search(Search(did="administer"), 10, PEOPLE["administrator"])
        told = [(one["who"], one["for"], one["what"]) for one in trail.entries if "what" in one]
        assert ("urn:person:officer", "Mayor (mayor)", "set flood: silent_minutes") in told


async def test_a_service_does_its_work_by_its_manifest(tmp_path: Path) -> None:
    async with town_of(tmp_path) as (town, _):
        house = await town.broker.town(None)
        for one in town.houses:
            await one.service.refresh(one.city, house.clock())
        types = {summary.type for summary in await house.store.types()}
        assert TERMS["FloodMonitoring"] in types
