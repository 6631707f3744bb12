"""Does the broker answer as the case files say? Over the fast lane and over ASGI, with the real store."""

from pathlib import Path

import pytest
from tests.blackbox import Caller, play, read_case
from tests.running import running

from machinami.apis.ngsild.parameters import Paging

FOLDER = Path(__file__).parents[2] / "cases" / "ngsild"
CASES = sorted(FOLDER.glob("*.txt"))


def test_there_are_cases() -> None:
    assert len(CASES) >= 10


@pytest.mark.parametrize("lane", [True, False], ids=["fast lane", "asgi"])
@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
async def test_a_case(case: Path, lane: bool, tmp_path: Path) -> None:
    async with running(tmp_path, lane, Paging(default=20, largest=100, instances=5)) as town:
        town.wire.documents["http://contexts.test/town.jsonld"] = {
            "@context": {"level": "https://words.test/level", "Gauge": "https://words.test/Gauge"}
        }
        async with Caller(town.serving.host, town.serving.port) as caller:
            await play(read_case(case), caller, case.name)
