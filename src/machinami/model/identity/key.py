"""By what does a program or a device show who it is, from where may it ask, and for how long?"""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network

from machinami.foundation.errors import BadRequestData
from machinami.model.principal import Principal, Role

PROGRAM_ROLES = frozenset({Role.RESIDENT, Role.OFFICER, Role.DEPARTMENT_HEAD, Role.SERVICE, Role.NEIGHBOUR})
OVERLAP = timedelta(days=7)
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}")


class Use(StrEnum):
    """How a key is shown: key: with each request; client: at the token endpoint (OAuth 2); device: to the MQTT broker;
    place: not at all, the address stands for it (a dated exception for programs that can send no credential)."""

    KEY = "key"
    CLIENT = "client"
    DEVICE = "device"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """One program's or device's key. digest: SHA-256 of its secret (256 random bits need no slow hash); before, and
    until when that still holds: the secret before the last rotation; scopes: all that it may do, None for what its
    roles allow; addresses: networks that it may ask from, origins: web pages that may use it; empty for all; owner: the
    id of the account that answers for it; certificates: SHA-256 of the client certificates that stand for it, too;
    topics: to which a device may publish, none for those of its own id; mqtt: its secret as mosquitto checks it."""

    id: str
    name: str
    use: Use
    digest: bytes
    roles: frozenset[Role]
    owner: str
    since: datetime
    until: datetime | None = None
    scopes: frozenset[str] | None = None
    addresses: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    before: bytes | None = None
    before_until: datetime | None = None
    certificates: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    mqtt: str = field(default="", repr=False)

    @property
    def principal(self) -> Principal:
        """Who asks with it."""
        level = 0 if self.use is Use.PLACE else 1
        roles = frozenset[str](self.roles)
        return Principal(
            f"urn:machinami:program:{self.id}",
            roles,
            identity_assurance=level,
            authentication_assurance=level,
            scopes=self.scopes,
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key as somebody asks for it. days: until when it holds; empty lists restrict nothing."""

    name: str
    use: Use
    roles: frozenset[str]
    days: int
    scopes: frozenset[str] | None = None
    addresses: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


def is_valid(key: AccessKey, digest: bytes, now: datetime) -> bool:
    """Whether the secret of this digest opens with the key now."""
    if key.until is not None and now >= key.until:
        return False
    if digest == key.digest:
        return True
    return digest == key.before and key.before_until is not None and now < key.before_until


def may_ask_from(key: AccessKey, address: str, origin: str | None) -> bool:
    """Whether the key may be used from this address and, where a web page uses it, from that page's origin."""
    if key.addresses:
        try:
            place = ip_address(address)
        except ValueError:
            return False
        if not any(place in ip_network(network) for network in key.addresses):
            return False
    return not key.origins or origin in key.origins


def topics_of(key: AccessKey) -> tuple[str, ...]:
    """To which topics a device may publish: as it was said, else to all below `devices/` and its id."""
    return key.topics or (f"devices/{key.id}/#",)


def rotate(key: AccessKey, digest: bytes, now: datetime, overlap: timedelta = OVERLAP) -> AccessKey:
    """The key with a fresh secret; the one before holds for a while, so that programs can be changed in peace."""
    return replace(key, digest=digest, before=key.digest, before_until=now + overlap)


def check_networks(texts: list[str]) -> tuple[str, ...]:
    """Addresses and networks as they are kept. Raises BadRequestData naming the one that is none."""
    found = []
    for text in texts:
        try:
            found.append(str(ip_network(text, strict=False)))
        except ValueError as error:
            raise BadRequestData(
                f"{text[:60]!r} is no address or network; write 192.0.2.7 or 192.0.2.0/24", key="identity.bad_network"
            ) from error
    return tuple(found)


def check_program_roles(names: frozenset[str]) -> frozenset[Role]:
    """The roles of a program; an administrator is always a person. Raises BadRequestData."""
    roles = frozenset(role for role in PROGRAM_ROLES if role.value in names)
    if len(roles) != len(names) or not roles:
        raise BadRequestData(
            f"A program has one or more of the roles {', '.join(sorted(PROGRAM_ROLES))}", key="identity.bad_roles"
        )
    return roles


def check_origins(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Origins of web pages as browsers send them. Raises BadRequestData naming the one that is none."""
    for text in texts:
        if not _ORIGIN.fullmatch(text):
            raise BadRequestData(
                f"{text[:60]!r} is no origin; write it like https://map.example", key="identity.bad_origin"
            )
    return texts


def check_topics(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Topic filters (MQTT 5.0, 4.7). Raises BadRequestData naming the one that is none."""
    for text in texts:
        levels = text.split("/")
        is_right = 0 < len(text) <= 200 and text.isprintable() and text == text.strip() and not text.startswith("$")
        is_right = is_right and all(level in ("+", "#") or not {"+", "#"} & set(level) for level in levels)
        if not is_right or "#" in levels[:-1]:
            raise BadRequestData(
                f"{text[:60]!r} is no topic; write river/kami/level or river/kami/#", key="identity.bad_topic"
            )
    return texts


def check_scopes(names: frozenset[str] | None) -> frozenset[str] | None:
    """Scopes as OAuth 2 writes them (RFC 6749, 3.3). Raises BadRequestData."""
    if names is None:
        return None
    for name in names:
        if not _SCOPE.fullmatch(name):
            raise BadRequestData(f"{name[:60]!r} is no scope", key="identity.bad_scope")
    return names
