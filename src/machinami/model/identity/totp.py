"""Which code does an authenticator app show, and what is it told at the beginning? (RFC 4226, RFC 6238)"""

from base64 import b32encode
from datetime import datetime
from urllib.parse import quote

from machinami.foundation.instant import EPOCH

SEED_BYTES = 32  # as long as the digest that it is used with (RFC 6238, 5.1)
DIGITS = 6
_SECONDS = 30


def window_of(now: datetime) -> int:
    """The number of the half-minute since 1970."""
    return int((now - EPOCH).total_seconds()) // _SECONDS


def code_at(mac: bytes) -> str:
    """The code of a window. mac: HMAC of the window's number (8 bytes) with the seed (RFC 4226, 5.3; RFC 6238, 1.2)."""
    at = mac[-1] & 0x0F  # with SHA-256 and SHA-512 too
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def written(seed: bytes) -> str:
    """The seed as a person may type it."""
    return b32encode(seed).decode().rstrip("=")


def address(seed: bytes, issuer: str, name: str) -> str:
    """What an authenticator app reads from the QR code."""
    return (
        f"otpauth://totp/{quote(issuer)}:{quote(name)}?secret={written(seed)}&issuer={quote(issuer)}"
        f"&algorithm=SHA256&digits={DIGITS}&period={_SECONDS}"
    )
