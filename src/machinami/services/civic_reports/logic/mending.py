"""How long does mending take, how much of it is in time, and what is open longer than it is owed?"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median

from machinami.services.civic_reports.model import OPEN, Figures, Report

DAY = timedelta(days=1)
ALL = "all"


def days_between(asked: datetime, closed: datetime) -> float:
    """Days with their part, from when something was reported until it was mended; no less than none."""
    return max(0.0, (closed - asked) / DAY)


def owed_by(asked: datetime, days: int | None) -> datetime | None:
    """By when a report is owed; None where its category says nothing."""
    return None if days is None else asked + days * DAY


def measured(report: Report, now: datetime) -> Report:
    """The report with what follows from its times: how long it took, whether that was in time, whether it is late."""
    asked, closed, owed = report.requested_at, report.closed_at, report.expected_at
    if report.state == "mended" and asked and closed:
        return replace(
            report,
            days_to_mend=round(days_between(asked, closed), 4),
            in_time=None if owed is None else closed <= owed,
            overdue=False,
        )
    late = report.state in OPEN and owed is not None and now > owed
    return replace(report, days_to_mend=None, in_time=None, overdue=late)


def counted(reports: Iterable[Report]) -> list[Report]:
    """The reports that count as one thing each: none that was merged into another, none that was taken back."""
    return [one for one in reports if not one.ref_duplicate and one.state != "withdrawn"]


def figures(
    reports: Sequence[Report], codes: Sequence[str], now: datetime, days: int, name: str = "urn:ngsi-ld:IssueFigures:"
) -> list[Figures]:
    """How mending went in the last days: over all categories first, then by category where there was any report."""
    standing = counted(reports)
    rows = [_figures(standing, ALL, now, days, name)]
    for code in codes:
        own = [one for one in standing if one.category_code == code]
        if own:
            rows.append(_figures(own, code, now, days, name))
    return rows


def _figures(reports: Sequence[Report], code: str, now: datetime, days: int, name: str) -> Figures:
    since = now - days * DAY
    mended = [one for one in reports if one.state == "mended" and one.closed_at and since < one.closed_at <= now]
    took = [days_between(one.requested_at, one.closed_at) for one in mended if one.requested_at and one.closed_at]
    timed = [one.closed_at <= one.expected_at for one in mended if one.closed_at and one.expected_at]
    still = [one for one in reports if one.state in OPEN]
    return Figures(
        f"{name}{code}",
        code,
        since,
        now,
        len(mended),
        median(took) if took else None,
        sum(timed) / len(timed) if timed else None,
        len(still),
        sum(1 for one in still if one.expected_at is not None and now > one.expected_at),
        any(one.simulated for one in reports) or None,
    )
