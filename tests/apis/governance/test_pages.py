"""Does an officer who is no engineer find out what is open, open it, and undo it? In every language."""

import json
import re
from html import unescape
from pathlib import Path

import aiohttp
import pytest
from tests.policy.inhabited import MARK, SHELTER
from tests.policy.test_pages import town_of

from machinami.kit.words import LANGUAGES, differences

ADMINISTRATOR = {"x-who": "administrator"}
CHOSEN = "/policy/open?type=Shelter&look=1&extent=some&a.name=on"
_ROW = re.compile(r'name="row" value="([^"]*)"')


async def shown(session: aiohttp.ClientSession, path: str, who: str = "administrator", language: str = "en") -> str:
    """A page as somebody sees it."""
    mark = "&" if "?" in path else "?"
    async with session.get(f"{path}{mark}lang={language}", headers={"x-who": who}) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def sent(session: aiohttp.ClientSession, path: str, form: dict[str, str]) -> tuple[int, str]:
    """What a form is answered; where it leads on, that page."""
    async with session.post(path, data=form, headers=ADMINISTRATOR) as answer:
        return answer.status, await answer.text()


def carried(page: str) -> str:
    """The row that the form of a page carries."""
    found = _ROW.search(page)
    assert found is not None
    return unescape(found.group(1))


def test_the_texts_agree_in_every_language() -> None:
    assert differences("machinami.apis.governance") == []


async def test_data_are_opened_after_they_were_looked_at_and_withdrawn_again(tmp_path: Path) -> None:
    async with town_of(tmp_path) as (_, session):
        assert "Nothing is open to everyone yet" in await shown(session, "/policy")
        page = await shown(session, CHOSEN)
        assert "1 entry will be seen" in page
        assert MARK in page
        assert "1.25" not in page  # an attribute that was not chosen
        async with session.get(f"/data/Shelter/{SHELTER}") as answer:
            assert answer.status == 401
        status, page = await sent(session, "/policy/rows", {"row": carried(page)})
        assert status == 200
        assert "Everyone may see shelters. Of it only: name." in await shown(session, "/policy")
        stranger = await shown(session, f"/data/Shelter/{SHELTER}", "nobody")
        assert MARK in stranger
        assert "1.25" not in stranger
        assert "Only a part of this is open to you" in stranger
        _, page = await sent(session, "/policy/withdrawal", {"row": "open-Shelter"})
        async with session.get(f"/data/Shelter/{SHELTER}") as answer:
            assert answer.status == 401
        page = await shown(session, "/policy")
        assert "withdrawn by" in page
        again = json.loads(carried(page[page.index("Who changed what") :]))
        assert again["id"] == "open-Shelter"
        assert (await sent(session, "/policy/rows", {"row": json.dumps(again)}))[0] == 200
        assert MARK in await shown(session, f"/data/Shelter/{SHELTER}", "nobody")


async def test_personal_data_are_not_opened_before_somebody_made_sure(tmp_path: Path) -> None:
    async with town_of(tmp_path) as (_, session):
        await sent(session, "/policy/personal", {"m.name": "on"})
        page = await shown(session, CHOSEN)
        assert "marked as personal: Name" in page
        status, page = await sent(session, "/policy/rows", {"row": carried(page)})
        assert status == 422
        assert 'name="sure"' in page
        assert (await sent(session, "/policy/rows", {"row": carried(page), "sure": "yes"}))[0] == 200
        assert "Everyone may see shelters. Of it only: name." in await shown(session, "/policy")
        stranger = await shown(session, f"/data/Shelter/{SHELTER}", "nobody")
        assert MARK not in stranger  # what is marked is still kept by the law
        assert "Only a part of this is open to you" in stranger


async def test_what_is_usually_opened_is_shown_first_and_opened_as_it_was_chosen(tmp_path: Path) -> None:
    async with town_of(tmp_path) as (town, session):
        page = await shown(session, "/policy/usual")
        assert "Everyone may see shelters. Of it only: name, place, capacity, simulated, state, opened at" in page
        house = await town.broker.town(None)
        assert all(row.id != "open-shelters" for row in house.policy.kept or ())
        assert (await sent(session, "/policy/usual", {}))[0] == 422
        await sent(session, "/policy/usual", {"open-shelters": "on", "open-alerts": "on", "not-there": "on"})
        opened = {row.id for row in house.policy.kept or () if row.whom == "everyone"}
        assert opened == {"open-shelters", "open-alerts"}


async def test_a_row_that_repeats_another_is_said_to(tmp_path: Path) -> None:
    async with town_of(tmp_path) as (_, session):
        page = await shown(session, "/policy/new?look=1&who=role:resident&type=Shelter&d.read=on&id=twice")
        assert "resident-reads" in page
        await sent(session, "/policy/rows", {"row": carried(page)})
        assert "This row changes nothing: “resident-reads” allows it already." in await shown(session, "/policy")


