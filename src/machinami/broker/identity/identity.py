"""Who is asking, in which town? The registries of all towns, and what they are given from outside."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

from machinami.broker.identity.passwords import Passwords
from machinami.broker.identity.registry import Live, Registry
from machinami.broker.identity.seal import Seal
from machinami.broker.identity.throttling import Throttle
from machinami.broker.town import DEFAULT_TOWN, Town
from machinami.foundation.errors import CredentialRefused
from machinami.model.identity.assurance import Way
from machinami.model.identity.demand import SURE, Demands, needs_second
from machinami.model.identity.key import AccessKey, Use, is_valid, may_ask_from
from machinami.model.identity.session import Ends
from machinami.model.principal import ANONYMOUS, Principal

_LOG = logging.getLogger("machinami.identity")
KEY_MARK = "mk_"
_MOST_PROVEN = 5_000
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Where:
    """From where somebody asks: the address of the peer, and what the browser or program calls itself."""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is to be accounted for: what, in which town, who did it (a principal's id, or the name that was
    tried), about whom, and from which address. It never holds a secret."""

    what: str
    town: str
    by: str
    about: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Supplies:
    """What identity is given: clock: the clock on the wall, also in a simulated town; draw: so many random bytes;
    seal: for secrets that must be read again; passwords: how they are hashed; protect: has the towns ask their
    policies from now on; address: where browsers and programs find this installation, without a slash at the end;
    demands: what is demanded of who signs in."""

    clock: Callable[[], datetime]
    draw: Callable[[int], bytes]
    seal: Seal
    protect: Callable[[], Awaitable[None]]
    address: Callable[[], str]
    passwords: Passwords = field(default_factory=Passwords)
    ends: Ends = field(default_factory=Ends)
    demands: Demands = field(default_factory=Demands)


class Proven(NamedTuple):
    """Who showed a secret: by which key, as whom, and until when that holds."""

    key: AccessKey
    principal: Principal
    until: datetime


