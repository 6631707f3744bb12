"""Pages are garbled while a town runs and while it stands still: every answer is right, or a 503 that says what to do.

What SQLite cannot know is a page that still looks right: where bits flip in a town that is not encrypted. Encrypted
pages are authenticated, so there everything is known (docs/decisions/0047).
"""

import asyncio
import random
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import apsw
import pytest
from tests.running import Running, running

from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.store.sqlite.connection import PAGE, open_connection

BASE = "/ngsi-ld/v1"
GAUGES, STEPS = 60, 4
KEY = bytes(range(32))
SMALL = StoreSettings(cache_entities=1, page_cache_bytes=65_536, mapped_bytes=0)  # so that pages are read again
TABLES = ("log", "entity", "history")
KNOWN = ("random", "zero")  # what no page looks like
KINDS = (*KNOWN, "bits", "torn", "swapped")
Figure = Callable[[str, float, str], None]


def name(number: int) -> str:
    return f"urn:ngsi-ld:Gauge:{number:03}"


def at(step: int) -> str:
    return f"2026-06-30T0{step}:00:00Z"


def level(number: int, step: int) -> dict[str, Any]:
    return {"type": "Property", "value": number + step / 10, "observedAt": at(step)}


def gauge(number: int) -> dict[str, Any]:
    text = {"type": "Property", "value": "x" * 700}
    return {"id": name(number), "type": "Gauge", "level": level(number, 0), "text": text}


async def fill(folder: Path, key: bytes | None) -> None:
    async with running(folder, key=key) as town, aiohttp.ClientSession(town.serving.url) as session:
        for number in range(GAUGES):
            assert (await session.post(f"{BASE}/entities", json=gauge(number))).status == 201
        for step in range(1, STEPS):
            for number in range(GAUGES):
                body = {"level": level(number, step)}
                assert (await session.patch(f"{BASE}/entities/{name(number)}/attrs", json=body)).status == 204


def file(folder: Path) -> Path:
    return folder / "towns" / "default" / "town.sqlite"


def pages_of(folder: Path, tables: Sequence[str], key: bytes | None) -> list[int]:
    """The numbers of the pages in which tables lie, from 0, besides their roots."""
    connection = open_connection(file(folder), StoreSettings(key=key), write=True)
    try:
        marks = ", ".join("?" * len(tables))
        sql = f"SELECT pageno - 1 FROM dbstat WHERE name IN ({marks}) AND path <> '/' ORDER BY pageno"
        return [page for (page,) in connection.execute(sql, tables)]
    finally:
        connection.close()


