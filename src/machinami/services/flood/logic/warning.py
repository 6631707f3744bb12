"""Which 警戒レベル相当 does a gauge propose to the officer, and why?

Levels after the Cabinet Office's guideline on evacuation information (避難情報に関するガイドライン, 2021):
2 at 氾濫注意水位, 3 at 避難判断水位, 4 at 氾濫危険水位, 5 when the bank is overtopped. A machine proposes, a
person decides.
"""

import math
from datetime import datetime, timedelta

from machinami.services.flood.model import (
    Absent,
    Forecast,
    HorizonForecast,
    Level,
    Proposal,
    Quality,
    Reason,
    Settings,
    Thresholds,
)

NINETY = 1.6449
"""Half width of a 90 % interval in standard deviations."""


def propose(
    observed: float | None,
    forecast: Forecast | Absent | None,
    thresholds: Thresholds,
    previous: Proposal | None,
    settings: Settings,
    now: datetime,
    quality: Quality | None = None,
) -> Proposal:
    """Propose a warning level from what is seen and what is forecast.

    Up at once. Down only when everything has stayed below the lower threshold minus `lower_margin` for
    `lower_minutes`. A gauge that cannot be believed lowers nothing: what was proposed is held.
    """
    believed = quality is None or quality.usable
    seen = observed if believed else None
    reasons = reasons_at(seen, forecast, thresholds, settings, 0.0)
    level = highest(reasons)
    if previous is None or level >= previous.level:
        since = previous.since if previous is not None and previous.level == level else now
        return Proposal(level, now, since, told(reasons, level, quality))
    if seen is None:
        held = Reason("quality" if not believed else "held", "", None, observed)
        return Proposal(previous.level, now, previous.since, (held,), None)
    still = highest(reasons_at(seen, forecast, thresholds, settings, settings.lower_margin))
    if still >= previous.level:
        held = Reason("held", name_of(thresholds, previous.level), limit_of(thresholds, previous.level), seen)
        return Proposal(previous.level, now, previous.since, (held, *told(reasons, level, quality)), None)
    below = previous.below_since or now
    if now - below < timedelta(minutes=settings.lower_minutes):
        held = Reason("held", name_of(thresholds, previous.level), limit_of(thresholds, previous.level), seen)
        return Proposal(previous.level, now, previous.since, (held, *told(reasons, level, quality)), below)
    return Proposal(still, now, now, told(reasons, still, quality))


def reasons_at(
    observed: float | None,
    forecast: Forecast | Absent | None,
    thresholds: Thresholds,
    settings: Settings,
    margin: float,
) -> list[tuple[Level, Reason]]:
    """Return every threshold that is reached (less `margin`), seen or forecast.

    A forecast never proposes level 5: that is for water that is over the bank; it proposes 4 instead.
    """
    found: list[tuple[Level, Reason]] = []
    for level, name, limit in thresholds.rows():
        if observed is not None and observed >= limit - margin:
            found.append((level, Reason("observed", name, limit, observed)))
        if not isinstance(forecast, Forecast):
            continue
        for horizon in forecast.horizons:
            if horizon.hours > settings.warn_hours:
                continue
            chance = exceedance(horizon, limit - margin)
            if chance >= settings.warn_probability:
                reached: Level = 4 if level == 5 else level
                found.append((reached, Reason("forecast", name, limit, horizon.level, horizon.hours, chance)))
                break
    return found


def exceedance(horizon: HorizonForecast, limit: float) -> float:
    """Return the probability that the level reaches `limit`, from the level and its 90 % interval.

    Each side is taken as half a normal distribution whose 5 % point is that end of the interval.
    """
    if limit <= horizon.level:
        spread = (horizon.level - horizon.low) / NINETY
    else:
        spread = (horizon.high - horizon.level) / NINETY
    if spread <= 0:
        return 1.0 if horizon.level >= limit else 0.0
    return 0.5 * math.erfc((limit - horizon.level) / spread / math.sqrt(2.0))


def highest(reasons: list[tuple[Level, Reason]]) -> Level:
    """Return the highest level that has a reason, 0 without any."""
    return max((level for level, _ in reasons), default=0)


def told(reasons: list[tuple[Level, Reason]], level: Level, quality: Quality | None) -> tuple[Reason, ...]:
    """Return the reasons for exactly this level, and that the gauge is doubtful where it is."""
    given = tuple(reason for reached, reason in reasons if reached == level)
    if quality is not None and quality.state != "good":
        return (*given, Reason("quality", quality.state, None, quality.value))
    return given


def name_of(thresholds: Thresholds, level: Level) -> str:
    """Return the name of the threshold of a level, empty where it is unknown."""
    return next((name for reached, name, _ in thresholds.rows() if reached == level), "")


def limit_of(thresholds: Thresholds, level: Level) -> float | None:
    """Return the threshold of a level, None where it is unknown."""
    return next((limit for reached, _, limit in thresholds.rows() if reached == level), None)
