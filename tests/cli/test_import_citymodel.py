"""Do the buildings of a city model come into a town that is running and one that is not, once however often sent?"""

import json
import urllib.request
from pathlib import Path

import pytest
from tests.app.towns import RunningTown, town
from tests.ingest.citymodel.test_parse import HEIGHT, city, house

from machinami.cli.entrance import enter

LINK = '<https://w3id.org/machinami/context.jsonld>; rel="http://www.w3.org/ns/json-ld#context"'


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file of two houses."""
    file = tmp_path / "houses.gml"
    file.write_bytes(city(house(HEIGHT, key="first"), house(HEIGHT, key="second")))
    return file


def buildings(running: RunningTown) -> list[dict[str, object]]:
    """What the town says of its buildings."""
    address = f"{running.url}/ngsi-ld/v1/entities?type=Building&options=keyValues"
    with urllib.request.urlopen(urllib.request.Request(address, headers={"Link": LINK}), timeout=30) as answer:
        found: list[dict[str, object]] = json.load(answer)
    return found


def test_buildings_are_sent_to_a_running_town_once_however_often(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "town").mkdir()
    with town(tmp_path / "town") as running:
        for _ in range(2):
            assert enter(["import", "citymodel", str(model), "--to", running.url]) == 0
            assert "sent" in capsys.readouterr().out
        found = buildings(running)
        assert len(found) == 2
        assert all(one["height"] and one["location"] for one in found)


def test_a_stopped_town_keeps_them_and_a_dry_run_writes_nothing(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "town"
    folder.mkdir()
    assert enter(["import", "citymodel", str(model), "--dry-run"]) == 0
    assert "2 buildings" in capsys.readouterr().out
    assert enter(["import", "citymodel", str(model), "--data", str(folder)]) == 0
    with town(folder) as running:
        assert len(buildings(running)) == 2


def test_a_town_that_does_not_answer_or_asks_for_a_key_is_said(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert enter(["import", "citymodel", str(model), "--to", "http://127.0.0.1:9"]) != 0
    assert "cannot be reached" in capsys.readouterr().err
    assert enter(["import", "citymodel", str(model)]) != 0
    assert "--data DIR" in capsys.readouterr().err
    assert enter(["admin", "make", "aiko", "--data", str(tmp_path / "closed")]) == 0
    with town(tmp_path / "closed") as running:
        assert enter(["import", "citymodel", str(model), "--to", running.url]) != 0
        assert "key" in capsys.readouterr().err
