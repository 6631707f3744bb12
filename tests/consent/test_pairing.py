"""How is somebody matched who is known in two towns? By a code that they carry, where both know them surely enough."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio
from tests.running import Running, running

from machinami.broker.audit import Search
from machinami.broker.pairing import PAIRED
from machinami.broker.town import Town
from machinami.kit.http import Request
from machinami.model.principal import ANONYMOUS, Principal, Role
from machinami.wire.exchange import HttpCaller

RULER = Principal("urn:person:administrator", frozenset({Role.ADMINISTRATOR}), None, None, 3, 3)
NEEDED = {"identity": 2, "authentication": 2}


@dataclass
class Side:
    """One of the two towns. people: how surely each of its people is known, by the name that they are called here."""

    running: Running
    session: aiohttp.ClientSession
    people: dict[str, tuple[int, int]]

    async def ask(self, who: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """What somebody is answered."""
        data = None if body is None else orjson.dumps(body)
        fields = {"x-who": who, "Content-Type": "application/json"}
        async with self.session.request(method, path, data=data, headers=fields) as answer:
            return answer.status, await answer.json()

    async def town(self) -> Town:
        """The town."""
        return await self.running.broker.town(None)

    async def noted(self) -> list[str]:
        """What its record says of pairs, the first thing first."""
        town = await self.town()
        found = await self.running.broker.audit(town).search(Search(), 100, RULER)
        return [one["what"] for one in reversed(found.entries) if "pair" in one.get("what", "")]


@contextlib.asynccontextmanager
async def side(folder: Path, own: str, other: str, people: dict[str, tuple[int, int]]) -> AsyncIterator[Side]:
    """A protected town whose people are known so surely, and which knows the other one by its key."""

    def identify(request: Request) -> Principal:
        if request.header(b"authorization") == f"Bearer key of {other}":
            return Principal(f"urn:program:{other}", frozenset({Role.NEIGHBOUR}), None, None, 2, 2, frozenset({"read"}))
        who = request.header(b"x-who")
        if who == "administrator":
            return RULER
        if who in people:
            return Principal(f"urn:person:{own}:{who}", frozenset({Role.RESIDENT}), None, None, *people[who])
        return ANONYMOUS

    caller = HttpCaller()
    async with running(folder, caller=caller, alias=own, identify=identify) as found:
        await found.broker.protect()
        async with aiohttp.ClientSession(f"http://127.0.0.1:{found.serving.port}") as session:
            yield Side(found, session, people)
    await caller.close()


@pytest_asyncio.fixture
async def towns(tmp_path: Path) -> AsyncIterator[tuple[Side, Side]]:
    async with (
        side(tmp_path / "a", "a", "b", {"hana": (2, 2), "weak": (1, 2), "once": (2, 2)}) as a,
        side(tmp_path / "b", "b", "a", {"flower": (2, 2), "weak": (1, 2), "mallory": (3, 3)}) as b,
    ):
        for here, there, own, other in ((a, b, "a", "b"), (b, a, "b", "a")):
            peer: dict[str, Any] = {
                "id": f"urn:program:{other}",
                "address": there.running.serving.url,
                "needed": NEEDED,
            }
            told = await here.ask(
                "administrator", "POST", "/pairs/peers", {**peer, "credential": f"Bearer key of {own}"}
            )
            assert told[0] == 201, told
        yield a, b


async def code(b: Side, who: str = "flower") -> str:
    """A code that somebody takes out in the second town, for the first."""
    status, told = await b.ask(who, "POST", "/pairs/codes", {"peer": "urn:program:a"})
    assert status == 201, told
    return str(told["code"])


async def test_somebody_known_in_both_towns_is_one_pair_and_neither_learns_the_others_id(
    towns: tuple[Side, Side],
) -> None:
    a, b = towns
    status, made = await a.ask("hana", "POST", "/pairs", {"peer": "urn:program:b", "code": await code(b)})
    assert status == 201, made
    assert made["there"] == NEEDED
    _, here = await a.ask("hana", "GET", "/pairs")
    _, there = await b.ask("flower", "GET", "/pairs")
    assert [one["pair"] for one in here] == [one["pair"] for one in there] == [made["pair"]]
    assert "flower" not in orjson.dumps(made).decode()
    assert (await b.ask("mallory", "GET", "/pairs"))[1] == []
    for one, pair in ((a, here), (b, there)):
        kept = await (await one.town()).store.records(PAIRED)
        assert list(kept) == [pair[0]["pair"]]
        assert b"urn:person" not in orjson.dumps(kept)
    assert [what.split(":")[0] for what in await a.noted()][1:] == ["was paired with urn"]
    assert any(what.startswith("paired somebody") for what in await b.noted())


async def test_a_code_counts_once_and_for_ten_minutes_and_for_one_town(towns: tuple[Side, Side]) -> None:
    a, b = towns
    issued = await code(b)
    assert (await a.ask("hana", "POST", "/pairs", {"peer": "urn:program:b", "code": issued}))[0] == 201
    assert (await a.ask("once", "POST", "/pairs", {"peer": "urn:program:b", "code": issued}))[0] == 403
    assert (await a.ask("hana", "POST", "/pairs", {"peer": "urn:program:b", "code": "guess"}))[0] == 403
    assert (await b.ask("flower", "POST", "/pairs/codes", {"peer": "urn:program:c"}))[0] == 404
    assert (await b.ask("mallory", "POST", "/pairs/redemption", {"code": await code(b)}))[0] == 403


@pytest.mark.parametrize(("here", "there"), [("weak", "flower"), ("hana", "weak")])
async def test_nobody_is_paired_who_is_not_known_surely_enough_on_both_sides(
    towns: tuple[Side, Side], here: str, there: str
) -> None:
    a, b = towns
    status, told = await b.ask(there, "POST", "/pairs/codes", {"peer": "urn:program:a"})
    if there == "weak":
        assert status == 401, told
        assert told["identityAssurance"] == 2
        return
    status, told = await a.ask(here, "POST", "/pairs", {"peer": "urn:program:b", "code": told["code"]})
    assert status == 401
    assert (await b.ask(there, "GET", "/pairs"))[1] == []


async def test_each_town_holds_the_other_to_its_own_demands(towns: tuple[Side, Side]) -> None:
    a, b = towns
    peer = {"id": "urn:program:a", "address": a.running.serving.url, "credential": "Bearer key of b"}
    await b.ask("administrator", "POST", "/pairs/peers", {**peer, "needed": {"identity": 3, "authentication": 2}})
    issued = await code(b, "mallory")
    status, told = await a.ask("hana", "POST", "/pairs", {"peer": "urn:program:b", "code": issued})
    assert status == 403
    assert "level 3" in told["detail"]
    assert (await b.ask("mallory", "GET", "/pairs"))[1] == []


@pytest.mark.parametrize("ends", ["here", "there"])
async def test_either_side_ends_it_for_both(towns: tuple[Side, Side], ends: str) -> None:
    a, b = towns
    _, made = await a.ask("hana", "POST", "/pairs", {"peer": "urn:program:b", "code": await code(b)})
    one, who = (a, "hana") if ends == "here" else (b, "flower")
    assert (await one.ask(who, "DELETE", f"/pairs/{made['pair']}"))[0] == 200
    for town, person in ((a, "hana"), (b, "flower")):
        _, pairs = await town.ask(person, "GET", "/pairs")
        assert ["ended" in pair for pair in pairs] == [True]
        assert any(what.startswith("ended the pair") for what in await town.noted())
    assert (await one.ask("weak", "DELETE", f"/pairs/{made['pair']}"))[0] == 404


async def test_who_is_erased_is_paired_no_more(towns: tuple[Side, Side]) -> None:
    a, b = towns
    await a.ask("hana", "POST", "/pairs", {"peer": "urn:program:b", "code": await code(b)})
    status, account = await a.ask("hana", "POST", "/erasures", {})
    assert status == 201, account
    assert account["keys"]["destroyed"] == 1
    assert (await a.ask("hana", "GET", "/pairs"))[1] == []
