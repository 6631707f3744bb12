"""Is it known for how long a fetched document may be used? (RFC 9111, 4.2)"""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.wire.freshness import freshness

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
THEN = "Tue, 30 Jun 2026 13:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"cache-control": "public"}, None),
        ({"cache-control": "public, max-age=600"}, 600),
        ({"cache-control": 'Max-Age="600"'}, 600),
        ({"cache-control": "max-age=600, s-maxage=60"}, 60),
        ({"cache-control": "max-age=600", "age": "100"}, 500),
        ({"cache-control": "max-age=600", "age": "1000"}, 0),
        ({"cache-control": "max-age=600", "expires": THEN}, 600),
        ({"cache-control": "max-age=soon"}, 0),
        ({"cache-control": "max-age=600, no-cache"}, 0),
        ({"cache-control": "no-store"}, 0),
        ({"cache-control": "private, max-age=600"}, 0),
        ({"expires": THEN}, 3600),
        ({"expires": THEN, "date": "Tue, 30 Jun 2026 12:59:00 GMT"}, 60),
        ({"expires": "0"}, 0),
        ({"expires": "Tue, 30 Jun 2026 11:00:00 GMT"}, 0),
        ({"pragma": "no-cache"}, 0),
    ],
)
def test_what_a_server_says_of_its_document_counts(headers: dict[str, str], seconds: float | None) -> None:
    assert freshness(headers, NOW) == seconds


@given(st.text(max_size=60), st.text(max_size=30), st.text(max_size=30))
def test_nothing_that_a_server_may_say_breaks_the_reading(control: str, expires: str, age: str) -> None:
    found = freshness({"cache-control": control, "expires": expires, "age": age}, NOW)
    assert found is None or found >= 0
