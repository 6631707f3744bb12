"""What is sent to a browser's push service, so that this browser alone can read it and the service knows who sends?

Message encryption by RFC 8291 (over the aes128gcm coding of RFC 8188), the sender's identity by VAPID (RFC 8292),
delivery by RFC 8030. Keys are P-256; a public key travels as an uncompressed point, base64url without padding.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from machinami.foundation.errors import BadRequestData

Urgency = Literal["very-low", "low", "normal", "high"]
RECORD = 4_096
LONGEST = 3_993
"""The longest message in bytes that every push service takes (RFC 8291, 4)."""
_POINT, _AUTH, _COORDINATE = 65, 16, 32
_TOKEN_LASTS = timedelta(hours=12)  # a day at most (RFC 8292, 2)


@dataclass(frozen=True, slots=True)
class Receiver:
    """A browser that wants to be told: where its push service takes messages, its public key and its secret."""

    endpoint: str
    p256dh: str
    auth: str


def checked(receiver: Receiver) -> Receiver:
    """The receiver, if messages can be sent to it. Raises BadRequestData naming the field."""
    parts = urlsplit(receiver.endpoint)
    if parts.scheme not in ("https", "http") or not parts.hostname or len(receiver.endpoint) > 1_000:
        raise BadRequestData("The endpoint is no address of a push service", field="endpoint")
    _public_key(receiver.p256dh)
    if len(_decoded(receiver.auth, "auth")) != _AUTH:
        raise BadRequestData(f"The secret of the browser must have {_AUTH} bytes", field="auth")
    return receiver


def encrypted(text: bytes, receiver: Receiver, own: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """The message as the push service takes it (RFC 8291, 3.4): one record of RFC 8188.

    own: a key made for this message alone; salt: 16 bytes by chance, for this message alone. Raises BadRequestData
    for keys that are none and for a message that is too long.
    """
    if len(text) > LONGEST:
        raise BadRequestData(f"A push message has at most {LONGEST} bytes, this one {len(text)}", field="text")
    theirs = _public_key(receiver.p256dh)
    mine, told = _point(own.public_key()), _point(theirs)
    shared = own.exchange(ec.ECDH(), theirs)
    key = _hmac(_hmac(_decoded(receiver.auth, "auth"), shared), b"WebPush: info\0" + told + mine + b"\1")
    pseudo_random = _hmac(salt, key)
    content_key = _hmac(pseudo_random, b"Content-Encoding: aes128gcm\0\1")[:16]
    nonce = _hmac(pseudo_random, b"Content-Encoding: nonce\0\1")[:12]
    sealed = AESGCM(content_key).encrypt(nonce, text + b"\2", None)  # 2: the last record (RFC 8188, 2)
    return salt + RECORD.to_bytes(4, "big") + bytes([_POINT]) + mine + sealed


def decrypted(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """What a browser reads in a message: the other side of `encrypted`, by which that is checked.

    Raises cryptography's InvalidTag where the message is not for this browser.
    """
    salt, length = body[:16], body[20]
    point, sealed = body[21 : 21 + length], body[21 + length :]
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    info = b"WebPush: info\0" + _point(key.public_key()) + point + b"\1"
    pseudo_random = _hmac(salt, _hmac(_hmac(auth, key.exchange(ec.ECDH(), theirs)), info))
    content_key = _hmac(pseudo_random, b"Content-Encoding: aes128gcm\0\1")[:16]
    nonce = _hmac(pseudo_random, b"Content-Encoding: nonce\0\1")[:12]
    return AESGCM(content_key).decrypt(nonce, sealed, None).rstrip(b"\0")[:-1]


def vapid(endpoint: str, contact: str, key: ec.EllipticCurvePrivateKey, now: datetime) -> str:
    """The Authorization by which a push service knows the sender (RFC 8292, 3): good for every receiver of the same
    push service, for half a day. contact: a mailto: or https: address of who sends."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((now + _TOKEN_LASTS).timestamp()),
        "sub": contact,
    }
    signed = f"{_encoded(_json({'typ': 'JWT', 'alg': 'ES256'}))}.{_encoded(_json(claims))}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    signature = r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")
    return f"vapid t={signed}.{_encoded(signature)}, k={public_text(key)}"


def headers(authorization: str, urgency: Urgency, lasts: timedelta, topic: str = "") -> Mapping[str, str]:
    """The header fields of a message (RFC 8030, 5). lasts: how long the service keeps it for a browser that is away;
    topic: a message takes the place of an earlier one of the same topic that was not fetched yet (up to 32 letters of
    base64url)."""
    said = {
        "Authorization": authorization,
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(int(lasts.total_seconds())),
        "Urgency": urgency,
    }
    return said | ({"Topic": topic} if topic else {})


def public_text(key: ec.EllipticCurvePrivateKey) -> str:
    """The public key as browsers and push services write it."""
    return _encoded(_point(key.public_key()))


def private_text(key: ec.EllipticCurvePrivateKey) -> str:
    """The private key as it is kept: its 32 bytes in base64url."""
    return _encoded(key.private_numbers().private_value.to_bytes(_COORDINATE, "big"))


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """The private key that was kept so."""
    return ec.derive_private_key(int.from_bytes(_decoded(text, "key"), "big"), ec.SECP256R1())


def _public_key(text: str) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decoded(text, "p256dh"))
    except ValueError as error:
        raise BadRequestData("The public key of the browser is no point of the curve P-256", field="p256dh") from error


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _hmac(key: bytes, data: bytes) -> bytes:
    """HMAC with SHA-256: each step of HKDF here is one block long (RFC 5869, 2)."""
    made = HMAC(key, hashes.SHA256())
    made.update(data)
    return made.finalize()


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decoded(text: str, field: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise BadRequestData(f"The field {field!r} is not base64url", field=field) from error
