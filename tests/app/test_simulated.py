"""Does a town that holds simulated data say so on every page, whoever opens it?"""

import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.app.towns import RunningTown, town

RIBBON = 'class="ribbon"'
PAGES = (
    "/",
    "/map",
    "/data",
    "/data/RiverGauge",
    "/datamap",
    "/services",
    "/services/flood",
    "/services/flood?view=officer",
    "/services/flood?view=history",
    "/help",
    "/about",
    "/docs",
    "/nothing-is-here",
)


def page(running: RunningTown, path: str) -> str:
    """A page as a browser gets it, also where it is an apology."""
    request = urllib.request.Request(running.url + path, headers={"Accept": "text/html"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text: str = answer.read().decode()
    except urllib.error.HTTPError as apology:
        text = apology.read().decode()
    return text


def gauges(running: RunningTown) -> int:
    """How many gauges the town has by now."""
    return page(running, "/data/RiverGauge").count('href="/data/RiverGauge/')


def silent(running: RunningTown) -> list[str]:
    """The pages that do not say that the data are simulated."""
    return [path for path in PAGES if RIBBON not in page(running, path)]


def test_a_demo_that_is_served_later_still_says_on_every_page_that_it_is_simulated(tmp_path: Path) -> None:
    with town(tmp_path, by="demo") as running:
        assert silent(running) == []
        deadline = time.monotonic() + 60
        while not gauges(running):
            assert time.monotonic() < deadline, "the simulated town has no gauges"
    with town(tmp_path) as running:
        assert gauges(running), "the simulated gauges are in the folder"
        assert silent(running) == []


def test_a_town_without_simulated_data_does_not_say_so(tmp_path: Path) -> None:
    with town(tmp_path) as running:
        assert silent(running) == list(PAGES)
