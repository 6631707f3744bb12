"""Can a service live in a package of its own: installed into a town, at work, with its page, and gone again?"""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from machinami.cli.new_service import create


@contextmanager
def town(data: Path, site: Path) -> Iterator[str]:
    """Serve a town in a process of its own, with what is installed in `site`, and yield its address."""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, "-m", "machinami", "serve", "--data", str(data), "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://[0-9.:]+", process.stdout.readline())
            assert found, "the town says where it listens"
            yield found[0]
        finally:
            process.terminate()
            process.wait(timeout=20)


def get(address: str, accept: str = "text/html") -> tuple[int, str]:
    """Ask for a page, as a browser does, or for data."""
    request = urllib.request.Request(address, headers={"Accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def send(address: str, **form: str) -> tuple[int, str]:
    """Send a form, and see the page that follows."""
    request = urllib.request.Request(address, urllib.parse.urlencode(form).encode(), {"Accept": "text/html"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_until_heard(address: str, word: str) -> bool:
    """Ask until the word is in the answer, for at most 20 seconds."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if word in get(address, "application/json")[1]:
            return True
    return False


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Make a service outside and install it, by its entry point, into a folder of its own."""
    create("bench_count", tmp_path, tmp_path / "bench")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps", "--no-index"]
    folder = tmp_path / "site"
    subprocess.run([*command, "--target", str(folder), str(tmp_path / "bench")], check=True)
    return folder


def test_a_service_from_outside_works_in_a_town_and_leaves_without_a_trace(tmp_path: Path, site: Path) -> None:
    with town(tmp_path / "town", site) as address:
        status, page = get(f"{address}/services/bench_count?lang=en")
        assert status == 200
        assert "Bench count" in page
        assert get(f"{address}/services?lang=en")[1].count("/services/bench_count")
        assert wait_until_heard(f"{address}/ngsi-ld/v1/entities?type=BenchCount", "nothing_connected")
        assert "No river gauge is connected" in get(f"{address}/services/bench_count?lang=en")[1]
        assert "[川|" not in get(f"{address}/services/bench_count?lang=easy")[1]
    with town(tmp_path / "town", tmp_path / "nothing") as address:
        assert get(f"{address}/services/bench_count")[0] == 404
        assert "/services/bench_count" not in get(f"{address}/services?lang=en")[1]


def test_its_officers_set_it_by_a_form_and_what_will_not_do_is_shown_with_what_would(
    tmp_path: Path, site: Path
) -> None:
    signed = {"setting": "silent_after", "reason": "寒さで遅れる", "who": "山田花子", "role": "総務課長"}
    with town(tmp_path / "town", site) as address:
        page = f"{address}/services/bench_count"
        assert "<form" not in get(page)[1].partition("<main")[2]
        status, shown = send(f"{page}/settings", **signed, value="5000")
        assert (status, "1440" in shown, 'value="5000"' in shown) == (422, True, True)
        status, shown = send(f"{page}/settings", **signed, value="90")
        assert (status, 'value="90"' in shown, 'role="status"' in shown) == (200, True, True)
        status, shown = send(f"{page}/settings", **signed, value="30", seen="40")  # as the form of the default had it
        assert (status, 'value="30"' in shown, 'name="seen" value="90"' in shown) == (422, True, True)
        assert "山田花子" in get(f"{page}?view=history")[1]
        which = re.search(r'name="undo" value="([^"]+)"', get(f"{page}?view=officer")[1])
        assert which is not None
        undoing = {"setting": "silent_after", "undo": which[1], "who": "山田花子", "role": "総務課長"}
        assert send(f"{page}/settings", **undoing)[0] == 200
        assert 'value="40"' in get(f"{page}?view=officer")[1]
