"""Who decides for which purposes people may be asked, and by which rule? A board, or a named head in its stead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

_LONGEST_NAME = 200
_MOST_MEMBERS = 50
MONTH = timedelta(days=365) / 12


class Office(StrEnum):
    """Who decides in a town."""

    BOARD = "board"
    HEAD = "head"


class Rule(StrEnum):
    """How many of the votes that were cast carry a motion."""

    MAJORITY = "majority"
    TWO_THIRDS = "two-thirds"
    UNANIMOUS = "unanimous"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who decides. person: their id; field: what they know, or which office they hold."""

    person: str
    name: str
    field: str
    since: datetime
    until: datetime | None = None

    def is_in_office(self, now: datetime) -> bool:
        """Whether they may vote."""
        return self.since <= now and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class Board:
    """Who decides, and how.

    reason: why the town has no board, where a head decides in its stead; shown to residents. quorum: how many votes
    there must be. voting_days: for how long all can vote, unless all have. review_months: until when an approval is
    looked at again.
    """

    office: Office
    members: tuple[Member, ...]
    quorum: int = 2
    rule: Rule = Rule.MAJORITY
    voting_days: int = 7
    review_months: int = 12
    reason: str = ""

    def in_office(self, now: datetime) -> list[Member]:
        """Those who may vote."""
        return [member for member in self.members if member.is_in_office(now)]

    def member(self, person: str, now: datetime) -> Member | None:
        """Somebody, if they are in office."""
        return next((one for one in self.in_office(now) if one.person == person), None)

    def review_by(self, decided: datetime) -> datetime:
        """By when what is approved is looked at again."""
        return decided + self.review_months * MONTH


def carries(rule: Rule, votes: Sequence[bool]) -> bool:
    """Whether votes carry a motion; a tie does not."""
    if not votes:
        return False
    share = Fraction(sum(votes), len(votes))
    if rule is Rule.MAJORITY:
        return share > Fraction(1, 2)
    return share >= Fraction(2, 3) if rule is Rule.TWO_THIRDS else share == 1


def faults(board: Board, now: datetime) -> str | None:
    """What is wrong with who decides; None if nothing is."""
    people = [member.person for member in board.members]
    if not 0 < len(people) <= _MOST_MEMBERS:
        return f"it has 1 to {_MOST_MEMBERS} members"
    if len(set(people)) < len(people):
        return "somebody is named twice"
    for member in board.members:
        if not (member.person.strip() and member.name.strip() and member.field.strip()):
            return "a member has the id of an account, a name, and what they know or which office they hold"
        if max(len(member.person), len(member.name), len(member.field)) > _LONGEST_NAME:
            return f"what is said of a member has at most {_LONGEST_NAME} characters"
        if member.until is not None and member.until <= member.since:
            return f"the office of {member.name} would end before it begins"
    if not 1 <= board.review_months <= 12:
        return "what is approved is looked at again within 12 months"
    if not 0 <= board.voting_days <= 60:
        return "a vote is open for 0 to 60 days"
    return _head_faults(board) if board.office is Office.HEAD else _board_faults(board)


def _head_faults(board: Board) -> str | None:
    if len(board.members) != 1 or board.quorum != 1:
        return "in the stead of a board one named person decides"
    if not board.reason.strip():
        return "say why the town has no board; residents read it"
    return None


def _board_faults(board: Board) -> str | None:
    if len(board.members) < 2:
        return "a board has two members at least; with one, name them as who decides in its stead, with the reason"
    if not 2 <= board.quorum <= len(board.members):
        return f"its quorum lies between 2 and {len(board.members)}, the number of its members"
    return None
