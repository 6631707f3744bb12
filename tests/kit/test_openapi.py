"""Is the description of the interface the interface itself?"""

import orjson

from machinami.kit.http import Request, Response, Route
from machinami.kit.openapi import openapi_document, openapi_routes


def nothing(request: Request) -> Response:
    return Response()


ASKED = {"parameters": {"q": {"type": "string", "description": "<what>"}}}
GIVEN = {"body": {"type": "object"}, "answers": {204: "Done"}}
ROWS = [
    Route("GET", "/things/{id}", nothing, "A thing", "Things", details=ASKED),
    Route("PUT", "/things/{id}", nothing, "Put it", "Things", details=GIVEN),
    Route("GET", "/files/{rest:path}", nothing, "A file", "Files"),
    Route("GET", "/hidden", nothing),
]


def said(path: str) -> bytes:
    route = next(route for route in openapi_routes(ROWS, "Town <1>", "1") if route.path == path)
    answer = route.handler(Request("GET", path))
    assert isinstance(answer, Response)
    return answer.body


def test_every_route_with_a_summary_is_told() -> None:
    told = orjson.loads(said("/openapi.json"))
    assert set(told["paths"]) == {"/things/{id}", "/files/{rest}"}
    assert set(told["paths"]["/things/{id}"]) == {"get", "put"}


def test_parameters_of_path_and_query_are_told() -> None:
    operation = openapi_document(ROWS, "Town", "1")["paths"]["/things/{id}"]["get"]
    assert [(p["name"], p["in"]) for p in operation["parameters"]] == [("id", "path"), ("q", "query")]
    put = openapi_document(ROWS, "Town", "1")["paths"]["/things/{id}"]["put"]
    assert put["requestBody"]["content"]["application/json"]["schema"] == {"type": "object"}
    assert put["responses"] == {"204": {"description": "Done"}}


def test_the_page_needs_nothing_from_elsewhere_and_escapes() -> None:
    page = said("/docs").decode()
    assert "Town &lt;1&gt;" in page
    assert "&lt;what&gt;" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "/hidden" not in page
