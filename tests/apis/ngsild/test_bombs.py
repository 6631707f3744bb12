"""Does a small request ever cost much? What is deep, long, packed or colliding is refused soon, or done soon."""

import gzip
import json
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from tests.besieged import BODY_LIMIT, Besieged, besieged

ENTITIES, OPERATIONS = b"/ngsi-ld/v1/entities", b"/ngsi-ld/v1/entityOperations"
CPU = 4.0  # seconds of this process, for what an honest request of the size needs some milliseconds
JSON, LD = {b"Content-Type": b"application/json"}, {b"Content-Type": b"application/ld+json"}
DEEP = 30_000


@pytest.fixture(scope="module", name="town")
def whole_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    with besieged(tmp_path_factory.mktemp("town"), whole=True) as found:
        yield found


def entity(value: bytes, name: bytes = b"a") -> bytes:
    """An entity with one attribute."""
    return b'{"id":"urn:x:bomb","type":"X","%b":{"type":"Property","value":%b}}' % (name, value)


def chained(terms: int) -> bytes:
    """A context in which each term is said by the one before it."""
    words = {f"t{n}": f"t{n - 1}:x" if n else "urn:t:" for n in range(terms)}
    return json.dumps({"id": "urn:x:bomb", "type": "X", f"t{terms - 1}": 1, "@context": words}).encode()


def circular() -> bytes:
    """A context in which two terms are said by each other."""
    return json.dumps({"id": "urn:x:b", "type": "X", "@context": {"a": "b:x", "b": "a:x"}, "a:y": 1}).encode()


