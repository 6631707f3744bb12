"""What is found out about an installation? What is wrong, with what is to be done, and what is well."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How soon somebody must see to it."""

    GRAVE = "grave"  # now: something is lost or closed meanwhile
    WARNING = "warning"  # this week
    NOTE = "note"  # good to know; nothing is wrong


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that somebody must see to. check: the row that found it; key: its words (`finding.KEY.what` and
    `.do`), said with `values`; about: of which of several things; since: since when, None where nobody knows;
    command: what can be typed, with {program}, {data} and {town}; link: where it is mended in the browser."""

    check: str
    key: str
    severity: Severity
    values: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""
    since: datetime | None = None
    command: str = ""
    link: str = ""

    @property
    def name(self) -> str:
        """By which the same finding is known when it is found again."""
        return f"{self.check} {self.about}".strip()


@dataclass(frozen=True, slots=True)
class Well:
    """Something that was looked at and is well, in the words `well.CHECK`, said with `values`."""

    check: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkup:
    """What came of looking an installation over. unknown: the checks for which nothing could be told."""

    at: datetime
    findings: tuple[Finding, ...]
    well: tuple[Well, ...]
    unknown: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nobody has to see to anything."""
        return all(one.severity is Severity.NOTE for one in self.findings)
