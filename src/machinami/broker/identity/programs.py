"""How do programs and devices get their keys, and how are these changed and taken away?"""

import re
from base64 import b64encode
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import pbkdf2_hmac

from machinami.broker.identity.identity import KEY_MARK, Event, Identity, digest_of
from machinami.broker.identity.people import demand_administrator
from machinami.broker.identity.registry import Registry
from machinami.foundation.errors import BadRequestData, NotFound
from machinami.model.identity.key import (
    AccessKey,
    Use,
    Wanted,
    check_networks,
    check_origins,
    check_program_roles,
    check_scopes,
    check_topics,
    rotate,
)
from machinami.model.principal import Principal

LONGEST = timedelta(days=800)
PLACE_LONGEST = timedelta(days=366)
_SALT, _ROUNDS = 12, 101
_DIGEST = re.compile("[0-9a-f]{64}")


async def make_key(
    identity: Identity, registry: Registry, wanted: Wanted, owner: str, by: Principal
) -> tuple[AccessKey, str]:
    """A key and its secret, which is shown this once. owner: the account that answers for it. Raises BadRequestData."""
    demand_administrator(by)
    name = " ".join(wanted.name.split())
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise BadRequestData("A key has a name of 1 to 80 characters", key="identity.bad_key_name")
    now, secret = identity.supplies.clock(), identity.secret()
    made = AccessKey(
        identity.secret(8),
        name,
        wanted.use,
        digest_of(secret),
        check_program_roles(wanted.roles),
        owner,
        now,
        _until(wanted, now),
        check_scopes(wanted.scopes),
        check_networks(list(wanted.addresses)),
        check_origins(wanted.origins),
        topics=check_topics(wanted.topics),
    )
    if made.use is Use.PLACE and not made.addresses:
        raise BadRequestData("An exception names the addresses that it is for", key="identity.place_needs_address")
    made = _for_mqtt(identity, made, secret)
    await registry.put_key(made)
    identity.note(Event(f"{made.use} made", registry.town, by.id, _told(made)))
    return made, "" if made.use is Use.PLACE else shown(made, secret)


def _for_mqtt(identity: Identity, key: AccessKey, secret: str) -> AccessKey:
    """A device's key with its secret as mosquitto checks it: a digest of its own, as the town keeps no secret."""
    if key.use is not Use.DEVICE:
        return key
    return replace(key, mqtt=mosquitto_digest(shown(key, secret), identity.supplies.draw(_SALT)))


def mosquitto_digest(secret: str, salt: bytes) -> str:
    """A secret in the form of mosquitto's password files: PBKDF2 with SHA-512. It has 256 random bits, so that many
    rounds would add nothing."""
    digest = pbkdf2_hmac("sha512", secret.encode(), salt, _ROUNDS)
    return f"$7${_ROUNDS}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def shown(key: AccessKey, secret: str) -> str:
    """The secret as a program shows it: with the id of its key, so that it is found at once, and with a mark by which
    a scanner finds it where it does not belong."""
    return f"{KEY_MARK}{key.id}_{secret}"


async def rotate_key(
    identity: Identity, registry: Registry, key_id: str, by: Principal, overlap: timedelta | None = None
) -> tuple[AccessKey, str]:
    """A fresh secret for a key; the one before holds for a while. The key lasts as long anew as it did before."""
    demand_administrator(by)
    key, secret, now = _key(registry, key_id), identity.secret(), identity.supplies.clock()
    if key.use is Use.PLACE:
        raise BadRequestData("An exception for an address has no secret")
    turned = rotate(key, digest_of(secret), now) if overlap is None else rotate(key, digest_of(secret), now, overlap)
    turned = replace(turned, since=now, until=now + (key.until - key.since) if key.until else None)
    turned = _for_mqtt(identity, turned, secret)
    await registry.put_key(turned)
    identity.note(Event("key rotated", registry.town, by.id, _told(turned)))
    return turned, shown(turned, secret)


async def certify(identity: Identity, registry: Registry, key_id: str, digest: str, by: Principal) -> AccessKey:
    """Have a client certificate stand for a key, too. digest: its SHA-256. Raises NotFound, BadRequestData."""
    demand_administrator(by)
    key = _key(registry, key_id)
    if key.use is Use.PLACE or not _DIGEST.fullmatch(digest):
        raise BadRequestData("A certificate is named by 64 hexadecimal digits, and stands for a program or a device")
    changed = replace(key, certificates=(*key.certificates, digest))
    await registry.put_key(changed)
    identity.note(Event("certificate given", registry.town, by.id, _told(changed)))
    return changed


async def decertify(identity: Identity, registry: Registry, digest: str, by: Principal) -> AccessKey | None:
    """Have a client certificate stand for nobody from this moment on; whose it was."""
    demand_administrator(by)
    key = registry.certified.get(digest)
    if key is None:
        return None
    changed = replace(key, certificates=tuple(one for one in key.certificates if one != digest))
    await registry.put_key(changed)
    identity.note(Event("certificate revoked", registry.town, by.id, _told(changed)))
    return changed


async def revoke_key(identity: Identity, registry: Registry, key_id: str, by: Principal) -> None:
    """Take a key away: it opens nothing from this moment on, and neither does a token that was made with it."""
    demand_administrator(by)
    key = _key(registry, key_id)
    await registry.drop_key(key_id)
    identity.note(Event("key revoked", registry.town, by.id, _told(key)))


def _key(registry: Registry, key_id: str) -> AccessKey:
    found = registry.keys.values.get(key_id)
    if found is None:
        raise NotFound("There is no such key in this town")
    return found


def _until(wanted: Wanted, now: datetime) -> datetime:
    most = PLACE_LONGEST if wanted.use is Use.PLACE else LONGEST
    if not 1 <= wanted.days <= most.days:
        raise BadRequestData(f"A key holds for 1 to {most.days} days", key="identity.bad_days")
    return now + timedelta(days=wanted.days)


def _told(key: AccessKey) -> str:
    return f"{key.name} ({key.id}): {', '.join(sorted(key.roles))}"
