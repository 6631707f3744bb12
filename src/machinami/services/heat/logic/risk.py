"""How grave is the heat of a place for each group of people, now and in the hours to come?

A grade goes up at once, with what is measured or expected; down only when it has been below its bound less a margin for
some time. A place that is silent has no grade: unknown is not cool.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from machinami.methods.hysteresis import Rule, Watch, watch
from machinami.model.view import Ref
from machinami.model.vocabulary.decisions import Reason
from machinami.model.vocabulary.weather import WbgtObserved
from machinami.services.heat.logic.groups import bound_of, bounds_of, grade_at
from machinami.services.heat.logic.now import is_silent
from machinami.services.heat.model import GROUPS, HeatRisk, Settings, WbgtForecast

Grades = tuple[int, ...]
"""One grade for each of `GROUPS`."""
NOTHING: Grades = (0,) * len(GROUPS)
OLDEST_FORECAST = timedelta(hours=3)


class Peak(NamedTuple):
    """The highest WBGT (°C) that is to be reckoned with, when, and whether it is only expected; low and high: 90 %."""

    wbgt: float
    at: datetime
    expected: bool
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a place says: the grade of each group (None: unknown), since when, and why."""

    level: Grades | None
    since: datetime | None
    reasons: tuple[Reason, ...]
    doubtful: bool = False


def judge(
    place: WbgtObserved, forecast: WbgtForecast | None, before: HeatRisk | None, settings: Settings, now: datetime
) -> tuple[Judgement, HeatRisk | None]:
    """What a place says now, and its state to keep (None where nothing is known of it)."""
    if is_silent(place, settings, now) or place.wbgt is None or place.wbgt.value is None:
        return Judgement(None, None, ()), None
    peaks = [Peak(place.wbgt.value, place.wbgt.observed_at, False), *_coming(forecast, settings, now)]
    peak = max(peaks, key=lambda one: one.wbgt)
    bounds, rule = bounds_of(settings), _rule(settings)
    seen = max(one for one in (place.wbgt.observed_at, forecast and forecast.issued_at) if one)
    watches = {}
    for group in GROUPS:
        reached = grade_at(peak.wbgt, group, bounds)
        held = grade_at(peak.wbgt, group, bounds, settings.margin)
        watches[group] = watch(_watch(before, group), seen, reached, held, rule)
    grades = tuple(watches[group].level for group in GROUPS)
    since = max((one.since for one in watches.values() if one.since), default=None)
    reasons = (*_peaks(peaks), *_groups(grades, peak, settings))
    state = HeatRisk(
        id=f"urn:ngsi-ld:{HeatRisk.TYPE}:{place.id.rpartition(':')[2]}",
        ref_observed=Ref(place.id),
        groups=[{"group": group, "grade": grade} for group, grade in zip(GROUPS, grades, strict=True)],
        reasons=[reason.row() for reason in reasons],
        highest=peak.wbgt,
        highest_at=peak.at,
        watches={group: one.row() for group, one in watches.items()},  # type: ignore[misc]
        simulated=place.simulated,
    )
    return Judgement(told_of(grades, settings.least_grade), since, reasons), state


def told_of(grades: Grades, least: int) -> Grades:
    """What residents would be told: nothing unless a group is at `least`; then each group's own grade."""
    return grades if max(grades) >= least else NOTHING


def _coming(forecast: WbgtForecast | None, settings: Settings, now: datetime) -> list[Peak]:
    if forecast is None or forecast.issued_at is None or now - forecast.issued_at > OLDEST_FORECAST:
        return []
    found = []
    for row in forecast.horizons or []:
        hours, wbgt = row.get("hours"), row.get("wbgt")
        if not isinstance(hours, int) or not isinstance(wbgt, int | float) or hours > settings.ahead_hours:
            continue
        at = forecast.issued_at + timedelta(hours=hours)
        if at > now:
            found.append(Peak(float(wbgt), at, True, _number(row.get("low")), _number(row.get("high"))))
    return found


def _peaks(peaks: Sequence[Peak]) -> list[Reason]:
    """What is measured, and the highest that is expected."""
    seen, coming = peaks[0], max(peaks[1:], key=lambda one: one.wbgt, default=None)
    found = [Reason("observed", {"wbgt": seen.wbgt, "at": seen.at.isoformat()})]
    if coming is not None:
        ends: dict[str, Any] = {} if None in (coming.low, coming.high) else {"low": coming.low, "high": coming.high}
        found.append(Reason("expected", {"wbgt": coming.wbgt, "at": coming.at.isoformat(), **ends}))
    return found


def _groups(grades: Grades, peak: Peak, settings: Settings) -> list[Reason]:
    """For whom it is how grave, from which bound on and by whose guidance."""
    bounds, found = bounds_of(settings), []
    for group, grade in zip(GROUPS, grades, strict=True):
        bound = bound_of(group, grade, bounds)
        if bound is not None:
            kind = "reached" if peak.wbgt >= bound.wbgt else "held"
            facts = {"group": group, "grade": grade, "bound": bound.wbgt, "source": bound.source}
            found.append(Reason(kind, facts))
    return found


def _rule(settings: Settings) -> Rule:
    gap = timedelta(minutes=settings.silent_minutes)
    return Rule(1, settings.margin, timedelta(minutes=settings.lower_minutes), gap)


def _watch(before: HeatRisk | None, group: str) -> Watch:
    rows = (before.watches if before else None) or {}
    return Watch.of(dict(rows[group])) if group in rows else Watch()


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
