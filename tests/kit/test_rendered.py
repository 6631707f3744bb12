"""Is a page made once a second for a crowd, anew for each of a few, and never for one what was made for another?"""

import asyncio
import gzip

import pytest

from machinami.kit.forms import SESSION, WAITING
from machinami.kit.http import HTML, Request, Response
from machinami.kit.rendered import Rendered
from machinami.kit.viewing import VIEWER
from machinami.model.principal import Principal


class Town:
    """A page that says how often it was made."""

    def __init__(self) -> None:
        self.now = 0.0
        self.made = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.status = 200
        self.pages = Rendered(lambda: self.now)

    async def make(self, request: Request) -> Response:
        self.made += 1
        number = self.made
        await asyncio.sleep(0)
        return Response(self.status, b"<p>" + str(number).encode() + b"x" * 2_000, HTML, [*self.headers])

    async def ask(self, query: str = "", *headers: tuple[bytes, bytes], path: str = "/") -> Response:
        outcome = self.pages.show(Request("GET", path, query, headers), "ja", "http://town", self.make)
        return outcome if isinstance(outcome, Response) else await outcome


def number(response: Response) -> int:
    return int(response.body[3:].rstrip(b"x"))


async def test_few_readers_are_each_shown_what_is_so_now() -> None:
    town = Town()
    for expected in range(1, 6):
        assert number(await town.ask()) == expected


async def test_a_crowd_is_shown_a_page_that_is_at_most_a_second_old() -> None:
    town = Town()
    for step in range(1_000):  # 100 readers a second, for ten seconds
        town.now = step / 100
        seen = number(await town.ask())
        assert seen == town.made
    assert town.made <= 8 + 11


async def test_all_who_ask_at_once_wait_for_one_making() -> None:
    town = Town()
    answers = await asyncio.gather(*(town.ask() for _ in range(50)))
    assert {number(one) for one in answers} == {1}
    assert len({id(one.headers) for one in answers}) == 50, "what one answer is given does not reach the others"


async def test_who_has_the_page_is_told_only_that_it_is_the_same() -> None:
    town = Town()
    first = await town.ask()
    tag = dict(first.headers)[b"etag"]
    town.made = 0
    again = await town.ask("", (b"if-none-match", tag))
    assert (again.status, again.body) == (304, b"")
    assert (await town.ask("", (b"if-none-match", tag))).status == 200, "it has changed meanwhile"


async def test_it_is_packed_for_who_takes_that() -> None:
    town = Town()
    packed = await town.ask("", (b"accept-encoding", b"gzip, br"))
    assert dict(packed.headers)[b"content-encoding"] == b"gzip"
    assert gzip.decompress(packed.body).startswith(b"<p>1x")
    assert len(packed.body) < 200


@pytest.mark.parametrize(
    "headers",
    [((b"cookie", SESSION.encode() + b"=abc"),), ((b"cookie", WAITING.encode() + b"=abc"),)],
)
async def test_who_is_somebody_has_a_page_of_their_own(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    town = Town()
    answers = await asyncio.gather(*(town.ask("", *headers) for _ in range(20)))
    assert len({number(one) for one in answers}) == 20
    assert all(b"etag" not in dict(one.headers) for one in answers)


async def test_who_is_known_by_a_key_has_a_page_of_their_own() -> None:
    town = Town()
    for _ in range(20):
        await town.ask()
    token = VIEWER.set(Principal("urn:somebody"))
    try:
        assert number(await town.ask()) == town.made
    finally:
        VIEWER.reset(token)


@pytest.mark.parametrize("own", [[(b"set-cookie", b"machinami-form=secret; Path=/")], None])
async def test_what_is_given_to_one_reader_is_given_to_no_other(own: list[tuple[bytes, bytes]] | None) -> None:
    town = Town()
    town.headers, town.status = own or [], 200 if own else 503
    answers = await asyncio.gather(*(town.ask() for _ in range(20)))
    assert len({number(one) for one in answers}) == 20


async def test_nobody_fills_the_memory_with_pages_that_nobody_asks_for() -> None:
    town = Town()
    for n in range(1_000):
        await town.ask(f"date={n}")
        await town.ask(f"x={n}")
        await town.ask("", path=f"/{n}")
    assert len(town.pages._kept) <= 256
