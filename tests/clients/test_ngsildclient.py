"""A client made by others, for other brokers, does its documented round trips here: the PyPI package ngsildclient.

It wants older libraries than the tests (rich below 13, httpx below 0.24), so it lives in an environment of its own,
which `./machinami test` makes from requirements-client.lock.
"""

import json
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.app.towns import ROOT, town

ROUNDS = Path(__file__).with_name("ngsildclient_rounds.py")
CLIENT = ROOT / ".venv-client/bin/python"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What the client saw in a town of its own."""
    if not CLIENT.exists():
        pytest.skip("ngsildclient is not installed: `./machinami test` installs it, from requirements-client.lock")
    with town(tmp_path_factory.mktemp("town")) as running:
        port = urlsplit(running.url).port
        command = [str(CLIENT), str(ROUNDS), str(port), "http://127.0.0.1:9/told"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_an_entity_comes_back_as_it_was_made_and_changed(seen):
    assert seen["connected"] is True
    assert seen["created"] is True
    assert seen["back"] == {
        "type": "Property",
        "value": 1,
        "observedAt": "2022-10-25T20:00:00Z",
        "reliability": {"type": "Property", "value": 0.7},
        "providedBy": {"type": "Relationship", "object": "urn:ngsi-ld:Camera:C1"},
    }


def test_its_past_holds_every_hour(seen):
    values = [pair for pair in seen["past"]["availableSpotNumber"]["values"] if pair[0] != "urn:ngsi-ld:null"]

    assert values == [[121 - 10 * hour, f"2022-10-25T{8 + hour:02}:00:00Z"] for hour in range(13)]


def test_many_entities_are_sent_found_counted_and_deleted_by_a_condition(seen):
    wanted = {"upserted": True, "count": 25, "all": 25, "warm": 4, "rest": 21}
    assert {name: seen[name] for name in wanted} == wanted


def test_a_file_of_entities_is_brought_in_and_a_type_is_dropped(seen):
    assert (seen["imported"], seen["left"]) == (23, 0)


def test_a_subscription_is_made_read_listed_and_ended(seen):
    assert seen["subscribed"] == {"made": True, "listed": 1, "read": "active", "ended": True}


def test_a_deleted_entity_is_gone(seen):
    assert (seen["deleted"], seen["exists"]) == (True, False)


def test_a_tenant_of_its_own_holds_only_its_own(seen):
    assert seen["tenant"] == 1
