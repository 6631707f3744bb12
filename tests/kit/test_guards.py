"""What does every answer tell browsers, and what is no body?"""

import pytest

from machinami.kit.answering import answer, header_block, header_fields
from machinami.kit.http import HTML, JSON, Request, Response, Route
from machinami.kit.page import CONTENT_SECURITY_POLICY
from machinami.kit.routing import Router

ROUTER = Router([Route("POST", "/", lambda request: Response(200, request.body, JSON))])
RESPONSES = [
    Response(200, b"{}", JSON),
    Response(204),
    Response(304, headers=[(b"etag", b"1")]),
    Response(404, b"{}", JSON, [(b"link", b"<x>")]),
    Response(200, b"x", b"text/csv; charset=utf-8", [(b"cache-control", b"max-age=3")]),
    Response(200, b"<p>", HTML, [(b"content-security-policy", b"default-src 'self'")]),
]


@pytest.mark.parametrize("response", RESPONSES)
def test_every_answer_says_what_browsers_may_do_with_it(response: Response) -> None:
    fields = dict(header_fields(response))
    assert fields[b"x-content-type-options"] == b"nosniff"
    assert fields[b"cross-origin-resource-policy"] == b"same-origin"
    if response.media_type != HTML:
        assert fields[b"content-security-policy"] == b"default-src 'none'; frame-ancestors 'none'; sandbox"
    own = dict(response.headers).get(b"cache-control")
    assert fields[b"cache-control"] == (own or b"no-store")
    assert len(fields) == len(header_fields(response))


@pytest.mark.parametrize("response", RESPONSES)
def test_both_ways_of_writing_a_header_say_the_same(response: Response) -> None:
    assert header_block(response) == b"".join(b"%b: %b\r\n" % field for field in header_fields(response))


def test_a_page_runs_nothing_from_elsewhere_and_is_shown_in_no_frame() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("coding", [b"gzip", b"deflate, gzip", b"br", b"x", b""])
def test_a_packed_body_is_refused_unopened(coding: bytes) -> None:
    outcome = answer(ROUTER, Request("POST", "/", headers=[(b"content-encoding", coding)], body=b"\x1f\x8b"), "/")
    assert isinstance(outcome, Response)
    assert outcome.status == 415
    assert b"without Content-Encoding" in outcome.body


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_no_value_breaks_out_of_its_line(end: bytes) -> None:
    response = Response(200, b"", JSON, [(b"location", b"/x" + end + b"set-cookie: a=b")])
    for write in (header_fields, header_block):
        with pytest.raises(ValueError, match="line break"):
            write(response)
