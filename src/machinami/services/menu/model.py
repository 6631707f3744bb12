"""What is a row of the requirement menu, what did the town decide about it, and what here meets it?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, TypedDict, get_args

from machinami.model.view import Moment, Words

Choice = Literal["selected", "planned", "not_needed"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
Tag = Literal["read", "guide", "memory", "own"]
TAGS: tuple[Tag, ...] = get_args(Tag)
Kind = Literal["service", "page", "api", "setting", "document"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Finding = Literal["met", "partly", "off", "unmet"]
FINDINGS: tuple[Finding, ...] = get_args(Finding)


@dataclass(frozen=True, slots=True)
class Part:
    """Something of Machinami that answers a row; whole: whether the row is then met as a whole."""

    kind: Kind
    ref: str
    title: Words
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One function of the menu. no: its number in the appendix, "" where it was not seen; tag: how the row is known."""

    id: str
    no: str
    l1: str
    l2: Words
    l3: Words
    text: Words
    tag: Tag
    source: Words
    fields: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    lacks: Words | None = None


@dataclass(frozen=True, slots=True)
class Menu:
    """The menu in one edition; groups: the eight of the first level by id."""

    edition: str
    groups: dict[str, Words]
    rows: tuple[Row, ...]


class Earlier(TypedDict):
    """What was decided before, by whom, in which role, and when."""

    state: Annotated[str, ("", *CHOICES)]
    text: str
    by: str
    role: str
    at: Moment


@dataclass(frozen=True, slots=True)
class MenuChoice:
    """What the town decided about a row: state selected, planned or not_needed, or "" where it was taken back; text:
    the reason. revisions: in order of time."""

    TYPE: ClassVar[str] = "MenuChoice"
    id: str
    name: Words | None = None
    state: Annotated[str, ("", *CHOICES)] | None = None
    text: str | None = None
    decided_by: str | None = None
    role: str | None = None
    decided_at: datetime | None = None
    revisions: Annotated[list[dict[str, Any]], list[Earlier]] | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """What is known of this installation: the ids of the services that run, and which settings are set; None where
    who looks may not see how it is set."""

    services: frozenset[str]
    settings: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with what here meets it: its parts, each with whether it is at work (None: not told to who looks)."""

    row: Row
    finding: Finding
    parts: tuple[tuple[Part, bool | None], ...]
    choice: MenuChoice | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """How a group stands: of all its rows, how many are met, partly, off, unmet; how many are wanted, and of those
    met."""

    group: str
    rows: int
    found: dict[Finding, int]
    wanted: int
    wanted_met: int

    @property
    def part(self) -> float:
        """The share of its rows that are met as a whole, from 0 to 1."""
        return self.found["met"] / self.rows if self.rows else 0.0
