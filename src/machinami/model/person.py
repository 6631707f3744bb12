"""Under which names does a town know a person besides their account? Pseudonyms, and cards that a desk gives out."""

from dataclasses import dataclass
from datetime import datetime

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is read for another
NUMBER, CODE = 8, 12  # letters of a card's number, and of the code that connects it to an account


@dataclass(frozen=True, slots=True)
class Handle:
    """A name under which data are kept, and the person (by the id of their account) who showed that it is theirs."""

    id: str
    person: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Card:
    """A person who came to a desk and has no account: known by the number on their paper alone.

    id: the name under which their consents and data are kept, made by chance. code: SHA-256 of the code on the paper by
    which they may connect it to an account later. recognised: how the desk saw who they are, in its own words.
    """

    number: str
    id: str
    code: str
    recognised: str
    made_by: str
    made_at: datetime


def read_number(text: str) -> str:
    """A number as it is kept, from how somebody typed it: with or without the dash, in any case."""
    return "".join(letter for letter in text.upper() if letter in LETTERS)[:40]


def shown(number: str) -> str:
    """A number or code as it stands on paper: in groups of four."""
    return "-".join(number[at : at + 4] for at in range(0, len(number), 4))
