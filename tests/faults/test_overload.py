"""Beyond what it can carry, does the town refuse at once, keep its memory, and let go of who is slow?"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from machinami.foundation.errors import Overloaded
from machinami.kit.carrier import Limits
from machinami.kit.http import Request, Response, Route
from machinami.kit.room import Bounds, Room
from machinami.kit.server import Serving, serve
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.store.sqlite.town import SqliteTown

LIMITS = Limits(body=1_000_000, read=0.5, idle=2.0)
BIG = 8_000_000


class House:
    """A server with a handler that waits until it is let go."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.at_work = 0

    async def wait(self, request: Request) -> Response:
        self.at_work += 1
        await self.opened.wait()
        return Response(204)

    def big(self, request: Request) -> Response:
        return Response(200, b"x" * BIG, b"text/plain")

    async def endless(self, request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 100_000

        return Response(200, b"", b"text/plain", parts=parts())

    @contextlib.asynccontextmanager
    async def open(self, lane: bool, **bounds: int) -> AsyncIterator[Serving]:
        routes = [
            Route("GET", "/big", self.big, hot=True),
            Route("GET", "/endless", self.endless),
            Route("POST", "/wait", self.wait, hot=True),
        ]
        serving = await serve(routes, limits=LIMITS, lane=lane, bounds=Bounds(**bounds))
        try:
            yield serving
        finally:
            self.opened.set()
            await serving.stop()


class Client:
    """One connection, used as clumsily as the test wants."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving

    async def __aenter__(self) -> "Client":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.serving.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 20)


def post(size: int, sent: bytes = b"") -> bytes:
    return b"POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size + sent


async def until(what: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.01)


@pytest.fixture(params=[True, False], ids=["lane", "plain"])
def lane(request: pytest.FixtureRequest) -> bool:
    """Both ways of a request."""
    return bool(request.param)


def refused(head: bytes) -> bool:
    return head.startswith(b"HTTP/1.1 503 ") and b"retry-after: " in head


@pytest.mark.parametrize("path", [b"/big", b"/endless"])
async def test_who_does_not_read_a_big_answer_is_let_go(lane: bool, path: bytes) -> None:
    async with House().open(lane) as serving, Client(serving) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # of every transport
        client.send(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path)
        await until(lambda: serving.room.refused["unread"] == 1)
        await until(lambda: serving.room.connections == 0)


async def test_who_reads_slowly_but_steadily_gets_all_of_it(lane: bool) -> None:
    async with House().open(lane) as serving, Client(serving) as client:
        client.send(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        await client.head()
        got = 0
        while got < BIG:
            got += len(await client.reader.readexactly(min(400_000, BIG - got)))
            await asyncio.sleep(0.05)
        assert serving.room.refused["unread"] == 0


async def test_a_body_that_does_not_go_on_is_cut_off_and_gives_its_room_back(lane: bool) -> None:
    async with House().open(lane) as serving, Client(serving) as client:
        client.send(post(900_000, b"x" * 50_000))
        await until(lambda: serving.room.held == 50_000)
        assert (await client.head()).startswith(b"HTTP/1.1 408 ")
        await until(lambda: serving.room.held == 0)
        assert serving.room.refused["slow"] == 1


async def test_a_body_is_cut_off_after_the_time_that_is_said_and_not_after_twice_that() -> None:
    limits = Limits(body=1_000_000, read=2.0, idle=60.0)
    serving = await serve([Route("POST", "/wait", House().wait, hot=True)], limits=limits)
    async with Client(serving) as client:
        await until(lambda: serving.room.connections == 1)
        await asyncio.sleep(0.2)  # so that the time of the request does not begin with that of its connection
        began = time.monotonic()
        client.send(post(900_000, b"x" * 50_000))
        assert (await client.head()).startswith(b"HTTP/1.1 408 ")
        assert 1.5 < time.monotonic() - began < 3.8
    await serving.stop()


async def test_a_client_that_leaves_in_the_middle_of_a_body_gives_its_room_back(lane: bool) -> None:
    async with House().open(lane) as serving:
        async with Client(serving) as client:
            client.send(post(900_000, b"x" * 50_000))
            await until(lambda: serving.room.held == 50_000)
        await until(lambda: serving.room.held == 0)


async def test_no_more_of_bodies_is_held_than_the_bound(lane: bool) -> None:
    async with House().open(lane, held=300_000) as serving, contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(serving)) for _ in range(8)]
        for client in clients:
            client.send(post(900_000, b"x" * 100_000))
        heads = await asyncio.gather(*(client.head() for client in clients))
        assert sum(map(refused, heads)) >= 5
        assert serving.room.refused["bodies"] >= 5
        await until(lambda: serving.room.held == 0)


async def test_no_more_answers_are_awaited_than_the_bound(lane: bool) -> None:
    house = House()
    async with house.open(lane, works=3) as serving, contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(serving)) for _ in range(10)]
        for client in clients[:3]:
            client.send(post(2, b"{}"))
        await until(lambda: house.at_work == 3)
        for client in clients[3:]:
            client.send(post(2, b"{}"))
        assert all([refused(await client.head()) for client in clients[3:]])
        async with Client(serving) as reader:  # what is only read has room of its own
            reader.send(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await reader.head()).startswith(b"HTTP/1.1 200 ")
        house.opened.set()
        assert all([(await client.head()).startswith(b"HTTP/1.1 204 ") for client in clients[:3]])
        await until(lambda: serving.room.works == 0)


async def test_no_more_connections_are_open_than_the_bound(lane: bool) -> None:
    async with House().open(lane, connections=4) as serving, contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(serving)) for _ in range(7)]
        assert all([refused(await client.head()) for client in clients[4:]])
        assert all([await client.reader.read() is not None for client in clients[4:]])
        clients[0].send(post(2, b"{}"))
        await until(lambda: serving.room.works == 1)
        await until(lambda: serving.room.connections == 4)


def test_one_address_cannot_take_all_connections_and_this_machine_can() -> None:
    room = Room(Bounds(connections=100, per_address=3))
    assert [room.enter("192.0.2.7") is None for _ in range(5)] == [True, True, True, False, False]
    assert room.enter("192.0.2.8") is None
    assert all(room.enter("127.0.0.1") is None for _ in range(20))
    for _ in range(5):
        room.leave("192.0.2.7")
    assert "192.0.2.7" not in room.by_address
    assert room.enter("192.0.2.7") is None


@dataclass(eq=False, slots=True)
class Resting:
    """A connection that rests for some seconds."""

    seconds: float
    ended: bool = False

    def rests(self) -> float:
        return 0.0 if self.ended else self.seconds

    def make_room(self) -> None:
        self.ended = True


def test_many_readers_behind_one_address_have_room_as_long_as_some_only_rest() -> None:
    room = Room(Bounds(connections=100, per_address=3))
    busy, young, old = Resting(0.0), Resting(1.0), Resting(30.0)
    for one in (busy, young, old):
        assert room.enter("192.0.2.7", one) is None
    assert room.enter("192.0.2.7", Resting(0.0)) is None
    assert (busy.ended, young.ended, old.ended) == (False, False, True)
    room.leave("192.0.2.7", old)
    last = Resting(0.0)
    assert room.enter("192.0.2.7", last) is not None  # all others are in use, or were a moment ago
    for one in (busy, young, last):
        room.leave("192.0.2.7", one)
    assert room.connections == 1


def test_where_many_rest_not_all_are_looked_at_for_each_who_comes() -> None:
    room = Room(Bounds(connections=640))
    guests = [Resting(float(number)) for number in range(641)]
    assert all(room.enter(f"192.0.2.{number % 200}", one) is None for number, one in enumerate(guests))
    ended = [one.seconds for one in guests if one.ended]
    assert ended == [float(number) for number in range(630, 641)]


async def test_who_rests_makes_room_for_who_asks(lane: bool) -> None:
    house = House()
    house.opened.set()
    async with house.open(lane, connections=2) as serving, contextlib.AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(Client(serving)) for _ in range(2)]
        await until(lambda: serving.room.connections == 2)
        guest = next(iter(serving.room.guests["127.0.0.1"]))
        guest._since -= 60  # type: ignore[attr-defined]  # it came a minute ago
        async with Client(serving) as late:
            late.send(post(2, b"{}"))
            assert (await late.head()).startswith(b"HTTP/1.1 204 ")
        assert await first.reader.read() == b""
        second.send(post(2, b"{}"))
        assert (await second.head()).startswith(b"HTTP/1.1 204 ")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteTown]:
    """A town's store with small bounds."""
    settings = StoreSettings(waiting_works=10, waiting_reads=3, readers=1, read_seconds=0.2)
    backend = open_backend(tmp_path, settings)
    opened = await backend.open("default")
    assert isinstance(opened, SqliteTown)
    yield opened
    await backend.close()


async def test_writes_beyond_the_queue_are_refused_and_those_in_it_are_kept(store: SqliteTown) -> None:
    works = [store.transact(lambda tx, n=n: tx.put_record("k", str(n), {"n": n})) for n in range(25)]  # type: ignore[misc]
    found = await asyncio.gather(*works, return_exceptions=True)
    refusals = [one for one in found if isinstance(one, Overloaded)]
    assert len(refusals) == 15
    assert len(await store.records("k")) == 10
    assert store.statistics()["writes_refused"] == 15
    assert store.statistics()["writes_waiting"] == 0


async def test_long_queries_beyond_the_queue_are_refused_and_a_too_long_one_is_cut_off(store: SqliteTown) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    reads = [store._readers.run(lambda one: list(one.execute(endless)), True) for _ in range(9)]
    found = await asyncio.gather(*reads, return_exceptions=True)
    assert all(isinstance(one, Overloaded) for one in found)
    assert store.statistics()["reads_refused"] == 5
    assert store.statistics()["reads_cut_off"] == 4
    assert await store._readers.run(lambda one: list(one.execute("SELECT 1")), True) == [(1,)]
    assert store.statistics()["reads_waiting"] == 0


async def test_who_sends_many_requests_at_once_and_waits_for_none_is_let_go(lane: bool) -> None:
    async with House().open(lane) as serving, Client(serving) as client:
        client.send(post(2, b"{}") + b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n" * 5_000)
        head = await client.head()
        assert head.startswith(b"HTTP/1.1 429 ")
        assert b"retry-after: 1\r\n" in head
        await until(lambda: serving.room.connections == 0)


async def test_what_nobody_reads_takes_no_more_memory_than_the_bound(lane: bool) -> None:
    async with House().open(lane, unread=3 * BIG) as serving, contextlib.AsyncExitStack() as stack:
        for _ in range(8):
            client = await stack.enter_async_context(Client(serving))
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # of every transport
            client.send(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: serving.room.refused["unread"] >= 4)
        assert serving.room.unread <= 3 * BIG
        await until(lambda: serving.room.connections == 0)
        assert serving.room.unread == 0
