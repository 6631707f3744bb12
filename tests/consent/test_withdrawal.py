"""How long after a withdrawal is anything still given, by each path by which it was given before?

The figures are printed; none may come near five seconds. What was rendered, frozen, listed or subscribed to before is
asked again as it is.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from random import Random

import orjson
import pytest
import pytest_asyncio
from tests.approving import approve
from tests.consent.test_server import DRAWN, EVERY, NAMELESS, PATHS, ROOT, Watch, watched
from tests.consent.worlds import ABOUT, PEOPLE, World

from machinami.broker.law import Law
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.lawful import Code
from machinami.model.policy import ALL_DEEDS, Deed, Row, Whom
from machinami.model.principal import Principal, Role
from machinami.store.generated import NAMES, NOW, TYPES, entity_id

SECONDS = 5.0
WORD = "qx0w0xq"
ANNA = Principal(PEOPLE[0], frozenset({Role.RESIDENT}), None, None, 2, 2)
CHIEF = Principal("urn:person:chief", frozenset({Role.ADMINISTRATOR}), None, None, 2, 2)
READER = Principal("urn:program:reader", frozenset({Role.SERVICE}), "walking", None, 2, 2)
FROZEN, MAPPED = {"NGSILD_Snapshot": "urn:x:kept"}, "NGSILD_EntityMap"
CONSENT = {
    "recipients": [f"program:{READER.id}"],
    "purpose": "walking",
    "until": "2027-03-30T00:00:00Z",
    "types": [TYPES[0]],
    "text": "1",
    "language": "ja",
}


@pytest_asyncio.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    async with watched(tmp_path) as found:
        yield found


def _world(watch: Watch) -> World:
    """One walk of Anna's, with a value that cannot be mistaken."""
    value = Attribute(Kind.PROPERTY, WORD, observed_at=NOW, created_at=NOW, modified_at=NOW)
    about = Attribute(Kind.RELATIONSHIP, ANNA.id, created_at=NOW, modified_at=NOW)
    walk = Entity(entity_id(0), TYPES[:1], {NAMES[0]: (value,), ABOUT: (about,)}, created_at=NOW, modified_at=NOW)
    rows = (
        Row("reading", Whom.PROGRAM, READER.id, frozenset({Deed.READ, Deed.SUBSCRIBE})),
        Row("all", Whom.ROLE, Role.ADMINISTRATOR, ALL_DEEDS),
        Row("applying", Whom.ROLE, Role.OFFICER, frozenset({Deed.CREATE})),
    )
    return World((walk,), rows, Code(), Law(watch.town.now), READER)


async def _as(watch: Watch, by: Principal, path: str, body: object) -> str:
    """Something that somebody else does, between two questions of the reader."""
    watch.town.asker = by
    told = await watch.ask("POST", path, body)
    watch.town.asker = READER
    return told.partition("\n\n")[2]


async def _left(watch: Watch, found: World) -> Mapping[str, Callable[[], Awaitable[str]]]:
    """What the reader left here while Anna consented: a map, a snapshot, a subscription."""
    made = await watch.ask("GET", f"{ROOT}/entities?type={EVERY}&entityMap=true")
    kept = next(line for line in made.lower().splitlines() if line.startswith("ngsild-entitymap: ")).rpartition("/")[2]
    queries = [{"type": "Query", "entities": [{"type": TYPES[0]}]}]
    await watch.ask("POST", f"{ROOT}/snapshots", {"id": FROZEN["NGSILD_Snapshot"], "type": "Snapshot",
                                                  "snapshotQueries": queries})  # fmt: skip
    await watch.ask("POST", f"{ROOT}/subscriptions", {
        "id": "urn:x:kept", "type": "Subscription", "entities": [{"type": TYPES[0]}],
        "notification": {"endpoint": {"uri": watch.receiver}},
    })  # fmt: skip

    async def hear() -> str:
        await watch.heard(found)
        return "".join(watch.told)

    return {
        "a map that was made before": lambda: watch.ask("GET", f"{ROOT}/entities?type={EVERY}", **{MAPPED: kept}),
        "a snapshot that was made before": lambda: watch.ask("GET", f"{ROOT}/entities?type={EVERY}", **FROZEN),
        "a subscription that was made before": hear,
    }


async def test_what_is_withdrawn_is_given_by_no_path_any_more(watch: Watch, capsys: pytest.CaptureFixture[str]) -> None:
    found, rng = _world(watch), Random(1)
    await watch.become(found)
    texts = dict.fromkeys(("ja", "en", "easy"), "walking")
    await approve(watch.house, "walking", CONSENT["recipients"], CONSENT["types"])
    await _as(watch, CHIEF, "/purposes", {"id": "walking", "texts": texts})
    await _as(watch, CHIEF, "/legal-classes", {"class": "personal", "type": TYPES[0], "subject": ABOUT})
    paths: dict[str, Callable[[], Awaitable[str]]] = {
        name: (lambda path=path: path(watch, found, rng)) for name, (path, _) in PATHS.items()
    }
    assert not [name for name, path in paths.items() if WORD in await path()]
    consent = orjson.loads(await _as(watch, ANNA, "/consents", CONSENT))["id"]
    paths |= await _left(watch, found)
    giving = {name for name, path in paths.items() if await _gives(path)}
    assert paths.keys() - giving <= NAMELESS | DRAWN
    figures: dict[str, float] = {}
    for name in sorted(giving - DRAWN):
        assert WORD in await _until(paths[name], given=True), name
        began = time.monotonic()
        await _as(watch, ANNA, f"/consents/{consent}/withdraw", None)
        answered = time.monotonic()
        assert WORD not in await _until(paths[name], given=False), name
        figures[name] = time.monotonic() - began
        assert figures[name] < SECONDS, name
        assert answered - began < SECONDS
        consent = orjson.loads(await _as(watch, ANNA, "/consents", CONSENT))["id"]
    await _as(watch, ANNA, f"/consents/{consent}/withdraw", None)
    assert WORD not in await _until(paths["query"], given=False)
    assert not [name for name in DRAWN if await _gives(paths[name])]
    with capsys.disabled():
        for name, seconds in figures.items():
            print(f"\n{1000 * seconds:7.1f} ms from the withdrawal to an answer without it: {name}", end="")


async def _gives(path: Callable[[], Awaitable[str]]) -> bool:
    """Whether the path gives the value; some ask for one attribute or another."""
    for _ in range(12):
        if WORD in await path():
            return True
    return False


async def _until(path: Callable[[], Awaitable[str]], given: bool) -> str:
    """The answer as soon as it gives the value, or gives it no more; the last one, where that does not come."""
    began = time.monotonic()
    while True:
        told = await path()
        if (WORD in told) == given or time.monotonic() - began > SECONDS:
            return told
