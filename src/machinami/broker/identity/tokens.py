"""How does a program change its key for a token that is short-lived, and who shows one? (RFC 6749, 4.4; RFC 9068)"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from machinami.broker.identity.identity import Event, Identity, Proven
from machinami.broker.identity.registry import Registry
from machinami.foundation.errors import CredentialRefused, Forbidden
from machinami.model.identity.key import Use, may_ask_from
from machinami.model.policy import is_narrowing
from machinami.store.protocol import TownStore, Transaction

LASTING = timedelta(minutes=10)
ALGORITHM = "ES256"
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
RECORD, _CURRENT = "identity-signing", "current"
_MOST = 5_000


@dataclass(frozen=True, slots=True)
class Shown:
    """A token whose signature was right: its client, until when it holds (seconds since 1970), and its scopes."""

    client: str
    until: int
    scopes: frozenset[str] | None


class Tokens:
    """Makes and checks access tokens. They are looked at by one key that is this installation's own, and by the one
    algorithm of that key: where it is another than before, the key is made anew."""

    def __init__(self, identity: Identity, algorithm: str = ALGORITHM) -> None:
        self._identity = identity
        self._algorithm = algorithm
        self._key: ECKey | None = None
        self._seen: OrderedDict[tuple[str, bytes], Shown] = OrderedDict()

    async def load(self, store: TownStore) -> None:
        """Read the signing key, or make one."""
        seal = self._identity.supplies.seal
        kept = (await store.records(RECORD)).get(_CURRENT)
        if kept is not None and kept.get("algorithm", ALGORITHM) == self._algorithm:
            sealed = bytes.fromhex(kept["sealed"])
            self._key = ECKey.import_key(seal.open(sealed, RECORD).decode())
            if not seal.is_dated(sealed, RECORD):
                return
        key = self._key or ECKey.generate_key(_CURVES[self._algorithm], auto_kid=True)
        record = {"sealed": seal.close(key.as_pem(private=True), RECORD).hex(), "algorithm": self._algorithm}

        def work(tx: Transaction) -> None:
            tx.put_record(RECORD, _CURRENT, record)

        await store.transact(work)
        self._key = key

    @property
    def key(self) -> ECKey:
        """The signing key. Raises RuntimeError before it is loaded."""
        if self._key is None:
            raise RuntimeError("the signing key is not loaded yet")
        return self._key

    def public(self) -> dict[str, Any]:
        """What others check our tokens by (RFC 7517)."""
        key = {**self.key.as_dict(private=False), "use": "sig", "alg": self._algorithm, "kid": self.key.thumbprint()}
        return {"keys": [key]}

    def give(
        self, registry: Registry, client_id: str, secret: str, scope: str, address: str
    ) -> tuple[str, frozenset[str] | None]:
        """A token for a client, and what it may do with it. Raises CredentialRefused, Forbidden."""
        key = self._identity.key(registry, secret, Use.CLIENT)
        if key.id != client_id or not may_ask_from(key, address, None):
            raise CredentialRefused("This client is not known here, or its secret is wrong")
        asked = frozenset(scope.split()) or None
        may = is_narrowing if key.scopes is None else key.scopes.__contains__
        if asked is not None and not all(map(may, asked)):  # what opens more than roles do stands in the key itself
            raise Forbidden("This client may not have all of these scopes")
        scopes = asked or key.scopes
        now = int(self._identity.supplies.clock().timestamp())
        claims: dict[str, Any] = {
            "iss": self._identity.supplies.address(),
            "aud": registry.town,
            "sub": key.principal.id,
            "client_id": key.id,
            "iat": now,
            "exp": now + int(LASTING.total_seconds()),
            "jti": self._identity.secret(12),
        }
        if scopes is not None:
            claims["scope"] = " ".join(sorted(scopes))
        header = {"alg": self._algorithm, "typ": "at+jwt", "kid": self.key.thumbprint()}
        self._identity.note(Event("token given", registry.town, key.principal.id, key.name, address))
        return jwt.encode(header, claims, self.key, algorithms=[self._algorithm]), scopes

    def proven(self, registry: Registry, token: str, mark: bytes) -> Proven:
        """Who shows this token. Raises CredentialRefused. A client that was revoked is refused from that moment on,
        whatever its tokens say."""
        found = self._read(registry, token)
        key = registry.keys.values.get(found.client)
        now = self._identity.supplies.clock()
        if key is None or key.use is not Use.CLIENT or now.timestamp() >= found.until:
            raise CredentialRefused("This token is not valid here")
        if key.until is not None and now >= key.until:
            raise CredentialRefused("This token is not valid here")
        until = datetime.fromtimestamp(found.until, UTC)
        by = replace(key.principal, scopes=found.scopes)
        return self._identity.remember(mark, key, by, until if key.until is None else min(until, key.until))

    def _read(self, registry: Registry, token: str) -> Shown:
        name = (registry.town, sha256(token.encode()).digest())
        found = self._seen.get(name)
        if found is None:
            found = self._checked(registry, token)
            self._seen[name] = found
            if len(self._seen) > _MOST:
                self._seen.popitem(last=False)
        return found

    def _checked(self, registry: Registry, token: str) -> Shown:
        try:
            read = jwt.decode(token, self.key, algorithms=[self._algorithm])
            claims = read.claims
            if read.header.get("typ") != "at+jwt" or claims["aud"] != registry.town:
                raise CredentialRefused("This token is not for this town")
            scope = claims.get("scope")
            return Shown(
                str(claims["client_id"]), int(claims["exp"]), None if scope is None else frozenset(scope.split())
            )
        except (JoseError, KeyError, ValueError, TypeError) as error:
            raise CredentialRefused("This token is not valid here") from error
