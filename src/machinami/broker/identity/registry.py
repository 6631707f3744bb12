"""Who is known in one town? Its people, programs, invitations and sessions: in memory, and kept as its records.

Everything is looked up in memory, so that a sign-in costs a request a microsecond, and what is taken away is gone at
once. A change is made in memory first and is durable when the awaitable is done; one that cannot be kept is undone.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from machinami.foundation.errors import NotFound
from machinami.model.identity.account import Account
from machinami.model.identity.invitation import Invitation
from machinami.model.identity.key import AccessKey, Use
from machinami.model.identity.record import read, write
from machinami.model.identity.session import Ends, Session, is_alive
from machinami.model.principal import Principal
from machinami.store.protocol import TownStore, Transaction

_KEPT_EVERY = timedelta(minutes=5)


class _Named(Protocol):
    @property
    def id(self) -> str: ...


V = TypeVar("V", bound=_Named)


class Shelf(Generic[V]):
    """All values of one kind, by id: in memory, and each a record."""

    def __init__(self, kind: str, value: type[V], store: TownStore, changed: Callable[[], None] = lambda: None) -> None:
        self._kind = f"identity-{kind}"
        self._value = value
        self._store = store
        self._changed = changed
        self.values: dict[str, V] = {}

    async def load(self) -> None:
        """Read what is kept."""
        kept = await self._store.records(self._kind)
        self.values = {key: read(self._value, record) for key, record in kept.items()}
        self._changed()

    async def put(self, value: V) -> None:
        """Keep a value, in the place of the one with its id."""
        await self._set(value.id, value)

    async def drop(self, value_id: str) -> None:
        """Keep it no longer."""
        if value_id in self.values:
            await self._set(value_id, None)

    async def _set(self, value_id: str, value: V | None) -> None:
        before = self.values.get(value_id)
        self._lay(value_id, value)
        try:
            await self._store.transact(lambda tx: self._record(tx, value_id, value))
        except BaseException:
            self._lay(value_id, before)
            raise

    def _lay(self, value_id: str, value: V | None) -> None:
        if value is None:
            self.values.pop(value_id, None)
        else:
            self.values[value_id] = value
        self._changed()

    def _record(self, tx: Transaction, value_id: str, value: V | None) -> None:
        if value is None:
            tx.delete_record(self._kind, value_id)
        else:
            tx.put_record(self._kind, value_id, write(value))


@dataclass(slots=True)
class Live:
    """A session at hand: who it is, and when it was last used. kept: which use its record tells of."""

    session: Session
    principal: Principal
    seen: datetime
    kept: datetime


@dataclass(slots=True)
class Registry:
    """One town's people and programs."""

    town: str
    store: TownStore
    clock: Callable[[], datetime]
    ends: Ends = field(default_factory=Ends)
    changed: Callable[[], None] = lambda: None
    accounts: Shelf[Account] = field(init=False)
    keys: Shelf[AccessKey] = field(init=False)
    invitations: Shelf[Invitation] = field(init=False)
    _sessions: Shelf[Session] = field(init=False)
    _live: dict[str, Live] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _places: list[AccessKey] = field(default_factory=list)
    _administrators: list[Account] = field(default_factory=list)
    certified: dict[str, AccessKey] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.accounts = Shelf("account", Account, self.store, self._count_administrators)
        self.keys = Shelf("key", AccessKey, self.store, self._index_keys)
        self.invitations = Shelf("invitation", Invitation, self.store)
        self._sessions = Shelf("session", Session, self.store)

    async def load(self) -> None:
        """Read what the town keeps; sessions that have ended meanwhile are let go."""
        for shelf in (self.accounts, self.keys, self.invitations, self._sessions):
            await shelf.load()
        self._names = {account.name: account.id for account in self.accounts.values.values()}
        for session in self._sessions.values.values():
            account = self.accounts.values.get(session.account)
            if account is not None and account.ended is None:
                self._live[session.id] = Live(session, principal_of(account, session), session.seen, session.seen)
        await self.tidy()

    def _index_keys(self) -> None:
        """Every request may ask for those that are found by an address or a certificate."""
        keys = self.keys.values.values()
        self.certified = {digest: key for key in keys for digest in key.certificates}
        self._places = [key for key in keys if key.use is Use.PLACE]
        self.changed()

    # people

    @property
    def administrators(self) -> Sequence[Account]:
        """Who administers the town now."""
        return self._administrators

    def _count_administrators(self) -> None:
        """Every request asks whether there is one."""
        self._administrators = [one for one in self.accounts.values.values() if one.is_administrator]
        self.changed()

    def account(self, account_id: str) -> Account:
        """The account. Raises NotFound."""
        found = self.accounts.values.get(account_id)
        if found is None:
            raise NotFound("There is no such person in this town")
        return found

    def named(self, name: str) -> Account | None:
        """The account that signs in with this name."""
        return self.accounts.values.get(self._names.get(name, ""))

    async def put_account(self, account: Account) -> None:
        """Keep an account; whoever is signed in by it goes on with its present roles, or no longer if it ended."""
        self._names[account.name] = account.id
        for live in [live for live in self._live.values() if live.session.account == account.id]:
            live.principal = principal_of(account, live.session)
        if account.ended is not None:
            for session_id in [one.session.id for one in self._live.values() if one.session.account == account.id]:
                del self._live[session_id]
        await self.accounts.put(account)

    @property
    def places(self) -> list[AccessKey]:
        """The exceptions by address."""
        return self._places

    async def put_key(self, key: AccessKey) -> None:
        """Keep a key."""
        await self.keys.put(key)

    async def drop_key(self, key_id: str) -> None:
        """Revoke a key; it opens nothing from this moment on."""
        await self.keys.drop(key_id)

    def present(self, by: Principal) -> Principal | None:
        """Who somebody is now who left something to be done in their name: with the roles that they have now; None
        where the person has left, or the program's key was revoked or is over."""
        kind, _, name = by.id.removeprefix("urn:machinami:").partition(":")
        if kind == "person":
            account = self.accounts.values.get(name)
            if account is None or account.ended is not None:
                return None
            return _renewed(by, frozenset(account.roles), account.identity_assurance, by.scopes)
        if kind != "program":
            return by
        key = self.keys.values.get(name)
        if key is None or (key.until is not None and key.until <= self.clock()):
            return None
        left = by.scopes if key.scopes is None or by.scopes is None else by.scopes & key.scopes
        scopes = key.scopes if by.scopes is None else left
        return _renewed(by, frozenset(key.roles), by.identity_assurance, scopes)

    # sessions

    def live(self, session_id: str) -> Live | None:
        """The session, used now; None if there is none or it has ended."""
        found = self._live.get(session_id)
        if found is None:
            return None
        now = self.clock()
        session, ends = found.session, self.ends
        if session.half:
            alive = is_alive(session, now, ends)
        else:
            alive = now - found.seen < ends.idle and now - session.began < ends.longest
        if not alive:
            del self._live[session_id]
            return None
        found.seen = now
        return found

    def sessions_of(self, account_id: str) -> list[Session]:
        """Where somebody is signed in, the last used first."""
        found = [
            replace(one.session, seen=one.seen) for one in self._live.values() if one.session.account == account_id
        ]
        return sorted((one for one in found if not one.half), key=lambda one: one.seen, reverse=True)

    def sessions_where(self, holds: Callable[[Session], bool]) -> list[Session]:
        """The sessions of which something holds."""
        return [live.session for live in self._live.values() if holds(live.session)]

    async def put_session(self, session: Session) -> None:
        """Begin a session."""
        account = self.account(session.account)
        self._live[session.id] = Live(session, principal_of(account, session), session.seen, session.seen)
        await self._sessions.put(session)

    async def end_sessions(self, session_ids: Iterable[str]) -> None:
        """End sessions at once."""
        ended = list(session_ids)
        for session_id in ended:
            self._live.pop(session_id, None)
        await asyncio.gather(*(self._sessions.drop(session_id) for session_id in ended))

    async def end_all(self, account_id: str, but: str = "") -> None:
        """End all sessions of somebody, but one."""
        kept = (one.id for one in self._sessions.values.values() if one.account == account_id and one.id != but)
        await self.end_sessions(list(kept))

    async def tidy(self) -> None:
        """Keep which sessions were used, and let go of what has ended: sessions, invitations."""
        now = self.clock()
        for live in list(self._live.values()):
            if live.seen - live.kept > _KEPT_EVERY:
                live.kept = live.seen
                await self._sessions.put(replace(live.session, seen=live.seen))
        over = [
            one.id
            for one in self._sessions.values.values()
            if one.id not in self._live or not is_alive(replace(one, seen=self._live[one.id].seen), now, self.ends)
        ]
        await self.end_sessions(over)
        for invitation in [one for one in self.invitations.values.values() if one.until <= now]:
            await self.invitations.drop(invitation.id)


def _renewed(by: Principal, roles: frozenset[str], identity_assurance: int, scopes: frozenset[str] | None) -> Principal:
    """Who somebody is with these now; the very same one, of whom is known what they may do, where nothing changed."""
    if (roles, identity_assurance, scopes) == (by.roles, by.identity_assurance, by.scopes):
        return by
    return replace(by, roles=roles, identity_assurance=identity_assurance, scopes=scopes)


def principal_of(account: Account, session: Session) -> Principal:
    """Who asks by this session; nobody yet, while a code is still to come."""
    if session.half:
        return Principal("anonymous")
    return Principal(
        account.principal_id,
        frozenset(account.roles),
        identity_assurance=account.identity_assurance,
        authentication_assurance=session.level,
    )