def garble(path: Path, pages: Sequence[int], kind: str, draw: random.Random) -> None:
    with path.open("r+b") as handle:
        for page in pages:
            handle.seek(page * PAGE)
            content = bytearray(handle.read(PAGE))
            if kind == "random":
                content[:] = draw.randbytes(PAGE)
            elif kind == "zero":
                content[:] = bytes(PAGE)
            elif kind == "bits":
                for _ in range(draw.randint(1, 8)):
                    bit = draw.randrange(PAGE * 8)
                    content[bit // 8] ^= 1 << bit % 8
            elif kind == "torn":
                start = draw.randrange(1, PAGE // 512) * 512
                content[start:] = draw.randbytes(PAGE - start)
            else:
                handle.seek(draw.choice(pages) * PAGE)
                content[:] = handle.read(PAGE)
            handle.seek(page * PAGE)
            handle.write(content)


@dataclass
class Seen:
    """What was answered: right, refused with what to do, wrong; and what may never be."""

    counts: Counter[str] = field(default_factory=Counter)
    forbidden: list[str] = field(default_factory=list)

    def take(self, asked: str, status: int, body: Any, wanted: Any) -> None:
        if status == 503 and "machinami repair" in str(body.get("detail")):
            self.counts["refused"] += 1
        elif status >= 500:
            self.forbidden.append(f"{asked}: {status} {body}")
        elif status in (200, 201, 204) and (wanted is None or body == wanted):
            self.counts["right"] += 1
        else:
            self.counts["wrong"] += 1
            self.counts[f"wrong: {asked.partition(' ')[0]}"] += 1


async def look(town: Running, write: bool = False) -> Seen:
    """Ask for everything in several ways."""
    seen = Seen()
    async with aiohttp.ClientSession(town.serving.url) as session:

        async def ask(what: str, path: str, wanted: Any, act: Callable[[Any], Any] = lambda body: body) -> None:
            async with session.get(BASE + path, headers={"Accept": "application/json"}) as answer:
                body = await answer.json(content_type=None)
                seen.take(what, answer.status, act(body) if answer.status == 200 else body, wanted)

        for number in range(GAUGES):
            newest = gauge(number) | {"level": level(number, STEPS - 1)}
            await ask(f"entity {number}", f"/entities/{name(number)}", newest)
            await ask(
                f"past {number}", f"/temporal/entities/{name(number)}?attrs=level&options=temporalValues",
                [[number + step / 10, at(step)] for step in range(STEPS)], lambda body: body["level"]["values"],
            )  # fmt: skip
        ids = [name(number) for number in range(GAUGES)]
        for asked in ("type=Gauge", "type=Gauge&q=level%3E=0", "type=Gauge&orderBy=id"):
            await ask(f"find {asked}", f"/entities?{asked}&limit=1000", ids, lambda body: [one["id"] for one in body])
        await ask("types", "/types", ["Gauge"], lambda body: body["typeList"])
        if write:
            for number in range(0, GAUGES, 7):
                body = {"note": {"type": "Property", "value": number}}
                async with session.post(f"{BASE}/entities/{name(number)}/attrs", json=body) as answer:
                    told = {} if answer.status == 204 else await answer.json(content_type=None)
                    seen.take(f"write {number}", answer.status, told, None)
    return seen


async def drawn(whole: Path, folder: Path, seed: str, kind: str, key: bytes | None) -> tuple[Seen, Seen]:
    """Garble two pages of a table under a running town; what it answers, and what it answers when it is mended."""
    draw = random.Random(seed)
    shutil.copytree(whole, folder)
    pages = pages_of(folder, [draw.choice(TABLES)], key)
    async with running(folder, store=SMALL, key=key) as town:
        garble(file(folder), draw.sample(pages, min(2, len(pages))), kind, draw)
        before = await look(town)
        noted = any(one.store.damage for one in town.broker.towns)
        assert noted or not before.counts["refused"] or not (key or kind in KNOWN), seed
    backend = open_backend(folder, StoreSettings(), lambda town, new: key)
    if backend.examine("default"):
        backend.mend("default")
    async with running(folder, key=key) as town:
        after = await look(town, write=True)
    shutil.rmtree(folder)
    return before, after


@pytest.mark.parametrize("sealed", [False, True], ids=["plain", "encrypted"])
@pytest.mark.parametrize("draws", [2, pytest.param(40, marks=pytest.mark.long)])
async def test_garbled_pages_are_refused_with_what_to_do_and_mended(
    tmp_path: Path, sealed: bool, draws: int, figure: Figure
) -> None:
    key = KEY if sealed else None
    await fill(tmp_path / "whole", key)
    total: Counter[str] = Counter()
    for kind in KINDS:
        for number in range(draws):
            before, after = await drawn(tmp_path / "whole", tmp_path / "one", f"{kind} {number}", kind, key)
            assert before.forbidden == after.forbidden == [], (kind, number)
            if sealed or kind in KNOWN:
                assert before.counts["wrong"] == 0, (kind, number, before.counts)
                assert after.counts.keys() <= {"right"}, (kind, number, after.counts)
            total += before.counts
    form = "encrypted" if sealed else "plain"
    figure(f"garbled pages, {form}: draws", draws * len(KINDS), "draws")
    figure(f"garbled pages, {form}: answers refused with what to do", total["refused"], "answers")
    figure(f"garbled pages, {form}: answers wrong, as SQLite cannot know", total["wrong"], "answers")


async def test_whatever_is_written_while_a_page_is_damaged_is_there_when_it_is_mended(tmp_path: Path) -> None:
    await fill(tmp_path, None)
    async with running(tmp_path, store=SMALL) as town:
        garble(file(tmp_path), pages_of_running(tmp_path), "zero", random.Random(1))
        seen = await look(town, write=True)
        assert seen.forbidden == []
        taken = seen.counts["right"]
        assert taken
    backend = open_backend(tmp_path, StoreSettings())
    await asyncio.to_thread(backend.mend, "default")
    async with running(tmp_path) as town:
        for number in range(0, GAUGES, 7):
            entity = next(iter(town.broker.towns)).store.peek(name(number))
            assert entity is not None


def pages_of_running(folder: Path) -> list[int]:
    """Two pages of the history, looked up beside a server that runs."""
    connection = apsw.Connection(str(file(folder)), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        sql = "SELECT pageno - 1 FROM dbstat WHERE name = 'history' AND path <> '/' ORDER BY pageno LIMIT 2"
        return [page for (page,) in connection.execute(sql)]
    finally:
        connection.close()
