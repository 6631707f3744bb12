"""What does identity need of the machine it runs on? A clock, chance, the file with the sealing key; and who asks for
an administrator on the command line."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from machinami.app.clock import utc_now
from machinami.app.sealing import sealing_key
from machinami.broker.broker import Broker
from machinami.broker.identity import people, programs
from machinami.broker.identity.identity import Event, Identity, Supplies, Where
from machinami.broker.identity.passwords import Passwords
from machinami.broker.identity.provider import Provided, Provider
from machinami.broker.identity.registry import Registry
from machinami.broker.identity.seal import Seal
from machinami.broker.identity.signing_in import begin
from machinami.foundation.errors import Conflict, SettingsError, TenantNotFound
from machinami.foundation.settings import Settings
from machinami.model.identity.assurance import Way
from machinami.model.identity.demand import Demands, Second
from machinami.model.identity.key import AccessKey, Wanted
from machinami.model.identity.session import Ends
from machinami.model.principal import ANONYMOUS, SYSTEM, Principal, Role
from machinami.wire.exchange import Caller

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_GUEST, _GUEST_NAME = "demo", "見学者 Visitor"
_LINK_LASTS = timedelta(days=1)


def seal_of(settings: Settings) -> Seal:
    """With what this installation seals what must be read again."""
    return Seal(sealing_key(settings.data), secrets.token_bytes)


def make_identity(
    settings: Settings, protect_all: Callable[[], Awaitable[None]], address: Callable[[], str]
) -> Identity:
    """The identity of an installation; it knows nobody until it is opened."""
    seal = seal_of(settings)
    ends = Ends(timedelta(minutes=settings.idle_minutes), timedelta(hours=settings.session_hours))
    passwords = Passwords(leaked=settings.leaked_passwords)
    return Identity(
        Supplies(utc_now, secrets.token_bytes, seal, protect_all, address, passwords, ends, demands_of(settings))
    )


def is_reached_from_afar(settings: Settings) -> bool:
    """Whether others than who sits at the machine can reach the installation."""
    return settings.host not in LOOPBACK or settings.trust_proxy


def demands_of(settings: Settings) -> Demands:
    """What is demanded of who signs in; where nothing is said, two factors of administrators whom others than who sits
    at the machine could be taken for."""
    usual = Second.ADMINISTRATORS if is_reached_from_afar(settings) else Second.NOBODY
    return Demands(Second(settings.second_factor) if settings.second_factor else usual, settings.sha1_codes)


def accounting(broker: Broker) -> Callable[[Event], None]:
    """Notes in the account of a town who came in, and who changed what of its people and keys."""

    def note(event: Event) -> None:
        town = broker.open_town(event.town)
        if town is not None and not town.policy.is_open:
            broker.audit(town).happened(event.by or ANONYMOUS.id, event.what, event.about, event.address)

    return note


def opens(identity: Identity, who: str) -> bool:
    """Whether a program of the default town has a key still; in an open town, whoever it is."""
    registry = identity.own(None)
    return not registry.administrators or who.rpartition(":")[2] in registry.keys.values


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


def _registry(identity: Identity, town: str) -> Registry:
    try:
        return identity.own(town)
    except KeyError as error:
        raise TenantNotFound(f"Nobody can be known in the town {town!r} before the next start") from error


async def issue_key(identity: Identity, town: str, wanted: Wanted, by: Principal) -> tuple[AccessKey, str]:
    """A key and its secret. One of the town's administrators answers for it. Raises Conflict where it has none,
    BadRequestData, TenantNotFound."""
    registry = _registry(identity, town)
    if not registry.administrators:
        raise Conflict("This town has no administrators yet, so it is open and needs no key; see machinami admin make")
    return await programs.make_key(identity, registry, wanted, registry.administrators[0].id, by)


async def appoint(
    identity: Identity, town: str, name: str, display: str | None, by: Principal, recognised: int | None = None
) -> Invited:
    """Have somebody administer a town: a new person, or one who is there already and whose ways in are opened anew:
    recognised says how surely it is they.
    Raises BadRequestData, TenantNotFound."""
    registry = _registry(identity, town)
    account, roles = registry.named(name.strip().lower()), frozenset({Role.ADMINISTRATOR.value})
    if account is None or account.ended is not None:
        account = await people.make_account(identity, registry, name, display or name, roles, by)
    elif not account.is_administrator:
        account = await people.set_roles(
            identity, registry, account.id, roles | account.roles, account.identity_assurance, by
        )
    code = await people.invite(identity, registry, account.id, by, _LINK_LASTS, recognised)
    return Invited(account.name, f"/invitation#{code}")


async def admit_guest(identity: Identity) -> None:
    """Have everyone at this machine be signed in as the administrator of a demonstration."""
    registry, roles = identity.of(None), frozenset({Role.ADMINISTRATOR.value})
    guest = registry.named(_GUEST)
    if guest is None:
        guest = await people.make_account(identity, registry, _GUEST, _GUEST_NAME, roles, SYSTEM)
    begun = await begin(identity, registry, guest, frozenset({Way.NEARNESS}), Where("127.0.0.1"))
    live = registry.live(begun.session.id)
    if live is not None:
        identity.welcome(live)
