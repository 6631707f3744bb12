"""What is one version of a release, from what was wanted of it to what became of it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from machinami.methods.anonymity.made import Block, Remark
from machinami.methods.anonymity.plan import Method, Part, Plan
from machinami.model.legal import LegalClass


class State(StrEnum):
    """How far a version is."""

    BEGUN = "begun"  # noise is paid for, and not drawn yet
    REFUSED = "refused"  # the check found somebody in it
    PREPARED = "prepared"  # it waits for a second person
    DECLINED = "declined"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


OUT = frozenset({State.PUBLISHED, State.WITHDRAWN})
"""What is in the world: what was told once cannot be taken back."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the value of a column comes from: an attribute (expanded) of the record, or of the person."""

    attribute: str
    of_person: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Of which entities a release is made. records, persons: types (expanded); the persons are those whom the
    relationship `person` of a record names, or the records themselves where it is empty. moment: the attribute that
    says when a record is of; since, until: days in the town's zone, from the first up to and without the last; all
    times where they are empty. q: which records count, as in a query."""

    records: str
    persons: str = ""
    person: str = ""
    moment: str = ""
    since: str = ""
    until: str = ""
    q: str = ""

    @property
    def period(self) -> str:
        """The time that all of it is of."""
        return f"{self.since}/{self.until}" if self.moment else "always"

    @property
    def last(self) -> str:
        """The last day that it is of."""
        return (date.fromisoformat(self.until) - timedelta(days=1)).isoformat() if self.until else ""

    @property
    def group(self) -> str:
        """The people whom it is about: those among whom what noise tells is summed up."""
        return self.persons or self.records


@dataclass(frozen=True, slots=True)
class Description:
    """What is wanted. title: in each language, as (language, text); origins: one for each column of the plan; legal:
    what rows of persons are before the law (tables are statistics)."""

    id: str
    title: tuple[tuple[str, str], ...]
    source: Source
    plan: Plan
    origins: tuple[Origin, ...]
    licence: str = "CC-BY-4.0"
    legal: LegalClass = LegalClass.ADMINISTRATIVE
    note: str = ""

    @property
    def is_of_persons(self) -> bool:
        """Whether it has a row for each person: then the duties of the law for anonymised data hold."""
        return self.plan.method is Method.ROWS

    @property
    def grain(self) -> str:
        """By which grain of time people are counted anew; empty for all of the time at once."""
        for at in self.plan.places(Part.TIME):
            column = self.plan.columns[at]
            return column.ladder.grains[column.step - 1]
        return ""

    def named(self, language: str) -> str:
        """Its title."""
        titles = dict(self.title)
        return titles.get(language) or titles.get("ja") or self.id


@dataclass(frozen=True, slots=True)
class Version:
    """One version. rows: what would be, or is, told; None in it is held back; ground: on which the data were read.

    decided: by whom it was published or declined, when, and why; withdrawn: likewise.
    """

    description: Description
    number: int
    state: State
    made_by: str
    made_at: datetime
    header: tuple[str, ...] = ()
    rows: tuple[tuple[object, ...], ...] = ()
    withheld: int = 0
    remarks: tuple[Remark, ...] = ()
    grounds: tuple[str, ...] = ()
    simulated: bool = False
    decided_by: str = ""
    decided_at: datetime | None = None
    reason: str = ""
    withdrawn_by: str = ""
    withdrawn_at: datetime | None = None
    withdrawn_for: str = ""

    @property
    def name(self) -> str:
        """By which others call it."""
        return f"{self.description.id}/{self.number}"

    @property
    def key(self) -> str:
        """By which it is kept."""
        return key_of(self.description.id, self.number)

    @property
    def is_out(self) -> bool:
        """Whether it was ever published."""
        return self.state in OUT


def key_of(release: str, number: int) -> str:
    """By which a version is kept."""
    return f"{release}/{number:06d}"


def write_block(block: Block) -> dict[str, Any]:
    """A block as a record."""
    return {"name": block.name, "members": dict(block.members), "told": block.told, "silent": block.silent}


def read_block(record: Mapping[str, Any]) -> Block:
    """The block of a record."""
    members = {name: tuple(cell) for name, cell in record["members"].items()}
    return Block(record["name"], members, *(tuple(map(tuple, record[name])) for name in ("told", "silent")))
