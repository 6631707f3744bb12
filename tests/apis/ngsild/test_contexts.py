"""What does a request leave behind whose @context cannot be had or hosted?"""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.app.tenancy import ROOT, installation

UNREACHABLE = "http://127.0.0.1:9/none.jsonld"  # the port of discard, where nothing listens


@pytest.mark.parametrize("body", [True, {}, {"@context": 5}, {"@context": UNREACHABLE}])
async def test_a_context_that_cannot_be_hosted_makes_no_town(tmp_path: Path, body: object) -> None:
    async with installation(tmp_path) as towns:
        refused = await towns.ask("POST", f"{ROOT}/jsonldContexts", body, "nobody")
        assert refused.status in (400, 503, 504)
        assert (await towns.ask("GET", f"{ROOT}/entities?local=true", None, "nobody")).status == 404


async def test_a_context_that_can_be_hosted_makes_the_town_that_hosts_it(tmp_path: Path) -> None:
    async with installation(tmp_path) as towns:
        made = await towns.ask("POST", f"{ROOT}/jsonldContexts", {"@context": {"level": "https://x.test/l"}}, "new")
        assert made.status == 201
        kept = (await towns.ask("GET", f"{ROOT}/jsonldContexts", None, "new")).body
        assert [urlsplit(one).path for one in kept] == [made.headers["Location"]]


async def test_an_entity_map_is_asked_for_with_a_context_that_must_be_fetched_first(tmp_path: Path) -> None:
    link = f'<{UNREACHABLE}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
    async with installation(tmp_path) as towns:
        told = await towns.ask("GET", f"{ROOT}/entityMaps/urn:x:1", None, None, Link=link)
        assert told.status in (503, 504)
        assert told.body["type"].endswith("/LdContextNotAvailable")
