"""Who is a person in this town, what shows that it is they, and what may a name and a password be?"""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.principal import Role

NEAR_WORDS = (
    "machinami", "administrator", "admin", "officer", "resident", "mayor", "operator", "department", "head", "city",
    "town", "hall", "yakusho", "yakuba", "shiyakusho", "password", "passwort", "pasuwaado", "welcome", "changeme",
    "bosai", "demo",
)  # fmt: skip
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 256
RANKS = (Role.MAYOR, Role.DEPARTMENT_HEAD, Role.OFFICER, Role.ADMINISTRATOR, Role.OPERATOR, Role.RESIDENT)
PEOPLE_ROLES = frozenset(RANKS)
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,58}[a-z0-9])?(?:@[a-z0-9][a-z0-9.-]{0,99})?")


@dataclass(frozen=True, slots=True)
class Totp:
    """A generator of one-time codes: its sealed seed, when it was taken into use, the last window (30 s since 1970) of
    which a code was taken, so that none is taken twice (RFC 6238, 5.2), and the hash function that it knows."""

    seed: bytes
    since: datetime
    last_window: int = 0
    algorithm: str = "sha1"


@dataclass(frozen=True, slots=True)
class Passkey:
    """A WebAuthn credential: its id, public key (COSE) and signature counter, and what its owner calls it."""

    id: bytes
    public_key: bytes
    sign_count: int
    name: str
    since: datetime
    last_used: datetime | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """An identity at the city's OpenID provider: the provider's issuer and its name for the person."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class Account:
    """One person. name: what they sign in with; identity_assurance: how surely it is known who they are (IAL 0 to 3);
    password: its argon2id hash; recovery: SHA-256 of the codes that are left; ended: when they left, and successor:
    whose the duties are since."""

    id: str
    name: str
    display: str
    roles: frozenset[Role]
    since: datetime
    identity_assurance: int = 1
    password: str | None = None
    totp: Totp | None = None
    recovery: tuple[bytes, ...] = ()
    passkeys: tuple[Passkey, ...] = ()
    linked: Linked | None = None
    ended: datetime | None = None
    successor: str | None = None

    @property
    def principal_id(self) -> str:
        """The name under which this person's deeds are kept; it is never given to another."""
        return f"urn:machinami:person:{self.id}"

    @property
    def is_administrator(self) -> bool:
        """Whether this is an administrator of the town now."""
        return self.ended is None and Role.ADMINISTRATOR in self.roles

    @property
    def came_in(self) -> bool:
        """Whether its person has come in by it before."""
        return self.password is not None or bool(self.passkeys) or self.linked is not None

    @property
    def has_second(self) -> bool:
        """Whether a password alone is not enough."""
        return self.totp is not None


def check_name(text: str) -> str:
    """A name to sign in with. Raises BadRequestData saying what is right."""
    name = text.strip().lower()
    if not _NAME.fullmatch(name):
        raise BadRequestData(
            "A name to sign in with has up to 60 letters a-z, digits and . _ -, or is an e-mail address",
            key="identity.bad_name",
        )
    return name


def check_display(text: str) -> str:
    """What a person is called. Raises BadRequestData."""
    shown = " ".join(text.split())
    if not 1 <= len(shown) <= 80 or not shown.isprintable():
        raise BadRequestData("A person's name has 1 to 80 characters", key="identity.bad_display")
    return shown


def check_password(text: str, name: str) -> str:
    """A new password: long enough and not one that is guessed first (NIST SP 800-63B, 3.1.1.2); nothing is demanded
    of its characters. Raises BadRequestData."""
    if len(text) < SHORTEST_PASSWORD:
        raise BadRequestData(
            f"A password has at least {SHORTEST_PASSWORD} characters; several words are good",
            key="identity.short_password",
        )
    if len(text) > LONGEST_PASSWORD:
        raise BadRequestData(f"A password has at most {LONGEST_PASSWORD} characters", key="identity.long_password")
    plain = text.lower()
    stem = name.partition("@")[0]
    if len(set(plain)) < 5 or plain in (plain + plain)[1:-1] or _is_expected(plain, stem):
        raise BadRequestData("This password is among the first to be guessed", key="identity.weak_password")
    return text


def _is_expected(plain: str, stem: str) -> bool:
    """Whether a password has no letters but those of words that are near at hand: one's name, the town's software, what
    people are there, what a password is called."""
    letters = "".join(letter for letter in plain if letter.isalpha())
    left = letters
    for word in sorted((*NEAR_WORDS, *((stem,) if len(stem) > 3 else ())), key=len, reverse=True):
        left = left.replace(word, "")
    return bool(letters) and not left


def check_roles(names: frozenset[str]) -> frozenset[Role]:
    """The roles of a person. Raises BadRequestData for what no person is."""
    roles = frozenset(role for role in PEOPLE_ROLES if role.value in names)
    if len(roles) != len(names) or not roles:
        raise BadRequestData(
            f"A person has one or more of the roles {', '.join(sorted(PEOPLE_ROLES))}", key="identity.bad_roles"
        )
    return roles


def end(account: Account, successor: Account | None, at: datetime) -> Account:
    """The account of someone who left: nothing opens it any more, and its duties are the successor's.

    Raises Conflict where the successor cannot take them.
    """
    if account.ended is not None:
        raise Conflict(f"{account.display} has left already", key="identity.ended_already")
    if successor is not None and (successor.id == account.id or successor.ended is not None):
        raise Conflict("The successor must be somebody else who is still here", key="identity.bad_successor")
    return replace(
        account,
        ended=at,
        successor=successor.id if successor else None,
        password=None,
        totp=None,
        recovery=(),
        passkeys=(),
        linked=None,
    )
