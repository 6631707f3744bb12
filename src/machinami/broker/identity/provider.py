"""How do people sign in at the city's own OpenID provider? Authorization code with PKCE (OpenID Connect Core 1.0)."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from machinami.broker.identity.identity import Event, Identity, Where
from machinami.broker.identity.registry import Registry
from machinami.broker.identity.signing_in import Begun, begin
from machinami.foundation.errors import BadGateway, CredentialRefused
from machinami.model.identity.account import Account, Linked
from machinami.model.identity.assurance import Way, level_of_provider
from machinami.model.identity.farewell import LASTING, Farewell, read_farewell
from machinami.model.identity.session import FRESH, Session
from machinami.wire.exchange import Call, Caller

RETURN, BACK_CHANNEL = "/sign-in/provider/return", "/sign-out/provider/back-channel"
_ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]
_WAIT = timedelta(minutes=10)
_SKEW = 60
_KEYS_ANEW = timedelta(minutes=1)
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Provided:
    """The provider, as the town's settings say. levels: which authentication level an acr or amr value means, and
    level where none is known; identity: how surely the provider knows who its people are; acr: the value by which a
    level is asked of it."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str = "OpenID"
    scope: str = "openid profile email"
    level: int = 1
    identity: int = 1
    levels: Mapping[str, int] = field(default_factory=dict)
    acr: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Pending:
    nonce: str
    verifier: str
    onward: str
    since: datetime
    until: datetime
    anew: bool


