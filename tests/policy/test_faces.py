"""Who sees and does what, through every face? All of it is written in two tables; each cell is tried."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest
import pytest_asyncio
from tests.policy.towns import PEOPLE, Protected, Told, protected, row

RIVER = "https://w3id.org/machinami/RiverGauge"
WHO = tuple(PEOPLE)

# The columns are those of PEOPLE. v: it is there for them. Everything else is as if it were not there.
SEEN_TABLE = """
              nobody resident officer head mayor admin operator service neighbour weak gauge reader
riverLevel    .      v        v       v    v     v     .        .       v         .    v     v
riverNote     .      v        v       v    v     v     .        .       v         .    .     v
caseName      .      .        v       v    v     v     .        .       .         .    .     v
openLevel     v      v        v       v    v     v     v        v       v         v    v     v
openInside    .      .        v       v    v     v     .        .       .         .    .     v
"""

# v: it is done. Everything else is refused and leaves no trace.
DONE_TABLE = """
               nobody resident officer head mayor admin operator service neighbour weak gauge reader
create         .      .        v       v    .     v     .        .       .         .    .     .
change level   .      .        v       v    v     v     .        .       .         .    v     .
change note    .      .        v       v    v     v     .        .       .         .    .     .
retype         .      .        v       v    v     v     .        .       .         .    .     .
delete         .      .        .       v    .     v     .        .       .         .    .     .
forget past    .      .        .       v    .     v     .        .       .         .    .     .
purge          .      .        .       v    .     v     .        .       .         .    .     .
subscribe      .      .        v       v    v     v     .        .       .         .    .     .
administer     .      .        .       .    .     v     .        .       .         .    .     .
found a town   .      .        .       .    .     v     .        .       .         .    .     .
drop context   .      .        .       .    .     v     .        .       .         .    .     .
"""
PARTS = {"riverLevel": "river", "riverNote": "river", "caseName": "case", "openLevel": "open", "openInside": "open"}


def read_table(text: str) -> dict[str, dict[str, bool]]:
    """The rows of a table by name; the cells by who."""
    found = {}
    for line in text.strip().splitlines()[1:]:
        words = line.split()
        name, cells = words[: -len(WHO)], words[-len(WHO) :]
        found[" ".join(name)] = {who: cell == "v" for who, cell in zip(WHO, cells, strict=True)}
    return found


SEEN, DONE = read_table(SEEN_TABLE), read_table(DONE_TABLE)
ROWS = (
    row("open", "everyone", ["read"], types=["Open"], attributes=["openLevel", "linked"]),
    row("gauge", "program:urn:program:gauge", ["read", "change"], types=[RIVER], attributes=["riverLevel"]),
)
SPAN = "timerel=after&timeAt=2000-01-01T00:00:00Z&timeproperty=modifiedAt"


def entity(name: str, kind: str, **attributes: object) -> dict[str, object]:
    """An entity that links to the case."""
    linked = {"linked": {"type": "Relationship", "object": "urn:x:case"}}
    values = {key: {"type": "Property", "value": value} for key, value in attributes.items()}
    return {"id": f"urn:x:{name}", "type": kind, **values, **(linked if name == "open" else {})}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Protected]:
    async with protected(tmp_path_factory.mktemp("town"), *ROWS) as found:
        for document in (
            entity("river", RIVER, riverLevel=1, riverNote="n"),
            entity("case", "Case", caseName="somebody"),
            entity("open", "Open", openLevel=1, openInside="hidden"),
        ):
            assert (await found.ask("administrator", "POST", "/entities", document)).status == 201
        yield found


def names_in(told: Told) -> set[str]:
    """The attributes that an answer speaks of."""
    return {name for name in SEEN if name in told.text}


def names_for(who: str) -> set[str]:
    """The attributes that somebody may see."""
    return {name for name, cells in SEEN.items() if cells[who]}


def ids_for(who: str) -> set[str]:
    """The entities of which somebody may see something."""
    return {f"urn:x:{PARTS[name]}" for name in names_for(who)}


async def _retrieved(town: Protected, who: str) -> set[str]:
    answers = [await town.ask(who, "GET", f"/entities/urn:x:{name}") for name in ("river", "case", "open")]
    assert all(told.status == 200 or not names_in(told) for told in answers)
    assert {told.status for told in answers} <= ({200, 401} if who == "weak officer" else {200, 404})
    return set().union(*map(names_in, answers))


async def _queried(town: Protected, who: str) -> set[str]:
    told = await town.ask(who, "GET", "/entities?idPattern=urn&count=true&local=true")
    assert {one["id"] for one in told.body} == ids_for(who)
    assert int(told.headers["NGSILD-Results-Count"]) == len(ids_for(who))
    return names_in(told)


async def _queried_by_type(town: Protected, who: str) -> set[str]:
    answers = [await town.ask(who, "GET", f"/entities?type={kind}&count=true") for kind in (RIVER, "Case", "Open")]
    assert sum(int(told.headers["NGSILD-Results-Count"]) for told in answers) == len(ids_for(who))
    return set().union(*map(names_in, answers))


async def _asked_in_a_batch(town: Protected, who: str) -> set[str]:
    kinds = [{"type": RIVER}, {"type": "Case"}, {"type": "Open"}]
    return names_in(await town.ask(who, "POST", "/entityOperations/query", {"type": "Query", "entities": kinds}))


async def _filtered(town: Protected, who: str) -> set[str]:
    """A condition on an attribute that is hidden holds as if it were not there."""
    found = set()
    for name, part in PARTS.items():
        kind = {"river": RIVER, "case": "Case", "open": "Open"}[part]
        has = await town.ask(who, "GET", f"/entities?type={kind}&q={name}&options=count")
        lacks = await town.ask(who, "GET", f"/entities?type={kind}&q=!{name}&count=true")
        some = await town.ask(who, "GET", f"/entities?type={kind}&attrs={name}&count=true")
        counts = [int(told.headers["NGSILD-Results-Count"]) for told in (lacks, some)]
        there = f"urn:x:{part}" in ids_for(who)
        assert len(has.body) == counts[1] == there - counts[0]
        found |= {name} if has.body else set()
    return found


async def _joined(town: Protected, who: str) -> set[str]:
    """What is linked to is seen as it is seen by itself."""
    told = await town.ask(who, "GET", "/entities/urn:x:open?join=flat&joinLevel=1")
    assert ("caseName" in told.text) == SEEN["caseName"][who]
    linked = await town.ask(who, "GET", "/entities?type=Open&q=linked%7BcaseName%7D&joinLevel=1&join=inline")
    assert bool(linked.body) == SEEN["caseName"][who]
    return names_in(told) | (names_for(who) - {"caseName", "openLevel", "openInside"})


async def _discovered(town: Protected, who: str) -> set[str]:
    types = (await town.ask(who, "GET", "/types")).body["typeList"]
    assert set(types) == {{"urn:x:river": RIVER}.get(name, name[6:].capitalize()) for name in ids_for(who)}
    details = await town.ask(who, "GET", "/types?details=true")
    every = await town.ask(who, "GET", "/attributes?details=true")
    assert names_in(details) == names_in(every)
    for name, part in PARTS.items():
        kind = {"river": RIVER.replace("/", "%2F"), "case": "Case", "open": "Open"}[part]
        info = await town.ask(who, "GET", f"/types/{kind}")
        assert info.status == (200 if f"urn:x:{part}" in ids_for(who) else 404)
        assert (await town.ask(who, "GET", f"/attributes/{name}")).status == (200 if SEEN[name][who] else 404)
    return names_in(details)


async def _remembered(town: Protected, who: str) -> set[str]:
    answers = [
        await town.ask(who, "GET", f"/temporal/entities/urn:x:{name}?{SPAN}") for name in ("river", "case", "open")
    ]
    return set().union(*(names_in(told) for told in answers if told.status < 300))


async def _remembered_together(town: Protected, who: str) -> set[str]:
    told = await town.ask(who, "GET", f"/temporal/entities?{SPAN}&type={RIVER},Case,Open&count=true")
    assert int(told.headers["NGSILD-Results-Count"]) == len(ids_for(who))
    search = {"type": "Query", "entities": [{"idPattern": "urn:x", "type": RIVER}], "temporalQ": {
        "timerel": "after", "timeAt": "2000-01-01T00:00:00Z", "timeproperty": "modifiedAt"}}  # fmt: skip
    again = await town.ask(who, "POST", "/temporal/entityOperations/query", search)
    assert names_in(again) == {name for name in names_for(who) if name.startswith("river")}
    aggregated = await town.ask(
        who, "GET", f"/temporal/entities/urn:x:river?{SPAN}&options=aggregatedValues&aggrMethods=max&attrs=riverLevel"
    )
    assert ("riverLevel" in aggregated.text and aggregated.status == 200) == SEEN["riverLevel"][who]
    return names_in(told)


async def _mapped(town: Protected, who: str) -> set[str]:
    told = await town.ask(who, "GET", f"/entityMaps?type={RIVER},Case,Open")
    assert set(told.body["entityMap"]) == ids_for(who)
    named = {"NGSILD-EntityMap": f"/ngsi-ld/v1/entityMaps/{told.body['id']}"}
    for other in WHO:
        if other not in (who, "administrator"):
            assert (await town.ask(other, "GET", f"/entityMaps/{told.body['id']}")).status == 404
    return names_in(await town.ask(who, "GET", f"/entities?type={RIVER},Case,Open", **named))


async def _frozen(town: Protected, who: str) -> set[str]:
    kinds = [{"type": RIVER}, {"type": "Case"}, {"type": "Open"}]
    query = {"type": "Query", "entities": kinds}
    made = await town.ask(who, "POST", "/snapshots", {"type": "Snapshot", "snapshotQueries": [query]})
    where = made.headers["Location"].removeprefix("/ngsi-ld/v1")
    async with asyncio.timeout(10):
        while (await town.ask(who, "GET", where)).body["snapshotStatus"] == "preparing":
            await asyncio.sleep(0)
    named = {"NGSILD-Snapshot": where.rpartition("/")[2]}
    told = await town.ask(who, "GET", "/entities?idPattern=urn&local=true", **named)
    for other in WHO:
        if other not in (who, "administrator"):
            assert (await town.ask(other, "GET", where)).status == 404
            assert (await town.ask(other, "GET", "/entities?idPattern=urn&local=true", **named)).status == 404
    assert (await town.ask(who, "DELETE", where)).status == 204
    return names_in(told)


Face = Callable[[Protected, str], Awaitable[set[str]]]
FACES: Mapping[str, Face] = {
    face.__name__.strip("_"): face
    for face in (
        _retrieved,
        _queried,
        _queried_by_type,
        _asked_in_a_batch,
        _filtered,
        _joined,
        _discovered,
        _remembered,
        _remembered_together,
        _mapped,
        _frozen,
    )
}


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("face", FACES)
@pytest.mark.asyncio(loop_scope="module")
async def test_somebody_sees_through_a_face_what_the_table_says(town: Protected, face: str, who: str) -> None:
    assert await FACES[face](town, who) == names_for(who)
