"""What is at hand for who asks again and again is theirs only as long as nothing that it follows from has changed.

Each question comes several times before, so that whatever may be kept of it is kept.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest_asyncio
from tests.knowing import Known, known
from tests.policy.towns import DEFAULT, Protected, protected, row

from machinami.broker.audit import Search
from machinami.broker.legal_records import drop_mark, put_mark
from machinami.kit.forms import SESSION
from machinami.model.legal import LegalClass, Mark
from machinami.model.principal import Principal, Role

RIVER, GAUGE = DEFAULT + "River", "urn:ngsi-ld:River:1"
ASKED = {
    "an entity": f"/entities/{GAUGE}",
    "a page": "/entities?type=River",
    "the past of an entity": f"/temporal/entities/{GAUGE}?attrs=level&options=temporalValues",
    "the past, instance by instance": f"/temporal/entities/{GAUGE}?attrs=level",
    "the past of a page": "/temporal/entities?type=River&attrs=level&timerel=after&timeAt=2020-01-01T00:00:00Z",
}
OFFICER = Role.OFFICER.value
WALK = Mark(LegalClass.PERSONAL, DEFAULT + "Walk", DEFAULT + "steps", DEFAULT + "walker")
CHIEF = Principal("urn:person:chief", frozenset({Role.ADMINISTRATOR}), None, None, 2, 2)


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[Protected]:
    rows = [
        row("all rivers", f"role:{OFFICER}", ["read", "create", "change"], types=["River"]),
        row("administration", f"role:{Role.ADMINISTRATOR}", ["administer"]),
    ]
    async with protected(tmp_path) as found:
        house = await found.town.broker.town(None)
        house.policy.set_rows(rows)
        await put_mark(house, WALK, CHIEF)
        made: dict[str, object] = {"id": GAUGE, "type": "River"}
        for level in (1, 2, 3):
            made["level"] = {"type": "Property", "value": level, "observedAt": f"2026-07-0{level}T00:00:00Z"}
            said = await found.ask(OFFICER, "POST", "/entityOperations/upsert", [made])
            assert said.status in (201, 204), said.text
        yield found


async def given(town: Protected, who: str = OFFICER) -> dict[str, bool]:
    """By which question who asks is given the level, each asked thrice with one answer."""
    found = {}
    for name, path in ASKED.items():
        told = {'"level"' in (await town.ask(who, "GET", path)).text for _ in range(3)}
        assert len(told) == 1, name
        found[name] = told.pop()
    return found


def all_of(answer: bool) -> dict[str, bool]:
    return dict.fromkeys(ASKED, answer)


async def test_a_row_that_is_taken_away_is_gone_for_who_asked_before(town: Protected) -> None:
    house = await town.town.broker.town(None)
    assert await given(town) == all_of(True)
    rows = house.policy.kept
    house.policy.set_rows([row("another type", f"role:{OFFICER}", ["read"], types=["Street"])])
    assert await given(town) == all_of(False)
    house.policy.set_rows(rows)
    assert await given(town) == all_of(True)
    house.policy.set_rows([row("a part", f"role:{OFFICER}", ["read"], types=["River"], attributes=["name"])])
    assert await given(town) == all_of(False)


async def test_what_is_marked_is_kept_from_who_read_it_before(town: Protected) -> None:
    house = await town.town.broker.town(None)
    for mark in (Mark(LegalClass.PERSONAL, RIVER), Mark(LegalClass.PERSONAL, "", DEFAULT + "level")):
        assert await given(town) == all_of(True)
        await put_mark(house, mark, CHIEF)
        assert await given(town) == all_of(False)
        await drop_mark(house, mark.id, "it was a mistake", CHIEF)
    assert await given(town) == all_of(True)


async def test_past_values_with_the_name_of_something_personal_are_accounted_for(town: Protected) -> None:
    house = await town.town.broker.town(None)
    await put_mark(house, replace(WALK, attribute=DEFAULT + "level"), CHIEF)
    for asked in (1, 2):
        assert '"level"' in (await town.ask(OFFICER, "GET", ASKED["the past of an entity"])).text
        trail = await town.town.broker.audit(house).search(Search(what=GAUGE, did="read"), 10, CHIEF)
        assert [one["attributes"] for one in trail.entries] == [[DEFAULT + "level"]] * asked


@pytest_asyncio.fixture
async def inhabited(tmp_path: Path) -> AsyncIterator[Known]:
    async with known(tmp_path) as found:
        yield found


async def test_a_session_that_has_ended_opens_nothing_on_the_connection_that_showed_it(inhabited: Known) -> None:
    async with inhabited.visitor() as first:
        await first.become_first()
        cookie = next(one.value for one in first.session.cookie_jar if one.key == SESSION)
        fields, jar = {"Cookie": f"{SESSION}={cookie}"}, aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(inhabited.url, headers=fields, cookie_jar=jar) as program:

            async def asked() -> list[int]:
                found = []
                for _ in range(3):
                    async with program.get("/ngsi-ld/v1/entities?type=River") as answer:
                        found.append(answer.status)
                return found

            assert await asked() == [200] * 3
            await first.fill("/account", {}, "/sign-out")
            assert await asked() == [401] * 3


async def test_a_key_that_is_bound_to_an_address_is_asked_from_where_each_time(inhabited: Known) -> None:
    async with inhabited.visitor() as first:
        await first.become_first()
        keys = {}
        for addresses in ([], ["127.0.0.1"], ["10.0.0.0/8"]):
            wanted = {"name": "a map", "roles": [OFFICER], "addresses": addresses}
            async with first.session.post("/identity/keys", json=wanted) as answer:
                assert answer.status == 201
                keys[tuple(addresses)] = (await answer.json())["secret"]
        for addresses, secret in keys.items():
            fields = {"Authorization": f"Bearer {secret}"}
            async with aiohttp.ClientSession(inhabited.url, headers=fields) as program:
                for _ in range(3):
                    async with program.get("/ngsi-ld/v1/entities?type=River") as answer:
                        assert answer.status == (401 if "10.0.0.0/8" in addresses else 200)
