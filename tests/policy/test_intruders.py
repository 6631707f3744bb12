"""What does somebody find who tries to break in? Each test is a way that was once tried by hand."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.policy.inhabited import SHELTER, Crowd, inhabited
from yarl import URL

pytestmark = pytest.mark.asyncio(loop_scope="module")
ENTITIES = "/ngsi-ld/v1/entities"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowd(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crowd]:
    async with inhabited(tmp_path_factory.mktemp("town")) as found:
        yield found


class Listener:
    """Somebody's server, which counts who connects and gives every one an empty @context."""

    def __init__(self) -> None:
        self.asked = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        body = b'{"@context": {}}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/ld+json\r\nConnection: close\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()


def linked(url: str) -> dict[str, str]:
    """The header field by which a request names an @context."""
    return {"Link": f'<{url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'}


async def test_a_stranger_cannot_have_a_protected_town_connect_to_an_address_that_they_name(crowd: Crowd) -> None:
    listener = Listener()
    server = await asyncio.start_server(listener.answer, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/words.jsonld"
        said = {"Accept": "*/*", **linked(url)}
        shelters, new = {"type": "Query", "entities": [{"type": "Shelter"}]}, {"id": "urn:x:1", "type": "X"}
        for told in (
            await crowd.ask("nobody", "GET", f"{ENTITIES}?type=Shelter", **said),
            await crowd.ask("nobody", "GET", f"{ENTITIES}/{SHELTER}", **said),
            await crowd.ask("nobody", "GET", f"{ENTITIES}?type=Shelter", NGSILD_Tenant="nowhere", **said),
            await crowd.ask("nobody", "POST", "/ngsi-ld/v1/entityOperations/query", body=shelters, **said),
            await crowd.ask("nobody", "POST", ENTITIES, body=new, **said),
            await crowd.ask("nobody", "POST", "/ngsi-ld/v1/entityOperations/create", body=[new], **said),
        ):
            assert told.status in (401, 404), (told.status, told.text)
        assert listener.asked == 0
        kept = await crowd.ask("administrator", "GET", "/ngsi-ld/v1/jsonldContexts", Accept="*/*")
        assert url not in kept.text
        seen = await crowd.ask("officer", "GET", f"{ENTITIES}?type=Shelter", Accept="*/*", **linked(url))
        assert (seen.status, listener.asked) == (200, 1)
        again = await crowd.ask("nobody", "GET", f"{ENTITIES}?type=Shelter", Accept="*/*", **linked(url))
        assert "fetched only for who says" not in again.text


async def test_why_an_address_could_not_be_had_is_said_without_the_inside_of_the_town(crowd: Crowd) -> None:
    for url, why in (
        ("http://127.0.0.1:9/words.jsonld", "does not answer"),
        ("http://017700000001:9/words.jsonld", "is no address of the web"),
        ("http://nowhere.invalid/words.jsonld", "no address is known"),
    ):
        told = await crowd.ask("officer", "GET", f"{ENTITIES}?type=Shelter", Accept="*/*", **linked(url))
        assert told.status == 504
        assert why in told.text
        assert "Client" not in told.text
        assert "ssl:" not in told.text


async def test_a_form_of_too_many_fields_is_refused_and_no_failure(crowd: Crowd) -> None:
    form = {f"field{number}": "x" for number in range(500)}
    for path in ("/oauth/token", "/sign-out/provider/back-channel", "/sign-in", "/invitation"):
        told = await crowd.ask("nobody", "POST", URL(path), form=form)
        assert told.status == 400, (path, told.status)