BODIES = {
    "arrays in arrays": (JSON, b"[" * DEEP + b"]" * DEEP),
    "arrays that do not end": (JSON, b"[" * DEEP),
    "objects in objects": (JSON, b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "a deep value": (JSON, entity(b"[" * 1_000 + b"]" * 1_000)),
    "attributes in attributes": (JSON, entity(b'1,"s":{"type":"Property","value":' * 200 + b"1" + b"}" * 200)),
    "a long number": (JSON, entity(b"9" * 150_000)),
    "a long fraction": (JSON, entity(b"0." + b"1" * 150_000)),
    "a large exponent": (JSON, entity(b"1e999999999")),
    "a large negative exponent": (JSON, entity(b"-1e-999999999")),
    "a long name": (JSON, entity(b"1", b"n" * 150_000)),
    "many names": (JSON, json.dumps({"id": "urn:x:b", "type": "X", **{f"n{i}": i for i in range(9_000)}}).encode()),
    "one name many times": (JSON, b'{"id":"urn:x:b","type":"X"' + b',"n":1' * 30_000 + b"}"),
    "names like numbers": (JSON, entity(json.dumps({str(i * (2**61 - 1)): 1 for i in range(6_000)}).encode())),
    "many types": (JSON, json.dumps({"id": "urn:x:b", "type": [f"T{i}" for i in range(20_000)]}).encode()),
    "many points": (JSON, b'{"id":"urn:x:b","type":"X","location":{"type":"LineString","coordinates":%b}}'
                    % json.dumps([[i % 180, i % 90] for i in range(15_000)]).encode()),
    "many holes": (JSON, b'{"id":"urn:x:b","type":"X","location":{"type":"Polygon","coordinates":%b}}'
                   % json.dumps([[[0, 0], [1, 0], [1, 1], [0, 0]]] * 3_000).encode()),
    "a crossed ring": (JSON, b'{"id":"urn:x:b","type":"X","location":{"type":"Polygon","coordinates":[%b]}}'
                       % json.dumps([[i % 7, i * 13 % 11] for i in range(9_000)] + [[0, 0]]).encode()),
    "terms said by terms": (LD, chained(4_000)),
    "terms said by each other": (LD, circular()),
    "contexts in contexts": (LD, b'{"id":"urn:x:b","type":"X","@context":%b}' % (b"[" * 5_000 + b"]" * 5_000)),
    "many contexts": (LD, json.dumps({"id": "urn:x:b", "type": "X", "@context": [
        {f"a{i}": f"urn:a{i}"} for i in range(5_000)]}).encode()),
    "packed": ({**JSON, b"Content-Encoding": b"gzip"}, gzip.compress(b" " * 50_000_000)),
    "packed, unsaid": (JSON, gzip.compress(b" " * 50_000_000)),
    "nothing but spaces": (JSON, b" " * (BODY_LIMIT - 1)),
}  # fmt: skip
QUERIES = {
    "parentheses": "q=" + "(" * 20_000,
    "a long q": "q=" + ";".join(["a==1"] * 3_000),
    "many alternatives": "q=" + "|".join(["a==1"] * 3_000),
    "a pattern that tries all ways": "type=X&q=" + quote("a~=(a+)+$"),
    "a pattern of an id": "type=X&idPattern=" + quote("((a*)*)*b"),
    "a long pattern": "type=X&idPattern=" + "a?" * 5_000,
    "a pattern repeated": "type=X&idPattern=" + quote("(((a{99}){99}){99}){99}"),
    "many ids": "id=" + ",".join(f"urn:x:{i}" for i in range(4_000)),
    "many names": "type=X&attrs=" + ",".join(f"a{i}" for i in range(8_000)),
    "a deep pick": "type=X&pick=" + "a{" * 10_000,
    "many types": "type=" + ",".join(f"T{i}" for i in range(8_000)),
    "types in parentheses": "type=" + "(" * 20_000,
    "scopes": "scopeQ=" + ",".join(["/a/+"] * 9_000),
    "a large geometry": "type=X&georel=within&geometry=Polygon&coordinates=" + quote(str([[[0, 0]] * 2_000])),
    "deep coordinates": "type=X&georel=within&geometry=Polygon&coordinates=" + quote("[" * 15_000),
    "many parameters": "&".join(f"a{i}=1" for i in range(9_000)),
    "a far page": "type=X&offset=99999999999999999999",
    "deep links": "type=X&join=inline&joinLevel=99999999999",
}
PATHS = {
    "a deep path": b"/a" * 30_000,
    "slashes": b"/" * 60_000,
    "a deep path of ours": ENTITIES + b"/x" * 30_000,
    "escapes": b"/nothing/" + b"%41" * 20_000,
    "dots": b"/static/" + b"../" * 20_000,
}


def bounded(town: Besieged, ask: tuple[str, bytes, dict[bytes, bytes], bytes | None]) -> int:
    """The status of what is asked, which must come soon, and leave the town well."""
    began = time.process_time()
    answer = town.line.ask(*ask)
    took = time.process_time() - began
    assert answer.status < 500 or answer.status == 504, (answer.status, answer.body[:300])
    assert took < CPU, f"{took:.1f} s"
    assert town.well()
    return answer.status


@pytest.mark.parametrize("name", BODIES)
def test_a_body_costs_no_more_than_it_is_long(town: Besieged, name: str) -> None:
    head, body = BODIES[name]
    assert len(body) < BODY_LIMIT
    statuses = [bounded(town, ("POST", ENTITIES, head, body))]
    statuses.append(bounded(town, ("POST", OPERATIONS + b"/upsert", head, b"[" + body + b"]")))
    statuses.append(bounded(town, ("POST", b"/ngsi-ld/v1/jsonldContexts", head, b'{"@context":' + body + b"}")))
    assert all(200 <= status < 500 for status in statuses)
    if name.startswith("packed"):
        assert set(statuses) <= {400, 415}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_costs_no_more_than_it_is_long(town: Besieged, name: str) -> None:
    value = json.dumps("a" * 5_000 + "!").encode()
    many = b"[" + b",".join(entity(value).replace(b"bomb", b"%d" % n) for n in range(20)) + b"]"
    assert town.line.ask("POST", OPERATIONS + b"/upsert", JSON, many).status in (201, 204)
    for path in (ENTITIES, b"/ngsi-ld/v1/temporal/entities", b"/ngsi-ld/v1/entityMaps"):
        bounded(town, ("GET", path + b"?" + QUERIES[name].encode(), {}, None))


@pytest.mark.parametrize("name", ["many points", "many holes", "a crossed ring"])
def test_a_place_that_is_tangled_costs_no_more_when_it_is_asked_for(town: Besieged, name: str) -> None:
    head, body = BODIES[name]
    assert town.line.ask("POST", OPERATIONS + b"/upsert", head, b"[" + body + b"]").status in (201, 204)
    bounded(town, ("GET", ENTITIES + b"?" + QUERIES["a large geometry"].encode(), {}, None))


@pytest.mark.parametrize("name", PATHS)
def test_a_path_costs_no_more_than_it_is_long(town: Besieged, name: str) -> None:
    assert bounded(town, ("GET", PATHS[name], {}, None)) in (400, 404)


def test_header_fields_cost_no_more_than_they_are_long(town: Besieged) -> None:
    for fields in (
        {b"X-%d" % n: b"1" for n in range(3_000)},
        {b"Link": b"<urn:x>" + b"; a=b" * 10_000},
        {b"Accept": b",".join([b"a/b;q=0.1"] * 5_000)},
        {b"Cookie": b";".join([b"a=b"] * 10_000)},
        {b"Prefer": b"ngsi-ld=" + b"1." * 20_000},
        {b"Via": b",".join([b"1.1 a"] * 5_000)},
        {b"NGSILD-Tenant": b"a" * 50_000},
        {b"Authorization": b"Bearer " + b"." * 50_000},
        {b"X-Forwarded-For": b"1.2.3.4," * 7_000},
    ):
        for path in (ENTITIES + b"?type=X", b"/data/X", b"/account"):
            bounded(town, ("GET", path, fields, None))
