"""Does any request, however strange, break the broker or leave something half-written?"""

import contextlib
import http.client
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.running import Running, running_apart

from machinami.apis.ngsild.described import EXAMPLES, PARAMETERS
from machinami.apis.ngsild.routes import routes
from machinami.kit.http import Route
from machinami.kit.openapi import openapi_document

# A time-out for a context that cannot be had, and a town that is busy, are answers; anything else is a fault.
ALLOWED_FAULTS = {503, 504}
GENERATE = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)


def short(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        phases=GENERATE,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


@pytest.fixture(scope="module", params=[True, False], ids=["fast lane", "asgi"])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_apart(tmp_path_factory.mktemp("town"), request.param) as found:
        post(found, "/ngsi-ld/v1/entities", EXAMPLES["Entity"])
        post(found, "/ngsi-ld/v1/subscriptions", {**EXAMPLES["Subscription"], "id": "urn:s:1"})
        yield found


@pytest.fixture(scope="module")
def rows(town: Running) -> list[Route]:
    return routes(town.broker)


def post(town: Running, path: str, document: Any) -> None:
    assert ask(town, "POST", path, orjson.dumps(document)) == 201


def ask(town: Running, method: str, target: str, body: bytes | None = None, kind: str = "application/json") -> int:
    connection = http.client.HTTPConnection(town.serving.host, town.serving.port, timeout=20)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        if body is not None:
            connection.putheader("Content-Type", kind)
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status >= 400:
            problem = orjson.loads(said) if said else {"status": answer.status}
            assert problem["status"] == answer.status
        return answer.status
    finally:
        connection.close()


def seq(town: Running) -> int:
    found = town.broker.open_town(None)
    assert found is not None
    return found.store.last_seq


def check(town: Running, method: str, target: str, body: bytes | None = None, kind: str = "application/json") -> None:
    before = seq(town)
    status = ask(town, method, target, body, kind)
    assert status < 500 or status in ALLOWED_FAULTS, f"{method} {target} {body!r}"
    if status >= 400:
        assert seq(town) == before, f"refused, yet written: {method} {target} {body!r}"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
    | st.sampled_from(["urn:ngsi-ld:null", "@none", "Property", "Relationship", "GeoProperty", "2026-06-30T00:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.text(max_size=6)
        | st.sampled_from(["type", "value", "id", "object", "languageMap", "vocab", "json", "valueList", "objectList",
                           "datasetId", "observedAt", "unitCode", "scope", "@context", "@type", "coordinates"]),
        inner, max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> Any:
    """A document with one place of it changed."""
    if isinstance(document, dict) and document and draw(st.integers(0, 4)) > 0:
        name = draw(st.sampled_from(sorted(document)))
        match draw(st.integers(0, 3)):
            case 0:
                return {key: value for key, value in document.items() if key != name}
            case 1:
                return {**document, draw(st.text(max_size=8)): draw(JSON_VALUES)}
            case _:
                return {**document, name: draw(mutated(document[name]))}
    if isinstance(document, list) and document and draw(st.booleans()):
        return [draw(mutated(document[0])), *document[1:]]
    return draw(JSON_VALUES)


def named(path: str) -> str:
    return path.replace("{id}", "urn:ngsi-ld:RiverGauge:1").replace("{attribute}", "waterLevel").replace("{type}", "T")


def with_body(rows: list[Route]) -> list[tuple[Route, Any]]:
    return [(row, row.details["example"]) for row in rows if "example" in row.details]


@given(data=st.data())
@short(250)
def test_no_body_breaks_it(town: Running, rows: list[Route], data: st.DataObject) -> None:
    row, example = data.draw(st.sampled_from(with_body(rows)))
    document = data.draw(mutated(example))
    with contextlib.suppress(orjson.JSONEncodeError):  # a whole number beyond 64 bits is not JSON for everyone
        kind = data.draw(st.sampled_from(["application/json", "application/json", "application/ld+json"]))
        if kind == "application/ld+json" and isinstance(document, dict):
            document = {"@context": data.draw(JSON_VALUES | st.just({"a": "https://a.test/"})), **document}
        check(town, row.method, named(row.path), orjson.dumps(document), kind)


@given(data=st.data())
@short(80)
def test_no_bytes_break_it(town: Running, rows: list[Route], data: st.DataObject) -> None:
    row, example = data.draw(st.sampled_from(with_body(rows)))
    whole = orjson.dumps(example)
    at = data.draw(st.integers(0, len(whole)))
    body = data.draw(st.sampled_from([whole[:at], whole[at:]])) + data.draw(st.binary(max_size=8))
    check(town, row.method, named(row.path), body)


VALUES = st.text(max_size=12) | st.sampled_from(
    ["0", "-1", "99999999999999999999", "true", "1e400", "*", "a;b", "a,b", "(a", "a[b", "a==1..2", 'a~="("', "near",
     "near;maxDistance==1e999", "[[[1,2]]]", "[1e999,1]", "Point", "PT1H", "P99999999999999D", "9999-12-31T23:59:59Z",
     "0001-01-01T00:00:00Z", "after", "between", "temporalValues", "aggregatedValues", "sysAttrs", "urn:x:1", "%00",
     "a{b{c}}", "<https://a.test/b>", "id;desc", "location;dist-asc", "avg,sum", "ja,en;q=0.5", "@none", "/#", "/a/+"]
)  # fmt: skip


@given(data=st.data())
@short(250)
def test_no_parameter_breaks_it(town: Running, rows: list[Route], data: st.DataObject) -> None:
    row = data.draw(st.sampled_from([row for row in rows if row.method == "GET" and row.details["parameters"]]))
    known = sorted(str(name) for name in row.details["parameters"])  # type: ignore[attr-defined]  # a mapping, as above
    chosen = data.draw(st.dictionaries(st.sampled_from(known), VALUES, max_size=4))
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in chosen.items())
    check(town, row.method, f"{named(row.path)}?{query}")


@given(part=st.text(max_size=12) | st.sampled_from(["%00", "..", "urn:a/b", "urn:%0d%0a", "a" * 3000]))
@short(60)
def test_no_id_breaks_it(town: Running, part: str) -> None:
    for path in ("entities/{}", "entities/urn:a:1/attrs/{}", "types/{}", "attributes/{}", "subscriptions/{}",
                 "temporal/entities/{}", "jsonldContexts/{}"):  # fmt: skip
        target = "/ngsi-ld/v1/" + path.format(quote(part, safe=""))
        check(town, "GET", target)
        check(town, "DELETE", target)
    check(town, "GET", f"/ngsi-ld/v1/entities/{quote(part.encode('utf-16', 'surrogatepass'), safe='')}")


@given(
    raw=st.binary(max_size=60),
    head=st.sampled_from([b"", b"GET ", b"GET / HTTP/1.1\r\n", b"POST /ngsi-ld/v1/entities "]),
)
@short(80)
def test_no_raw_bytes_break_it(town: Running, raw: bytes, head: bytes) -> None:
    with socket.create_connection((town.serving.host, town.serving.port), timeout=20) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(head + raw + b"\r\n\r\n")
            client.shutdown(socket.SHUT_WR)
            said = client.recv(65536)
            assert not said.startswith(b"HTTP/1.1 5")
    assert ask(town, "GET", "/ngsi-ld/v1/types") == 200


def test_a_deep_body_is_refused(town: Running) -> None:
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        body = opening * 5_000 + b"1" + closing * 5_000
        check(town, "POST", "/ngsi-ld/v1/entities", body)
        nested = b'{"id":"urn:d:1","type":"T","a":{"type":"Property","value":' + body + b"}}"
        check(town, "POST", "/ngsi-ld/v1/entities", nested)


def test_every_parameter_is_described(rows: list[Route]) -> None:
    for row in rows:
        assert row.details["parameters"].keys() <= PARAMETERS.keys()  # type: ignore[attr-defined]  # a mapping


def operations(folder: Path) -> list[Any]:
    with running_apart(folder) as town:
        document = openapi_document(routes(town.broker), "Machinami", "1")
    return [found.ok() for found in schemathesis.openapi.from_dict(document).get_all_operations()]


def test_what_the_description_promises_can_be_asked(town: Running, tmp_path: Path) -> None:
    for operation in operations(tmp_path):

        @given(case=operation.as_strategy())
        @short(6)
        def ask_it(case: Any) -> None:
            answer = case.call(base_url=town.serving.url)
            assert answer.status_code < 500 or answer.status_code in ALLOWED_FAULTS, case.as_curl_command()

        ask_it()
