"""Do tenants stay apart? They act at once, on the same ids, through every operation (ETSI GS CIM 009, 4.14, 5.5.10).

Everything of a tenant bears its mark, so that a mark in another's hands is a leak. And what a tenant is answered must
be what it would be answered if it were alone here: so nothing can be counted, guessed or lost by what others do.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.apis.ngsild.tenants import DRIVERS, ROOT, SHARED_CONTEXT, TOLD, Ask, Tenant, mark_of
from tests.fakes.neighbours import FakeNeighbours
from tests.running import Running, running

from machinami.wire.exchange import Answer, Call

NAMES = ("default", "north", "south")
REFUSED_ALWAYS = {("PUT", "/entities"), ("PATCH", "/entities"), ("POST", TOLD)}
ROUNDS = 2
PAGED = ("GET", "/entities")
TIMES = {PAGED: 8}  # a page depends on those that were asked for before
_ID = re.compile(r"[0-9a-f]{8,64}")
_PLACE = re.compile(r"127\.0\.0\.1:\d+")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z|PT\d+S")
# how deliveries and snapshots fare depends on when they are looked at
_DELIVERIES = frozenset("status timesSent timesFailed lastNotification lastSuccess lastFailure".split())
# a request that waits for a document finds its other words anew, and what another town had fetched is not waited for
_FLEETING = _DELIVERIES | {"snapshotStatus", "snapshotQueriesDetails", "numberOfHits"}


@dataclass(slots=True)
class Heard:
    """What the tenants were answered, by tenant: the operation, the request and a form of the answer that can be
    compared; and what was seen of a tenant in what another was given."""

    told: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    leaks: list[str] = field(default_factory=list)
    done: set[tuple[str, str]] = field(default_factory=set)

    def look(self, owner: Tenant, what: str, text: str) -> None:
        """Note the marks of others."""
        for name in NAMES:
            if name != owner.name and mark_of(name) in text:
                self.leaks.append(f"{owner.name} sees {name} in {what}: {text[:1_000]}")


def comparable(value: Any) -> Any:
    """The value without what differs from run to run: moments, ports, made ids, the state of deliveries."""
    if isinstance(value, dict):
        return {comparable(k): comparable(v) for k, v in value.items() if k not in _FLEETING}
    if isinstance(value, list):
        return [comparable(each) for each in value]
    return _ID.sub("ID", _TIME.sub("TIME", _PLACE.sub("HERE", value))) if isinstance(value, str) else value


def learn(tenant: Tenant, answer: Any, location: str, mapped: str) -> None:
    """Keep what later requests can name."""
    if mapped and mapped.rpartition("/")[2] not in tenant.maps:
        tenant.maps.append(mapped.rpartition("/")[2])
    if "/jsonldContexts/" in location:
        tenant.learned.append(location.rpartition("/")[2])
    rows = answer if isinstance(answer, list) else [answer]
    for row in (row for row in rows if isinstance(row, dict)):
        for name, bodies in row.items():
            for body in bodies if isinstance(bodies, list) else ():
                if isinstance(body, dict) and "instanceId" in body:
                    tenant.instances.append((row["id"], name, body["instanceId"]))


def sown(route: tuple[str, str]) -> tuple[str, str]:
    """What makes that there is something for an operation."""
    root = ("POST", "/csourceRegistrations" if route == PAGED else "/" + route[1].split("/")[1])
    return root if root in DRIVERS and root[1] != "/entities" else ("POST", "/entityOperations/upsert")


async def act(tenant: Tenant, session: aiohttp.ClientSession, heard: Heard) -> None:
    """Ask everything that can be asked, in an order of the tenant's own, again and again over what is new."""
    told = heard.told.setdefault(tenant.name, [])
    for _ in range(ROUNDS):
        order = sorted(DRIVERS)
        tenant.random.shuffle(order)
        for route in [each for one in order for each in (sown(one), *([one] * TIMES.get(one, 1)))]:
            ask: Ask = tenant.speak(DRIVERS[route](tenant))
            body = None if ask.body is None else orjson.dumps(ask.body)
            headers = {"Content-Type": "application/json", **ask.headers} if body else ask.headers
            async with session.request(route[0], ask.target, data=body, headers=headers) as answer:
                text = (await answer.read()).decode()
            if answer.status < 400:
                heard.done.add(route)
            heard.look(tenant, f"{route} {ask}", text + repr(answer.headers))
            assert answer.headers.get("NGSILD-Tenant") == tenant.header.get("NGSILD-Tenant"), (route, ask)
            document = orjson.loads(text) if text else None
            location = answer.headers.get("Location", "")
            learn(tenant, document, location, answer.headers.get("NGSILD-EntityMap", ""))
            seen = [answer.headers.get(name, "") for name in ("NGSILD-Results-Count", "Link", "NGSILD-Warning")]
            told.append((route, comparable(ask.path), answer.status, comparable([document, location, *seen])))


