"""How do people come into a town, change what they are there, and leave it?"""

from dataclasses import replace
from datetime import timedelta

from machinami.broker.identity.identity import Event, Identity, Where, digest_of
from machinami.broker.identity.registry import Registry
from machinami.broker.identity.signing_in import Begun, begin
from machinami.foundation.errors import AlreadyExists, Conflict, CredentialRefused, Forbidden, NotFound
from machinami.model.identity.account import (
    NEAR_WORDS,
    Account,
    check_display,
    check_name,
    check_password,
    check_roles,
    end,
)
from machinami.model.identity.assurance import Way
from machinami.model.identity.invitation import LASTING, Invitation, check_recognised
from machinami.model.identity.key import OVERLAP, AccessKey
from machinami.model.principal import SYSTEM, Principal, Role

_USED = "This link was used already, or is too old; ask for a new one"
_LAST = "This is the last administrator; make another one first"


def demand_administrator(by: Principal) -> None:
    """Raise Forbidden unless who asks administers the town (or is the command line on the machine itself)."""
    if by != SYSTEM and Role.ADMINISTRATOR not in by.roles:
        raise Forbidden("Only an administrator of this town may do this", principal=by.id)


async def make_account(
    identity: Identity,
    registry: Registry,
    name: str,
    display: str,
    roles: frozenset[str],
    by: Principal,
    assurance: int = 1,
) -> Account:
    """Make an account that nothing opens yet; its person comes in by an invitation. Raises AlreadyExists."""
    demand_administrator(by)
    name = check_name(name)
    if registry.named(name) is not None:
        raise AlreadyExists(f"The name {name} is taken", key="identity.name_taken")
    account = Account(
        identity.secret(8),
        name,
        check_display(display),
        check_roles(roles),
        identity.supplies.clock(),
        max(1, min(3, assurance)),
    )
    await registry.put_account(account)
    identity.note(Event("person added", registry.town, by.id, f"{account.name}: {', '.join(sorted(account.roles))}"))
    if account.is_administrator:
        await identity.supplies.protect()
    return account


async def invite(
    identity: Identity,
    registry: Registry,
    account_id: str,
    by: Principal,
    lasting: timedelta = LASTING,
    recognised: int | None = None,
) -> str:
    """The code of a link that opens an account once; earlier links to it open no more. recognised: how surely the
    person was known again (IAL) who came in before. Raises NotFound, Conflict, BadRequestData."""
    demand_administrator(by)
    account = registry.account(account_id)
    if account.ended is not None:
        raise Conflict(f"{account.display} has left")
    check_recognised(account, recognised)
    for old in [one for one in registry.invitations.values.values() if one.account == account_id]:
        await registry.invitations.drop(old.id)
    code = identity.secret(24)
    until = identity.supplies.clock() + lasting
    await registry.invitations.put(Invitation(digest_of(code).hex(), account_id, by.id, until))
    how = "" if recognised is None else f", recognised at level {recognised}"
    identity.note(Event("invited", registry.town, by.id, account.name + how))
    return code


def invitation(identity: Identity, registry: Registry, code: str) -> tuple[Invitation, Account]:
    """What a link stands for. Raises NotFound where it was used, is too old or was never given."""
    found = registry.invitations.values.get(digest_of(code).hex())
    if found is None or identity.supplies.clock() >= found.until:
        raise NotFound(_USED, key="identity.invitation.used")
    return found, _still_here(registry, found.account)


def _still_here(registry: Registry, account_id: str) -> Account:
    """The account that a link opens. Raises NotFound where its person has left."""
    account = registry.account(account_id)
    if account.ended is not None:
        raise NotFound(_USED, key="identity.invitation.used")
    return account


async def accept(identity: Identity, registry: Registry, code: str, password: str, where: Where) -> Begun:
    """Come in by a link: the password is set, what opened the account before opens it no more, the link is used up."""
    found, account = invitation(identity, registry, code)
    checked = await _checked(identity, password, account.name)
    hashed = await identity.supplies.passwords.make(checked)
    found, account = invitation(identity, registry, code)  # nobody used it meanwhile
    await registry.invitations.drop(found.id)
    await registry.end_all(account.id)
    account = _still_here(registry, account.id)  # as it is now: roles may have changed, and people may have left
    opened = replace(account, password=hashed, totp=None, recovery=(), passkeys=())
    await registry.put_account(opened)
    identity.note(Event("invitation accepted", registry.town, account.principal_id, account.name, where.address))
    return await begin(identity, registry, opened, frozenset({Way.PASSWORD}), where)


