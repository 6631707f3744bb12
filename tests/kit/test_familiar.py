"""What came before, byte by byte, means the same again; whatever else is the parser's."""

from collections.abc import Callable

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.kit.familiar import Familiar, Later


class Parsed:
    """What the parser says of the bytes."""

    def __init__(self, data: bytes) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.url = self.body = b""
        self.whole = 0
        parser = httptools.HttpRequestParser(self)
        parser.feed_data(data)
        self.method = parser.get_method().decode()

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.whole += 1


class Clock:
    """Does what is to be done later when it is told that the time has come."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        assert seconds <= 1
        self.due.append(work)

    def strike(self) -> None:
        due, self.due = self.due, []
        for work in due:
            work()


def taught(*messages: bytes, later: Later | None = None) -> Familiar:
    familiar = Familiar(later)
    for data in messages:
        familiar.learn(data, Parsed(data).headers)
    return familiar


ONE = b"POST /entities HTTP/1.1\r\nHost: t\r\nX-A:  5\r\nContent-Length: 3\r\n\r\nabc"


def test_the_same_fields_are_read_with_another_line_and_another_body() -> None:
    whole = taught(ONE).read(ONE.replace(b"POST /entities", b"PATCH /entities/b?q=1").replace(b"abc", b"def"))
    assert whole is not None
    assert (whole.method, whole.target, whole.body) == ("PATCH", "/entities/b?q=1", b"def")
    assert whole.headers == ((b"host", b"t"), (b"x-a", b"5"), (b"content-length", b"3"))


@pytest.mark.parametrize(
    "data",
    [
        ONE[:-1],
        ONE + b"d",
        ONE + ONE,
        ONE.replace(b"X-A", b"X-B"),
        ONE.replace(b"HTTP/1.1", b"HTTP/1.0"),
        ONE.replace(b"/entities", b"/entities#a"),
        ONE.replace(b"/entities", b"/enti ties"),
        ONE.replace(b"/entities", b"/\xc3\xa9"),
        ONE.replace(b"/entities", b"*"),
        ONE.replace(b"/entities", b"/" + b"a" * 2_000),
        ONE.replace(b"POST", b"BREW"),
        b"\r\n" + ONE,
        b"",
        b"POST",
    ],
)
def test_what_is_not_quite_the_same_is_left_to_the_parser(data: bytes) -> None:
    assert taught(ONE).read(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabcPOST / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 2_000 + b"\r\n\r\n",
    ],
)
def test_what_is_not_plain_is_not_remembered(data: bytes) -> None:
    assert taught(data).read(data) is None


def test_fields_without_end_leave_nothing_behind() -> None:
    familiar = Familiar()
    for number in range(5_000):
        data = b"GET / HTTP/1.1\r\nX-A: %d\r\n\r\n" % number
        familiar.learn(data, Parsed(data).headers)
        assert familiar.read(data) is not None
    assert len(familiar._known) <= 1_024


KEYED = b"GET /a HTTP/1.1\r\nHost: t\r\nAuthorization:  Bearer mk_1_topsecret \r\nX-A: 5\r\n\r\n"


def test_a_credential_is_read_and_nothing_of_it_stays_in_memory() -> None:
    familiar = taught(KEYED)
    whole = familiar.read(KEYED)
    assert whole is not None
    assert list(whole.headers) == Parsed(KEYED).headers
    assert whole.by_name == dict(Parsed(KEYED).headers)
    assert "topsecret" not in repr((familiar._known, familiar._private))
    assert familiar.read(KEYED.replace(b"topsecret", b"topsecreT")) is None


def test_a_credential_that_comes_again_and_again_stays_in_memory_for_a_second() -> None:
    clock = Clock()
    familiar = taught(KEYED, later=clock.later)
    first, again = familiar.read(KEYED), familiar.read(KEYED.replace(b"/a", b"/b"))
    assert first is not None
    assert again is not None
    assert again.memo is first.memo
    assert (again.target, list(again.headers)) == ("/b", Parsed(KEYED).headers)
    assert len(clock.due) == 1
    assert familiar.read(KEYED.replace(b"topsecret", b"topsecreT")) is None
    clock.strike()
    assert "topsecret" not in repr(vars(familiar))
    assert familiar.read(KEYED) == first
    clock.strike()
    assert "topsecret" not in repr(vars(familiar))


def test_many_credentials_of_one_second_are_bounded_and_gone_after_it() -> None:
    clock = Clock()
    familiar = taught(later=clock.later)
    for number in range(3_000):
        data = KEYED.replace(b"topsecret", b"topsecret%d" % number)
        familiar.learn(data, Parsed(data).headers)
        assert familiar.read(data) is not None
        assert len(familiar._lately) <= 1_024
    clock.strike()
    assert "topsecret" not in repr(vars(familiar))


def test_several_credentials_at_once_are_left_to_the_parser() -> None:
    both = KEYED.replace(b"X-A: 5", b"Cookie: machinami=hush")
    familiar = taught(both)
    assert familiar.read(both) is None
    assert "hush" not in repr((familiar._known, familiar._private))


names = st.sampled_from([b"Host", b"X-A", b"x-a", b"Accept", b"Content-Length", b"Connection", b"Cookie", b"X-API-Key"])
values = st.sampled_from([b"t", b"5", b"", b" a b ", b"0", b"3", b"a\r\n b", b"\t", b"keep-alive", b"\xc3\xa9"])
lines = st.sampled_from([b"GET /a", b"POST /a?b=%20", b"PATCH /a/b/", b"DELETE /a", b"GET /<\\^`{|}~", b'GET /"'])
ends = st.sampled_from([b"\r\n", b"\n"])
messages = st.tuples(lines, st.lists(st.tuples(names, values, ends), max_size=3), st.sampled_from([b"", b"abc", b"{}"]))


@given(st.lists(messages, min_size=1, max_size=4))
def test_what_is_read_is_what_the_parser_reads(
    several: list[tuple[bytes, list[tuple[bytes, bytes, bytes]], bytes]],
) -> None:
    clock = Clock()
    familiar = Familiar(clock.later)
    for line, fields, body in (*several, *several):
        head = line + b" HTTP/1.1\r\n" + b"".join(b"%b: %b%b" % field for field in fields)
        data = head + b"\r\n" + body
        whole = familiar.read(data)
        try:
            parsed = Parsed(data)
        except httptools.HttpParserError:
            assert whole is None
            continue
        if whole is not None:
            assert parsed.whole == 1
            assert (whole.method, whole.target.encode(), whole.body) == (parsed.method, parsed.url, parsed.body)
            assert list(whole.headers) == parsed.headers
            assert whole.by_name is None or whole.by_name == dict(parsed.headers)
        if parsed.whole == 1:
            familiar.learn(data, parsed.headers)
