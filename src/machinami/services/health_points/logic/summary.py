"""What does the town learn of all who take part? Medians of groups, the effect, and the audit of the ledger."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from statistics import fmean
from typing import Literal, NamedTuple

from machinami.services.health_points.logic import ledger
from machinami.services.health_points.logic.days import accepted, digest
from machinami.services.health_points.logic.effect import Case, estimate
from machinami.services.health_points.logic.figures import GroupFigure, group_figures, usual
from machinami.services.health_points.logic.ledger import Entry, Journal, breaches
from machinami.services.health_points.logic.worth import steps_of_minutes, yearly_yen
from machinami.services.health_points.model import (
    PointsAudit,
    Settings,
    StepCount,
    Walker,
    WalkingEffect,
    WalkingKpi,
    WalkingSurvey,
)

EFFECT_ID = "urn:ngsi-ld:WalkingEffect:health-points"
AUDIT_ID = "urn:ngsi-ld:PointsAudit:health-points"
TOWN = "town"
RUN_IN = 7
"""The first accepted days of a walker are the "before": nobody has a goal or points in mind by habit yet."""
Days = Mapping[str, Sequence[StepCount]]


def kpis(walkers: Sequence[Walker], days: Days, settings: Settings, today: date) -> list[WalkingKpi]:
    """The figures of every group and of the whole town over the weeks before today; the same of the same days."""
    persons = [p for w in walkers if (p := usual(_group(w), accepted(days.get(w.id, ())))) is not None]
    since, until = today - timedelta(days=settings.survey_weeks * 7), today - timedelta(days=1)
    seed = today.toordinal()
    rows = group_figures(persons, settings.smallest_group, seed)
    rows += group_figures([p._replace(group=(TOWN, TOWN)) for p in persons], settings.smallest_group, seed)
    is_simulated = any(w.simulated for w in walkers) or None
    return [_kpi(row, since, until, is_simulated) for row in rows]


def _group(walker: Walker) -> tuple[str, str]:
    return walker.age_band or "unsaid", walker.district or "unsaid"


def _kpi(row: GroupFigure, since: date, until: date, simulated: bool | None) -> WalkingKpi:
    name = f"{row.group[0].replace('+', 'plus')}-{digest(row.group[1])[:8]}"
    nothing = (None, None, None)
    steps, steps_low, steps_high = nothing if row.steps is None else (round(x) for x in row.steps)
    minutes, minutes_low, minutes_high = nothing if row.minutes is None else (round(x, 1) for x in row.minutes)
    return WalkingKpi(
        f"urn:ngsi-ld:WalkingKpi:{name}",
        row.group[0],
        row.group[1],
        row.persons,
        steps,
        steps_low,
        steps_high,
        minutes,
        minutes_low,
        minutes_high,
        row.persons is None,
        since.isoformat(),
        until.isoformat(),
        simulated,
    )


def _is_told(row: Sequence[object]) -> bool:
    """Whether a row of a survey says all five, minutes as numbers: other programs write them."""
    return len(row) == 5 and all(isinstance(minutes, int | float) for minutes in row[3:])


def effect_of(walkers: Sequence[Walker], days: Days, surveys: Sequence[WalkingSurvey], now: datetime) -> WalkingEffect:
    """What taking part changed; with its reason where that cannot be said."""
    cases = [case for w in walkers if (case := _case(w, days.get(w.id, ()))) is not None]
    for survey in surveys:
        for age, sex, district, before, after in (row for row in survey.answers or () if _is_told(row)):
            cases.append(Case(str(age), str(sex), str(district), float(before), float(after), False))
    found = estimate(cases)
    simulated = any(w.simulated for w in walkers) or any(s.simulated for s in surveys) or None
    if found is None:
        why: Literal["no_comparison", "too_few"] = "too_few" if surveys else "no_comparison"
        return WalkingEffect(EFFECT_ID, issued_at=now, reason=why, simulated=simulated)
    steps = steps_of_minutes(found.minutes)
    return WalkingEffect(
        EFFECT_ID,
        round(found.minutes, 2),
        round(found.low, 2),
        round(found.high, 2),
        found.participants,
        found.compared,
        round(steps),
        round(yearly_yen(steps)),
        now,
        None,
        simulated,
    )


def baseline_of(walker: Walker, days: Sequence[StepCount]) -> float | None:
    """Minutes a day before taking part had changed anything: the mean of the first seven accepted days; it is taken
    once and stands."""
    known = accepted(days)
    if walker.baseline is not None or len(known) < RUN_IN:
        return walker.baseline
    return round(fmean(d.minutes for d in known[:RUN_IN]), 1)


def _case(walker: Walker, days: Sequence[StepCount]) -> Case | None:
    known = accepted(days)
    if walker.baseline is None or len(known) < 2 * RUN_IN or walker.joined_on is None:
        return None
    begun = date.fromisoformat(walker.joined_on) + timedelta(days=2 * RUN_IN)
    later = [d.minutes for d in known if d.day >= begun]
    if len(later) < RUN_IN:
        return None
    return Case(
        walker.age_band or "", walker.sex or "unsaid", walker.district or "", walker.baseline, fmean(later), True
    )


class Doubts(NamedTuple):
    """How many take part, and how many of their days are asked about or refused; whether any of it is simulated."""

    walkers: int
    asked: int
    refused: int
    simulated: bool | None

    @classmethod
    def of(cls, audit: PointsAudit | None) -> "Doubts":
        """What was last told."""
        if audit is None:
            return cls(0, 0, 0, None)
        return cls(audit.walkers or 0, audit.days_asked or 0, audit.days_refused or 0, audit.simulated)


def doubts_of(walkers: Sequence[Walker], days: Days) -> Doubts:
    """What is in doubt over these days."""
    every = [d.state for rows in days.values() for d in rows]
    asked = sum(state in ("asked", "contested") for state in every)
    return Doubts(len(walkers), asked, every.count("refused"), any(w.simulated for w in walkers) or None)


def audit_of(
    heads: Mapping[str, Journal],
    entries: Mapping[str, Sequence[Entry]],
    totals: Mapping[str, int],
    doubts: Doubts,
    now: datetime,
) -> PointsAudit:
    """The whole ledger added up anew from its entries, with every law that is broken.

    totals: points by account over all journals there ever were. Those of people whose key was destroyed cannot be read
    any more: what they had used stays used, and what they had left has run out.
    """
    found: list[str] = []
    for name, rows in entries.items():
        short = name.rpartition(":")[2]
        found += [f"{short}: {breach}" for breach in breaches(rows)]
        if ledger.replay(rows).balances != heads[name].balances or len(rows) != heads[name].count:
            found.append(f"{short}: what stands is not what was booked")

    stands = {account: sum(head.balances[account] for head in heads.values()) for account in Journal().balances}
    found += [f"{name}: the totals say less than what stands" for name in stands if totals.get(name, 0) < stands[name]]
    issued, redeemed = totals.get(ledger.ISSUED, 0), totals.get(ledger.REDEEMED, 0)
    left = stands[ledger.POINTS] + stands[ledger.HELD]
    return PointsAudit(
        AUDIT_ID,
        now,
        len(heads),
        _booked(heads),
        issued,
        stands[ledger.POINTS],
        stands[ledger.HELD],
        redeemed,
        issued - redeemed - left,
        found,
        doubts.asked,
        doubts.refused,
        doubts.walkers,
        doubts.simulated,
    )


def is_stale(last: PointsAudit, heads: Mapping[str, Journal], doubts: Doubts) -> bool:
    """Whether something was booked or became doubtful since the audit."""
    return last.entries != _booked(heads) or Doubts.of(last) != doubts


def _booked(heads: Mapping[str, Journal]) -> int:
    return sum(head.count for head in heads.values())
