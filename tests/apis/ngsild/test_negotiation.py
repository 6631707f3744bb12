"""Does a client get the media type that it asked for, and a clear word where it cannot?"""

import pytest

from machinami.apis.ngsild.negotiation import (
    CONTEXT_REL,
    GEO_JSON,
    JSON,
    LD_JSON,
    PLAIN,
    SPATIAL,
    body_context,
    choose,
    content_type,
    link_context,
    read_json,
)
from machinami.foundation.errors import (
    BadRequestData,
    InvalidRequest,
    LengthRequired,
    NotAcceptable,
    UnsupportedMediaType,
)
from machinami.kit.http import Request

LINK = f'<http://a.b/c.jsonld>; rel="{CONTEXT_REL}"; type="application/ld+json"'


def post(method: str = "POST", **headers: str) -> Request:
    return Request(method, "/", headers=[(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()])


@pytest.mark.parametrize(
    ("accept", "offers", "given"),
    [
        (None, PLAIN, JSON),
        ("", PLAIN, JSON),
        ("*/*", SPATIAL, JSON),
        ("application/*", SPATIAL, JSON),
        ("application/ld+json", PLAIN, LD_JSON),
        ("application/ld+json, application/json", PLAIN, JSON),
        ("application/ld+json, application/json;q=0.9", PLAIN, LD_JSON),
        ("application/json;q=0.1, */*;q=0.5", PLAIN, LD_JSON),
        ("application/geo+json", SPATIAL, GEO_JSON),
        ("text/html, application/xhtml+xml, */*;q=0.8", SPATIAL, JSON),
        ("Application/LD+JSON ; profile=x", PLAIN, LD_JSON),
        ("application/json;q=0, application/*", PLAIN, LD_JSON),
    ],
)
def test_the_accept_header_decides(accept: str | None, offers: tuple[bytes, ...], given: bytes) -> None:
    assert choose(accept and accept.encode(), offers) == given


@pytest.mark.parametrize("accept", ["text/html", "application/geo+json", "application/json;q=0"])
def test_what_cannot_be_given_is_refused_with_what_can(accept: str) -> None:
    with pytest.raises(NotAcceptable) as caught:
        choose(accept.encode(), PLAIN)
    assert caught.value.facts["available"] == ["application/json", "application/ld+json"]


def test_a_weight_that_says_nothing_is_passed_over() -> None:
    assert choose(b"application/ld+json;q=x", PLAIN) == b"application/ld+json"


def test_a_body_needs_a_length_and_a_known_type() -> None:
    assert content_type(post(content_type="application/json; charset=utf-8", content_length="2")) == JSON
    assert content_type(post("PATCH", content_type="application/merge-patch+json", content_length="2")) == JSON
    with pytest.raises(LengthRequired):
        content_type(post(content_type="application/json"))
    with pytest.raises(UnsupportedMediaType):
        content_type(post(content_type="text/plain", content_length="2"))
    with pytest.raises(UnsupportedMediaType):
        content_type(post(content_type="application/merge-patch+json", content_length="2"))
    with pytest.raises(InvalidRequest):
        content_type(post(content_length="2"))


def test_the_context_comes_by_one_way_only() -> None:
    document = {"id": "urn:a", "@context": "http://a.b/c.jsonld"}
    assert body_context(None, LD_JSON, document) == "http://a.b/c.jsonld"
    assert document == {"id": "urn:a"}
    assert body_context(link_context(post(link=LINK)), JSON, {}) == "http://a.b/c.jsonld"
    assert body_context(None, JSON, {}) is None
    with pytest.raises(BadRequestData, match="leave the Link header out"):
        body_context(link_context(post(link=LINK)), LD_JSON, {"@context": "http://a.b/c.jsonld"})
    with pytest.raises(BadRequestData, match="needs a member @context"):
        body_context(None, LD_JSON, {})
    with pytest.raises(BadRequestData, match="in a Link header"):
        body_context(None, JSON, {"@context": "http://a.b/c.jsonld"})


@pytest.mark.parametrize(
    ("link", "url"),
    [
        (LINK, "http://a.b/c.jsonld"),
        ('<http://x.y/next>; rel="next", ' + LINK, "http://a.b/c.jsonld"),
        ('<http://x.y/next>; rel="next"', None),
        (f"<http://a.b/c.jsonld>;rel={CONTEXT_REL}", "http://a.b/c.jsonld"),
    ],
)
def test_the_link_header_names_the_context(link: str, url: str | None) -> None:
    assert link_context(post(link=link)) == url


@pytest.mark.parametrize(
    "link", [f"{LINK}, {LINK}", f'http://a.b; rel="{CONTEXT_REL}"', f'<no url>; rel="{CONTEXT_REL}"']
)
def test_a_link_header_that_cannot_be_meant_is_refused(link: str) -> None:
    with pytest.raises(BadRequestData):
        link_context(post(link=link))


def test_broken_json_is_told_with_its_place() -> None:
    with pytest.raises(InvalidRequest, match="line 2, column") as caught:
        read_json(b'{"a":\n nothing}')
    assert caught.value.facts["line"] == 2
    with pytest.raises(InvalidRequest, match="no body"):
        read_json(b" ")


def test_a_body_in_another_encoding_is_said_so_with_its_first_wrong_byte():
    with pytest.raises(InvalidRequest, match=r"not UTF-8 \(byte 14\); send JSON in UTF-8"):
        read_json('{"id": "urn:a水"}'.encode("cp932"))


def test_nesting_has_an_end() -> None:
    assert read_json(b"[" * 60 + b"]" * 60)
    with pytest.raises(BadRequestData, match="deeper than 64"):
        read_json(b'{"a":' * 70 + b"1" + b"}" * 70)
    assert read_json(b"[" + b",".join([b"{}"] * 500) + b"]")
