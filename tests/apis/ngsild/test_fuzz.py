"""Does the town stand whatever comes? Every route of every face and page is attacked with what should not come.

Whatever is asked, the answer is no inner error, a refusal says what is wrong, and what was refused left no trace.
"""

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.apis.ngsild import nasty
from tests.besieged import Answer, Besieged, besieged

from api_document import every_route
from machinami.kit.http import Route
from machinami.kit.openapi import OPERATION, PAGES, Operation

FEW, MANY = 12, 600
FORM = {b"Content-Type": b"application/x-www-form-urlencoded", b"Accept": b"text/html"}
GAUGE = {
    "id": "urn:ngsi-ld:RiverGauge:1",
    "type": "RiverGauge",
    "name": "橋",
    "waterLevel": {"type": "Property", "value": 1.4, "unitCode": "MTR", "observedAt": "2026-06-30T00:00:00Z"},
    "location": {"type": "Point", "coordinates": [138.2, 34.8]},
}


@pytest.fixture(scope="module", name="face")
def face_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    with besieged(tmp_path_factory.mktemp("face"), whole=False) as town:
        yield town


@pytest.fixture(scope="module", name="town")
def whole_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    with besieged(tmp_path_factory.mktemp("town"), whole=True) as town:
        yield town


def sow(town: Besieged) -> None:
    """Put there what the attacks speak of."""
    for document in (GAUGE, nasty.ALL_KINDS):
        body = json.dumps([document]).encode()
        head = {b"Content-Type": b"application/json"}
        assert town.line.ask("POST", b"/ngsi-ld/v1/entityOperations/upsert", head, body).status in (201, 204)
    body = json.dumps(nasty.FULL_SUBSCRIPTION).encode()
    assert town.line.ask("POST", b"/ngsi-ld/v1/subscriptions", head, body).status in (201, 409)


def sound(answer: Answer, method: str, target: bytes) -> None:
    """An answer is no inner error, and a refusal says what is wrong."""
    said = f"{method} {target[:300]!r}: {answer.status} {answer.headers} {answer.body[:600]!r}"
    if answer.status == 503 and not target.startswith(b"/health"):
        assert answer.headers["retry-after"].isdigit(), said
    if answer.status == 504:
        assert json.loads(answer.body)["type"].endswith("/LdContextNotAvailable"), said
    assert answer.status < 500 or answer.status in (503, 504), said
    assert "x-evil" not in answer.headers, said
    if answer.status >= 400 and method != "HEAD" and target.startswith(b"/services/civic_reports/georeport/"):
        assert f"{answer.status}".encode() in answer.body, said  # in the form of GeoReport v2, as JSON or XML
        return
    if answer.status >= 400 and method != "HEAD" and answer.headers["content-type"] == "application/json":
        problem = json.loads(answer.body)
        if target.startswith(b"/oauth/") and "error" in problem:
            return  # in the form of RFC 6749, 5.2
        assert problem["type"].startswith("https://uri.etsi.org/ngsi-ld/errors/"), said
        assert problem["status"] == answer.status, said
        assert problem["title"], said
        assert problem["detail"], said
    elif answer.status >= 400 and method != "HEAD":
        assert answer.headers["content-type"].startswith("text/html"), said
        assert b"</html>" in answer.body, said


@st.composite
def targets(draw: st.DrawFn, route: Route) -> bytes:
    """The path of a route with odd parts, and an odd query."""
    parts = []
    for part in route.path.split("/"):
        parts.append(draw(nasty.pieces) if part.startswith("{") else part.encode())
    operation = route.details.get(OPERATION)
    rows = operation.parameters if isinstance(operation, Operation) else ()
    query = draw(nasty.queries([row["name"] for row in rows if row["in"] == "query"]))
    return b"/".join(parts) + (b"?" + query if query else b"")


def body_of(route: Route) -> str:
    """The name of the schema of a route's body; empty without."""
    operation = route.details.get(OPERATION)
    if not isinstance(operation, Operation) or operation.body is None:
        return ""
    schema = operation.body["content"].get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).rpartition("/")[2]


def attack(town: Besieged, route: Route, examples: int, strict: bool) -> None:
    """Ask a route in so many odd ways. strict: nothing but this writes, so that a trace of a refusal is seen."""
    sow(town)
    page = route.tag == PAGES
    usual = FORM if page else {b"Content-Type": b"application/json"}
    bodies = nasty.forms() if page else nasty.bodies(body_of(route))

    @settings(max_examples=examples, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(targets(route), nasty.headers(usual), bodies)
    def one(target: bytes, headers: dict[bytes, bytes], body: bytes) -> None:
        before = town.state() if strict else ()
        answer = town.line.ask(route.method, target, headers, None if route.method in ("GET", "DELETE") else body)
        sound(answer, route.method, target)
        if answer.status >= 400 and strict:
            assert town.state() == before, f"{route.method} {target!r} gave {answer.status} and left a trace"

    one()
    assert town.well()


def find(town: Besieged, method: str, path: str) -> Route:
    """A route of the running town."""
    return next(route for route in town.routes if (route.method, route.path) == (method, path))


ROUTES = sorted((route.method, route.path) for route in every_route() if route.path.startswith("/ngsi-ld"))


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[" ".join(row) for row in ROUTES])
def test_no_operation_fails_or_half_writes(face: Besieged, method: str, path: str) -> None:
    attack(face, find(face, method, path), FEW, strict=True)


@pytest.mark.long
@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[" ".join(row) for row in ROUTES])
def test_no_operation_fails_or_half_writes_at_length(face: Besieged, method: str, path: str) -> None:
    attack(face, find(face, method, path), MANY, strict=True)


def test_no_page_fails(town: Besieged) -> None:
    for route in town.routes:
        if not route.path.startswith("/ngsi-ld"):
            attack(town, route, FEW, strict=False)


@pytest.mark.long
def test_no_page_fails_at_length(town: Besieged) -> None:
    for route in town.routes:
        if not route.path.startswith("/ngsi-ld"):
            attack(town, route, MANY, strict=False)
