"""Three cities: who subscribes in one hears of the others, also of one that is killed and comes back."""

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.app.test_neighbours import ROOT, ask
from tests.app.towns import RunningTown, town

from machinami.cli.entrance import enter


class Subscriber:
    """Takes notifications, and can be waited on until it has heard of something."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, int]] = []
        self._news = threading.Condition()
        subscriber = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                subscriber.take(told)

            def log_message(self, *words: Any) -> None:
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def take(self, told: dict[str, Any]) -> None:
        """Remember under which subscription which gauge had which level."""
        with self._news:
            rows = [(told["subscriptionId"], row["id"], row["level"]["value"]) for row in told["data"]]
            self.heard += rows
            self._news.notify_all()

    def until(self, *row: Any, seconds: float = 60) -> None:
        """Wait until this has been heard."""
        with self._news:
            assert self._news.wait_for(lambda: row in self.heard, seconds), (row, self.heard)

    def close(self) -> None:
        """Take no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    found = Subscriber()
    yield found
    found.close()


def change(city: RunningTown, gauge: str, level: int) -> None:
    """Give a gauge of a city a level."""
    url = f"{city.url}{ROOT}/entityOperations/upsert"
    body = json.dumps([{"id": gauge, "type": "Gauge", "level": {"type": "Property", "value": level}}]).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"}), timeout=30):
        pass


def subscribe(city: RunningTown, name: str, url: str) -> None:
    """Subscribe to gauges."""
    wish = {"id": name, "type": "Subscription", "entities": [{"type": "Gauge"}]}
    ask(f"{city.url}{ROOT}/subscriptions", {**wish, "notification": {"endpoint": {"uri": url}}})


def holding(city: RunningTown) -> int:
    """How many subscriptions a city holds."""
    return len(ask(f"{city.url}{ROOT}/subscriptions")[0])


def test_a_subscriber_hears_of_a_city_that_was_killed_and_came_back(tmp_path: Path, subscriber: Subscriber) -> None:
    first, second = "urn:ngsi-ld:Subscription:first", "urn:ngsi-ld:Subscription:second"
    with ExitStack() as stack:
        fuji, numazu, mishima = (stack.enter_context(town(tmp_path / name)) for name in ("fuji", "numazu", "mishima"))
        for name, city in (("numazu", numazu), ("mishima", mishima)):
            assert enter(["federate", "add", city.url, "--name", name, "--type", "Gauge", "--town", fuji.url]) == 0
        subscribe(fuji, first, subscriber.url)
        wait_for(lambda: holding(numazu) == holding(mishima) == 1)
        change(numazu, "urn:ngsi-ld:Gauge:n", 1)
        change(mishima, "urn:ngsi-ld:Gauge:m", 1)
        change(fuji, "urn:ngsi-ld:Gauge:f", 1)
        for letter in "nmf":
            subscriber.until(first, f"urn:ngsi-ld:Gauge:{letter}", 1)

        numazu.kill()
        subscribe(fuji, second, subscriber.url)
        wait_for(lambda: holding(mishima) == 2)
        change(mishima, "urn:ngsi-ld:Gauge:m", 2)
        for name in (first, second):
            subscriber.until(name, "urn:ngsi-ld:Gauge:m", 2)
        behind = ask(f"{fuji.url}{ROOT}/csourceSubscriptions")[0]
        assert [one["notification"]["status"] for one in behind if one["id"].startswith(second)] == ["failed"]

        port = numazu.url.rpartition(":")[2]
        numazu = stack.enter_context(town(tmp_path / "numazu", "--port", port))
        change(numazu, "urn:ngsi-ld:Gauge:n", 3)
        subscriber.until(first, "urn:ngsi-ld:Gauge:n", 3)
        wait_for(lambda: holding(numazu) == 2)
        change(numazu, "urn:ngsi-ld:Gauge:n", 4)
        for name in (first, second):
            subscriber.until(name, "urn:ngsi-ld:Gauge:n", 4)
        assert len(subscriber.heard) == len(set(subscriber.heard))

        fuji.kill()
        change(numazu, "urn:ngsi-ld:Gauge:n", 5)
        stack.enter_context(town(tmp_path / "fuji", "--port", fuji.url.rpartition(":")[2]))
        for name in (first, second):
            subscriber.until(name, "urn:ngsi-ld:Gauge:n", 5)


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is so that cannot be heard of, only asked for."""
    beat, left = threading.Event(), seconds
    while not condition():
        assert left > 0
        beat.wait(0.2)
        left -= 0.2
