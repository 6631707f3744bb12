"""Does any way of writing bring a feature of a body into a town's data?"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.consent.towns import KNOWN, ROOT, Consenting, consenting

from machinami.broker import intake
from machinami.broker.contexts import town_context
from machinami.foundation.errors import BadRequestData
from machinami.model.never_kept import is_never_kept
from machinami.model.reading import Reading

FACE = {"type": "Property", "value": [0.1, 0.2]}
PAST = {"type": "Property", "value": [0.1], "observedAt": "2026-06-01T00:00:00Z"}
BENCH = "urn:x:bench:1"
TEMPORAL = f"{ROOT}/temporal/entities"
BATCH = f"{ROOT}/entityOperations"


@pytest_asyncio.fixture(params=["protected", "open"])
async def town(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Consenting]:
    async with consenting(tmp_path) as found:
        bench = {"id": BENCH, "type": "Bench", "steps": {"type": "Property", "value": 0}}
        await found.done("administrator", "POST", f"{ROOT}/entities", bench)
        if request.param == "open":
            (await found.house()).policy.set_rows(None)
        yield found


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{ROOT}/entities", {"id": "urn:x:1", "type": "Person", "faceTemplate": FACE}),
        ("POST", f"{ROOT}/entities", {"id": "urn:x:1", "type": "FaceTemplate"}),
        ("POST", f"{ROOT}/entities", {"id": "urn:x:1", "type": "Person", "photo": {**FACE, "irisCode": FACE}}),
        ("POST", f"{ROOT}/entities/{BENCH}/attrs", {"face_embedding": FACE}),
        ("PATCH", f"{ROOT}/entities/{BENCH}", {"gaitSignature": FACE}),
        ("PATCH", f"{ROOT}/entities/{BENCH}", {"steps": {"type": "Property", "value": 1, "voicePrint": FACE}}),
        ("PATCH", f"{ROOT}/entities/{BENCH}", {"type": ["Bench", "BiometricTemplate"]}),
        ("PUT", f"{ROOT}/entities/{BENCH}", {"id": BENCH, "type": "Bench", "dnaProfile": FACE}),
        ("POST", f"{BATCH}/create", [{"id": "urn:x:1", "type": "Person", "https://x.test/v#irisCode": FACE}]),
        ("POST", f"{BATCH}/upsert", [{"id": BENCH, "type": "Bench", "veinTemplate": FACE}]),
        ("POST", f"{BATCH}/update", [{"id": BENCH, "type": "Bench", "retinaTemplate": FACE}]),
        ("POST", f"{BATCH}/merge", [{"id": BENCH, "type": "Bench", "fingerprintMinutiae": FACE}]),
        ("POST", TEMPORAL, {"id": "urn:x:1", "type": "Person", "faceTemplate": [PAST]}),
        ("POST", TEMPORAL, {"id": "urn:x:1", "type": "FaceTemplate", "name": [PAST]}),
        ("POST", f"{TEMPORAL}/{BENCH}/attrs", {"faceTemplate": [PAST]}),
    ],
)
async def test_it_is_refused_by_every_operation_and_nothing_of_it_is_there(
    town: Consenting, method: str, path: str, body: Any
) -> None:
    house = await town.house()
    before = len(await house.store.changes(0, 1_000))
    told = await town.ask("administrator", method, path, body)
    assert told.status in (207, 400), told.text
    assert "never kept here" in told.text, told.text
    assert len(await house.store.changes(0, 1_000)) == before


async def test_sources_cannot_bring_it_either(town: Consenting) -> None:
    house = await town.house()
    reading = Reading("urn:x:1", "Camera", "faceEmbedding", 1.0, house.clock())
    with pytest.raises(BadRequestData, match="never kept here"):
        await intake.take(house, [reading], town_context(), KNOWN["administrator"])
    with pytest.raises(BadRequestData, match="never kept here"):
        await intake.take_past(house, [reading], town_context(), KNOWN["administrator"])


async def test_a_town_decides_what_else_it_never_keeps(tmp_path: Path) -> None:
    async with consenting(tmp_path) as town:
        await town.done("administrator", "POST", f"{ROOT}/entities", {"id": "urn:x:1", "type": "Case", "faith": FACE})
        mark = {"class": "never-kept", "type": "Case", "attribute": "faith"}
        await town.done("administrator", "POST", "/legal-classes", mark)
        for number, body in enumerate(({"faith": FACE}, {"faith": FACE, "note": FACE})):
            made = {"id": f"urn:x:2{number}", "type": "Case", **body}
            told = await town.ask("administrator", "POST", f"{ROOT}/entities", made)
            assert told.status == 400
            assert "decided never to keep" in told.text
        kept = await town.done("administrator", "GET", f"{ROOT}/entities/urn:x:1")
        assert "faith" not in kept  # what was there before is given to nobody
        until = "2027-01-01T00:00:00Z"
        ground = {"id": "g", "basis": "law", "who": "role:administrator", "until": until, "reason": "x"}
        await town.done("administrator", "POST", "/grounds", ground)
        assert "faith" not in await town.done("administrator", "GET", f"{ROOT}/entities/urn:x:1")
        other = {"id": "urn:x:3", "type": "Walk", "faith": FACE}
        await town.done("administrator", "POST", f"{ROOT}/entities", other)


@pytest.mark.parametrize("name", ["palmProfile", "fingerprint", "faceCount", "voice", "handrail", "veinOfOre", "ear"])
def test_other_names_are_no_features_of_bodies(name: str) -> None:
    assert not is_never_kept(name)
