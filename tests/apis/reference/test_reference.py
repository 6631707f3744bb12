"""Is everything told that can be asked, so that programs and people can use it?"""

import re
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import schemathesis

from machinami.apis.governance.office import Office
from machinami.apis.governance.routes import routes as governance_routes
from machinami.apis.identity.asking import Asking
from machinami.apis.identity.routes import routes as identity_routes
from machinami.apis.ngsild import batch, entities, mapped, parameters, temporal_parameters
from machinami.apis.ngsild.openapi import PARAMETERS
from machinami.apis.ngsild.routes import routes as ngsild_routes
from machinami.apis.reference.routes import routes
from machinami.apis.reference.view import LINK, asked_address, chapters
from machinami.apis.status.routes import routes as status_routes
from machinami.broker.broker import Broker, Ports
from machinami.broker.contexts import town_context
from machinami.broker.identity.identity import Identity, Supplies
from machinami.broker.identity.seal import Seal
from machinami.broker.identity.tokens import Tokens
from machinami.foundation.errors import BadRequestData, NotFound
from machinami.kit.frame import Frame
from machinami.kit.http import Request, Response, Route
from machinami.kit.openapi import PAGES, document, operation_id
from machinami.kit.words import differences
from machinami.store.memory import MemoryBackend
from machinami.wire.recorded import RecordedWire

NOW = datetime(2026, 6, 30, tzinfo=UTC)
RETRIEVE = "get-ngsi-ld-v1-entities-id"


def every_route() -> list[Route]:
    wire, frame = RecordedWire(), Frame({"ja": "街", "en": "Town"}, lambda: NOW)
    broker = Broker(Ports(MemoryBackend(), wire, wire, lambda: NOW, lambda: "1", lambda *_: None))
    identity = Identity(Supplies(lambda: NOW, bytes, Seal(bytes(32), bytes), broker.protect, str))
    asking = Asking(identity, Tokens(identity))
    people = [
        *identity_routes(asking, frame, broker.town),
        *governance_routes(Office(broker, identity, asking.principal, frame)),
    ]
    told = [route for route in people if route.tag != PAGES]
    return [*ngsild_routes(broker), *status_routes("1", list, list), *told]


@pytest.fixture(name="told")
def openapi_document() -> dict[str, Any]:
    return orjson.loads(orjson.dumps(document(every_route(), "1")))


async def ask(path: str, query: str = "", language: str = "en") -> Response:
    rows = routes(every_route(), Frame({"ja": "街", "en": "Town"}, lambda: NOW), "1")
    handler = {route.path: route.handler for route in rows}[path]
    headers = [(b"host", b"town.test"), (b"cookie", f"lang={language}".encode()), (b"accept", b"text/html")]
    answer = handler(Request("GET", path, query, headers))
    return answer if isinstance(answer, Response) else await answer


def test_the_document_is_openapi(told: dict[str, Any]) -> None:
    schema = schemathesis.openapi.from_dict(told)

    assert schema.validate() is None
    assert told["openapi"].startswith("3.1")


def test_every_reference_in_it_leads_somewhere(told: dict[str, Any]) -> None:
    named = set(re.findall(r'"#/components/schemas/(\w+)"', orjson.dumps(told).decode()))

    assert named <= told["components"]["schemas"].keys()


def test_every_route_but_the_pages_is_told_under_a_name_of_its_own(told: dict[str, Any]) -> None:
    operations = [operation for path in told["paths"].values() for operation in path.values()]

    assert len(operations) == len(every_route())
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert all(operation["summary"] and operation["responses"] for operation in operations)


def test_every_parameter_that_is_checked_has_a_meaning() -> None:
    known = (
        mapped.MAPPED
        | parameters.QUERY
        | temporal_parameters.QUERY
        | entities.MERGE_BY
        | entities.REMOVE
        | batch.MERGE_OPTIONS
    )

    assert known <= PARAMETERS.keys()
    assert all(description for description, _, _ in PARAMETERS.values())


def test_the_parameters_that_are_told_are_those_that_are_checked(told: dict[str, Any]) -> None:
    rows = told["paths"]["/ngsi-ld/v1/entities"]["get"]["parameters"]

    assert {row["name"] for row in rows if row["in"] == "query"} == mapped.MAPPED


def test_a_summary_becomes_a_name() -> None:
    assert operation_id("Host a @context") == "hostAContext"


async def test_the_document_is_served_and_tells_of_itself() -> None:
    served = orjson.loads((await ask("/openapi.json")).body)

    assert "/openapi.json" in served["paths"]
    assert "/docs" not in served["paths"]


async def test_the_names_of_the_town_can_be_fetched_as_what_they_stand_for() -> None:
    served = await ask("/contexts/machinami.jsonld")

    assert (served.status, served.media_type) == (200, b"application/ld+json")
    names = orjson.loads(served.body)["@context"]
    assert {name: town_context().expand(name) for name in names} == names
    assert "RiverGauge" in names


@pytest.mark.parametrize("language", ["ja", "en", "easy"])
async def test_the_page_lists_every_operation_with_an_example_and_no_script_of_its_own(language: str) -> None:
    page = (await ask("/docs", language=language)).body.decode()

    assert page.count("<details") == len(every_route()) + 2
    assert "curl -X POST http://town.test/ngsi-ld/v1/entities" in page
    assert page.count("https://w3id.org/machinami/RiverGauge") == 1
    assert "<script>" not in page
    assert not re.search(r" on\w+=", page)
    assert not re.search(r'(src|href)="https?:', page)


def test_an_example_names_the_context_of_the_town_where_short_names_are_sent(told: dict[str, Any]) -> None:
    examples = {entry.key: entry.curl for chapter in chapters(told, "http://town.test") for entry in chapter.entries}
    assert all(LINK in examples[key] for key in ("post-ngsi-ld-v1-entities", "get-ngsi-ld-v1-entities"))
    assert sum("Link" in example for example in examples.values()) < len(examples)


def test_the_texts_are_there_in_three_languages() -> None:
    assert differences("machinami.apis.reference") == []


def test_only_what_is_read_can_be_tried(told: dict[str, Any]) -> None:
    entries = [entry for chapter in chapters(told, "http://t") for entry in chapter.entries]

    assert {entry.method for entry in entries if entry.tryable} == {"GET"}


async def test_a_filled_in_form_leads_to_its_address() -> None:
    answer = await ask(
        "/docs/try", f"operation={RETRIEVE}&path.id=urn:x:a/b&query.pick=&query.attrs=a,b%26c&query.evil=1"
    )

    assert answer.status == 303
    assert answer.headers == [(b"location", b"/ngsi-ld/v1/entities/urn:x:a%2Fb?attrs=a%2Cb%26c")]


def test_a_form_without_the_path_or_for_nothing_says_what_is_missing(told: dict[str, Any]) -> None:
    with pytest.raises(BadRequestData, match="id is part of the path"):
        asked_address(told, {"operation": RETRIEVE})
    with pytest.raises(NotFound, match="/docs"):
        asked_address(told, {"operation": "delete-ngsi-ld-v1-entities-id"})
