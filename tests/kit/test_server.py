"""Does the server keep the manners of HTTP, and do both ways give the same bytes?"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable

import orjson
import pytest

from machinami.foundation.errors import BadRequestData
from machinami.kit.carrier import Limits
from machinami.kit.http import JSON, Request, Response, Route
from machinami.kit.server import Serving, serve

LIMITS = Limits(body=1000, read=0.4, idle=0.8, head=4000)


class Gate:
    """A handler that answers when the test lets it."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.opened = asyncio.Event()

    async def __call__(self, request: Request) -> Response:
        self.entered.set()
        await self.opened.wait()
        await asyncio.sleep(0)
        return Response(200, b"late", b"text/plain")


def echo(request: Request) -> Response:
    said = {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "params": request.params,
        "body": request.body.decode("latin-1"),
        "client": request.client,
        "x": request.header(b"x-a"),
    }
    return Response(200, orjson.dumps(said), JSON, [(b"x-b", b"1")])


def fail(request: Request) -> Response:
    raise RuntimeError("the secret of the house")


async def fail_late(request: Request) -> Response:
    await asyncio.sleep(0)
    raise BadRequestData("This does not fit", where="here")


def inject(request: Request) -> Response:
    return Response(200, b"", None, [(b"location", request.params["id"].encode("latin-1"))])


def by_future(request: Request) -> Awaitable[Response]:
    future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, Response(204))
    return future


def big(request: Request) -> Response:
    return Response(200, b"x" * 3_000_000, b"text/plain")


def routes(gate: Gate) -> list[Route]:
    return [
        Route("GET", "/echo/{id}", echo, hot=True),
        Route("POST", "/echo/{id}", echo, hot=True),
        Route("GET", "/fail", fail, hot=True),
        Route("GET", "/fail-late", fail_late, hot=True),
        Route("GET", "/inject/{id}", inject, hot=True),
        Route("GET", "/future", by_future, hot=True),
        Route("GET", "/gate", gate, hot=True),
        Route("GET", "/big", big, hot=True),
        Route("GET", "/cold", echo),
        Route("DELETE", "/cold", echo),
    ]


@pytest.fixture(params=[True, False], ids=["fast lane", "asgi"])
async def serving(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Serving, Gate]]:
    gate = Gate()
    running = await serve(routes(gate), limits=LIMITS, lane=request.param)
    yield running, gate
    gate.opened.set()
    await running.stop()


