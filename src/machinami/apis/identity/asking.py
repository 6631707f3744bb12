"""Who stands behind a request? By its session cookie, its key or token, or nobody."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit

from machinami.broker.identity.identity import KEY_MARK, Identity, Proven, Where
from machinami.broker.identity.registry import Live, Registry
from machinami.broker.identity.tokens import Tokens
from machinami.broker.pace import Pace
from machinami.foundation.errors import CredentialRefused, Forbidden, MachinamiError, SignInRequired, StepUpRequired
from machinami.kit.forms import SESSION, cookie_field, is_foreign, own_cookie
from machinami.kit.http import Request
from machinami.kit.origin import Origin
from machinami.kit.viewing import Called
from machinami.model.host_name import is_public_name
from machinami.model.identity.account import RANKS, Account
from machinami.model.identity.assurance import Way
from machinami.model.identity.demand import SURE
from machinami.model.identity.key import Use, may_ask_from
from machinami.model.principal import ANONYMOUS, Principal

_COOKIE, _AUTHORIZATION, _KEY, _TENANT = b"cookie", b"authorization", b"x-api-key", b"ngsild-tenant"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Recalled(NamedTuple):
    """Who asked before with the very same header fields. version: that of all who are known, then; until: when what was
    shown holds no more, None for never."""

    version: int
    principal: Principal
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Asking:
    """What every face asks: who is it? proxied: a proxy stands in front, and tells who it speaks for; tokens: who
    shows an access token; pace: how often each may ask, None: as often as they like."""

    identity: Identity
    tokens: Tokens
    proxied: bool = False
    pace: Pace | None = None

    def principal(self, request: Request) -> Principal:
        """Who asks: ANONYMOUS without a credential. Raises CredentialRefused for a wrong one, Forbidden for a change
        that a page of another site sent with a session's cookie, TooManyRequests."""
        if self.pace is None:
            return self._known(request)
        try:
            by = self._known(request)
        except MachinamiError:
            self._count(request, "")
            raise
        self._count(request, "" if by is ANONYMOUS else by.id)
        return by

    def admit(self, request: Request) -> None:
        """Count a request that shows nothing of who asks. Raises TooManyRequests."""
        self._count(request, "")

    def _count(self, request: Request, who: str) -> None:
        """Count a request once, for who asks, else for where it comes from. Raises TooManyRequests."""
        if self.pace is not None and not request.counted and self.identity.has_administrators:
            request.counted = True
            asker = who or self.address(request)
            self.pace.admit(asker)
            request.uncount = partial(self.pace.forgive, asker)

    def _known(self, request: Request) -> Principal:
        if request.memo is not None and not request.certificate:
            found, identity = request.memo.found, self.identity
            if (
                isinstance(found, Recalled)
                and found.version == identity.version
                and (found.until is None or identity.supplies.clock() < found.until)
            ):
                return found.principal
        if not self.identity.has_administrators:
            self._demand_own_name(request)
        fields = request.fields
        if _AUTHORIZATION in fields or _KEY in fields:
            return self._by_secret(request)
        if _COOKIE in fields or self.identity.guest is not None:
            live = self.live(request)
            if live is not None and live.principal is not ANONYMOUS:
                self._demand_sure(live)
                if request.method not in _SAFE and is_foreign(request):
                    raise Forbidden("A change that a page of another site sends is not taken")
                return live.principal
        if request.certificate:
            by = self.identity.by_certificate(self.registry(request), request.certificate, self.address(request))
            if by is not None:
                if request.method not in _SAFE and is_foreign(request):
                    raise Forbidden("A change that a page of another site sends is not taken")
                return by
        if self.identity.has_places:
            return self.identity.by_address(self.registry(request), self.address(request))
        if _COOKIE not in fields and self.identity.guest is None:
            self._remember(request, ANONYMOUS)
        return ANONYMOUS

    def _demand_own_name(self, request: Request) -> None:
        """An open town is for who sits at its machine. A page of another site can have its name mean this machine
        (DNS rebinding), and would be taken for one of ours: no public name but the town's own leads to an open town.
        Raises Forbidden."""
        host = urlsplit(f"//{request.header(b'host') or ''}").hostname or ""
        if is_public_name(host) and host != urlsplit(self.identity.supplies.address()).hostname:
            raise Forbidden(
                f"This town has no administrators yet, so it is open, and is not reached by the name {host[:100]!r}: "
                "ask 127.0.0.1 or localhost, or make an administrator"
            )

    def _remember(self, request: Request, by: Principal, until: datetime | None = None) -> None:
        """Know who asks when the same header fields come again. Not where anything else of a request counts."""
        if request.memo is not None:
            request.memo.found = Recalled(self.identity.version, by, until)

    def _by_secret(self, request: Request) -> Principal:
        identity, fields, registry = self.identity, request.fields, self.registry(request)
        if not registry.administrators:
            self._remember(request, ANONYMOUS)
            return ANONYMOUS  # an open town knows nobody, and never asked
        shown = fields.get(_KEY)
        name = _AUTHORIZATION if shown is None else _KEY
        if shown is None:
            shown = fields[_AUTHORIZATION]
        mark = sha256(b"%b %b %b" % (name, registry.town.encode(), shown)).digest()
        found = identity.recalled(registry, mark) or self._proven(registry, name, shown.decode("latin-1"), mark)
        key = found.key
        is_bound = key.use is Use.KEY and bool(key.addresses or key.origins)
        if is_bound and not may_ask_from(key, self.address(request), request.header(b"origin")):
            raise CredentialRefused("This key may not be used from here")
        if not is_bound:
            self._remember(request, found.principal, found.until)
        return found.principal

    def _proven(self, registry: Registry, name: bytes, shown: str, mark: bytes) -> Proven:
        if name == _AUTHORIZATION:
            scheme, _, shown = shown.partition(" ")
            if scheme.lower() != "bearer":
                raise CredentialRefused("Credentials are shown as `Authorization: Bearer …` or `X-API-Key: …`")
        shown = shown.strip()
        if shown.startswith(KEY_MARK):
            return self.identity.by_key(registry, shown, mark)
        return self.tokens.proven(registry, shown, mark)

    def registry(self, request: Request) -> Registry:
        """The people and programs of the town that the request names."""
        named = request.fields.get(_TENANT)
        return self.identity.of(None if named is None else named.decode("latin-1"))

    def live(self, request: Request) -> Live | None:
        """The session that the request belongs to, half ones too."""
        cookie, registry = own_cookie(request, SESSION), self.registry(request)
        live = None if not cookie else self.identity.live(registry, cookie)
        return live or (self._guest(request) if registry is self.identity.of(None) else None)

    def _guest(self, request: Request) -> Live | None:
        """In a demonstration, who sits at this machine is its administrator without signing in."""
        guest = self.identity.guest
        return guest if guest is not None and self.is_near(request) else None

    def _demand_sure(self, live: Live) -> None:
        """Raise StepUpRequired where more is demanded of who somebody is than they showed."""
        if not self.identity.is_sure(live):
            raise StepUpRequired(
                "Here two factors are demanded of you: sign in with both, or set up the second one at /account",
                authenticationAssurance=SURE,
                identityAssurance=0,
            )

    def person(self, request: Request) -> tuple[Account, Live]:
        """The person who is signed in, as surely as is demanded. Raises SignInRequired, StepUpRequired."""
        account, live = self.beginner(request)
        self._demand_sure(live)
        return account, live

    def beginner(self, request: Request) -> tuple[Account, Live]:
        """The person who is signed in, maybe not surely yet. Raises SignInRequired."""
        live = self.live(request)
        if live is None or live.session.half:
            raise SignInRequired("Please sign in first")
        account = self.registry(request).account(live.session.account)
        self._count(request, account.principal_id)
        return account, live

    def called(self, request: Request) -> Called | None:
        """What the person is called who is signed in, and the highest of their roles."""
        live = self.live(request)
        if live is None or live.session.half or Way.NEARNESS in live.session.ways or not self.identity.is_sure(live):
            return None
        account = self.registry(request).account(live.session.account)
        return Called(account.display, next(role for role in RANKS if role in account.roles))

    def address(self, request: Request) -> str:
        """The address of who asks; behind a proxy the one that the proxy added last."""
        if self.proxied:
            told = (request.header(b"x-forwarded-for") or "").rpartition(",")[2].strip()
            return told or request.client
        return request.client

    def where(self, request: Request) -> Where:
        """From where somebody asks."""
        return Where(self.address(request), request.header(b"user-agent") or "")

    def is_secure(self, request: Request) -> bool:
        """Whether the browser reaches this installation over TLS."""
        return Origin(self.identity.supplies.address(), self.proxied).is_secure(request)

    def is_near(self, request: Request) -> bool:
        """Whether somebody sits at this machine: asked by its own name and address, with no proxy between."""
        host = urlsplit(f"//{request.header(b'host') or ''}").hostname
        passed = {b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"via"} & request.fields.keys()
        return not self.proxied and not passed and request.client in _LOOPBACK and host in _LOOPBACK

    def session_field(self, request: Request, cookie: str) -> tuple[bytes, bytes]:
        """The header field that gives a browser its session; the cookie goes when the browser does."""
        return cookie_field(SESSION, cookie, self.is_secure(request))

    def end_field(self, request: Request) -> tuple[bytes, bytes]:
        """The header field that takes it away again."""
        return cookie_field(SESSION, "", self.is_secure(request), 0)

    def waiting_field(self, request: Request, name: str, secret: str) -> tuple[bytes, bytes]:
        """The header field that lets a browser without a session send a form."""
        return cookie_field(name, secret, self.is_secure(request), 3_600)
