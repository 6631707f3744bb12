"""Is what somebody wrote still there when their form is refused, and no secret with it?"""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from machinami.foundation.errors import BadRequestData
from machinami.kit.frame import Frame
from machinami.kit.http import Request
from machinami.kit.kept import NOBODY, sentences, signature
from machinami.kit.viewing import Called

NOW = datetime(2026, 11, 21, tzinfo=UTC)
WRITTEN = {
    "who": "山田花子",
    "role": "企画課長",
    "reply": "三か所に置きます。\n来年の春です。",
    "password": "fox lamp river",
}


def sent(fields: dict[str, str], origin: bytes = b"same-origin", method: str = "POST") -> Request:
    """A form as a browser sends it from one of our pages."""
    fields_of_request = [
        (b"accept", b"text/html"),
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"sec-fetch-site", origin),
        (b"host", b"town.example"),
        (b"referer", b"https://town.example/services/participation?view=officer"),
    ]
    return Request(method, "/services/participation/reply", "", fields_of_request, urlencode(fields).encode())


def refused(request: Request) -> str:
    """The page that says no."""
    return Frame({"ja": "霞町"}, lambda: NOW).apologise(request, BadRequestData("x")).body.decode()


def test_a_refused_form_gives_back_what_was_written_and_the_way_back() -> None:
    page = refused(sent(WRITTEN))

    assert "三か所に置きます。\n来年の春です。" in page
    assert 'href="/services/participation?view=officer"' in page
    assert "fox lamp river" not in page


def test_what_was_written_for_single_rows_of_a_form_is_given_back_too() -> None:
    assert sentences(sent({"reason-actuation": "動かす機器がない", "state-actuation": "planned"})) == [
        "動かす機器がない"
    ]


def test_what_another_site_sent_is_not_shown() -> None:
    request = sent(WRITTEN, origin=b"cross-site")

    assert (sentences(request), signature(request)) == ([], NOBODY)
    assert "三か所" not in refused(request)


@pytest.mark.parametrize("body", [b"\xff=1", b"&" * 500, b""])
def test_a_form_that_cannot_be_read_gives_back_nothing(body: bytes) -> None:
    request = sent({})
    request.body = body

    assert (sentences(request), signature(request)) == ([], NOBODY)


def test_a_page_that_only_was_asked_for_has_no_signature() -> None:
    assert signature(sent(WRITTEN, method="GET")) == NOBODY


def test_who_signed_a_form_is_known_when_it_comes_back() -> None:
    assert signature(sent(WRITTEN)) == Called("山田花子", "企画課長")
