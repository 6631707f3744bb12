"""Whose sessions does a provider say are over? The logout token of OpenID Connect Back-Channel Logout 1.0, judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from machinami.foundation.errors import CredentialRefused

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPE = "logout+jwt"
LASTING, SKEW = timedelta(minutes=5), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Farewell:
    """What a logout token says. jti: its own id, by which it counts once; subject, session: whose sessions, and which
    one; one of them may be empty."""

    jti: str
    subject: str
    session: str

    def means(self, subject: str, session: str) -> bool:
        """Whether the session of somebody is over. session: what the provider calls it; empty where it never said."""
        if self.subject and self.subject != subject:
            return False
        if not self.session or self.session == session:
            return True
        return bool(self.subject) and not session  # which one of theirs it is cannot be told: safer out than in


def read_farewell(
    header: Mapping[str, Any], claims: Mapping[str, Any], issuer: str, client: str, now: datetime
) -> Farewell:
    """What a token says whose signature is right (Back-Channel Logout 1.0, 2.4 and 2.6). Raises CredentialRefused
    saying what is wrong with it."""
    for wrong, because in _faults(header, claims, issuer, client, now.timestamp()):
        if wrong:
            raise CredentialRefused(f"This is no logout token for this town: {because}")
    return Farewell(claims["jti"], claims.get("sub", ""), claims.get("sid", ""))


def _faults(
    header: Mapping[str, Any], claims: Mapping[str, Any], issuer: str, client: str, now: float
) -> list[tuple[bool, str]]:
    audience, events, skew = claims.get("aud"), claims.get("events"), SKEW.total_seconds()
    made, ends = claims.get("iat"), claims.get("exp")
    subject, session, jti = claims.get("sub", ""), claims.get("sid", ""), claims.get("jti")
    lasting = LASTING.total_seconds() + skew
    return [
        (str(header.get("typ", "")).lower().removeprefix("application/") != TYPE, f"its typ is not {TYPE}"),
        (claims.get("iss") != issuer, "iss is another"),
        (client not in (audience if isinstance(audience, list) else [audience]), "aud is another"),
        (not _is_number(made) or not now - lasting < made < now + skew, "iat is not of the last minutes"),
        (not _is_number(ends) or ends <= now - skew, "exp is over"),
        (not isinstance(jti, str) or not 0 < len(jti) <= 256, "jti is missing"),
        (not isinstance(events, dict) or not isinstance(events.get(EVENT), dict), "events does not say so"),
        ("nonce" in claims, "it has a nonce, as ID tokens have"),
        (not isinstance(subject, str) or not isinstance(session, str) or not (subject or session), "no sub and no sid"),
    ]


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