async def test_a_row_in_full_is_put_together_from_what_was_typed(tmp_path: Path) -> None:
    async with town_of(tmp_path) as (_, session):
        query = "who=role:officer&type=Case&d.read=on&d.change=on&attributes=name,+waterLevel&scope=/North/%23"
        query += "&area=%7B%22type%22:%22Polygon%22,%22coordinates%22:[[[0,0],[1,0],[1,1],[0,0]]]%7D&authentication=2"
        row = json.loads(carried(await shown(session, f"/policy/new?look=1&{query}&purpose=care")))
        assert row["deeds"] == ["change", "read"]
        assert row["scopes"] == ["/North/#"]
        assert (row["area"]["type"], row["purpose"], row["authenticationAssurance"]) == ("Polygon", "care", 2)
        assert [name.rpartition("/")[2] for name in row["attributes"]] == ["name", "waterLevel"]


@pytest.mark.parametrize("row", ["nonsense", "[]", '{"id": "x", "who": "role:operator", "deeds": ["read"]}'])
async def test_a_row_that_cannot_be_is_refused_on_the_page(tmp_path: Path, row: str) -> None:
    async with town_of(tmp_path) as (_, session):
        status, page = await sent(session, "/policy/rows", {"row": row})
        assert status == 422
        assert 'role="alert"' in page


async def test_it_is_explained_in_sentences_and_judged_by_place(tmp_path: Path) -> None:
    async with town_of(tmp_path) as (_, session):
        area = {"type": "Polygon", "coordinates": [[[138, 35], [139, 35], [139, 36], [138, 36], [138, 35]]]}
        row = {"id": "here", "who": "everyone", "deeds": ["read"], "types": ["Place"], "area": area}
        async with session.post("/governance/policy/rows", json=row, headers=ADMINISTRATOR) as answer:
            assert answer.status == 201
            assert (await answer.json())["remarks"] == {"nothingThere": ["Place"]}
        asked = "/policy/explanation?who=everyone&what=Place"
        assert "Allowed in part" in await shown(session, asked)
        assert "Allowed in part" not in await shown(session, f"{asked}&location=138.5,35.5")
        assert "It is for another area." in await shown(session, f"{asked}&location=10,10")
        by_id = await shown(session, f"/policy/explanation?who=role:resident&what={SHELTER}")
        assert "resident-reads" in by_id


async def test_the_record_is_searched_taken_out_and_verified(tmp_path: Path) -> None:
    async with town_of(tmp_path) as (_, session):
        await session.delete(f"/ngsi-ld/v1/entities/{SHELTER}", headers={"x-who": "resident"})
        page = await shown(session, "/audit?outcome=refused")
        assert "urn:person:resident was refused to" in page
        page = await shown(session, f"/audit?what={SHELTER}&did=create")
        assert "created shelters" in page
        assert "created shelters" in await shown(session, "/audit?what=Shelters")
        assert "looked at this record" in await shown(session, "/audit?did=read")
        assert "There is nothing like that" in await shown(session, "/audit?who=nobody-known")
        lines = (await shown(session, "/audit/entries.jsonl?did=create")).splitlines()
        assert {json.loads(line)["did"] for line in lines} == {"create"}
        table = await shown(session, "/audit/entries.csv?did=create")
        assert len(table.splitlines()) == len(lines) + 1
        page = await shown(session, "/audit/verification")
        head = re.search(r"<code>(\d+:[0-9a-f]{64})</code>", page)
        assert head is not None
        status, page = await sent(session, "/audit/verification", {"head": head.group(1)})
        assert (status, "改ざんはありません" in page) == (200, True)
        wrong = head.group(1)[:-6] + "abcdef"
        assert "記録が書かれたとおりではありません" in (await sent(session, "/audit/verification", {"head": wrong}))[1]
        assert (await sent(session, "/audit/verification", {"head": "7:short"}))[0] == 422


async def test_older_entries_are_reached_page_by_page(tmp_path: Path) -> None:
    async with town_of(tmp_path) as (_, session):
        seen: list[str] = []
        before = ""
        for _ in range(20):
            query = f"limit=2&did=create{before}"
            async with session.get(f"/governance/audit/entries?{query}", headers=ADMINISTRATOR) as answer:
                told = await answer.json()
            seen += [entry["entity"] for entry in told["entries"]]
            if told["before"] is None:
                break
            before = f"&before={told['before']}"
        assert len(seen) == len(set(seen))
        assert SHELTER in seen


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_is_there_in_every_language(tmp_path: Path, language: str) -> None:
    async with town_of(tmp_path) as (_, session):
        await sent(session, "/policy/usual", {"open-shelters": "on"})
        await sent(session, "/policy/withdrawal", {"row": "open-shelters"})
        await session.delete(f"/ngsi-ld/v1/entities/{SHELTER}", headers={"x-who": "resident"})
        for path in (
            "/policy", "/policy/open", CHOSEN, "/policy/usual", "/policy/new", "/policy/personal", "/audit",
            "/policy/explanation?who=everyone&what=Shelter", "/audit/own", "/audit/verification",
        ):  # fmt: skip
            page = await shown(session, path, language=language)
            assert "<h1>" in page
            assert "|" not in re.sub(r"<title>.*?</title>|<script.*?</script>", "", page, flags=re.DOTALL), path
