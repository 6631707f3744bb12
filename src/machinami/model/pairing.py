"""How do two towns come to know that somebody here is somebody there? By one id that is made for the two of them alone.

The person is signed in at both and carries a one-time code from one to the other. Each town demands how surely the
other knows the person, and neither learns by which id the other does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LASTS = timedelta(minutes=10)
"""How long a code may be used."""


@dataclass(frozen=True, slots=True)
class Assurance:
    """How surely it is known who somebody is (IAL), and that it is they who ask (AAL): levels of NIST SP 800-63."""

    identity: int = 0
    authentication: int = 0

    def suffices(self, needed: "Assurance") -> bool:
        """Whether it is as sure as is needed."""
        return self.identity >= needed.identity and self.authentication >= needed.authentication


@dataclass(frozen=True, slots=True)
class Peer:
    """A town with which people may be paired. id: who it is when it asks here (its key); address: where it is asked;
    needed: how surely both must know the person; sealed: the credential that is shown there, sealed."""

    id: str
    address: str
    needed: Assurance
    sealed: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A one-time code that somebody took out: for which peer, how surely they are known, and until when it counts."""

    person: str
    peer: str
    assurance: Assurance
    until: datetime


@dataclass(frozen=True, slots=True)
class Paired:
    """Somebody who is paired. pair: the id for the two towns alone; there: how surely the peer says to know them."""

    pair: str
    person: str
    peer: str
    here: Assurance
    there: Assurance
    since: datetime
    ended: datetime | None = None


def read_assurance(said: Any) -> Assurance:
    """The levels that the other side says; what cannot be read is 0."""
    if not isinstance(said, dict):
        return Assurance()
    identity, authentication = (said.get(name) for name in ("identity", "authentication"))
    return Assurance(identity if type(identity) is int else 0, authentication if type(authentication) is int else 0)


def write_assurance(known: Assurance) -> dict[str, int]:
    """The levels, as they are said to the other side."""
    return {"identity": known.identity, "authentication": known.authentication}
