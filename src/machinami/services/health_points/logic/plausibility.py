"""Can these steps have been walked by this person? Each doubt is a finding with its facts: refused, or asked about.

Nothing is dropped in silence: a refused claim counts nothing and says why; what is only unusual is asked, and the
resident's answer decides. Whoever is refused may object, and a named officer decides.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from statistics import fmean, median, pstdev
from typing import NamedTuple

from machinami.services.health_points.logic.merging import merged, total, walking_minutes
from machinami.services.health_points.model import Claim, DayState, Exercise, Finding, Settings

HISTORY_DAYS, LEAST_HISTORY = 28, 10
MAD_TO_SIGMA = 1.4826
"""The standard deviation of a normal distribution over its median absolute deviation."""
FLAT_SHARE = 0.1
"""The spread is taken as at least this share of the median, so that a person of steady habits is not asked daily."""
SHAKE_RUN, SHAKE_SPREAD, SHAKE_LONGEST = 6, 0.02, 15.0
"""So many intervals in a row, of so few minutes, that differ by less than this share were made by a machine."""
CARRIED = frozenset(
    "in_vehicle vehicle driving car bus train subway tram riding motorcycling cycling biking bicycling bike".split()
)


class Judged(NamedTuple):
    """What is left of a day: the steps and minutes that count, its state, and every finding."""

    steps: int
    minutes: float
    state: DayState
    findings: tuple[Finding, ...]


def judge(
    claims: Sequence[Claim],
    exercises: Sequence[Exercise],
    history: Sequence[float],
    strangers: Collection[str],
    settings: Settings,
    answer: str | None = None,
) -> Judged:
    """Judge one day.

    claims: the day's, as `updated` leaves them. history: steps of earlier accepted days, the newest last.
    strangers: devices that hand in for somebody else. answer: of the resident (walked, not_mine) or, after an
    objection, of an officer (granted, denied).
    """
    found = [
        *_shared(claims, strangers),
        *_too_fast(claims, settings.fastest_cadence),
        *_carried(claims, exercises),
        *_shaken(claims),
    ]
    refused = {claim for finding, hit in found for claim in hit}
    findings = [finding for finding, _ in found]
    counted = list(claims) if answer == "granted" else [c for c in claims if c not in refused]
    pieces = merged(counted)
    steps = total(pieces)
    findings += _unusual(steps, counted, history, settings)
    return Judged(steps, walking_minutes(pieces), state_of(findings, steps, answer), tuple(findings))


def state_of(findings: Sequence[Finding], steps: int, answer: str | None) -> DayState:
    """What becomes of a day with these findings after this answer."""
    refuses = any(f.refuses for f in findings)
    if answer == "not_mine":
        return "refused"
    if answer == "granted":
        return "accepted"
    if answer == "walked" and refuses:
        return "contested"
    if any(not f.refuses for f in findings) and answer is None:
        return "asked"
    return "refused" if refuses and steps == 0 else "accepted"


def robust_z(value: float, history: Sequence[float]) -> float | None:
    """How many robust standard deviations a day lies above the own median (MAD); None with too little history."""
    known = list(history)[-HISTORY_DAYS:]
    if len(known) < LEAST_HISTORY:
        return None
    middle = median(known)
    spread = max(MAD_TO_SIGMA * median(abs(x - middle) for x in known), FLAT_SHARE * middle, 1.0)
    return (value - middle) / spread


def _shared(claims: Sequence[Claim], strangers: Collection[str]) -> list[tuple[Finding, list[Claim]]]:
    rows = []
    for device in sorted({c.device for c in claims if c.device in strangers}):
        hit = [c for c in claims if c.device == device]
        rows.append((Finding("shared_device", True, {"device": device, "steps": _sum(hit)}), hit))
    return rows


def _too_fast(claims: Sequence[Claim], fastest: int) -> list[tuple[Finding, list[Claim]]]:
    rows = []
    for claim in claims:
        if (claim.steps or 0) > fastest * max(claim.minutes, 1.0):
            cadence = round((claim.steps or 0) / max(claim.minutes, 1.0))
            facts = {"cadence": cadence, "limit": fastest, "steps": claim.steps, **_when([claim])}
            rows.append((Finding("cadence", True, facts), [claim]))
    return rows


def _carried(claims: Sequence[Claim], exercises: Sequence[Exercise]) -> list[tuple[Finding, list[Claim]]]:
    """Steps counted while riding: an interval that lies half or more within a ride does not count."""
    rows = []
    for ride in exercises:
        if ride.name.strip().lower().replace(" ", "_") in CARRIED:
            hit = [c for c in claims if c.steps and _overlap(c, ride) >= (c.end - c.start) / 2]
            if hit:
                facts = {"activity": ride.name, "steps": _sum(hit), **_when(hit)}
                rows.append((Finding("vehicle", True, facts), hit))
    return rows


def _overlap(claim: Claim, ride: Exercise) -> timedelta:
    return max(min(claim.end, ride.end) - max(claim.start, ride.start), timedelta())


def _shaken(claims: Sequence[Claim]) -> list[tuple[Finding, list[Claim]]]:
    """Runs of short intervals that count all but the same: no leg is so regular, a machine or a vehicle is."""
    rows: list[tuple[Finding, list[Claim]]] = []
    for _, own in groupby(sorted(claims, key=lambda c: (c.device, c.start)), key=lambda c: c.device):
        run: list[Claim] = []
        for claim in [*own, None]:
            if claim is not None and claim.steps and claim.minutes <= SHAKE_LONGEST and _same([*run, claim]):
                run.append(claim)
                continue
            if len(run) >= SHAKE_RUN:
                rows.append((Finding("shaken", True, {"steps": _sum(run), "count": len(run), **_when(run)}), run))
            run = [claim] if claim is not None and claim.steps and claim.minutes <= SHAKE_LONGEST else []
    return rows


def _same(run: Sequence[Claim]) -> bool:
    steps = [float(c.steps or 0) for c in run]
    if len(run) > 1 and (run[-1].start != run[-2].end or run[-1].minutes != run[0].minutes):
        return False
    return pstdev(steps) <= SHAKE_SPREAD * fmean(steps) and fmean(steps) >= 20


def _unusual(steps: int, claims: Sequence[Claim], history: Sequence[float], settings: Settings) -> list[Finding]:
    found = []
    if steps > settings.most_steps:
        found.append(Finding("daily", False, {"steps": steps, "limit": settings.most_steps}))
    z = robust_z(steps, history)
    if z is not None and z > settings.outlier_z:
        usual = round(median(list(history)[-HISTORY_DAYS:]))
        found.append(Finding("outlier", False, {"steps": steps, "usual": usual, "z": round(z, 1)}))
    own_word = [c for c in claims if c.self_reported]
    if own_word:
        found.append(Finding("self_reported", False, {"steps": _sum(own_word)}))
    return found


def _sum(claims: Sequence[Claim]) -> int:
    return sum(c.steps or 0 for c in claims)


def _when(claims: Sequence[Claim]) -> dict[str, str]:
    first: datetime = min(c.start for c in claims)
    last: datetime = max(c.end for c in claims)
    return {"since": first.isoformat(), "until": last.isoformat()}