class Identity:
    """Everyone that an installation knows."""

    def __init__(self, supplies: Supplies) -> None:
        self.supplies = supplies
        self.throttle = Throttle(supplies.clock, self._made_to_wait)
        self.listeners: list[Callable[[Event], None]] = []
        self.handovers: list[Callable[[str, str, str], Awaitable[None]]] = []
        self.first_code = supplies.draw(16).hex()
        self.guest: Live | None = None
        self.version = 0
        """Another number as soon as a key, an account or a town has changed: who somebody was may be true no more."""
        self._registries: dict[str, Registry] = {}
        self._proven: dict[bytes, Proven] = {}

    async def open(self, towns: Sequence[Town]) -> None:
        """Read what the towns know of people and programs; a town that has administrators is protected."""
        for town in towns:
            await self.admit(town)
        if self.has_administrators:
            await self.supplies.protect()

    async def admit(self, town: Town) -> None:
        """Read what a town knows of people and programs."""
        registry = Registry(town.name, town.store, self.supplies.clock, self.supplies.ends, self._changed)
        await registry.load()
        self._registries[town.name] = registry
        self._changed()

    def _changed(self) -> None:
        self.version += 1

    def welcome(self, guest: Live) -> None:
        """Have who sits at this machine ask by this session."""
        self.guest = guest
        self._changed()

    async def forget(self, town: Town) -> None:
        """Know nobody any more of a town that is let go."""
        await self._registries[town.name].tidy()
        del self._registries[town.name]
        self._changed()

    def of(self, town: str | None) -> Registry:
        """Whose people and programs count in a town: its own as soon as it has an administrator, until then those of
        the installation, who made it. A town's people count in no other town."""
        found = self._registries.get(town or DEFAULT_TOWN)
        return found if found is not None and found.administrators else self._registries[DEFAULT_TOWN]

    def own(self, town: str | None) -> Registry:
        """The registry of a town itself, also while nobody is in it. Raises KeyError where there is no such town."""
        return self._registries[town or DEFAULT_TOWN]

    @property
    def registries(self) -> Sequence[Registry]:
        """The people and programs of every town."""
        return list(self._registries.values())

    @property
    def has_administrators(self) -> bool:
        """Whether anyone administers this installation: then it is protected, else open to whoever reaches it."""
        own = self._registries.get(DEFAULT_TOWN)
        return own is not None and bool(own.administrators)

    @property
    def has_places(self) -> bool:
        """Whether an address alone may stand for somebody anywhere here."""
        return any(registry.places for registry in self._registries.values())

    async def tidy(self) -> None:
        """Keep which sessions were used and let go of what has ended."""
        for registry in list(self._registries.values()):
            await registry.tidy()
        self.throttle.tidy()

    def note(self, event: Event) -> None:
        """Account for something."""
        _LOG.info("%s in %s by %r about %r from %s", event.what, event.town, event.by, event.about, event.address)
        for listener in self.listeners:
            listener(event)

    def _made_to_wait(self, seconds: int, address: str) -> None:
        self.note(Event("made to wait for guessing", DEFAULT_TOWN, "", f"{seconds} s", address))

    def secret(self, size: int = 32) -> str:
        """A fresh secret in hexadecimal digits."""
        return self.supplies.draw(size).hex()

    # who asks

    def live(self, registry: Registry, cookie: str) -> Live | None:
        """The session that a cookie names; None where it names none, or one that has ended."""
        return registry.live(digest_of(cookie).hex())

    def is_sure(self, live: Live) -> bool:
        """Whether somebody has signed in with as many factors as are demanded of what they are."""
        session = live.session
        if session.level >= SURE or session.half or Way.NEARNESS in session.ways:
            return True
        return not needs_second(self.supplies.demands.second, live.principal.roles)

    def recalled(self, registry: Registry, mark: bytes) -> Proven | None:
        """What the secret of this digest has proven before, as long as it still does: the key is the very one that it
        was, neither revoked nor changed, and its time is not over."""
        found = self._proven.get(mark)
        if found is None:
            return None
        key = found.key
        if registry.keys.values.get(key.id) is not key or self.supplies.clock() >= found.until:
            del self._proven[mark]
            return None
        return found

    def by_key(self, registry: Registry, shown: str, mark: bytes) -> Proven:
        """Who shows this key. Raises CredentialRefused."""
        key = self.key(registry, shown, Use.KEY)
        ends = [key.until, key.before_until if digest_of(shown.rpartition("_")[2]) == key.before else None]
        return self.remember(mark, key, key.principal, min((end for end in ends if end is not None), default=_NEVER))

    def remember(self, mark: bytes, key: AccessKey, principal: Principal, until: datetime) -> Proven:
        """Know by the digest of a secret what it has proven, so that the next request need not prove it again."""
        if len(self._proven) >= _MOST_PROVEN:
            self._proven.clear()
        found = self._proven[mark] = Proven(key, principal, until)
        return found

    def by_certificate(self, registry: Registry, digest: str, address: str) -> Principal | None:
        """Who shows the client certificate of this digest; None: it stands for nobody. Raises CredentialRefused."""
        key = registry.certified.get(digest)
        if key is None:
            return None
        if key.until is not None and self.supplies.clock() >= key.until:
            raise CredentialRefused("The key of this certificate is over")
        if not may_ask_from(replace(key, origins=()), address, None):
            raise CredentialRefused("This certificate may not be used from here")
        return key.principal

    def key(self, registry: Registry, shown: str, use: Use) -> AccessKey:
        """The key for this use of which this is the secret. Raises CredentialRefused; it does not say why."""
        _, _, rest = shown.partition("_")
        key_id, _, secret = rest.partition("_")
        found = registry.keys.values.get(key_id)
        digest = digest_of(secret)
        if found is None or found.use is not use or not is_valid(found, digest, self.supplies.clock()):
            raise CredentialRefused("This key is not valid here")
        return found

    def by_address(self, registry: Registry, address: str) -> Principal:
        """Who asks without any credential: nobody, but for a dated exception of the address."""
        now = self.supplies.clock()
        for key in registry.places:
            if key.until is not None and now < key.until and may_ask_from(key, address, None):
                return key.principal
        return ANONYMOUS


def digest_of(secret: str) -> bytes:
    """What is kept of a secret of random bits."""
    return sha256(secret.encode()).digest()