class Client:
    """A raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, serving: Serving) -> "Client":
        client = cls(*await asyncio.open_connection(serving.host, serving.port))
        OPEN.append(client)
        return client

    async def send(self, *lines: str, body: bytes = b"") -> None:
        self.writer.write("\r\n".join((*lines, "", "")).encode("latin-1") + body)
        await self.writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)).decode("latin-1")
        first, *rest = head.strip().split("\r\n")
        fields = dict(line.split(": ", 1) for line in rest)
        body = await asyncio.wait_for(self.reader.readexactly(int(fields.get("content-length", 0))), 5)
        return int(first.split()[1]), fields, body

    async def ended(self) -> bool:
        return await asyncio.wait_for(self.reader.read(), 5) == b""

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


OPEN: list[Client] = []


@pytest.fixture(autouse=True)
async def connections() -> AsyncIterator[None]:
    yield
    while OPEN:
        await OPEN.pop().close()


async def test_a_request_is_answered_and_the_connection_is_kept(serving: tuple[Serving, Gate]) -> None:
    client = await Client.to(serving[0])
    for _ in range(3):
        await client.send("GET /echo/a%2Fb?q=1 HTTP/1.1", "Host: t", "X-A: 5")
        status, fields, body = await client.answer()
        assert status == 200
        assert fields["content-type"] == "application/json"
        assert "date" in fields
        said = orjson.loads(body)
        assert said["path"] == "/echo/a/b"
        assert said["params"] == {"id": "a/b"}
        assert (said["query"], said["x"], said["client"]) == ("q=1", "5", "127.0.0.1")


async def test_an_answer_is_not_held_back_until_its_head_is_acknowledged(serving: tuple[Serving, Gate]) -> None:
    client, clock, took = await Client.to(serving[0]), asyncio.get_running_loop().time, []
    for _ in range(30):
        began = clock()
        await client.send("GET /cold HTTP/1.1", "Host: t")
        await client.answer()
        took.append(clock() - began)
    # a system acknowledges the first few at once, the others 40 ms later; the fastest is told by no load
    assert min(took[10:]) < 0.03


@pytest.mark.parametrize("hosts", [(), ("Host: t", "Host: t"), ("Host: t", "Host: u")])
@pytest.mark.parametrize("path", ["/echo/a", "/cold", "/nowhere"])
async def test_a_request_names_its_host_once(serving: tuple[Serving, Gate], path: str, hosts: tuple[str, ...]) -> None:
    client = await Client.to(serving[0])
    await client.send(f"GET {path} HTTP/1.1", *hosts)
    status, fields, body = await client.answer()
    assert (status, fields["connection"]) == (400, "close")
    assert "Host" in orjson.loads(body)["detail"]


async def test_http_1_0_need_not_name_its_host(serving: tuple[Serving, Gate]) -> None:
    client = await Client.to(serving[0])
    await client.send("GET /cold HTTP/1.0")
    assert (await client.answer())[0] == 200


async def test_a_body_is_read_whole_in_pieces_and_in_chunks(serving: tuple[Serving, Gate]) -> None:
    client = await Client.to(serving[0])
    await client.send("POST /echo/a HTTP/1.1", "Host: t", "Content-Length: 6", body=b"abc")
    client.writer.write(b"def")
    assert orjson.loads((await client.answer())[2])["body"] == "abcdef"
    await client.send(
        "POST /echo/a HTTP/1.1", "Host: t", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    assert orjson.loads((await client.answer())[2])["body"] == "abcde"


async def test_pipelined_requests_are_answered_in_order(serving: tuple[Serving, Gate]) -> None:
    running, gate = serving
    client = await Client.to(running)
    ask = "{} HTTP/1.1\r\nHost: t\r\n\r\n"
    targets = ("GET /echo/1", "GET /gate", "GET /echo/2", "GET /cold", "GET /echo/3")
    client.writer.write("".join(ask.format(target) for target in targets).encode())
    assert orjson.loads((await client.answer())[2])["params"] == {"id": "1"}
    await asyncio.wait_for(gate.entered.wait(), 5)
    gate.opened.set()
    assert (await client.answer())[2] == b"late"
    assert orjson.loads((await client.answer())[2])["params"] == {"id": "2"}
    assert orjson.loads((await client.answer())[2])["path"] == "/cold"
    assert orjson.loads((await client.answer())[2])["params"] == {"id": "3"}


async def test_a_failure_inside_tells_nothing_outside(
    serving: tuple[Serving, Gate], caplog: pytest.LogCaptureFixture
) -> None:
    client = await Client.to(serving[0])
    await client.send("GET /fail HTTP/1.1", "Host: t")
    status, _, body = await client.answer()
    assert status == 500
    assert b"secret" not in body
    assert "the secret of the house" in caplog.text
    await client.send("GET /inject/a%0D%0AX-Evil:1 HTTP/1.1", "Host: t")
    status, fields, _ = await client.answer()
    assert status == 500
    assert "X-Evil" not in fields


async def test_a_late_failure_is_a_problem_with_its_facts(serving: tuple[Serving, Gate]) -> None:
    client = await Client.to(serving[0])
    await client.send("GET /fail-late HTTP/1.1", "Host: t")
    status, _, body = await client.answer()
    assert status == 400
    assert orjson.loads(body)["where"] == "here"


async def test_a_future_may_be_the_answer_and_204_has_no_length(serving: tuple[Serving, Gate]) -> None:
    client = await Client.to(serving[0])
    await client.send("GET /future HTTP/1.1", "Host: t")
    status, fields, _ = await client.answer()
    assert status == 204
    assert "content-length" not in fields
    assert "transfer-encoding" not in fields


@pytest.mark.parametrize(
    "lines",
    [("GET /echo/a HTTP/1.0",), ("GET /echo/a HTTP/1.1", "Host: t", "Connection: close")],
    ids=["HTTP/1.0", "Connection: close"],
)
async def test_who_wants_one_answer_only_gets_one(serving: tuple[Serving, Gate], lines: tuple[str, ...]) -> None:
    client = await Client.to(serving[0])
    await client.send(*lines)
    status, fields, _ = await client.answer()
    assert (status, fields["connection"]) == (200, "close")
    assert await client.ended()


async def test_expect_continue_is_answered_before_the_body_comes(serving: tuple[Serving, Gate]) -> None:
    client = await Client.to(serving[0])
    await client.send("POST /echo/a HTTP/1.1", "Host: t", "Content-Length: 3", "Expect: 100-continue")
    assert (await client.answer())[0] == 100
    client.writer.write(b"abc")
    assert orjson.loads((await client.answer())[2])["body"] == "abc"


@pytest.mark.parametrize("declared", [True, False], ids=["by its length", "while it comes"])
async def test_a_huge_body_is_refused(serving: tuple[Serving, Gate], declared: bool) -> None:
    client = await Client.to(serving[0])
    if declared:
        await client.send("POST /echo/a HTTP/1.1", "Host: t", "Content-Length: 2001")
    else:
        chunk = b"3e8\r\n" + b"a" * 1000 + b"\r\n"
        await client.send("POST /echo/a HTTP/1.1", "Host: t", "Transfer-Encoding: chunked", body=chunk * 3)
    status, fields, body = await client.answer()
    assert (status, fields["connection"]) == (413, "close")
    assert orjson.loads(body)["limit"] == 1000
    assert await client.ended()


async def test_who_sends_a_little_too_much_is_heard_out_and_refused(serving: tuple[Serving, Gate]) -> None:
    client = await Client.to(serving[0])
    await client.send("POST /echo/a HTTP/1.1", "Host: t", "Content-Length: 1001", body=b"a" * 1001)
    assert (await client.answer())[0] == 413
    assert await client.ended()


async def test_a_body_that_does_not_end_is_not_waited_for(serving: tuple[Serving, Gate]) -> None:
    client = await Client.to(serving[0])
    await client.send("POST /echo/a HTTP/1.1", "Host: t", "Content-Length: 10", body=b"abc")
    status, fields, body = await client.answer()
    assert (status, fields["connection"]) == (408, "close")
    assert orjson.loads(body)["status"] == 408
    assert await client.ended()


@pytest.mark.parametrize("path", ["/echo/a", "/cold", "/gate", "/fail-late"])
async def test_who_has_said_all_and_sends_no_more_is_still_answered(serving: tuple[Serving, Gate], path: str) -> None:
    client = await Client.to(serving[0])
    await client.send(f"GET {path} HTTP/1.1", "Host: t")
    client.writer.write_eof()
    serving[1].opened.set()
    assert (await client.answer())[0] == (400 if path == "/fail-late" else 200)
    assert await client.ended()


@pytest.mark.parametrize("path", ["/echo/a", "/nowhere"])
@pytest.mark.parametrize(
    "field", ["Content-Length: 10", "Transfer-Encoding: chunked"], ids=["of a length", "in chunks"]
)
async def test_half_a_request_reaches_no_handler(
    serving: tuple[Serving, Gate], path: str, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = await Client.to(serving[0])
    await client.send(f"POST {path} HTTP/1.1", "Host: t", field, body=b"4\r\nabcd\r\n")
    client.writer.write_eof()
    assert await client.ended()
    assert caplog.records == []


@pytest.mark.parametrize(
    ("fields", "body", "word"),
    [
        (["Transfer-Encoding: chunked"], b"zz\r\nabc", "chunk size"),
        (["Transfer-Encoding: chunked"], b"3\r\nabcdef\r\n0\r\n\r\n", "chunk"),
        (["Content-Length: abc"], b"", "Content-Length"),
        (["Content-Length: -5"], b"", "Content-Length"),
        (["Content-Length: 99999999999999999999999"], b"", "Content-Length"),
        (["Content-Length: 5", "Content-Length: 6"], b"abcde", "Content-Length"),
        (["Content-Length: 5", "Transfer-Encoding: chunked"], b"0\r\n\r\n", "Transfer-Encoding"),
        (["Transfer-Encoding: gzip"], b"abc", "Transfer-Encoding"),
    ],
)
async def test_a_body_of_a_wrong_measure_is_refused_and_the_measure_named(
    serving: tuple[Serving, Gate], fields: list[str], body: bytes, word: str
) -> None:
    client = await Client.to(serving[0])
    await client.send("POST /cold HTTP/1.1", "Host: t", *fields, body=body)
    status, _, said = await client.answer()
    assert status in (400, 405)
    if status == 405:  # a route that takes no body at all answers before the body is looked at
        status, _, said = await client.answer()
    assert status == 400
    assert word.lower() in orjson.loads(said)["detail"].lower()
    assert await client.ended()


@pytest.mark.parametrize("said", [b"", b"GET /echo/a HTTP/1.1\r\nHost:"], ids=["silence", "half a head"])
async def test_a_silent_connection_is_closed(serving: tuple[Serving, Gate], said: bytes) -> None:
    client = await Client.to(serving[0])
    client.writer.write(said)
    assert await client.ended()


@pytest.mark.parametrize(
    "said",
    [
        b"NONSENSE\r\n\r\n",
        b"GET /echo/a HTTP/1.1\r\nX: " + b"a" * 400_000,
        b"GET /echo/a HTTP/1.1\r\n" + b"X: aaaaaaaaaaaa\r\n" * 500 + b"\r\n",
        b"GET /" + b"a" * 400_000,
    ],
    ids=["no HTTP", "endless field", "many fields", "endless path"],
)
async def test_what_is_no_request_is_refused_and_closed(serving: tuple[Serving, Gate], said: bytes) -> None:
    client = await Client.to(serving[0])
    client.writer.write(said)
    status, fields, body = await client.answer()
    assert (status, fields["connection"]) == (400, "close")
    assert orjson.loads(body)["status"] == 400
    assert await client.ended()


async def test_head_and_options_are_answered(serving: tuple[Serving, Gate]) -> None:
    client = await Client.to(serving[0])
    await client.send("HEAD /echo/a HTTP/1.1", "Host: t")
    head = (await client.reader.readuntil(b"\r\n\r\n")).decode()
    assert "200 OK" in head
    assert int(re.findall(r"content-length: (\d+)", head)[0]) > 50
    await client.send("OPTIONS /echo/a HTTP/1.1", "Host: t")
    status, fields, _ = await client.answer()
    assert (status, fields["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    await client.send("DELETE /echo/a HTTP/1.1", "Host: t")
    status, fields, _ = await client.answer()
    assert (status, fields["allow"]) == (405, "GET, HEAD, OPTIONS, POST")


@pytest.mark.parametrize("line", ["PURGE /echo/a", "BREW /echo/a", "TRACE /", "CONNECT /echo/a", "CONNECT a.test:443"])
async def test_a_method_that_nothing_here_knows_is_said_to_be_unknown(serving: tuple[Serving, Gate], line: str) -> None:
    client = await Client.to(serving[0])
    await client.send(f"{line} HTTP/1.1", "Host: t", "Connection: close")
    status, _, body = await client.answer()
    assert status == 501  # RFC 9110, 15.6.2
    assert line.split()[0] in orjson.loads(body)["detail"]
    assert await client.ended()


async def test_what_the_server_as_such_can_do_is_told(serving: tuple[Serving, Gate]) -> None:
    client = await Client.to(serving[0])
    await client.send("OPTIONS * HTTP/1.1", "Host: t")
    status, fields, _ = await client.answer()
    assert status == 204
    assert {"GET", "HEAD", "OPTIONS", "POST"} <= set(fields["allow"].split(", "))


async def test_who_does_not_read_is_not_written_to_without_end(serving: tuple[Serving, Gate]) -> None:
    client = await Client.to(serving[0])
    client.writer.write(b"GET /big HTTP/1.1\r\nHost: t\r\n\r\n" * 20)
    for _ in range(20):
        status, _, body = await client.answer()
        assert (status, len(body)) == (200, 3_000_000)


async def test_a_stop_lets_the_answer_under_way_be_finished() -> None:
    for lane in (True, False):
        gate = Gate()
        running = await serve(routes(gate), limits=LIMITS, lane=lane)
        busy, idle = await Client.to(running), await Client.to(running)
        await busy.send("GET /gate HTTP/1.1", "Host: t")
        await asyncio.wait_for(gate.entered.wait(), 5)
        stopping = asyncio.ensure_future(running.stop())
        assert await idle.ended()
        gate.opened.set()
        status, fields, body = await busy.answer()
        assert (status, body, fields["connection"]) == (200, b"late", "close")
        await asyncio.wait_for(stopping, 5)


async def test_a_taken_port_is_told() -> None:
    running = await serve([])
    with pytest.raises(OSError, match="in use"):
        await serve([], port=running.port)
    await running.stop()


async def test_both_ways_give_the_same_bytes() -> None:
    async def talk(client: Client) -> None:
        await client.send("GET /echo/a%2Fb?q=1&r=%E7 HTTP/1.1", "Host: t", "X-A: 5", "x-a: 6")
        await client.send("POST /echo/a HTTP/1.1", "Host: t", "Content-Length: 3", body=b"abc")
        for path in ("/fail", "/fail-late", "/future", "/nothing", "/echo/%ff", "/inject/ok"):
            await client.send(f"GET {path} HTTP/1.1", "Host: t")
        await client.send("POST /echo/a HTTP/1.1", "Host: t", "Content-Length: 7", body=b"THE END")
        await client.send("GET /inject/THE%20END HTTP/1.1", "Host: t", "Connection: close")

    async def read(lane: bool) -> bytes:
        running = await serve(routes(Gate()), limits=LIMITS, lane=lane)
        client = await Client.to(running)
        await talk(client)
        heard = await asyncio.wait_for(client.reader.read(-1), 5)
        await running.stop()
        return re.sub(rb"date: [^\r]*\r\n", b"", heard)

    fast, plain = await read(True), await read(False)
    assert fast == plain
    assert fast.count(b"HTTP/1.1 ") == 10
