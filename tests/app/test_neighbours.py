"""Five cities that know each other: one of them goes away, and the others go on."""

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.app.towns import RunningTown, town

from machinami.cli.entrance import enter

ROOT = "/ngsi-ld/v1"
NAMES = ("fuji", "numazu", "mishima", "susono", "gotemba")


def ask(url: str, document: Any = None) -> tuple[Any, Any]:
    """JSON and header fields of an answer."""
    body = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"} if body else {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
        return json.loads(text) if text else None, answer.headers


def every_page(url: str) -> list[str]:
    """The ids on all pages, by their links."""
    seen: list[str] = []
    following: str | None = "/entities?type=Gauge&limit=4"
    while following is not None:
        rows, headers = ask(url + ROOT + following)
        seen += [row["id"] for row in rows]
        links = [link for link in headers.get_all("Link", []) if 'rel="next"' in link]
        following = re.search(f"<{ROOT}([^>]*)>", links[0])[1] if links else None  # type: ignore[index]
    return seen


@pytest.fixture
def cities(tmp_path: Path) -> Iterator[list[RunningTown]]:
    """Five cities with two gauges each; the first one knows the others."""
    with ExitStack() as stack:
        found = [stack.enter_context(town(tmp_path / name)) for name in NAMES]
        for name, city in zip(NAMES, found, strict=True):
            for number in (1, 2):
                gauge = {"id": f"urn:ngsi-ld:Gauge:{name}:{number}", "type": "Gauge", "level": number}
                ask(f"{city.url}{ROOT}/entities", gauge)
        for name, city in list(zip(NAMES, found, strict=True))[1:]:
            assert enter(["federate", "add", city.url, "--name", name, "--town", found[0].url]) == 0
        yield found


def test_a_city_that_goes_away_makes_answers_partial_and_blocks_nobody(cities: list[RunningTown], capsys) -> None:
    first, *_, last = cities
    whole = [f"urn:ngsi-ld:Gauge:{name}:{number}" for name in NAMES for number in (1, 2)]
    assert sorted(every_page(first.url)) == sorted(whole)

    last.kill()
    began = time.monotonic()
    rows, headers = ask(f"{first.url}{ROOT}/entities?type=Gauge&limit=50")
    assert time.monotonic() - began < 10
    assert sorted(row["id"] for row in rows) == sorted(whole[:-2])
    assert headers["NGSILD-Warning"].startswith("199")
    assert sorted(every_page(first.url)) == sorted(whole[:-2])

    capsys.readouterr()
    assert enter(["federate", "list", "--town", first.url]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in told] == list(NAMES[1:])
    assert told[-1].endswith("[failed]")

    assert enter(["federate", "remove", "gotemba", "--town", first.url]) == 0
    _, headers = ask(f"{first.url}{ROOT}/entities?type=Gauge")
    assert "NGSILD-Warning" not in headers


def test_a_city_is_not_introduced_to_itself(tmp_path: Path, capsys) -> None:
    with town(tmp_path / "fuji") as city:
        assert enter(["federate", "add", city.url, "--town", city.url]) == 1
        assert "this very town" in capsys.readouterr().err
        assert enter(["federate", "remove", "nobody", "--town", city.url]) == 1
