"""Does a server give, by any answer, a value that the law keeps? Random worlds behind every route that reads.

Each value in a world is a word of its own, so that it is found wherever it turns up: in documents, pages, files,
notifications, and in what another broker tells of what it was told. What turns up must be what the plain meaning of the
law (`model.lawful`) lets who asks see, at the time that they asked of.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import aiohttp
import aiohttp.web
import orjson
import pytest
from tests.consent.test_paths import SPANS
from tests.consent.worlds import PEOPLE, World, world
from tests.running import Running, running

from machinami.app.running import TownOS
from machinami.broker.notify import Outbox
from machinami.broker.town import Town
from machinami.foundation.settings import Settings
from machinami.kit.http import Request
from machinami.model import patch
from machinami.model.attribute import Attribute, Kind
from machinami.model.change import Change, Verb
from machinami.model.entity import Entity
from machinami.model.lawful import Asked, is_there, shows
from machinami.model.policy import Deed, Row, Whom
from machinami.model.principal import SYSTEM, Principal
from machinami.model.query import TemporalQuery, TimeRelation
from machinami.store.conformance.acts import creation
from machinami.store.generated import NAMES, NOW, TYPES, VOCABULARY, entity_id
from machinami.store.protocol import Transaction
from machinami.store.timeline import span_of
from machinami.wire.exchange import HttpCaller

SHORT, LONG, SIZE = 20, 10_000, 6
WORDS = re.compile(r"qx(\d+)w(\d+)xq")
ROOT = "/ngsi-ld/v1"
EVERY = quote(",".join(TYPES), safe="")
FULL, BETWEEN = SPANS[0], SPANS[1]
IDS = (*map(entity_id, range(SIZE)), *PEOPLE)
WITHIN = "timerel=between&timeAt=2026-06-29T06:00:00Z&endTimeAt=2026-06-30T12:01:00Z"


class Watched(TownOS):
    """An installation whose every request is from whoever is said, at the one moment of all worlds."""

    asker: Principal = SYSTEM

    def identify(self, request: Request) -> Principal:
        """Who asks."""
        return self.asker

    def now(self) -> datetime:
        """The moment."""
        return NOW


@dataclass(slots=True)
class Watch:
    """A server, a broker beside it that knows it as a source, and a receiver of what it tells.

    given: how many values came by each path; told: what the receiver was told since it was last asked.
    """

    town: Watched
    house: Town
    session: aiohttp.ClientSession
    beside: Running
    receiver: str
    told: list[str]
    given: Counter[str] = field(default_factory=Counter)
    kept: int = 0

    @property
    def outboxes(self) -> Sequence[Outbox]:
        """The subscriptions that are told of."""
        return self.town.broker.notifier(self.house).outboxes

    @property
    def reading(self) -> list[str]:
        """The paths of all routes that read."""
        return [route.path for route in self.town.routes if route.method == "GET"]

    async def become(self, found: World) -> None:
        """Be another world: nothing stays of the one before."""
        store = self.house.store

        def work(tx: Transaction) -> None:
            for one in IDS:
                before = tx.get(one)
                if before is not None:
                    gone = patch.difference(before, None)
                    tx.write(Change(Verb.DELETED, before.id, before.types, before, None, gone, NOW, "x"))
            for one in IDS:
                tx.remove_history(one)

        await store.transact(work)
        self.house.policy.law = found.law
        self.house.policy.set_rows(found.rows)
        self.town.asker = found.by
        await store.transact(lambda tx: [tx.write(creation(one)) for one in found.entities])

    async def heard(self, found: World) -> None:
        """Make all entities anew, and wait until everybody was told."""
        self.told.clear()
        await self.become(found)
        async with asyncio.timeout(20):
            while any(one.waiting for one in self.outboxes):
                await asyncio.sleep(0.002)

    async def ask(
        self, method: str, path: str, body: Any = None, base: str = "", kind: str = "application/json", **more: str
    ) -> str:
        """What is answered: all of it."""
        fields = {"Accept": "*/*", **{name.replace("_", "-"): text for name, text in more.items()}}
        if body is not None:
            fields["Content-Type"] = kind
        data = None if body is None else orjson.dumps(body)
        async with self.session.request(method, base + path, data=data, headers=fields, allow_redirects=False) as told:
            text = (await told.read()).decode("utf-8", "replace")
            assert told.status < 500, (method, path, text)
            return "\n".join((*(f"{name}: {value}" for name, value in told.headers.items()), "", text))

    async def beside_it(self, method: str, path: str, body: Any = None) -> str:
        """What the other broker answers, who asks this one."""
        return await self.ask(method, path, body, self.beside.serving.url)


Path_ = Callable[[Watch, World, Random], Awaitable[str]]


def _get(path: str, **more: str) -> Path_:
    """One request: `{id}` is an entity, `{type}` a type of it, `{attribute}` an attribute of it."""

    async def ask(watch: Watch, found: World, rng: Random) -> str:
        return await watch.ask("GET", _filled(path, found, rng), **more)

    return ask


def _each(path: str) -> Path_:
    """The same, of every entity."""

    async def ask(watch: Watch, found: World, rng: Random) -> str:
        return "".join([await watch.ask("GET", _filled(path, found, rng, one)) for one in found.entities])

    return ask


def _filled(path: str, found: World, rng: Random, entity: Entity | None = None) -> str:
    entity = rng.choice(found.entities) if entity is None else entity
    name = rng.choice((*entity.attributes, "none"))
    return (
        path.replace("{id}", quote(entity.id, safe=""))
        .replace("{type}", quote(rng.choice(entity.types), safe=""))
        .replace("{attribute}", quote(name, safe=""))
    )


def _post(path: str, **more: Any) -> Path_:
    document = {"type": "Query", "entities": [{"type": kind} for kind in TYPES], **more}

    async def ask(watch: Watch, found: World, rng: Random) -> str:
        return await watch.ask("POST", ROOT + path, document)

    return ask


def _by_another(method: str, path: str, **more: Any) -> Path_:
    document = {"type": "Query", "entities": [{"type": kind} for kind in TYPES], **more} if method == "POST" else None

    async def ask(watch: Watch, found: World, rng: Random) -> str:
        return await watch.beside_it(method, _filled(ROOT + path, found, rng), document)

    return ask


async def _filtered(watch: Watch, found: World, rng: Random) -> str:
    """Who has this value of this attribute? Nobody, where it is kept; nor are they counted."""
    entity = rng.choice(found.entities)
    words = {name: one[0].value for name, one in entity.attributes.items() if one[0].kind is Kind.PROPERTY}
    name = rng.choice((*words, "none"))
    document = {
        "@context": {one.removeprefix(VOCABULARY): one for one in NAMES},
        "type": "Query",
        "entities": [{"type": kind} for kind in TYPES],
        "q": f'{name.removeprefix(VOCABULARY)}=="{words.get(name)}"',
    }
    told = await watch.ask("POST", f"{ROOT}/entityOperations/query?count=true", document, kind="application/ld+json")
    counted = re.search(r"^NGSILD-Results-Count: (\d+)", told, re.M | re.I)
    assert counted is None or int(counted[1]) == len(orjson.loads(told.partition("\n\n")[2]))
    return told


async def _mapped(watch: Watch, found: World, rng: Random) -> str:
    made = await watch.ask("GET", f"{ROOT}/entities?type={EVERY}&entityMap=true")
    named = re.search(r"^NGSILD-EntityMap: (\S+)", made, re.M | re.I)
    if named is None:
        return made
    one = named[1].rpartition("/")[2]
    paged = await watch.ask("GET", f"{ROOT}/entities?type={EVERY}&limit=3", NGSILD_EntityMap=one)
    return made + await watch.ask("GET", f"{ROOT}/entityMaps/{one}") + paged


async def _notified(watch: Watch, found: World, rng: Random) -> str:
    entities = [{"type": kind} for kind in TYPES]
    receiver = {"endpoint": {"uri": watch.receiver}, **rng.choice(({}, {"format": "keyValues"}))}
    document = {"id": "urn:x:s", "type": "Subscription", "entities": entities, "notification": receiver}
    told = await watch.ask("POST", f"{ROOT}/subscriptions", document)
    await watch.heard(found)
    told += await watch.ask("GET", f"{ROOT}/subscriptions/urn:x:s")
    await watch.ask("DELETE", f"{ROOT}/subscriptions/urn:x:s")
    return told + "".join(watch.told)


async def _frozen(watch: Watch, found: World, rng: Random) -> str:
    queries = [{"type": "Query", "entities": [{"type": kind}]} for kind in TYPES]
    document = {"id": "urn:x:snapshot", "type": "Snapshot", "snapshotQueries": queries}
    told = await watch.ask("POST", f"{ROOT}/snapshots", document)
    if not told.startswith("Date") and "201" not in told and "urn:x:snapshot" not in told:
        return told
    frozen = {"NGSILD_Snapshot": "urn:x:snapshot"}
    for path in (f"/entities?type={EVERY}&count=true", f"/temporal/entities?type={EVERY}&{WITHIN}", "/types"):
        told += await watch.ask("GET", ROOT + path, **frozen)
    await watch.ask("DELETE", f"{ROOT}/snapshots/urn:x:snapshot")
    return told


async def _any_route(watch: Watch, found: World, rng: Random) -> str:
    """Any route that reads, with something for each of its parameters."""
    told = ""
    for route in rng.sample(watch.reading, 6):
        path = re.sub(r"{(?!id|type|attribute)[^}]*}", "x", route)
        told += await watch.ask("GET", _filled(path, found, rng), Accept=rng.choice(("text/html", "*/*")))
    return told


ONE, SOME, PAST = "/entities/{id}", f"/entities?type={EVERY}", f"/temporal/entities?type={EVERY}&{WITHIN}"
AGGREGATED = "options=aggregatedValues&aggrMethods=min,max&aggrPeriodDuration=P1D"
PAST_QUERY = {"timerel": "between", "timeAt": "2026-06-29T06:00:00Z", "endTimeAt": "2026-06-30T12:01:00Z"}
DATA = "/data/{type}"
MONTH = TemporalQuery(TimeRelation.BETWEEN, NOW - timedelta(days=31), NOW + timedelta(seconds=1), "observedAt")
PATHS: Mapping[str, tuple[Path_, Sequence[TemporalQuery | None]]] = {
    "retrieval": (_get(ROOT + ONE), (None,)),
    "retrieval, simplified": (_get(f"{ROOT}{ONE}?options=keyValues"), (None,)),
    "retrieval, concise": (_get(f"{ROOT}{ONE}?options=concise&options=sysAttrs".replace("&options=", ",")), (None,)),
    "retrieval, GeoJSON": (_get(ROOT + ONE, Accept="application/geo+json"), (None,)),
    "retrieval, of one attribute": (_get(f"{ROOT}{ONE}?attrs={{attribute}}"), (None,)),
    "retrieval, with what is linked": (_get(f"{ROOT}{ONE}?join=inline&joinLevel=2"), (None,)),
    "query": (_get(f"{ROOT}{SOME}&count=true"), (None,)),
    "query, with what is linked": (_get(f"{ROOT}{SOME}&join=flat&joinLevel=2"), (None,)),
    "query, GeoJSON": (_get(ROOT + SOME, Accept="application/geo+json"), (None,)),
    "query, by a value": (_filtered, (None,)),
    "query, in an order": (_get(f"{ROOT}{SOME}&orderBy={{attribute}}&limit=2"), (None,)),
    "query, as a document": (_post("/entityOperations/query"), (None,)),
    "map": (_mapped, (None,)),
    "past of one": (_get(f"{ROOT}/temporal/entities/{{id}}"), (FULL,)),
    "past": (_get(ROOT + PAST), (BETWEEN,)),
    "past, values": (_get(f"{ROOT}{PAST}&options=temporalValues"), (BETWEEN,)),
    "past, aggregated": (_get(f"{ROOT}{PAST}&{AGGREGATED}"), (BETWEEN,)),
    "past, as a document": (_post("/temporal/entityOperations/query", temporalQ=PAST_QUERY), (BETWEEN,)),
    "types": (_get(f"{ROOT}/types?details=true"), (None,)),
    "notification": (_notified, (None,)),
    "snapshot": (_frozen, (None, BETWEEN)),
    "page of a type": (_get(DATA), (None,)),
    "page of an entity": (_each(f"{DATA}/{{id}}?attribute={{attribute}}&span=31d"), (None, MONTH)),
    "file of the past": (_each(f"{DATA}/{{id}}/history.csv?attribute={{attribute}}&span=31d"), (MONTH,)),
    "any route": (_any_route, (None, FULL, MONTH)),
    "another broker, retrieval": (_by_another("GET", ONE), (None,)),
    "another broker, query": (_by_another("GET", SOME), (None,)),
    "another broker, document": (_by_another("POST", "/entityOperations/query"), (None,)),
    "another broker, past": (_by_another("GET", PAST), (BETWEEN,)),
}
NAMELESS = {"types", "page of a type"}  # they tell that there is something, and no value
DRAWN = {"any route"}  # what it gives hangs on which of the routes is drawn


def worded(found: World) -> World:
    """The world with a word of its own for every value of a property; and everybody may subscribe."""
    entities = [
        replace(entity, attributes={
            name: tuple(_said(one, f"qx{number}w{place}xq") for one in several)
            for place, (name, several) in enumerate(entity.attributes.items())
        })
        for number, entity in enumerate(found.entities)
    ]  # fmt: skip
    subscribing = Row("subscribing", Whom.EVERYONE, "", frozenset({Deed.SUBSCRIBE}))
    return replace(found, entities=entities, rows=(*found.rows, subscribing))


def _said(one: Attribute, word: str) -> Attribute:
    return replace(one, value=word) if one.kind is Kind.PROPERTY else one


async def _try(watch: Watch, seeds: Sequence[int], paths: int) -> None:
    """So many paths of each world; all of them are tried as often."""
    names = list(PATHS)
    for seed in seeds:
        rng = Random(seed)
        found = worded(world(rng, SIZE))
        await watch.become(found)
        for turn in range(paths):
            name = names[(seed * paths + turn) % len(names)]
            path, spans = PATHS[name]
            _judge(watch, found, name, await path(watch, found, rng), spans, seed)
        for entity in found.entities:
            watch.kept += sum(
                not shows(found.rows, found.code, Asked(found.by, entity, NOW), n) for n in entity.attributes
            )


def _judge(watch: Watch, found: World, path: str, text: str, spans: Sequence[TemporalQuery | None], seed: int) -> None:
    for number, place in {(int(one[1]), int(one[2])) for one in WORDS.finditer(text)}:
        entity = found.entities[number]
        name = list(entity.attributes)[place]
        asked = [Asked(found.by, entity, NOW, None if one is None else span_of(one)) for one in spans]
        assert any(is_there(found.rows, found.code, one) for one in asked), (seed, path, entity.id)
        assert any(shows(found.rows, found.code, one, name) for one in asked), (seed, path, entity.id, name)
        watch.given[path] += 1


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[Watch]:
    """A protected installation, another broker that asks it, and somebody who hears what it tells."""
    told: list[str] = []
    (folder / "town").mkdir()

    async def hear(request: aiohttp.web.Request) -> aiohttp.web.Response:
        told.append(await request.text())
        return aiohttp.web.Response(status=204)

    runner = aiohttp.web.AppRunner(aiohttp.web.Application())
    runner.app.router.add_post("/", hear)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    town, caller = Watched(Settings(folder / "town", port=0), "test"), HttpCaller()
    serving = await town.start()
    try:
        await town.broker.protect()
        async with (
            running(folder / "beside", caller=caller, alias="beside") as beside,
            aiohttp.ClientSession(serving.url, cookie_jar=aiohttp.DummyCookieJar()) as session,
        ):
            receiver = f"http://127.0.0.1:{runner.addresses[0][1]}/"
            watch = Watch(town, await town.broker.town(None), session, beside, receiver, told)
            registration = {
                "id": "urn:x:registration", "type": "ContextSourceRegistration", "endpoint": serving.url,
                "information": [{"entities": [{"type": kind} for kind in TYPES]}], "mode": "inclusive",
                "operations": ["federationOps", "retrieveOps", "retrieveTemporal", "queryTemporal"],
            }  # fmt: skip
            await watch.beside_it("POST", f"{ROOT}/csourceRegistrations", registration)
            yield watch
    finally:
        await town.stop()
        await caller.close()
        await runner.cleanup()


async def test_no_answer_of_a_server_gives_what_the_law_keeps(tmp_path: Path) -> None:
    async with watched(tmp_path) as watch:
        await _try(watch, range(SHORT), len(PATHS))
        assert min(watch.kept, watch.given.total()) > SHORT
        assert {name for name in PATHS if not watch.given[name]} <= NAMELESS | DRAWN


@pytest.mark.long
async def test_no_answer_of_a_server_gives_what_the_law_keeps_in_10_000_worlds(tmp_path: Path) -> None:
    async with watched(tmp_path) as watch:
        await _try(watch, range(SHORT, SHORT + LONG), 2)
        print(watch.kept, dict(watch.given))
        assert {name for name in PATHS if watch.given[name] < LONG / 500} <= NAMELESS | DRAWN
