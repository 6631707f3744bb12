"""A snapshot is read with a header in place of the town, and stays as it was (ETSI GS CIM 009, 6.3.22)."""

import asyncio

import orjson
import pytest
from tests.blackbox import Caller
from tests.running import running

ROOT = "/ngsi-ld/v1"
FROZEN = {
    "type": "Snapshot",
    "id": "urn:s:1",
    "snapshotQueries": [{"type": "Query", "entities": [{"type": "M"}], "q": "level>1"}],
    "snapshotTemporalQueries": [
        {
            "type": "Query",
            "entities": [{"type": "M"}],
            "temporalQ": {"timerel": "after", "timeAt": "2020-01-01T00:00:00Z", "timeproperty": "modifiedAt"},
        }
    ],
}
JSON = {"Content-Type": "application/json"}
INSIDE = {"NGSILD-Snapshot": "urn:s:1"}


async def ready(caller):
    async with asyncio.timeout(10):
        while True:
            told = orjson.loads((await caller.ask("GET", f"{ROOT}/snapshots/urn:s:1", None, {})).body)
            if told["snapshotStatus"] != "preparing":
                return told


@pytest.mark.parametrize("lane", [True, False], ids=["fast lane", "asgi"])
async def test_what_is_read_is_what_was_found_then(tmp_path, lane):
    entities = [{"id": f"urn:m:{level}", "type": "M", "level": level} for level in (1, 2)]
    async with running(tmp_path, lane) as town, Caller(town.serving.host, town.serving.port) as caller:
        await caller.ask("POST", f"{ROOT}/entityOperations/upsert", orjson.dumps(entities), JSON)
        made = await caller.ask("POST", f"{ROOT}/snapshots", orjson.dumps(FROZEN), JSON)
        assert made.status == 201
        told = await ready(caller)
        await caller.ask("PATCH", f"{ROOT}/entities/urn:m:2/attrs", b'{"level": 7}', JSON)

        async def shown(path):
            answer = await caller.ask("GET", ROOT + path, None, INSIDE)
            assert answer.status == 200, answer.body
            assert answer.header("NGSILD-Snapshot") == "urn:s:1"
            return orjson.loads(answer.body)

        assert told["snapshotStatus"] == "success"
        assert told["snapshotQueriesDetails"] == [{"resultStatus": "success"}]
        assert await shown("/entities?options=keyValues&entityMap=true&local=false") == [entities[1]]
        assert await shown("/entities/urn:m:2?options=keyValues") == entities[1]
        assert (await shown("/types"))["typeList"] == ["M"]
        past = await shown(
            "/temporal/entities/urn:m:1?timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=modifiedAt"
        )
        assert past["level"][0]["value"] == 1
