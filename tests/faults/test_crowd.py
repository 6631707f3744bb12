"""When a hundred times as many come to read, do the public pages hold, and do writes go on?"""

import asyncio
import itertools
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.app.towns import RunningTown, town

from machinami.bench.client import Tally, send

Figure = Callable[[str, float, str], None]
WRITES = 50  # a second
PAGES = ("/", "/map", "/services/shelters", "/?lang=en", "/light")
USUAL = 2.0  # pages a second: a thousand households that look every eight minutes


def write(number: int) -> bytes:
    body = json.dumps([{"id": "urn:ngsi-ld:Gauge:1", "type": "Gauge", "level": {"type": "Property", "value": number}}])
    head = "POST /ngsi-ld/v1/entityOperations/upsert?options=update HTTP/1.1\r\nHost: x"
    return f"{head}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def pages() -> Iterator[bytes]:
    for path in itertools.cycle(PAGES):
        yield f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\n\r\n".encode()


async def paced(running: RunningTown, seconds: float) -> Tally:
    """Writes at their pace, one after the other, and what came back."""
    tally, began = Tally(), time.perf_counter()
    for number in range(int(seconds * WRITES)):
        await asyncio.sleep(max(0.0, began + number / WRITES - time.perf_counter()))
        tally.add(await send("127.0.0.1", port_of(running), iter([write(number)]), 1, 30.0, 1))
    return tally


def port_of(running: RunningTown) -> int:
    return int(running.url.rpartition(":")[2])


async def crowd(running: RunningTown, seconds: float, readers: int) -> tuple[Tally, Tally]:
    """Readers who ask as fast as they are answered, while writes go on at their pace."""
    reading = asyncio.create_task(send("127.0.0.1", port_of(running), pages(), readers, seconds, 10**9))
    written = await paced(running, seconds)
    return await reading, written


def measured(tmp_path: Path, seconds: float, readers: int, figure: Figure) -> None:
    with town(tmp_path) as running:
        for language in ("ja", "en"):  # templates and texts are read at their first use
            running_once = [f"{path}{'&' if '?' in path else '?'}lang={language}" for path in PAGES[:3]]
            for path in running_once:
                with urllib.request.urlopen(running.url + path, timeout=60) as answer:
                    assert answer.status == 200
        alone = asyncio.run(paced(running, seconds))
        read, written = asyncio.run(crowd(running, seconds, readers))
    figure("public pages a second, while 50 writes a second go on", read.answers / seconds, "1/s")
    figure("p99 of a page in the crowd", read.quantile(0.99), "ms")
    figure("p99 of a write without the crowd", alone.quantile(0.99), "ms")
    figure("p99 of a write in the crowd", written.quantile(0.99), "ms")
    assert set(read.statuses) == {200}
    assert set(written.statuses) <= {201, 204}
    assert written.answers == alone.answers == int(seconds * WRITES)
    assert read.answers / seconds > 100 * USUAL


def test_public_pages_hold_a_hundred_times_their_readers_while_writes_go_on(tmp_path: Path, figure: Figure) -> None:
    measured(tmp_path, 2.0, 32, figure)


@pytest.mark.long
def test_public_pages_hold_a_crowd_for_a_minute(tmp_path: Path, figure: Figure) -> None:
    measured(tmp_path, 60.0, 256, figure)
