"""What is a reporter sent when an office answers, and when is a letter tried again that could not go?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from machinami.model.letter import Letter, leave_fields
from machinami.services.civic_reports.model import Report

TRIES = 6
_PAUSE = timedelta(minutes=10)
_FOR_GOOD = 500  # what a mail server refuses so is refused for good (RFC 5321, 4.2.1)


@dataclass(frozen=True, slots=True)
class Phrases:
    """The sentences of a letter in one language; they may name {number}, {what}, {state}, {office}."""

    subject: str
    text: str
    answer: str
    more: str
    leave: str


@dataclass(frozen=True, slots=True)
class Owed:
    """A letter that is still to be sent: about which report; due: not before (ISO, empty: now)."""

    report: str
    tries: int = 0
    due: str = ""

    def row(self) -> dict[str, Any]:
        """As it is kept."""
        return {"report": self.report, "tries": self.tries, "due": self.due}


def owed_of(row: Mapping[str, Any]) -> Owed:
    """What was kept so."""
    return Owed(str(row["report"]), int(row["tries"]), str(row["due"]))


def is_due(owed: Owed, now: datetime) -> bool:
    """Whether it is to be sent now."""
    return not owed.due or datetime.fromisoformat(owed.due) <= now


def later(owed: Owed, status: int | None, now: datetime) -> Owed | None:
    """The letter, to be tried again after a pause that doubles each time; None where that is given up."""
    if owed.tries + 1 >= TRIES or (status is not None and status >= _FOR_GOOD):
        return None
    return replace(owed, tries=owed.tries + 1, due=(now + _PAUSE * 2**owed.tries).isoformat())


def letter_of(
    to: str, name: str, report: Report, facts: Mapping[str, str], phrases: Phrases, more_at: str, leave_at: str
) -> Letter:
    """The letter: how the report goes on and what the office says, never what the reporter wrote; whoever's address it
    is can end it. facts: what, state, office in words. Links only where the town knows its own address."""
    told = {**facts, "number": report.report_id or ""}
    parts = [phrases.text.format(**told)]
    if facts.get("answer"):
        parts.append(f"{phrases.answer.format(**told)}\n{facts['answer']}")
    if more_at:
        parts.append(f"{phrases.more}\n{more_at}")
    if leave_at:
        parts.append(f"{phrases.leave}\n{leave_at}")
    fields = leave_fields(leave_at) if leave_at.startswith("https://") else {}
    return Letter(to, phrases.subject.format(**told), "\n\n".join(parts), name, fields)
