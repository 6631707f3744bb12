"""What is found out about an installation? What is wrong, with what is to be done, and what is well."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

NAMING = ("devices", "subscriptions", "sources")
"""The checks that name what a town holds: its things, to whom its people have things told, and whom it asks. What says
of no town whose it is stands in the settings of the installation."""


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

    def named_of(self, towns: Collection[str]) -> "Checkup":
        """The same for who may know by name what these towns hold: of others it is told how much is to be seen to."""
        found: list[Finding] = []
        for one in self.findings:
            if not _is_of_others(one, towns):
                found.append(one)
            elif not any(_is_counted(other) and other.check == one.check for other in found):
                hidden = [same for same in self.findings if same.check == one.check and _is_of_others(same, towns)]
                since = min((same.since for same in hidden if same.since is not None), default=None)
                counted = Finding(one.check, f"{one.check}.some", one.severity, {"count": len(hidden)}, since=since)
                found.append(counted)
        return replace(self, findings=tuple(found))


def _is_of_others(one: Finding, towns: Collection[str]) -> bool:
    return one.check in NAMING and "town" in one.values and one.values["town"] not in towns


def _is_counted(one: Finding) -> bool:
    return one.key.endswith(".some")
