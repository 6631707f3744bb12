"""What does identity need of the machine it runs on? A clock, chance, the file with the sealing key; and who asks for
an administrator on the command line."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from machinami.app.clock import utc_now
from machinami.app.keys import backend_of, ring_of
from machinami.app.sealing import sealing_key
from machinami.broker.broker import Broker
from machinami.broker.identity import people
from machinami.broker.identity.identity import Event, Identity, Supplies, Where
from machinami.broker.identity.provider import Provided, Provider
from machinami.broker.identity.registry import Registry
from machinami.broker.identity.seal import Seal
from machinami.broker.identity.signing_in import begin
from machinami.broker.policy import Policy
from machinami.broker.policy_rows import protect
from machinami.broker.town import DEFAULT_TOWN, Town
from machinami.foundation.errors import SettingsError, TenantNotFound
from machinami.foundation.settings import Settings
from machinami.model.identity.assurance import Way
from machinami.model.identity.session import Ends
from machinami.model.principal import ANONYMOUS, SYSTEM, Role
from machinami.store.settings import StoreSettings
from machinami.wire.exchange import Caller

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_GUEST, _GUEST_NAME = "demo", "見学者 Visitor"
_LINK_LASTS = timedelta(days=1)


def make_identity(
    settings: Settings, protect_all: Callable[[], Awaitable[None]], address: Callable[[], str]
) -> Identity:
    """The identity of an installation; it knows nobody until it is opened."""
    seal = Seal(sealing_key(settings.data), secrets.token_bytes)
    ends = Ends(timedelta(minutes=settings.idle_minutes), timedelta(hours=settings.session_hours))
    return Identity(Supplies(utc_now, secrets.token_bytes, seal, protect_all, address, ends=ends))


def accounting(broker: Broker) -> Callable[[Event], None]:
    """Notes in the account of a town who came in, and who changed what of its people and keys."""

    def note(event: Event) -> None:
        town = broker.open_town(event.town)
        if town is not None and not town.policy.is_open:
            broker.audit(town).happened(event.by or ANONYMOUS.id, event.what, event.about, event.address)

    return note


def make_provider(identity: Identity, settings: Settings, caller: Caller) -> Provider | None:
    """The city's OpenID provider, where the settings name one."""
    told = settings.openid
    if told is None:
        return None
    asked = {level: name for name, level in told.levels.items()}
    provided = Provided(
        told.issuer,
        told.client_id,
        told.client_secret,
        told.name,
        level=told.level,
        identity=told.identity,
        levels=told.levels,
        acr=asked,
    )
    return Provider(identity, provided, caller)


def refuse_open_address(settings: Settings, has_administrators: bool) -> None:
    """Refuse to serve to the network a town without administrators, or passwords without TLS. Raises SettingsError
    saying why and what to do."""
    if settings.host in LOOPBACK:
        return
    if not has_administrators:
        raise SettingsError(
            f"This town has no administrators yet, so anyone who can reach {settings.host} could change its data. "
            "Make one first: machinami admin make NAME --data DIR. "
            "この街にはまだ管理者がいないため、127.0.0.1 でだけ動かせます。"
        )
    if settings.certificate is None and not settings.trust_proxy:
        raise SettingsError(
            f"Passwords and keys would cross the network in the clear at {settings.host}. Name a certificate and its "
            "key in machinami.toml ([server] certificate, certificate_key), or say [network] trust_proxy = true "
            "where a proxy with TLS stands in front. 暗号化されていないため、証明書を設定してください。"
        )


@dataclass(frozen=True, slots=True)
class Invited:
    """A person for whom a link was made on the command line."""

    name: str
    path: str


def appoint(settings: Settings, name: str, display: str | None, town: str | None) -> Invited:
    """Have somebody administer a town that is not running: a new person, or one who is there already and whose ways
    in are opened anew. Raises TenantNotFound, InUse while the town runs, BadRequestData."""
    return asyncio.run(_appoint(settings, name, display, town))


async def _appoint(settings: Settings, name: str, display: str | None, town: str | None) -> Invited:
    backend = backend_of(settings, ring_of(settings), StoreSettings(durability="full"))
    try:
        names = [DEFAULT_TOWN, *(found for found in await backend.towns() if found != DEFAULT_TOWN)]
        if town is not None and town not in names:
            raise TenantNotFound(f"There is no town {town!r} in {settings.data}; there are: {', '.join(names)}")
        towns = [
            Town(one, await backend.open(one, one == DEFAULT_TOWN), Policy(), utc_now, lambda: secrets.token_hex(16))
            for one in names
        ]

        async def protect_all() -> None:
            for one in towns:
                await protect(one)

        identity = make_identity(settings, protect_all, lambda: "")
        await identity.open(towns)
        registry = identity.own(town)
        code = await _invite_administrator(identity, registry, name, display)
        return Invited(name.strip().lower(), f"/invitation/{code}")
    finally:
        await backend.close()


async def _invite_administrator(identity: Identity, registry: Registry, name: str, display: str | None) -> str:
    account = registry.named(name.strip().lower())
    roles = frozenset({Role.ADMINISTRATOR.value})
    if account is None or account.ended is not None:
        account = await people.make_account(identity, registry, name, display or name, roles, SYSTEM)
    elif not account.is_administrator:
        account = await people.set_roles(
            identity, registry, account.id, roles | account.roles, account.identity_assurance, SYSTEM
        )
    return await people.invite(identity, registry, account.id, SYSTEM, _LINK_LASTS)


async def admit_guest(identity: Identity) -> None:
    """Have everyone at this machine be signed in as the administrator of a demonstration."""
    registry, roles = identity.of(None), frozenset({Role.ADMINISTRATOR.value})
    guest = registry.named(_GUEST)
    if guest is None:
        guest = await people.make_account(identity, registry, _GUEST, _GUEST_NAME, roles, SYSTEM)
    begun = await begin(identity, registry, guest, frozenset({Way.NEARNESS}), Where("127.0.0.1"))
    identity.guest = registry.live(begun.session.id)
