"""What does a stranger find in a protected town, who asks everything that can be asked? Nothing."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import aiohttp
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.apis.ngsild.tenants import DRIVERS, ROOT, SHARED_CONTEXT, Ask, Tenant
from tests.fakes.neighbours import FakeNeighbours
from tests.policy.inhabited import CASE, FAULT, GAUGE, MARK, SHELTER, inhabited
from tests.policy.test_routes import FORMS, OURS
from tests.policy.towns import identify
from tests.running import Running, running
from yarl import URL

from machinami.wire.exchange import Answer

# words, not data: notifications name their addresses to receivers, who must be able to read them
OPEN = {("GET", "/jsonldContexts/{id}"), ("GET", "/info/sourceIdentity")}
HANDED_IN = ("Proposal", "ProposalComment", "ParticipationStep")  # what anybody may bring to a town's reception
ROUNDS = 3
ROUNDS_OF_PAGES = 6


def stranger(seed: int, owner: Tenant) -> Tenant:
    """Somebody who knows every id that there is, and the addresses of what others left."""
    known = lambda: owner.maps[-1] if owner.maps else None  # noqa: E731
    found = Tenant("stranger", Random(seed), lambda: None, known)
    found.instances = owner.instances
    return found


async def settle(town: Running, owner: Tenant, session: aiohttp.ClientSession) -> None:
    """The administrator does everything that can be done, so that there is everything that could be found."""
    order = sorted(route for route in DRIVERS if route[0] != "DELETE")
    for _ in range(2):
        owner.random.shuffle(order)
        for route in [each for one in order for each in (("POST", "/entityOperations/upsert"), one)]:
            ask = owner.speak(DRIVERS[route](owner))
            async with session.request(route[0], ask.target, **_said(ask, "administrator")) as answer:
                text = (await answer.read()).decode()
                mapped = answer.headers.get("NGSILD-EntityMap", "").rpartition("/")[2]
            owner.maps += [mapped] if mapped else []
            for row in orjson.loads(text) if text.startswith("[") else []:
                if isinstance(row, dict):
                    for name, bodies in row.items():
                        for body in bodies if isinstance(bodies, list) else ():
                            if isinstance(body, dict) and "instanceId" in body:
                                owner.instances.append((row["id"], name, body["instanceId"]))


def _said(ask: Ask, who: str) -> dict[str, object]:
    body = None if ask.body is None else orjson.dumps(ask.body)
    headers: Mapping[str, str] = {**({"Content-Type": "application/json"} if body else {}), **ask.headers}
    plain = {name: value for name, value in headers.items() if name != "NGSILD-Tenant"}
    return {"data": body, "headers": {**plain, "x-who": who}}


async def intrude(seed: int, who: str, lane: bool, folder: Path) -> None:
    """A stranger asks everything, in an order of their own, with what is known of it and with what is not."""
    neighbours = FakeNeighbours()
    async with running(folder, lane, caller=neighbours, identify=identify) as town:
        await town.broker.protect()
        owner = Tenant("default", Random(seed), lambda: None, lambda: None)
        town.wire.documents |= {SHARED_CONTEXT: {"@context": {}}, owner.words: owner.context()}
        neighbours.answers[f"http://{owner.mark}.test"] = lambda call: Answer(200, {}, b"[]")
        url = f"http://127.0.0.1:{town.serving.port}"
        async with aiohttp.ClientSession(url, cookie_jar=aiohttp.DummyCookieJar()) as session:
            await settle(town, owner, session)
            store = (await town.broker.town(None)).store
            thief = stranger(seed, owner)
            town.wire.documents[thief.words] = thief.context()
            before, asked, towns = store.last_seq, len(neighbours.calls), len(town.broker.towns)
            for _ in range(ROUNDS):
                order = sorted(DRIVERS)
                thief.random.shuffle(order)
                for route in order:
                    ask = thief.speak(DRIVERS[route](thief))
                    async with session.request(route[0], ask.target, **_said(ask, who)) as answer:
                        text = (await answer.read()).decode() + repr(answer.headers)
                    assert answer.status < 500 or answer.status == 504, (route, ask, text)
                    if route not in OPEN:
                        assert owner.mark not in text, (route, ask, text)
                        assert answer.status >= 400, (route, ask, text)
            assert (store.last_seq, len(town.broker.towns)) == (before, towns)
            assert len(neighbours.calls) == asked
            assert all(thief.mark not in sent.uri for sent in town.wire.sent)


@pytest.mark.parametrize("who", ["nobody", "operator", "service"])
@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.integers(0, 2**16), st.booleans())
def test_who_has_no_row_finds_nothing_and_leaves_no_trace(who: str, seed: int, lane: bool) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(intrude(seed, who, lane, Path(folder)))


# What is known, or could be guessed, and what leads astray.
PIECES = (
    GAUGE, CASE, SHELTER, "RiverGauge", "Case", "urn:type:Case", "https://w3id.org/machinami/RiverGauge", "name", "x",
    "", "..", "..%2f..%2fmachinami.toml", "%2e%2e%5cidentity.key", "%00", "*", ".*", "%0d%0aset-cookie:%20a=1",
    "0", "css/machinami.css", "default", "town.geojson", "vendor%2f..%2f..%2f..%2fcity.py", "1" * 3_000, "%F0%9F%8F%98",
)  # fmt: skip
NAMES = ("q", "type", "id", "attrs", "attribute", "instance", "offset", "span", "view", "next", "lang", "code", "done",
         "theme", "v", "options", "path", "operation", "level", "state", "search")  # fmt: skip
SHOWN = ({}, {"NGSILD_Tenant": "default"}, {"NGSILD_Tenant": "../x"}, {"X_API_Key": "mk_x"},
         {"Authorization": "Bearer x"}, {"Host": "127.0.0.1"}, {"X_Forwarded_For": "127.0.0.1"}, {"Accept": "*/*"},
         {"X_Who": "administrator"},
         {"Cookie": "machinami=x; machinami-form=y"}, {"Forwarded": "for=127.0.0.1"})  # fmt: skip


def guessed(random: Random, path: str) -> str:
    """The path of a route with something in its places, and a query."""
    filled = re.sub(r"\{[^}]*\}", lambda _: random.choice(PIECES), path)
    query = "&".join(f"{name}={random.choice(PIECES)}" for name in random.sample(NAMES, random.randrange(4)))
    return f"{filled}?{query}" if query else filled


async def test_who_shows_nothing_finds_nothing_at_any_address_and_changes_nothing(tmp_path: Path) -> None:
    """Pages, layers, exports, services, identity, figures: all that is not the NGSI-LD face, which is tried above."""
    random = Random(20261121)
    async with inhabited(tmp_path) as crowd:
        before, seen = await crowd.state(*HANDED_IN), Counter[int]()
        for route in OURS * ROUNDS_OF_PAGES:
            form = {name: random.choice(PIECES) for name in random.sample(NAMES, 3)} | dict(FORMS.get(route[1], {}))
            sent = {"form": form} if route[0] != "GET" and random.random() < 0.8 else {}
            target = URL(guessed(random, route[1]), encoded=True)
            told = await crowd.ask("nobody", route[0], target, **sent, **random.choice(SHOWN))
            seen[told.status] += 1
            assert told.status < 500 or route[1] == "/sign-in/provider", (route, target, told)
            text = told.text + repr(told.headers)
            assert MARK not in text, (route, target)
            assert FAULT not in text, (route, target)
            assert not any(text.count(account) > str(target).count(account) for account in crowd.accounts.values())
        assert await crowd.state(*HANDED_IN) == before
        assert {200, 303, 401, 403, 404} <= seen.keys()


def test_every_route_is_tried(tmp_path: Path) -> None:
    async def look() -> set[tuple[str, str]]:
        async with running(tmp_path) as town:
            return {(route.method, re.sub("^" + ROOT, "", route.path)) for route in town.routes}

    assert asyncio.run(look()) == set(DRIVERS)
