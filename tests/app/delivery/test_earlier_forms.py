"""A town that an earlier version wrote is there whole in the present form: state, history, log, subscriptions."""

import asyncio
import json
import lzma
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.app.delivery.forms.writing import BASE, told, written
from tests.app.towns import RunningTown, town

from machinami.app.delivery.inspecting import bring_forward
from machinami.store.sqlite.backend import FILE
from machinami.store.sqlite.connection import migrations

FORMS = Path(__file__).parent / "forms"
NUMBERS = [
    number for number in range(1, len(migrations()) + 1) if number != 2
]  # 2 stood on main for six minutes, unfinished


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One installation with a town of each form; all are brought to the present one."""
    data = tmp_path_factory.mktemp("data")
    for number in NUMBERS:
        target = data / "towns" / f"form{number}" / FILE
        target.parent.mkdir(parents=True)
        target.write_bytes(lzma.decompress((FORMS / f"form-{number}.sqlite.xz").read_bytes()))
        assert int.from_bytes(target.read_bytes()[60:64], "big") == number
    return data


@pytest.fixture(scope="module")
def counted(folder: Path) -> dict[str, dict[str, Any]]:
    return asyncio.run(bring_forward(folder, thoroughly=True))


@pytest.fixture(scope="module")
def running(folder: Path, counted: dict[str, Any]) -> Iterator[RunningTown]:
    with town(folder) as found:
        yield found


def ask(running: RunningTown, number: int, path: str) -> Any:
    headers = {"NGSILD-Tenant": f"form{number}", "Accept": "application/json"}
    with urllib.request.urlopen(
        urllib.request.Request(running.url + BASE + path, headers=headers), timeout=60
    ) as answer:
        return json.load(answer)


@pytest.mark.parametrize("number", NUMBERS)
def test_log_state_and_history_agree_and_nothing_is_missing(counted: dict[str, dict[str, Any]], number: int) -> None:
    held, made = counted[f"form{number}"], written()
    assert held["entities"] == len(made.entities)
    assert held["log"] == sum(len(body) if isinstance(body, list) else 1 for _, _, body in made.requests[:-1])
    assert held["records"]["subscription"] == 1


@pytest.mark.parametrize("number", NUMBERS)
def test_every_entity_is_as_it_was_written(running: RunningTown, number: int) -> None:
    made = written()
    assert len(made.entities) < 1000
    found = ask(running, number, "/entities?type=Gauge&limit=1000")
    assert {one["id"]: told(one) for one in found} == made.entities


@pytest.mark.parametrize("number", NUMBERS)
def test_the_past_is_as_it_was_written_also_of_what_is_gone(running: RunningTown, number: int) -> None:
    made = written()
    path = "/temporal/entities?type=Gauge&attrs=level&options=temporalValues&limit=1000"
    found = ask(running, number, f"{path}&timerel=after&timeAt=2026-03-01T00:00:00Z")
    past = {one["id"]: [value for value, _ in one["level"]["values"]] for one in found}
    assert {name: values for name, values in past.items() if name not in made.gone} == {
        name: values for name, values in made.levels.items() if name not in made.gone
    }


def test_a_town_of_an_earlier_form_goes_on_being_written(running: RunningTown) -> None:
    name = next(iter(written().entities))
    body = json.dumps({"level": {"type": "Property", "value": 99.5, "observedAt": "2026-05-01T00:00:00Z"}}).encode()
    for number in NUMBERS:
        headers = {"NGSILD-Tenant": f"form{number}", "Content-Type": "application/json"}
        url = f"{running.url}{BASE}/entities/{name}/attrs"
        urllib.request.urlopen(urllib.request.Request(url, body, headers, method="PATCH"), timeout=60).close()
        assert ask(running, number, f"/entities/{name}")["level"]["value"] == 99.5
        assert len(ask(running, number, f"/temporal/entities/{name}?attrs=level")["level"]) == 11
