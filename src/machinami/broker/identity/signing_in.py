"""How does a person sign in? By password, and a code where they have one; each step is a session of a new name."""

from dataclasses import dataclass, replace
from datetime import datetime

from machinami.broker.identity.identity import Event, Identity, Where, digest_of
from machinami.broker.identity.registry import Live, Registry
from machinami.foundation.errors import CredentialRefused
from machinami.model.identity.account import Account
from machinami.model.identity.assurance import Way, level
from machinami.model.identity.session import Session

_WRONG = "The name or the password is wrong"


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that began: the secret for the cookie, and whether a code is still to come."""

    cookie: str
    session: Session


async def with_password(identity: Identity, registry: Registry, name: str, password: str, where: Where) -> Begun:
    """Sign in by password. Raises CredentialRefused, TooManyAttempts; neither tells whether there is such a name."""
    name = name.strip().lower()[:200]
    identity.throttle.check(name, where.address)
    account = registry.named(name)
    kept = account.password if account is not None and account.ended is None else None
    right = await identity.supplies.passwords.check(kept, password[:1_000])
    if account is not None:  # who left meanwhile, or has another password now, does not come in by the former one
        account = registry.account(account.id)
        right = right and account.password == kept
    if not right or account is None or kept is None:
        identity.throttle.missed(name, where.address)
        # What is no name of anybody is not told: people type their password there by mistake.
        who, about = (name, "") if account is not None else ("", "a name that nobody has")
        identity.note(Event("sign-in refused", registry.town, who, about, where.address))
        raise CredentialRefused(_WRONG, key="identity.wrong")
    if not account.has_second:
        identity.throttle.right(name, where.address)
    if identity.supplies.passwords.is_dated(kept):
        fresh = await identity.supplies.passwords.make(password)
        await registry.put_account(replace(registry.account(account.id), password=fresh))
    return await begin(identity, registry, account, frozenset({Way.PASSWORD}), where, half=account.has_second)


async def begin(
    identity: Identity,
    registry: Registry,
    account: Account,
    ways: frozenset[Way],
    where: Where,
    *,
    half: bool = False,
    at_level: int | None = None,
    since: datetime | None = None,
    elsewhere: str = "",
) -> Begun:
    """Begin a session. at_level: the level that another authority says, None for that of the ways; since: when the
    person showed who they are, None: now; elsewhere: the provider's own session from which it comes. Raises
    CredentialRefused where the person has left meanwhile."""
    if registry.account(account.id).ended is not None:
        raise CredentialRefused(_WRONG, key="identity.wrong")
    cookie, now = identity.secret(), identity.supplies.clock()
    reached = level(ways) if at_level is None else at_level
    session = Session(
        digest_of(cookie).hex(), account.id, since or now, now, ways, reached, half, where.agent[:200], where.address,
        elsewhere,
    )  # fmt: skip
    await registry.put_session(session)
    if not half:
        ways_said = "+".join(sorted(ways))
        identity.note(
            Event(f"signed in by {ways_said}", registry.town, account.principal_id, account.name, where.address)
        )
    return Begun(cookie, session)


async def step_up(identity: Identity, registry: Registry, live: Live, way: Way, where: Where) -> Begun:
    """Go on in a new session that knows one more way; the old one ends, so that its cookie is worth nothing."""
    old = live.session
    ways = old.ways | {way}
    reached = max(old.level, level(ways))  # a provider may have said a higher one
    since = None if old.half else old.began  # a second step alone does not make a session last longer
    account = registry.account(old.account)
    begun = await begin(
        identity, registry, account, ways, where, at_level=reached, since=since, elsewhere=old.elsewhere
    )
    await registry.end_sessions([old.id])
    return begun


async def sign_out(identity: Identity, registry: Registry, session: Session) -> None:
    """End a session."""
    await registry.end_sessions([session.id])
    account = registry.account(session.account)
    identity.note(Event("signed out", registry.town, account.principal_id, account.name, session.address))
