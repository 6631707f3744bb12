"""A push message is what RFC 8291 says, byte by byte, and its sender shows what RFC 8292 says."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from machinami.foundation.errors import BadRequestData
from machinami.model.push import (
    LONGEST,
    Receiver,
    checked,
    decrypted,
    encrypted,
    headers,
    private_key,
    private_text,
    public_text,
    vapid,
)

# RFC 8291, section 5 and appendix A
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
BROWSER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RECEIVER = Receiver(
    "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "BTBZMqHH6r4Tts7J_aSIgg",
)
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
TEXT = b"When I grow up, I want to be a watermelon"
MESSAGE = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
    "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
# RFC 8292, section 2.4
TOKEN = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1Yi"
    "I6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9"
    "OkSSHzvoD1oA"
)
TOKEN_KEY = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"
NOW = datetime(2026, 6, 30, 9, tzinfo=UTC)


def read(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_example_of_the_standard_comes_out_byte_by_byte() -> None:
    assert encrypted(TEXT, RECEIVER, private_key(SENDER), read(SALT)) == read(MESSAGE)


def test_the_browser_of_the_example_reads_it() -> None:
    assert decrypted(read(MESSAGE), private_key(BROWSER), read(RECEIVER.auth)) == TEXT
    assert public_text(private_key(BROWSER)) == RECEIVER.p256dh


def test_no_other_browser_reads_it() -> None:
    with pytest.raises(InvalidTag):
        decrypted(read(MESSAGE), private_key(SENDER), read(RECEIVER.auth))


@given(st.binary(max_size=200), st.binary(min_size=16, max_size=16), st.integers(1, 2**128))
def test_what_is_encrypted_is_read_again(text: bytes, salt: bytes, number: int) -> None:
    own = ec.derive_private_key(number, ec.SECP256R1())
    assert decrypted(encrypted(text, RECEIVER, own, salt), private_key(BROWSER), read(RECEIVER.auth)) == text


def test_the_token_is_signed_as_the_example_of_the_standard_is() -> None:
    signed, _, signature = TOKEN.rpartition(".")
    raw = read(signature)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), read(TOKEN_KEY))
    told = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(told, signed.encode(), ec.ECDSA(hashes.SHA256()))  # so the example here is the one of the standard
    made = vapid(RECEIVER.endpoint, "mailto:push@example.com", private_key(SENDER), NOW)
    assert made.partition(".")[0] == f"vapid t={TOKEN.partition('.')[0]}"


def test_the_token_says_for_whom_until_when_and_from_whom() -> None:
    said = vapid(RECEIVER.endpoint, "mailto:bosai@town.example", private_key(SENDER), NOW)
    scheme, _, rest = said.partition(" ")
    token, _, key = rest.partition(", ")
    assert scheme == "vapid"
    assert key == f"k={public_text(private_key(SENDER))}"
    known = ECKey.import_key(
        {"kty": "EC", "crv": "P-256", "x": _part(read(key[2:])[1:33]), "y": _part(read(key[2:])[33:])}
    )
    claims = jwt.decode(token.removeprefix("t="), known, algorithms=["ES256"]).claims
    assert claims["aud"] == "https://push.example.net"
    assert claims["sub"] == "mailto:bosai@town.example"
    assert NOW.timestamp() < claims["exp"] <= NOW.timestamp() + 86_400


def _part(number: bytes) -> str:
    return base64.urlsafe_b64encode(number).rstrip(b"=").decode()


def test_a_key_is_kept_as_text() -> None:
    assert private_text(private_key(SENDER)) == SENDER


def test_a_message_that_no_service_takes_is_refused() -> None:
    with pytest.raises(BadRequestData, match="at most 3993 bytes"):
        encrypted(b"x" * (LONGEST + 1), RECEIVER, private_key(SENDER), read(SALT))


@pytest.mark.parametrize(
    ("receiver", "field"),
    [
        (Receiver("ftp://push.example.net/x", RECEIVER.p256dh, RECEIVER.auth), "endpoint"),
        (Receiver(RECEIVER.endpoint, "AAAA", RECEIVER.auth), "p256dh"),
        (Receiver(RECEIVER.endpoint, RECEIVER.p256dh, "AAAA"), "auth"),
    ],
)
def test_a_receiver_that_is_none_is_refused_by_name(receiver: Receiver, field: str) -> None:
    with pytest.raises(BadRequestData) as refused:
        checked(receiver)
    assert refused.value.facts["field"] == field
    assert checked(RECEIVER) is RECEIVER


def test_the_header_fields_say_how_urgent_it_is_and_how_long_it_lasts() -> None:
    said = headers("vapid t=x, k=y", "high", timedelta(hours=6), "warning-1")
    assert said["TTL"] == "21600"
    assert said["Urgency"] == "high"
    assert said["Topic"] == "warning-1"
    assert said["Content-Encoding"] == "aes128gcm"
