"""Until when is somebody signed in? A session ends when it is idle too long, and in any case after some hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from machinami.model.identity.assurance import Way


@dataclass(frozen=True, slots=True)
class Ends:
    """How long a session may be idle, and how long it lasts at most; grace: how long half a sign-in waits."""

    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=12)
    grace: timedelta = timedelta(minutes=5)


FRESH = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in. id: SHA-256 of the cookie as hex; began: when the person showed who they are; level: how surely it
    is they (AAL); half: the password was right and a code is still to come, so it opens nothing yet; agent: what the
    browser calls itself; elsewhere: what the OpenID provider calls its own session from which this one came (sid)."""

    id: str
    account: str
    began: datetime
    seen: datetime
    ways: frozenset[Way]
    level: int
    half: bool = False
    agent: str = ""
    address: str = ""
    elsewhere: str = ""


def is_alive(session: Session, now: datetime, ends: Ends) -> bool:
    """Whether the session still holds."""
    if session.half:
        return now < session.began + ends.grace
    return now < session.seen + ends.idle and now < session.began + ends.longest


def is_fresh(session: Session, now: datetime) -> bool:
    """Whether somebody signed in so lately that they may change what they sign in with."""
    return not session.half and now < session.began + FRESH
