"""What do keys look like to programs? JSON documents to values and back."""

from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import format_instant
from machinami.model.identity.key import AccessKey, Use, Wanted, topics_of

_MEMBERS = frozenset({"name", "use", "roles", "days", "scopes", "addresses", "origins", "topics"})


def key_document(key: AccessKey) -> dict[str, Any]:
    """A key without its secret."""
    return {
        "id": key.id,
        "name": key.name,
        "use": key.use.value,
        "roles": sorted(key.roles),
        "scopes": None if key.scopes is None else sorted(key.scopes),
        "addresses": list(key.addresses),
        "origins": list(key.origins),
        **({"topics": list(topics_of(key))} if key.use is Use.DEVICE else {}),
        "owner": key.owner,
        "since": format_instant(key.since),
        "until": None if key.until is None else format_instant(key.until),
        "certificates": list(key.certificates),
        "previousUntil": None if key.before_until is None else format_instant(key.before_until),
    }


def read_wanted(document: Mapping[str, Any]) -> Wanted:
    """A key that a program asks for. Raises BadRequestData naming the member at fault."""
    for name in document.keys() - _MEMBERS:
        raise BadRequestData(f"{name[:60]!r} is not known; a key has {', '.join(sorted(_MEMBERS))}")
    use, days = document.get("use", "key"), document.get("days", 365)
    if use not in {one.value for one in Use}:
        raise BadRequestData(f"use: one of {', '.join(Use)}")
    if not isinstance(days, int) or isinstance(days, bool):
        raise BadRequestData("days: a whole number")
    return Wanted(
        str(document.get("name", "")),
        Use(use),
        frozenset(_texts(document, "roles")),
        days,
        frozenset(_texts(document, "scopes")) if document.get("scopes") is not None else None,
        tuple(_texts(document, "addresses")),
        tuple(_texts(document, "origins")),
        tuple(_texts(document, "topics")),
    )


def _texts(document: Mapping[str, Any], name: str) -> list[str]:
    found = document.get(name, [])
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise BadRequestData(f"{name}: a list of texts")
    return found


def certificate_digest(pem: str) -> str:
    """The SHA-256 of a certificate that somebody shows as PEM. Raises BadRequestData where it is none."""
    begin, _, rest = pem.partition("-----BEGIN CERTIFICATE-----")
    body, end, _ = rest.partition("-----END CERTIFICATE-----")
    try:
        der = b64decode("".join(body.split()), validate=True)
    except ValueError:
        der = b""
    if not der or not end or begin.strip():
        raise BadRequestData(
            "Paste the certificate as PEM, from BEGIN CERTIFICATE to END CERTIFICATE; never its key",
            key="identity.bad_certificate",
        )
    return sha256(der).hexdigest()
