"""With what may a careless or a hostile client come? Strategies for broken documents, queries, headers and bytes."""

import json
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from machinami.apis.ngsild.openapi import EXAMPLES, PARAMETERS


class Raw(str):
    """JSON text that is written as it is, also where it is none."""

    __slots__ = ()


ALL_KINDS = {
    "id": "urn:ngsi-ld:Thing:1",
    "type": ["Thing", "Other"],
    "scope": ["/a/b"],
    "p": [
        {"type": "Property", "value": 1, "unitCode": "MTR"},
        {"type": "Property", "value": 2, "datasetId": "urn:d:1"},
    ],
    "r": {"type": "Relationship", "object": ["urn:a:1", "urn:a:2"], "objectType": "Thing"},
    "g": {"type": "GeoProperty", "value": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}},
    "l": {"type": "LanguageProperty", "languageMap": {"ja": "川", "en": ["a", "b"], "@none": "x"}},
    "v": {"type": "VocabProperty", "vocab": ["a", "b"]},
    "list": {"type": "ListProperty", "valueList": [1, "a", {"b": 1}]},
    "lr": {"type": "ListRelationship", "objectList": [{"object": "urn:a:1"}]},
    "j": {"type": "JsonProperty", "json": {"any": [None, {}]}},
    "deep": {
        "type": "Property",
        "value": 1,
        "sub": {"type": "Property", "value": 2, "observedAt": "2026-01-01T00:00:00Z"},
    },
    "concise": 7,
    "location": {"type": "Point", "coordinates": [138.2, 34.8]},
}
FULL_SUBSCRIPTION = {
    "id": "urn:ngsi-ld:Subscription:1",
    "type": "Subscription",
    "entities": [{"type": "Thing", "idPattern": "urn:.*"}],
    "watchedAttributes": ["p"],
    "notificationTrigger": ["attributeUpdated"],
    "q": 'p>1;r=="urn:a:1"',
    "geoQ": {"geometry": "Point", "coordinates": [1, 2], "georel": "near;maxDistance==5", "geoproperty": "g"},
    "scopeQ": "/a/#",
    "throttling": 5,
    "expiresAt": "2099-01-01T00:00:00Z",
    "notification": {
        "attributes": ["p"],
        "format": "keyValues",
        "endpoint": {
            "uri": "http://127.0.0.1:9/x",
            "accept": "application/json",
            "receiverInfo": [{"key": "X-A", "value": "1"}],
            "timeout": 1000,
        },
    },
}
FULL_QUERY = {
    **EXAMPLES["Past"],
    "attrs": ["p"],
    "q": "p>1",
    "geoQ": FULL_SUBSCRIPTION["geoQ"],
    "scopeQ": "/a",
    "lang": "ja",
    "temporalQ": {
        "timerel": "between",
        "timeAt": "2026-01-01T00:00:00Z",
        "endTimeAt": "2026-02-01T00:00:00Z",
        "lastN": 3,
    },
    "ordering": {"orderBy": "p;desc"},
}
_SERIES = [
    {"type": "Property", "value": 1, "observedAt": "2026-01-01T00:00:00Z"},
    {"type": "Property", "value": "urn:ngsi-ld:null", "deletedAt": "2026-01-02T00:00:00Z"},
]
FULL_PAST = {
    "id": "urn:ngsi-ld:Thing:1",
    "type": "Thing",
    "scope": [{"type": "Property", "value": ["/a", "/b"], "observedAt": "2026-01-01T00:00:00Z"}],
    "p": _SERIES,
    "l": {"type": "LanguageProperty", "languageMaps": [[{"languageMap": {"ja": "川"}}, "2026-01-01T00:00:00Z"]]},
    "lr": {"objectLists": [[["urn:a:1"], "2026-01-01T00:00:00Z"]], "datasetId": "urn:d:1"},
}
SOUND: dict[str, list[Any]] = {
    "EntityTemporal": [EXAMPLES["EntityTemporal"], FULL_PAST],
    "EntityTemporalFragment": [EXAMPLES["EntityTemporalFragment"], {"p": _SERIES}],
    "Entity": [EXAMPLES["Entity"], ALL_KINDS],
    "EntityFragment": [EXAMPLES["EntityFragment"], {k: v for k, v in ALL_KINDS.items() if k != "id"}],
    "Attribute": [EXAMPLES["Attribute"], ALL_KINDS["p"], ALL_KINDS["g"], ALL_KINDS["l"], ALL_KINDS["deep"]],
    "Entities": [EXAMPLES["Entities"], [ALL_KINDS, EXAMPLES["Entity"]]],
    "Ids": [["urn:ngsi-ld:Thing:1", "urn:ngsi-ld:Thing:2"]],
    "Query": [EXAMPLES["Query"], FULL_QUERY],
    "Subscription": [EXAMPLES["Subscription"], FULL_SUBSCRIPTION],
    "SubscriptionFragment": [{"q": "p<3"}, {"notification": FULL_SUBSCRIPTION["notification"]}, {"isActive": False}],
    "Context": [EXAMPLES["Context"], {"@context": [{"a": {"@id": "urn:a", "@type": "@vocab"}, "b": "a:c"}]}],
}
LEAVES = [
    *("null true false 0 -0 -1 1.5 1e999 -1e999 1e308 NaN Infinity [] {} [[]] [null] {\"\":1}".split()),
    "123456789012345678901234567890", "18446744073709551616", "0.1e-400", "1" * 400,
    '""', '" "', '"\\u0000"', '"\\ud800"', '"\\udc00x"', '"\ufeff"', '"a\\nb"', '"\\u202e"', '"' + "a" * 5000 + '"',
    '"@none"', '"@id"', '"urn:ngsi-ld:null"', '"urn:a:b"', '"http://["', '"//"', '":"', '"_:b0"', '"../.."', '"%00"',
    '"Property"', '"Relationship"', '"GeoProperty"', '"Subscription"', '"Point"', '{"type":"Point","coordinates":[]}',
    '{"type":"Polygon","coordinates":[[[0,0],[1,1]]]}', '{"type":"Point","coordinates":[1e308,1e308]}',
    '{"@value":1}', '{"@type":"DateTime","@value":"2026"}', '{"type":"Property"}', '{"value":null}', '{"@id":{}}',
    '"2026-02-30T00:00:00Z"', '"0000-01-01T00:00:00Z"', '"9999-12-31T23:59:60Z"', '"0001-01-01T00:00:00+14:00"',
    '"2026-01-01T00:00:00.123456789Z"', '{"a":1,"a":2}', '["a","a"]', "[" * 60 + "]" * 60, "[" * 3000 + "]" * 3000,
    '{"a":' * 200 + "1" + "}" * 200, '"(a+)+$"', '"["', '"p>1|"', '"p==((((1"', '"near;maxDistance==1e999"',
]  # fmt: skip
MEMBERS = [
    *("@context @id @type @graph @value @none id type value object languageMap vocab valueList".split()),
    *("objectList json".split()),
    *("observedAt unitCode datasetId createdAt modifiedAt deletedAt expiresAt instanceId previousValue scope".split()),
    *("location q geoQ entities notification endpoint uri timeInterval throttling objectType valueType lang".split()),
    "", " ", "\x00", "a b",
    "a" * 3000, "__proto__", "http://x/y", "urn:x", "a:b:c", "日本", "\u202e", "<", "a.b", "a[b]",
]  # fmt: skip

