"""Do entity maps and snapshots hold the past that sources know? (5.5.14, 5.7.3.4, 5.7.4.4, 5.14.5, 5.16.1)"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from tests.apis.ngsild.test_shared_past import ALL, PAST_OPERATIONS, SINCE, day, levels, past, tell
from tests.apis.ngsild.test_sharing import ONE, Broker, broker
from tests.fakes.neighbours import FakeNeighbours, given

from machinami.wire.exchange import Answer, Call, HttpCaller

MAP = "NGSILD-EntityMap"


@pytest.fixture
async def others() -> FakeNeighbours:
    return FakeNeighbours()


@pytest.fixture
async def here(tmp_path: Path, others: FakeNeighbours) -> AsyncIterator[Broker]:
    async with broker(tmp_path / "here", others) as found:
        yield found


def asked_ids(call: Call) -> list[str]:
    return parse_qs(urlsplit(call.url).query).get("id", [""])[0].split(",")


async def named_in(city: Broker, headers: Any) -> dict[str, list[str]]:
    """What the map says that an answer names."""
    _, told, _ = await city.ask("GET", headers[MAP].removeprefix("/ngsi-ld/v1"))
    found: dict[str, list[str]] = told["entityMap"]
    return found


async def test_a_map_of_the_past_names_the_sources_and_is_followed(tmp_path: Path) -> None:
    caller = HttpCaller()
    async with broker(tmp_path / "a", caller, "a") as a, broker(tmp_path / "b", caller, "b") as b:
        await a.register(b.url, operations=PAST_OPERATIONS)
        for number in range(5):
            await tell(a if number % 2 == 0 else b, past(1, 2, number=number))
        await tell(b, past(3, number=0))
        status, told, headers = await a.ask("GET", f"{ALL}&entityMap=true&limit=2")
        assert (status, len(told)) == (201, 2)
        known = await named_in(a, headers)
        assert {name[-1]: places for name, places in known.items()} == {
            "0": ["@none", "urn:r:1"],
            "2": ["@none"],
            "4": ["@none"],
            "1": ["urn:r:1"],
            "3": ["urn:r:1"],
        }
        follow = {MAP: headers[MAP]}
        await b.ask("DELETE", "/temporal/entities/urn:ngsi-ld:Gauge:1")
        await tell(a, past(1, number=7))
        found = []
        for offset in (0, 2, 4):
            status, told, _ = await a.ask("GET", f"{ALL}&limit=2&offset={offset}", **follow)
            assert status == 200
            found += [(one["id"][-1], levels(one)) for one in told]
        assert found == [("0", [1, 2, 3]), ("2", [1, 2]), ("4", [1, 2]), ("3", [1, 2])]
        assert "urn:ngsi-ld:Gauge:1" not in await named_in(a, headers)
        _, told, answer = await a.ask("GET", f"{ALL}&limit=1&count=true", **follow)
        assert (len(told), answer["NGSILD-Results-Count"]) == (1, "4")
    await caller.close()


async def test_of_one_entity_only_those_are_asked_whom_the_map_names(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: given(past(2))
    others.answers["http://other.test"] = lambda _: Answer(404)
    await here.register("http://there.test", operations=PAST_OPERATIONS)
    await here.register("http://other.test", id="urn:r:2", operations=PAST_OPERATIONS)
    status, told, headers = await here.ask("GET", f"/temporal/entities/{ONE}?{SINCE}&entityMap=true")
    assert (status, levels(told), await named_in(here, headers)) == (200, [2], {ONE: ["urn:r:1"]})
    others.calls.clear()
    await here.ask("GET", f"/temporal/entities/{ONE}?{SINCE}", **{MAP: headers[MAP]})
    assert [call.url[:17] for call in others.calls] == ["http://there.test"]


async def test_a_source_that_makes_maps_of_the_past_is_asked_for_one(here: Broker, others: FakeNeighbours) -> None:
    def answer(call: Call) -> Answer:
        if "/temporal/entityMaps" in call.url:
            entries = {ONE: ["@none"], "urn:ngsi-ld:Gauge:2": ["@none"]}
            return Answer(
                201, {"ngsild-entitymap": "/ngsi-ld/v1/entityMaps/theirs"}, orjson.dumps({"entityMap": entries})
            )
        return given([past(2, number=int(name[-1])) for name in asked_ids(call)])

    others.answers["http://there.test"] = answer
    await here.register("http://there.test", operations=[*PAST_OPERATIONS, "createEntityMapQueryTemporal"])
    mapping = f"/temporal/entityMaps?type=Gauge&{SINCE}&entityMapLifetime=PT1M"
    status, told, headers = await here.ask("GET", mapping)
    assert (status, told["linkedMaps"]) == (201, {"urn:r:1": "/ngsi-ld/v1/entityMaps/theirs"})
    assert told["entityMap"] == {ONE: ["urn:r:1"], "urn:ngsi-ld:Gauge:2": ["urn:r:1"]}
    assert "entityMapLifetime=PT60S" in others.calls[0].url
    assert "timerel=after" in others.calls[0].url
    _, told, _ = await here.ask("GET", ALL, **{MAP: headers[MAP]})
    assert [levels(one) for one in told] == [[2], [2]]
    assert others.calls[-1].headers[MAP] == "/ngsi-ld/v1/entityMaps/theirs"


async def test_of_a_source_that_fails_the_entities_keep_their_place(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: given([past(2, number=2), past(2, number=3)])
    await here.register("http://there.test", operations=PAST_OPERATIONS)
    await tell(here, past(1, number=1))
    _, _, headers = await here.ask("GET", f"{ALL}&entityMap=true&limit=1")
    others.answers.clear()
    found = []
    for offset in range(3):
        _, told, answer = await here.ask("GET", f"{ALL}&limit=1&offset={offset}", **{MAP: headers[MAP]})
        found.append((len(told), "NGSILD-Warning" in answer))
    assert found == [(1, False), (0, True), (0, True)]
    assert len(await named_in(here, headers)) == 3


async def test_a_map_limited_to_this_broker_asks_nobody(here: Broker, others: FakeNeighbours) -> None:
    await here.register("http://there.test", operations=PAST_OPERATIONS)
    await tell(here, past(1))
    status, told, headers = await here.ask("GET", f"{ALL}&entityMap=true&local=true")
    assert (status, len(told), others.calls) == (201, 1, [])
    assert await named_in(here, headers) == {ONE: ["@none"]}
    status, _, _ = await here.ask("GET", f"/temporal/entities/{ONE}?{SINCE}&entityMap=true&local=true")
    assert (status, others.calls) == (200, [])
    status, _, _ = await here.ask("GET", f"{ALL}&entityMap=true&orderBy=id")
    assert status == 400


async def test_several_selectors_make_a_map_of_what_satisfies_one(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: given([past(2, number=2), past(2, number=3)])
    await here.register("http://there.test", operations=PAST_OPERATIONS)
    await tell(here, past(1, number=1))
    query: dict[str, Any] = {"type": "Query", "temporalQ": {"timerel": "after", "timeAt": day(1)}}
    query["entities"] = [{"type": "Gauge", "id": "urn:ngsi-ld:Gauge:3"}, {"type": "Lamp"}]
    status, told, _ = await here.ask("POST", "/temporal/entityMaps", query)
    assert (status, list(told["entityMap"])) == (201, ["urn:ngsi-ld:Gauge:3"])
    _, told, _ = await here.ask("POST", "/temporal/entityOperations/query", query)
    assert [one["id"] for one in told] == ["urn:ngsi-ld:Gauge:3"]


async def test_a_snapshot_holds_the_past_that_sources_know(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: given([past(2)])
    await here.register("http://there.test", operations=PAST_OPERATIONS)
    await tell(here, past(1))
    when = {"timerel": "after", "timeAt": "2026-01-01T00:00:00Z"}
    query = {"type": "Query", "entities": [{"type": "Gauge"}], "temporalQ": when}
    snapshot = {"id": "urn:s:1", "type": "Snapshot", "snapshotTemporalQueries": [query]}
    status, _, _ = await here.ask("POST", "/snapshots", snapshot)
    assert status == 201
    while (told := (await here.ask("GET", "/snapshots/urn:s:1"))[1])["snapshotStatus"] == "preparing":
        pass
    assert told["snapshotStatus"] == "success"
    others.answers.clear()
    _, told, _ = await here.ask("GET", f"/temporal/entities/{ONE}?{SINCE}", **{"NGSILD-Snapshot": "urn:s:1"})
    assert levels(told) == [1, 2]