class Provider:
    """The city's OpenID provider, as this installation sees it."""

    def __init__(self, identity: Identity, provided: Provided, caller: Caller) -> None:
        self.provided = provided
        self._identity = identity
        self._caller = caller
        self._told: dict[str, Any] | None = None
        self._keys: KeySet | None = None
        self._pending: dict[str, _Pending] = {}
        self._heard: dict[str, datetime] = {}
        self._anew = datetime.min.replace(tzinfo=UTC)

    async def ask(self, onward: str, level: int | None) -> tuple[str, str]:
        """Where a browser goes to sign in, and the state that it must bring back. Raises BadGateway."""
        told, now = await self._metadata(), self._identity.supplies.clock()
        self._pending = {state: one for state, one in self._pending.items() if one.until > now}
        while len(self._pending) >= _MOST:
            self._pending.pop(next(iter(self._pending)))
        state, nonce, verifier = (self._identity.secret() for _ in range(3))
        self._pending[state] = _Pending(nonce, verifier, onward, now, now + _WAIT, level is not None)
        asked = {
            "response_type": "code",
            "client_id": self.provided.client_id,
            "redirect_uri": self._return,
            "scope": self.provided.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        asked["max_age"] = str(int(self._identity.supplies.ends.longest.total_seconds()))
        if level is not None:
            asked["prompt"], asked["max_age"] = "login", "0"
            if level in self.provided.acr:
                asked["acr_values"] = self.provided.acr[level]
        return f"{told['authorization_endpoint']}?{urlencode(asked)}", state

    async def came_back(
        self, registry: Registry, given: Mapping[str, str], kept_state: str, where: Where
    ) -> tuple[Begun, str]:
        """Who came back, and where they go on. Raises CredentialRefused, BadGateway."""
        state = given.get("state", "")
        pending = self._pending.pop(state, None)
        known = pending is not None and compare_digest(state.encode(), kept_state.encode())
        if pending is None or not known or self._identity.supplies.clock() >= pending.until:
            raise CredentialRefused("This sign-in was not begun here, or too long ago; begin anew")
        if given.get("iss", self.provided.issuer) != self.provided.issuer or "code" not in given:
            raise CredentialRefused(f"{self.provided.name} did not confirm the sign-in")
        claims = await self._claims(given["code"], pending)
        account = await self._account(registry, claims)
        level = level_of_provider(
            _text(claims.get("acr")), _texts(claims.get("amr")), self.provided.levels, self.provided.level
        )
        since = self._since(claims, pending)
        begun = await begin(
            self._identity, registry, account, frozenset({Way.PROVIDER}), where, at_level=level, since=since,
            elsewhere=_text(claims.get("sid")) or "",
        )  # fmt: skip
        return begun, pending.onward

    async def heard(self, token: str, address: str) -> int:
        """End here the sessions that the provider says are over (OpenID Connect Back-Channel Logout 1.0, 2.6), in
        every town; how many they were. Raises CredentialRefused, BadGateway."""
        now = self._identity.supplies.clock()
        header, claims = await self._told_unasked(token, now)
        farewell = read_farewell(header, claims, self.provided.issuer, self.provided.client_id, now)
        self._heard = {one: until for one, until in self._heard.items() if until > now}
        if farewell.jti in self._heard:
            raise CredentialRefused("This was told before")
        self._heard[farewell.jti] = now + 2 * LASTING
        return sum([await self._end(registry, farewell, address) for registry in self._identity.registries])

    async def _end(self, registry: Registry, farewell: Farewell, address: str) -> int:
        over = registry.sessions_where(lambda session: self._is_meant(registry, session, farewell))
        await registry.end_sessions([session.id for session in over])
        for session in over:
            account = registry.account(session.account)
            self._identity.note(
                Event("signed out by the provider", registry.town, account.principal_id, account.name, address)
            )
        return len(over)

    def _is_meant(self, registry: Registry, session: Session, farewell: Farewell) -> bool:
        linked = registry.account(session.account).linked
        if Way.PROVIDER not in session.ways or linked is None or linked.issuer != self.provided.issuer:
            return False
        return farewell.means(linked.subject, session.elsewhere)

    async def farewell(self) -> str | None:
        """Where a browser signs out at the provider, too (OpenID Connect RP-Initiated Logout 1.0); None where it does
        not offer that. No ID token is kept to be shown there, so the provider asks the person. Raises BadGateway."""
        there = _text((await self._metadata()).get("end_session_endpoint"))
        if not there:
            return None
        said = {
            "client_id": self.provided.client_id,
            "post_logout_redirect_uri": f"{self._identity.supplies.address()}/",
        }
        return f"{there}{'&' if '?' in there else '?'}{urlencode(said)}"

    def _since(self, claims: Mapping[str, Any], pending: _Pending) -> datetime:
        """When the person showed the provider who they are: from then on a session lasts as long as any (OpenID Connect
        Core 1.0, 2, auth_time). Raises CredentialRefused where that is too long ago for what was asked."""
        now, said = self._identity.supplies.clock(), claims.get("auth_time")
        if not isinstance(said, int | float):
            return pending.since if pending.anew else pending.since - FRESH  # not told, so it is not taken for fresh
        since = min(now, datetime.fromtimestamp(said, UTC))
        oldest = pending.since if pending.anew else now - self._identity.supplies.ends.longest
        if since < oldest - timedelta(seconds=_SKEW):
            raise CredentialRefused(
                f"You signed in at {self.provided.name} too long ago; sign in there anew", key="identity.too_long_ago"
            )
        return since

    async def _account(self, registry: Registry, claims: Mapping[str, Any]) -> Account:
        """The account of the person; at the first time the one whose sign-in name is their confirmed e-mail address."""
        linked = Linked(self.provided.issuer, str(claims["sub"]))
        for account in registry.accounts.values.values():
            if account.linked == linked and account.ended is None:
                return account
        email = str(claims.get("email", "")).lower()
        found = registry.named(email) if email and claims.get("email_verified") is True else None
        if found is None or found.ended is not None or found.linked is not None:
            self._identity.note(Event("unknown to this town", registry.town, linked.subject[:100]))
            raise CredentialRefused(
                "You are known to the provider, but not to this town; ask its administrator", key="identity.not_known"
            )
        surer = max(found.identity_assurance, self.provided.identity)
        joined = replace(found, linked=linked, identity_assurance=surer)
        await registry.put_account(joined)
        self._identity.note(Event("linked with the provider", registry.town, joined.principal_id, joined.name))
        return joined

    async def _claims(self, code: str, pending: _Pending) -> Mapping[str, Any]:
        told = await self._metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._return,
            "code_verifier": pending.verifier,
        }
        who = f"{quote(self.provided.client_id, safe='')}:{quote(self.provided.client_secret, safe='')}"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"Basic {b64encode(who.encode()).decode()}",
        }
        given = await self._json("POST", told["token_endpoint"], headers, urlencode(form).encode())
        claims = await self._checked(str(given.get("id_token", "")))
        audience = claims.get("aud")
        whole = isinstance(audience, str) or len(_texts(audience)) == 1 or claims.get("azp") == self.provided.client_id
        now = self._identity.supplies.clock().timestamp()
        if not (
            claims.get("iss") == self.provided.issuer
            and self.provided.client_id in ([audience] if isinstance(audience, str) else _texts(audience))
            and whole
            and isinstance(claims.get("exp"), int | float)
            and claims["exp"] > now - _SKEW
            and isinstance(claims.get("iat"), int | float)
            and claims["iat"] < now + _SKEW
            and compare_digest(str(claims.get("nonce", "")).encode(), pending.nonce.encode())
            and claims.get("sub")
        ):
            raise CredentialRefused(f"What {self.provided.name} says of the sign-in does not belong to it")
        return claims

    async def _checked(self, token: str) -> Mapping[str, Any]:
        """The claims of an ID token whose signature is right; its keys are fetched anew once, as they may be fresh."""
        for anew in (False, True):
            try:
                claims: Mapping[str, Any] = jwt.decode(token, await self._key_set(anew), algorithms=_ALGORITHMS).claims
                return claims
            except (JoseError, ValueError, TypeError) as error:
                if anew:
                    raise CredentialRefused(f"The signature of {self.provided.name} is not right") from error
        raise AssertionError("both rounds return or raise")

    async def _told_unasked(self, token: str, now: datetime) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Header and claims of a token that anybody may have sent: it has fresh keys fetched once a minute at most."""
        for anew in (False, True):
            try:
                told = jwt.decode(token, await self._key_set(anew), algorithms=_ALGORITHMS)
                return told.header, told.claims
            except (JoseError, ValueError, TypeError) as error:
                if anew or now < self._anew + _KEYS_ANEW:
                    raise CredentialRefused(f"The signature of {self.provided.name} is not right") from error
                self._anew = now
        raise AssertionError("both rounds return or raise")

    async def _key_set(self, anew: bool) -> KeySet:
        if self._keys is None or anew:
            told = await self._metadata()
            self._keys = KeySet.import_key_set(await self._json("GET", told["jwks_uri"], {}))  # type: ignore[arg-type]
        return self._keys

    async def _metadata(self) -> dict[str, Any]:
        if self._told is None:
            address = f"{self.provided.issuer.rstrip('/')}/.well-known/openid-configuration"
            told = await self._json("GET", address, {})
            if told.get("issuer") != self.provided.issuer:
                raise BadGateway(f"{self.provided.issuer} calls itself {str(told.get('issuer'))[:200]!r}")
            self._told = told
        return self._told

    async def _json(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> dict[str, Any]:
        answer = await self._caller.call(Call(method, url, headers, body, timeout=10.0, limit=1_000_000))
        if answer.status != 200:
            reason = answer.reason or f"it answered {answer.status}"
            raise BadGateway(f"{self.provided.name} cannot be asked now: {reason}")
        try:
            document = orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            raise BadGateway(f"{self.provided.name} gave no JSON") from error
        if not isinstance(document, dict):
            raise BadGateway(f"{self.provided.name} gave no JSON object")
        return document

    @property
    def _return(self) -> str:
        return self._identity.supplies.address() + RETURN


def _challenge(verifier: str) -> str:
    """What is told of the verifier at first (RFC 7636, 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