def source_of(tenant: Tenant, call: Call) -> Answer:
    """What the source that the tenant registered knows."""
    ours = {"id": "urn:ngsi-ld:Gauge:1", "type": "Gauge", "far": {"type": "Property", "value": tenant.mark}}
    if call.method != "GET" and not call.url.endswith("/query"):
        return Answer(204)
    one = "/entities/" in call.url
    return Answer(200, {}, orjson.dumps(ours if one else [ours]))


def check_sent(town: Running, neighbours: FakeNeighbours, tenants: Sequence[Tenant], heard: Heard) -> None:
    """Nothing of another goes to the receivers and sources of a tenant."""
    for tenant in tenants:
        for sent in town.wire.sent:
            if tenant.mark in sent.uri:
                heard.look(tenant, "a notification", sent.body.decode() + repr(sent.headers))
                assert sent.headers.get("NGSILD-Tenant") == tenant.header.get("NGSILD-Tenant")
        for call in neighbours.calls:
            if f"http://{tenant.mark}.test" in call.url:
                heard.look(tenant, "a request to a source", call.url + call.body.decode() + repr(call.headers))
    assert {tenant.mark for tenant in tenants} == {
        sent.uri.split("/")[2].removesuffix(".test") for sent in town.wire.sent
    }


async def live(names: Sequence[str], seed: int, lane: bool, folder: Path) -> Heard:
    """Let these tenants act at once in one broker."""
    heard, neighbours = Heard(), FakeNeighbours()
    tenants: list[Tenant] = []

    def others(name: str) -> str | None:
        return next((one.learned[-1] for one in tenants if one.name != name and one.learned), None)

    def foreign_map(name: str) -> str | None:
        return next((one.maps[-1] for one in tenants if one.name != name and one.maps), None)

    async with running(folder, lane, caller=neighbours) as town:
        town.wire.documents[SHARED_CONTEXT] = {"@context": {"level": "http://words.test/level"}}
        for name in names:
            tenant = Tenant(name, Random(f"{seed} {name}"), partial(others, name), partial(foreign_map, name))
            tenants.append(tenant)
            town.wire.documents[tenant.words] = tenant.context()
            neighbours.answers[f"http://{tenant.mark}.test"] = lambda call, tenant=tenant: source_of(tenant, call)
        async with asyncio.TaskGroup() as group, aiohttp.ClientSession(town.serving.url) as session:
            await asyncio.gather(*(group.create_task(act(tenant, session, heard)) for tenant in tenants))
        check_sent(town, neighbours, tenants, heard)
    return heard


def check_apart(seed: int, lane: bool, done: set[tuple[str, str]]) -> None:
    """Let all act together, then each alone, and compare."""
    with TemporaryDirectory() as folder:
        together = asyncio.run(live(NAMES, seed, lane, Path(folder, "all")))
        assert not together.leaks, "\n".join(together.leaks[:5])
        done |= together.done
        for name in NAMES:
            alone = asyncio.run(live([name], seed, lane, Path(folder, name)))
            for ours, lone in zip(together.told[name], alone.told[name], strict=True):
                assert ours == lone, f"{name} is answered otherwise than alone:\n{ours}\n{lone}"


def attack(lane: bool, examples: int) -> None:
    done: set[tuple[str, str]] = set()

    @settings(max_examples=examples, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**32))
    def one(seed: int) -> None:
        check_apart(seed, lane, done)

    one()
    assert DRIVERS.keys() - done == REFUSED_ALWAYS  # else the test looks at nothing but refusals


async def test_every_operation_of_the_face_is_tried_by_tenants(tmp_path: Path) -> None:
    async with running(tmp_path) as town:
        routes = {(route.method, route.path.removeprefix(ROOT)) for route in town.routes}
    assert routes == DRIVERS.keys(), "give a new operation its driver in tests/apis/ngsild/tenants.py"


@pytest.mark.parametrize("lane", [True, False], ids=["fast lane", "asgi"])
def test_tenants_cannot_leak(lane: bool) -> None:
    attack(lane, 2)


@pytest.mark.long
@pytest.mark.parametrize("lane", [True, False], ids=["fast lane", "asgi"])
def test_tenants_cannot_leak_at_length(lane: bool) -> None:
    attack(lane, 40)
