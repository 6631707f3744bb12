"""How does a report go on? Which step may follow which state, and what each one changes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.view import Ref, Words
from machinami.services.civic_reports.logic.mending import measured
from machinami.services.civic_reports.model import (
    LONGEST_TEXT,
    OPEN,
    Category,
    Detail,
    Intake,
    Photo,
    PhotoState,
    Question,
    Report,
    State,
)

FOLLOWS: Mapping[State, frozenset[State]] = {
    "received": frozenset({"assigned", "in_progress", "mended", "declined"}),
    "assigned": frozenset({"assigned", "in_progress", "mended", "declined"}),
    "in_progress": frozenset({"assigned", "in_progress", "mended", "declined"}),
    "mended": frozenset({"in_progress"}),
    "declined": frozenset({"in_progress"}),
    "withdrawn": frozenset(),
}
"""Which state may follow which: what is closed is opened again into being worked on."""


def checked_text(text: str) -> str:
    """What somebody wrote, without control characters. Raises BadRequestData where it is too long."""
    plain = "".join(letter for letter in text.replace("\r\n", "\n") if letter in "\n\t" or ord(letter) >= 32).strip()
    if len(plain) > LONGEST_TEXT:
        raise BadRequestData(f"The text has {len(plain)} characters; {LONGEST_TEXT} are taken at most", field="text")
    return plain


def number_after(reports: Sequence[Report], day: str) -> str:
    """The number of the next report of a day (2026-06-30 -> 20260630-001): readable aloud, and never used twice."""
    head = day.replace("-", "")
    taken = [(one.report_id or "").partition("-")[2] for one in reports if (one.report_id or "").startswith(head + "-")]
    last = max((int(tail) for tail in taken if re.fullmatch(r"[0-9]{1,6}", tail)), default=0)
    return f"{head}-{last + 1:03d}"


def moved(report: Report, state: State, answer: Words | None, now: datetime) -> Report:
    """The report in another state, with what the office says to it. Raises Conflict where that cannot follow."""
    stands = report.state or "received"
    if report.ref_duplicate:
        raise Conflict("This report was merged into another one; answer that one, or part them first")
    if state not in FOLLOWS[stands]:
        raise Conflict(f"A report that is {stands} cannot become {state}; look at it anew", state=stands)
    closed = now if state not in OPEN else None
    changed = replace(report, state=state, closed_at=closed, updated_at=now, answer=answer or report.answer)
    return measured(changed, now)


def looked(report: Report, intake: Intake, text: bool, photos: Sequence[str], now: datetime) -> tuple[Report, Intake]:
    """What an officer lets everybody read: the words or not, and which photos."""
    rows = [standing(photo, "shown" if photo["name"] in photos else "hidden") for photo in intake.photos or []]
    shown = [photo["name"] for photo in rows if photo["state"] == "shown"]
    words, place = (intake.text, intake.landmark) if text else (None, None)
    return (
        replace(report, text=words, landmark=place, media=shown or None, removal=None, updated_at=now),
        replace(intake, photos=rows or None, looked_at=now),
    )


def standing(photo: Photo, state: PhotoState) -> Photo:
    """The photo in another state."""
    found: Photo = {**photo, "state": state}
    return found


def removed(report: Report, reason: str, now: datetime) -> Report:
    """The report without its words and photos, with the reason why, which everybody may read."""
    return replace(report, text=None, landmark=None, media=None, removal=reason, updated_at=now)


def merged(head: Report, member: Report, now: datetime) -> tuple[Report, Report]:
    """Two reports as one: the head stands for both, and the member follows it. Raises Conflict."""
    if head.id == member.id:
        raise Conflict("A report cannot be merged into itself")
    if head.ref_duplicate:
        raise Conflict(f"Report {head.report_id} was itself merged into another one; choose that one")
    if member.ref_duplicate:
        raise Conflict(f"Report {member.report_id} was merged into another one already")
    if (member.voices or 1) > 1:
        raise Conflict(f"Report {member.report_id} stands for several; merge the other one into it")
    return (
        replace(head, voices=(head.voices or 1) + 1, updated_at=now),
        replace(member, ref_duplicate=Ref(head.id), updated_at=now),
    )


def unmerged(head: Report | None, member: Report, now: datetime) -> tuple[Report | None, Report]:
    """A report that stands for itself again."""
    if not member.ref_duplicate:
        raise Conflict(f"Report {member.report_id} is merged into none")
    apart = replace(member, ref_duplicate=None, updated_at=now)
    return (replace(head, voices=max(1, (head.voices or 1) - 1), updated_at=now) if head else None), apart


def details_of(category: Category | None, said: Mapping[str, str]) -> list[Detail]:
    """The answers to what a category asks. Raises BadRequestData naming a question that must be answered and is not,
    and an answer that is none of those offered."""
    found: list[Detail] = []
    for question in (category.questions or []) if category else []:
        value = said.get(question["code"], "").strip()[:500]
        if not value:
            if question["required"]:
                raise BadRequestData(f"The question {question['code']!r} must be answered", field=question["code"])
            continue
        _demand_offered(question, value)
        found.append({"code": question["code"], "value": value})
    return found


def _demand_offered(question: Question, value: str) -> None:
    keys = {one["key"] for one in question.get("values") or []}
    given = value.split(",") if question["datatype"] == "multivaluelist" else [value]
    if keys and not set(given) <= keys:
        raise BadRequestData(
            f"{question['code']!r} is answered by one of {', '.join(sorted(keys))}, not {value[:50]!r}",
            field=question["code"],
        )
    if question["datatype"] == "number":
        try:
            float(value)
        except ValueError:
            raise BadRequestData(f"{question['code']!r} is answered by a number", field=question["code"]) from None


def difference(before: object, after: object, names: Sequence[str]) -> tuple[dict[str, object], dict[str, object]]:
    """What a step changed of these fields, as it was and as it is; for the history."""
    pairs = [(name, getattr(before, name, None), getattr(after, name, None)) for name in names]
    changed = [(name, old, new) for name, old, new in pairs if old != new]
    return {n: _said(o) for n, o, _ in changed}, {n: _said(w) for n, _, w in changed}


def _said(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return dict(value) if isinstance(value, dict) else value
