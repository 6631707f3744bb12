"""Five cities that know each other: one of them goes away, and the others go on."""

import json
import os
import re
import signal
import threading
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


def pages(url: str, limit: int = 4) -> Iterator[tuple[list[str], Any]]:
    """The ids on each page and its header fields, by their links."""
    following: str | None = f"/entities?type=Gauge&limit={limit}"
    while following is not None:
        rows, headers = ask(url + ROOT + following)
        yield [row["id"] for row in rows], headers
        links = [link for link in headers.get_all("Link", []) if 'rel="next"' in link]
        following = re.search(f"<{ROOT}([^>]*)>", links[0])[1] if links else None  # type: ignore[index]


def every_page(url: str) -> list[str]:
    """The ids on all pages."""
    return [name for ids, _ in pages(url) for name in ids]


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


def test_pages_go_on_without_gaps_and_doubles_while_a_city_goes_away(cities: list[RunningTown]) -> None:
    first, *_, last = cities
    living = [f"urn:ngsi-ld:Gauge:{name}:{number}" for name in NAMES[:-1] for number in (1, 2)]
    reading = pages(first.url, limit=3)
    seen, headers = next(reading)
    assert "NGSILD-Warning" not in headers
    last.kill()
    ask(f"{first.url}{ROOT}/entities", {"id": "urn:ngsi-ld:Gauge:fuji:0", "type": "Gauge"})  # after the first page
    began, warned, sizes = time.monotonic(), False, [len(seen)]
    for ids, headers in reading:
        seen += ids
        sizes.append(len(ids))
        warned = warned or "NGSILD-Warning" in headers
    assert time.monotonic() - began < 20
    assert sorted(seen) == sorted(living)
    assert warned
    assert len(sizes) == 4  # those of the city that went away keep their place


def test_a_city_that_is_slow_makes_an_answer_partial_and_is_whole_again_later(cities: list[RunningTown]) -> None:
    first, second, *_ = cities
    whole = [f"urn:ngsi-ld:Gauge:{name}:{number}" for name in NAMES for number in (1, 2)]
    os.kill(second.process.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        rows, headers = ask(f"{first.url}{ROOT}/entities?type=Gauge&limit=50")
        assert time.monotonic() - began < 10
        assert sorted(row["id"] for row in rows) == sorted(set(whole) - {name for name in whole if ":numazu:" in name})
        assert headers["NGSILD-Warning"].startswith("199")
        rows, _ = ask(f"{first.url}{ROOT}/entities?type=Gauge&limit=50&local=true")
        assert len(rows) == 2
    finally:
        os.kill(second.process.pid, signal.SIGCONT)
    beat, left = threading.Event(), 60.0
    while sorted(every_page(first.url)) != sorted(whole):  # it is left alone for a moment after it failed
        assert left > 0
        beat.wait(0.2)
        left -= 0.2


def test_a_city_is_not_introduced_to_itself(tmp_path: Path, capsys) -> None:
    with town(tmp_path / "fuji") as city:
        assert enter(["federate", "add", city.url, "--town", city.url]) == 1
        assert "this very town" in capsys.readouterr().err
        assert enter(["federate", "remove", "nobody", "--town", city.url]) == 1
