"""What do the pages show of what was handed in, of the record and of what waits?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Remark:
    """One step of moderation: what was done, why, by whom (a role), and when."""

    did: str
    reason: str
    role: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CommentSheet:
    """What somebody said to a proposal."""

    id: str
    key: str
    text: str
    author: str
    verified: bool
    state: str
    at: datetime | None
    remarks: Sequence[Remark]
    own: bool
    objected: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """A proposal, question or comment on the plan, in the reader's words. author: how its writer is called here; due:
    the day until when a reply is owed; own: whether who looks wrote it."""

    id: str
    key: str
    kind: str
    name: str
    text: str
    field: str
    chapter: str
    author: str
    verified: bool
    state: str
    supports: int
    unverified: int
    at: datetime | None
    due: str
    days_left: int
    overdue: bool
    reply: str
    replied_by: str
    replied_at: datetime | None
    changed: str
    verdict: str
    remarks: Sequence[Remark]
    own: bool
    objected: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How the town keeps its word: how many wait for a reply, how many of them too long, and what was answered."""

    waiting: int
    overdue: int
    answered: int
    adopted: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the record. receipt: of a ballot."""

    number: int
    at: datetime
    who: str
    said: str
    about: str
    reason: str
    receipt: str


@dataclass(frozen=True, slots=True)
class Account:
    """The record as it is shown: its last steps, how many there are, where it ends, and what is wrong with it."""

    steps: Sequence[Step]
    count: int
    head: str
    faults: Sequence[str]
    changed: Sequence[str]