async def make_first(
    identity: Identity, registry: Registry, name: str, display: str, password: str, where: Where
) -> Begun:
    """Make the first administrator of a town that has none. Raises Conflict where it has one."""
    _demand_none(registry)
    checked = await _checked(identity, password, check_name(name))
    hashed = await identity.supplies.passwords.make(checked)
    _demand_none(registry)
    taken = registry.named(check_name(name))
    if taken is not None:
        raise AlreadyExists(f"The name {taken.name} is taken", key="identity.name_taken")
    roles = frozenset({Role.ADMINISTRATOR})
    account = Account(
        identity.secret(8),
        check_name(name),
        check_display(display),
        roles,
        identity.supplies.clock(),
        password=hashed,
    )
    await registry.put_account(account)
    await identity.supplies.protect()
    identity.note(Event("first administrator made", registry.town, account.principal_id, account.name, where.address))
    return await begin(identity, registry, account, frozenset({Way.PASSWORD}), where)


def _demand_none(registry: Registry) -> None:
    if registry.administrators:
        raise Conflict("This town has an administrator already; ask them for an invitation")


async def _checked(identity: Identity, password: str, name: str) -> str:
    """A new password that may be one. Raises BadRequestData."""
    checked = check_password(password, name)
    await identity.supplies.passwords.judge(checked, (*NEAR_WORDS, name, *name.partition("@")[::2]))
    return checked


async def change_password(
    identity: Identity, registry: Registry, account_id: str, old: str, new: str, session_id: str
) -> None:
    """Change one's own password; every other session of the person ends. Raises CredentialRefused, BadRequestData."""
    account = registry.account(account_id)
    identity.throttle.check(account.name, "own account")
    if not await identity.supplies.passwords.check(account.password, old[:1_000]):
        identity.throttle.missed(account.name, "own account")
        raise CredentialRefused("The present password is wrong", key="identity.wrong_password")
    hashed = await identity.supplies.passwords.make(await _checked(identity, new, account.name))
    await registry.put_account(replace(registry.account(account_id), password=hashed))
    await registry.end_all(account_id, but=session_id)
    identity.note(Event("password changed", registry.town, account.principal_id, account.name))


async def set_roles(
    identity: Identity, registry: Registry, account_id: str, roles: frozenset[str], assurance: int, by: Principal
) -> Account:
    """Say anew what somebody is in town, and how surely it is known who they are."""
    demand_administrator(by)
    account = registry.account(account_id)
    changed = replace(account, roles=check_roles(roles), identity_assurance=max(0, min(3, assurance)))
    if account.is_administrator and not changed.is_administrator and len(registry.administrators) == 1:
        raise Conflict(_LAST, key="identity.last_administrator")
    await registry.put_account(changed)
    if changed.is_administrator:
        await identity.supplies.protect()
    identity.note(Event("roles changed", registry.town, by.id, f"{account.name}: {', '.join(sorted(changed.roles))}"))
    return changed


async def let_go(
    identity: Identity, registry: Registry, account_id: str, successor_id: str | None, by: Principal
) -> list[AccessKey]:
    """Somebody leaves: nothing of theirs opens any more, and their keys and duties are the successor's.

    The one who left knows the secrets of the keys, so these end after the overlap of a rotation: the successor
    rotates them. Returns the keys that were handed over.
    """
    demand_administrator(by)
    account = registry.account(account_id)
    successor = registry.account(successor_id) if successor_id else None
    if account.is_administrator and len(registry.administrators) == 1:
        raise Conflict(_LAST, key="identity.last_administrator")
    owned = [key for key in registry.keys.values.values() if key.owner == account_id]
    if owned and successor is None:
        raise Conflict(
            f"{account.display} answers for {len(owned)} keys; name a successor", key="identity.needs_successor"
        )
    now = identity.supplies.clock()
    await registry.put_account(end(account, successor, now))
    await registry.end_all(account_id)
    for link in [one for one in registry.invitations.values.values() if one.account == account_id]:
        await registry.invitations.drop(link.id)
    handed = []
    for key in owned:
        assert successor is not None
        until = min(key.until, now + OVERLAP) if key.until else now + OVERLAP
        handed.append(replace(key, owner=successor.id, until=until))
        await registry.put_key(handed[-1])
    if successor is not None:
        for hand_over in identity.handovers:
            await hand_over(registry.town, account.principal_id, successor.principal_id)
    heir = successor.name if successor else "nobody"
    identity.note(Event("person left", registry.town, by.id, f"{account.name}, succeeded by {heir}"))
    return handed
