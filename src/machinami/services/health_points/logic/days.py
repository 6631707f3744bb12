"""What becomes of a day when something is handed in, answered or decided? The day's entity before and after."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from machinami.foundation.errors import BadRequestData
from machinami.model.view import Measured, Ref
from machinami.services.health_points.logic.advice import met_hours_of
from machinami.services.health_points.logic.earning import points_due
from machinami.services.health_points.logic.merging import updated
from machinami.services.health_points.logic.plausibility import HISTORY_DAYS, judge
from machinami.services.health_points.logic.stored import read_claims, read_exercises, write_claims, write_exercises
from machinami.services.health_points.model import Claim, Day, Exercise, Settings, StepCount

COUNT = "C62"  # UN/CEFACT: one
LEAST_PRINT = 3
"""Days with fewer intervals may be alike by chance."""


class Around(NamedTuple):
    """What judging a day needs to know: the person's earlier accepted days, devices of others, the goal."""

    history: Sequence[Day]
    strangers: Collection[str]
    goal: int | None
    settings: Settings


def day_id(walker_id: str, day: date) -> str:
    """The id of the entity of one day of one walker."""
    return f"urn:ngsi-ld:StepCount:{walker_id.rpartition(':')[2]}:{day.isoformat()}"


def day_ids(walker_id: str, until: date, count: int) -> list[str]:
    """The ids of so many days up to and with `until`, the oldest first."""
    return [day_id(walker_id, until - timedelta(days=back)) for back in range(count - 1, -1, -1)]


def read_day(text: str) -> date:
    """The day that a text says. Raises BadRequestData."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadRequestData(f"{text[:40]!r} is no date; write it like 2026-06-30", field="day") from error


def begun(walker_id: str, day: date) -> StepCount:
    """A day of which nothing is known yet."""
    return StepCount(day_id(walker_id, day), Ref(walker_id), day.isoformat(), version=0)


def handed_in(before: StepCount, claims: Iterable[Claim], exercises: Iterable[Exercise]) -> StepCount:
    """The day with what was handed in; the very same value where that says nothing new. A new word of a device takes
    back the answer that was given to the old one."""
    held, active = read_claims(before.claims), read_exercises(before.exercises)
    rows = write_claims(updated(held, claims))
    done = write_exercises(sorted({*active, *exercises}, key=lambda e: (e.start, e.end, e.device, e.name)))
    if rows == write_claims(held) and done == write_exercises(active):
        return before
    return replace(before, claims=rows, exercises=done, answer=None, version=(before.version or 0) + 1)


def judged(day: StepCount, around: Around, now: datetime) -> StepCount:
    """The day with what counts of it, its state, its findings and what it is worth."""
    assert day.day is not None, "a day has its date"
    own = date.fromisoformat(day.day)
    earlier = [d.steps for d in sorted(around.history) if own - timedelta(days=HISTORY_DAYS) <= d.day < own]
    claims, exercises = read_claims(day.claims), read_exercises(day.exercises)
    found = judge(claims, exercises, earlier, around.strangers, around.settings, day.answer)
    counts = found.state == "accepted"
    return replace(
        day,
        steps=Measured(float(found.steps), now, COUNT),
        minutes=round(found.minutes, 1),
        met_hours=round(met_hours_of(found.minutes), 2),
        state=found.state,
        findings=[finding.row() for finding in found.findings],
        points_due=points_due(found.steps, found.state, around.goal, around.settings) if counts else 0,
        version=day.version or 1,
    )


def accepted(days: Iterable[StepCount]) -> list[Day]:
    """The days that count, as figures need them, in order."""
    rows = [
        Day(date.fromisoformat(d.day), d.steps.value, d.minutes or 0.0)
        for d in days
        if d.day and d.state == "accepted" and d.steps and d.steps.value is not None
    ]
    return sorted(rows)


def fingerprint(claims: Sequence[Claim]) -> str | None:
    """By which text the same export is known again under another name: its intervals and counts, no device; None
    where there is too little to be told apart."""
    rows = sorted({(c.start.isoformat(), c.end.isoformat(), c.steps) for c in claims if c.steps})
    return sha256(repr(rows).encode()).hexdigest()[:24] if len(rows) >= LEAST_PRINT else None


def device_name(device: str, source: str, walker_id: str) -> str:
    """What a device is called inside: a digest, never its name. One that is told by an id of its own is known again
    under another participant; one that is told by the name of its app only is known within one."""
    root = digest(device) if device else digest(f"{walker_id} {source}")
    return f"{root}.{digest(source)[:6]}" if device else root


def digest(text: str) -> str:
    """A short digest of a text."""
    return sha256(text.encode()).hexdigest()[:16]
