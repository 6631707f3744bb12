"""How many steps is a day, when several devices say something of it? The most that one device says, never a sum.

A day is cut where no interval crosses. In each piece every device is worth the largest total of its own intervals
that do not overlap, and the piece is worth the largest of its devices: a phone in the pocket and a watch on the wrist
count the same steps once. What a device says again of the same interval replaces what it said before.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from machinami.services.health_points.model import Claim

BRISK = 100.0
"""Steps a minute of brisk walking, moderate intensity (Tudor-Locke 2018): minutes of walking are steps over this."""


class Piece(NamedTuple):
    """One piece of a day that no interval crosses: from when to when, its steps, and the device that said most."""

    start: datetime
    end: datetime
    steps: int
    device: str


def day_bounds(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """When a day of the town begins and ends; it may last 23 to 25 hours."""
    midnight = datetime.combine(day, time(), zone)
    return midnight, datetime.combine(day + timedelta(days=1), time(), zone)


def by_day(claims: Iterable[Claim], zone: tzinfo) -> dict[date, list[Claim]]:
    """The claims of each day of the town; an interval over midnight is shared out by its time, no step is lost."""
    days: dict[date, list[Claim]] = {}
    for claim in claims:
        for day, part in _parts(claim, zone):
            days.setdefault(day, []).append(part)
    return days


def _parts(claim: Claim, zone: tzinfo) -> list[tuple[date, Claim]]:
    first = claim.start.astimezone(zone).date()
    last = (claim.end - timedelta(microseconds=1)).astimezone(zone).date()
    if first == last:
        return [(first, claim)]
    length, given, parts = (claim.end - claim.start).total_seconds(), 0, []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        begin, end = (bound.astimezone(claim.start.tzinfo) for bound in day_bounds(day, zone))
        start, stop = max(begin, claim.start), min(end, claim.end)
        share = None
        if claim.steps is not None:  # what is shared out up to here, less what was given before: exact in sum
            share = round(claim.steps * (stop - claim.start).total_seconds() / length) - given
            given += share
        parts.append((day, claim._replace(start=start, end=stop, steps=share)))
    return parts


def updated(held: Iterable[Claim], handed_in: Iterable[Claim]) -> list[Claim]:
    """The claims of a day after some were handed in: the last word of a device on an interval stands, a claim without
    steps takes back. The same again changes nothing. In order of time."""
    kept = {(c.device, c.start, c.end): c for c in held}
    for claim in handed_in:
        key = (claim.device, claim.start, claim.end)
        if claim.steps is None:
            kept.pop(key, None)
        else:
            kept[key] = claim
    return sorted(kept.values(), key=lambda c: (c.start, c.end, c.device))


def merged(claims: Sequence[Claim]) -> list[Piece]:
    """The pieces of a day, in order of time."""
    pieces: list[Piece] = []
    cluster: list[Claim] = []
    end: datetime | None = None
    for claim in sorted(claims, key=lambda c: (c.start, c.end)):
        if end is not None and claim.start >= end:
            pieces.append(_piece(cluster))
            cluster = []
        cluster.append(claim)
        end = claim.end if end is None or not cluster[:-1] else max(end, claim.end)
    return [*pieces, _piece(cluster)] if cluster else pieces


def total(pieces: Iterable[Piece]) -> int:
    """The steps of all pieces."""
    return sum(piece.steps for piece in pieces)


def walking_minutes(pieces: Iterable[Piece]) -> float:
    """Minutes of walking: at BRISK steps a minute, never longer than the interval itself."""
    return sum(min(p.steps / BRISK, (p.end - p.start).total_seconds() / 60) for p in pieces)


def _piece(cluster: Sequence[Claim]) -> Piece:
    devices: dict[str, list[Claim]] = {}
    for claim in cluster:
        devices.setdefault(claim.device, []).append(claim)
    steps, device = max((_most(own), name) for name, own in devices.items())
    return Piece(min(c.start for c in cluster), max(c.end for c in cluster), steps, device)


def _most(claims: Sequence[Claim]) -> int:
    """The largest total of intervals of one device that do not overlap (weighted interval scheduling)."""
    rows = sorted(claims, key=lambda c: c.end)
    ends = [c.end for c in rows]
    best = [0]
    for number, claim in enumerate(rows):
        before = bisect_right(ends, claim.start, 0, number)
        best.append(max(best[-1], best[before] + (claim.steps or 0)))
    return best[-1]