leaves = st.sampled_from(LEAVES).map(Raw)


def written(value: Any) -> str:
    """A value as JSON text, raw parts as they are."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{written(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def places(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every member of a document."""
    found: list[tuple[Any, ...]] = [before]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        found += places(child, (*before, key))
    return found


def changed(value: Any, place: tuple[Any, ...], edit: Any) -> Any:
    """The document with one member edited."""
    if not place:
        return edit(value)
    if isinstance(value, dict):
        return {key: changed(inner, place[1:], edit) if key == place[0] else inner for key, inner in value.items()}
    return [changed(inner, place[1:], edit) if at == place[0] else inner for at, inner in enumerate(value)]


@st.composite
def mutated(draw: st.DrawFn, kind: str) -> bytes:
    """A sound document of a kind with up to three things wrong."""
    document = draw(st.sampled_from(SOUND[kind]))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.sampled_from(places(document)))
        edit = draw(st.sampled_from(["leaf", "member", "without", "twice", "listed"]))
        if edit == "leaf":
            leaf = draw(leaves)
            document = changed(document, place, lambda _, leaf=leaf: leaf)
        elif edit == "member":
            name, leaf = draw(st.sampled_from(MEMBERS)), draw(leaves)
            add = lambda v, n=name, x=leaf: {**v, n: x} if isinstance(v, dict) else v  # noqa: E731
            document = changed(document, place, add)
        elif edit == "without":
            document = changed(document, place, lambda v: dict(list(v.items())[1:]) if isinstance(v, dict) else [])
        elif edit == "twice":
            document = changed(document, place, lambda v: Raw("{" + '"a":1,"a":' + written(v) + "}"))
        else:
            document = changed(document, place, lambda v: [v, v])
    text = written(document).encode("utf-8", "surrogatepass")
    cut = draw(st.sampled_from([None, None, None, None, len(text) // 2, -1]))
    return text[:cut]


def bodies(kind: str) -> st.SearchStrategy[bytes]:
    """What may come as a body where a document of a kind is wanted."""
    noise = st.one_of(
        st.binary(max_size=60),
        leaves.map(lambda leaf: leaf.encode("utf-8", "surrogatepass")),
        st.just(b"\xef\xbb\xbf{}"),
    )
    return st.one_of(*[mutated(kind)] * 5, noise) if kind in SOUND else noise


QUERY_PARTS = [
    *("p==1 p!=1 p>=1 p~=.* p!~=( p<\"a\" p[x]==1 p.q>2 ;| ;; ( ) (p>1) !p p p==1..5 p=='a'".split()),
    *("p==\"a\",\"b\" p==2026".split()),
    *("p==urn:x %20 == .. [ ] \" \\ p==true p~=(a+)+$ p==\"\\u0000\" p[ p. |p p==1e999 p==-1".split()),
]  # fmt: skip
TEXTS = [
    "", " ", "0", "-1", "1", "1e9", "99999999999", "true", "false", "null", "*", "@none", "a,b", "a;b", "(a|b)", "a,",
    "(",
    "urn:ngsi-ld:Thing:1", "urn:a b", "Thing", "p", "id,type", "p{q}", "p{", "}", "normalized", "concise", "simplified",
    "keyValues", "temporalValues", "aggregatedValues", "sysAttrs,count", "nonsense", "near;maxDistance==10",
    "near;minDistance==1e400", "within", "intersects", "equals", "near", "Point", "Polygon", "LineString", "[1,2]",
    "[]",
    "[[[0,0],[1,0],[1,1],[0,0]]]", "[[0,0],[0,0]]", "[1e999,2]", "[NaN,1]", "[181,91]", "[[[[", "2026-01-01T00:00:00Z",
    "2026-13-01", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "before", "after", "between", "observedAt",
    "createdAt",
    "deletedAt", "avg", "avg,sum,max,min,stddev,sumsq,totalCount,distinctCount", "PT1H", "P1D", "PT0S", "P9999W",
    "PT0.000001S", "P", "PT", "P1Y", "P1Y6M3DT1S",
    "P99999999999999Y", "P1M", "\x00", "\ud800", "\u202e", "日本", "a" * 3000, "../../etc/passwd", "%", "%zz",
    "<script>",
    "/a/#", "/+/b", "#", "[", "(a+)+$", ".*", "\\", "a{1,99999}", "(?P<n>a)(?P=n)", "p;asc", "p;desc,id", "p;x",
    "dist-asc",
]  # fmt: skip
texts = st.one_of(
    st.sampled_from(TEXTS),
    st.lists(st.sampled_from(QUERY_PARTS), min_size=1, max_size=5).map("".join),
    st.text(max_size=12),
)
_escaped = texts.map(lambda text: quote(text.encode("utf-8", "surrogatepass"), safe=":;,()[]*"))
ODD_QUERIES = [
    b"&&&",
    b"=",
    b"?",
    b"a=%",
    b"a=%ff%fe",
    b"a=1&a=2",
    b"%00=%00",
    b"limit=1;DROP",
    b"&" * 300,
    b"q=" + b"(" * 3000,
]


def queries(names: list[str]) -> st.SearchStrategy[bytes]:
    """Query strings of these parameters, or of any known ones."""
    name = st.sampled_from([*names, *names, *PARAMETERS]) if names else st.sampled_from(sorted(PARAMETERS))
    pairs = st.dictionaries(name, _escaped, max_size=4)
    sound = pairs.map(lambda rows: "&".join(f"{key}={text}" for key, text in rows.items()).encode("ascii", "replace"))
    return st.one_of(sound, sound, sound, st.sampled_from(ODD_QUERIES), st.just(b""))


PIECES = [
    b"urn:ngsi-ld:Thing:1", b"urn:ngsi-ld:Thing:1", b"urn:ngsi-ld:RiverGauge:1", b"Thing", b"p", b"waterLevel", b"x",
    b"%00", b"%ff", b"%", b"%2F", b"..", b"%2e%2e", b"..%2f..%2fetc%2fpasswd", b"%2e%2e%5c", b"a" * 3000,
    b"%E5%B7%9D", b"~",
    b"urn:x:%0d%0aX-Evil:1", b"http:%2F%2Fx%2Fy", b"*", b"", b"%ED%A0%80", b"css", b"style.json", b"-", b"|", b"'\"",
    b"\xe5",
]  # fmt: skip
pieces = st.sampled_from(PIECES)
HEADERS: dict[bytes, list[bytes]] = {
    b"Content-Type": [
        b"application/json", b"application/json", b"application/json", b"application/ld+json", b"application/ld+json",
        b"application/merge-patch+json", b"text/plain", b"", b"application/json; charset=utf-16", b"\xff",
        b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x", b"multipart/form-data",
    ],
    b"Accept": [
        b"*/*", b"application/json", b"application/ld+json", b"application/geo+json", b"text/html", b"q=", b";;;,,,",
        b"\xff",
        b"application/json;q=NaN, application/ld+json;q=2", b"a/b" * 2000, b"*/*;q=0",
    ],
    b"Link": [
        b'<http://127.0.0.1:9/none>; rel="http://www.w3.org/ns/json-ld#context"', b"<", b"<>;rel=x", b"\xff",
        b'<nonsense>; rel="http://www.w3.org/ns/json-ld#context"',
        b'<https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld>; rel="http://www.w3.org/ns/json-ld#context"',
        b'<a:b>; rel="http://www.w3.org/ns/json-ld#context", <a:c>; rel="http://www.w3.org/ns/json-ld#context"',
    ],
    b"NGSILD-Tenant": [b"", b"..", b"../../x", b"a" * 70, b"\xff", b"nobody", b"con", b"a b", b"default"],
    b"Cookie": [b"lang=en", b"lang=%ff", b"lang", b"=;=;", b"lang=<script>", b"lang=\xff"],
    b"Host": [b"", b"\xff", b"a b", b"evil\"><script>", b"x" * 3000],
    b"Prefer": [b"body=json", b"", b"\xff"],
    b"If-None-Match": [b'"x"', b"*", b"\xff"],
    b"Origin": [b"http://evil.test", b"null"],
    b"Sec-Fetch-Site": [b"cross-site", b"same-origin"],
    b"Expect": [b"200-maybe"],
    b"X-Odd": [b"\t\t", b"\x01\x02", b"\x7f"],
}  # fmt: skip


@st.composite
def headers(draw: st.DrawFn, usual: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """The usual headers with up to two odd ones."""
    found = dict(usual)
    for name in draw(st.lists(st.sampled_from(sorted(HEADERS)), max_size=2, unique=True)):
        found[name] = draw(st.sampled_from(HEADERS[name]))
    return found


FIELDS = ["who", "role", "reason", "gauge", "read", "headline", "body", "area", "proposal", "notice", "value",
"attribute", "setting", "instruction",
          "instance", "span", "attention", "judgement", "danger", "bank", "missing", "kind", "view",
          "lang"]  # fmt: skip


def forms() -> st.SearchStrategy[bytes]:
    """What may come from a form."""
    pairs = st.dictionaries(st.sampled_from(FIELDS), _escaped, max_size=10)
    sound = pairs.map(lambda rows: "&".join(f"{key}={text}" for key, text in rows.items()).encode("ascii", "replace"))
    return st.one_of(sound, sound, st.binary(max_size=60), st.just(b"&" * 500))
