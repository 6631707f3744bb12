"""Which warning level does a gauge show, and when does it go up or down?

Up at once when enough readings in a row confirm it; down only when the level has stayed below the threshold less a
margin for some time, so that a warning never comes and goes. A gauge that cannot be believed has no level: unknown is
not calm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import erf, sqrt

from machinami.methods.hysteresis import Rule, Watch, watch
from machinami.model.expectation import Step
from machinami.model.vocabulary.decisions import Reason
from machinami.services.flood.model import MARKS, METRES, Mark, Sample, Settings, Thresholds

NINETY = 1.6448536269514722
"""The 95th percentile of the standard normal: half a 90 % interval in standard deviations."""
EXPECTED: dict[Mark, int] = {"attention": 2, "judgement": 2, "danger": 3, "bank": 4}
"""What it means when a mark is expected to be passed. As in 指定河川洪水予報 (気象庁): that 氾濫危険水位 will be
reached is 氾濫警戒情報 (level 3); an overflow (level 5) is only ever observed."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a gauge says: `observed` and `level` (observed or expected, whichever is higher); None is unknown.

    doubtful: the gauge may be wrong; residents are shown nothing of it, but an officer is told what it would mean.
    """

    level: int | None
    observed: int | None
    since: datetime | None
    reasons: tuple[Reason, ...]
    doubtful: bool = False


def rule_of(settings: Settings, unit: str | None) -> Rule:
    """How levels go up and down as a town has set it, for a gauge with this unit."""
    return Rule(
        settings.confirm_readings,
        settings.margin_metres / METRES.get(unit, 1.0),
        timedelta(minutes=settings.lower_minutes),
        timedelta(minutes=settings.silent_minutes),
    )


def level_at(value: float, thresholds: Thresholds, below: float = 0.0) -> int:
    """The warning level of a water level; `below` lowers every threshold (the margin of a fall)."""
    passed = [level for mark, level in MARKS if (t := getattr(thresholds, mark)) is not None and value >= t - below]
    return max(passed, default=0)


def watch_levels(before: Watch, points: Sequence[Sample], thresholds: Thresholds, rule: Rule) -> Watch:
    """Take all readings after the last one seen into account."""
    for at, value in points:
        before = watch(before, at, level_at(value, thresholds), level_at(value, thresholds, rule.margin), rule)
    return before


def chance_above(level: float, step: Step) -> float:
    """The probability that the level will be at or above `level`, by a normal with its own width on each side."""
    width = (step.high - step.middle if level >= step.middle else step.middle - step.low) / NINETY
    if width <= 0:
        return 1.0 if step.middle >= level else 0.0
    return 0.5 * (1 - erf((level - step.middle) / width / sqrt(2)))


def expected_level(
    steps: Sequence[Step], thresholds: Thresholds, probability: float, below: float = 0.0
) -> tuple[int, tuple[Reason, ...]]:
    """The warning level that a forecast signifies, and for every mark likely to be passed when first and how likely."""
    level, reasons = 0, []
    for mark, _ in MARKS:
        threshold = getattr(thresholds, mark)
        if threshold is None:
            continue
        likely = [(step, p) for step in steps if (p := chance_above(threshold - below, step)) >= probability]
        if likely:
            level = max(level, EXPECTED[mark])
            step, chance = likely[0]
            facts = {"mark": mark, "threshold": threshold, "at": step.at.isoformat(), "probability": round(chance, 2)}
            reasons.append(Reason("expected", {**facts, "middle": round(step.middle, 3)}))
    return level, tuple(reasons)


def watch_forecast(
    before: Watch, issued: datetime, steps: Sequence[Step], thresholds: Thresholds, probability: float, rule: Rule
) -> Watch:
    """Take one forecast into account, by the same rule as a reading."""
    reached, _ = expected_level(steps, thresholds, probability)
    held, _ = expected_level(steps, thresholds, probability, rule.margin)
    return watch(before, issued, reached, held, rule)


def observed_reasons(points: Sequence[Sample], thresholds: Thresholds, level: int) -> list[Reason]:
    """Say which mark the observed level has passed, and how it moved in the last hour."""
    if not points or level == 0:
        return []
    at, value = points[-1]
    mark, threshold = max(
        ((m, t) for m, row in MARKS if row <= level and (t := getattr(thresholds, m)) is not None),
        key=lambda pair: pair[1],
        default=("attention", None),
    )
    facts = {"mark": mark, "threshold": threshold, "at": at.isoformat(), "value": value}
    kind = "passed" if threshold is not None and value >= threshold else "held"
    found = [Reason(kind, facts)]
    hour = [v for t, v in points if at - timedelta(minutes=70) <= t <= at - timedelta(minutes=50)]
    if hour:
        found.append(Reason("moved", {"by": round(value - hour[-1], 3), "minutes": 60}))
    return found


def judge(
    points: Sequence[Sample],
    steps: Sequence[Step],
    thresholds: Thresholds,
    observed: Watch,
    expected: Watch,
    settings: Settings,
) -> Judgement:
    """Put what is seen and what is expected together; the higher counts."""
    level = max(observed.level, expected.level)
    _, ahead = expected_level(steps, thresholds, settings.probability)
    reasons = (*observed_reasons(points, thresholds, observed.level), *(ahead if expected.level else ()))
    leading = observed if observed.level >= expected.level else expected
    return Judgement(level, observed.level, leading.since, reasons)


def doubted(points: Sequence[Sample], thresholds: Thresholds, watch: Watch, why: tuple[Reason, ...]) -> Judgement:
    """What a gauge says that rose too fast to be believed, and too high to be passed over in silence."""
    reasons = (*why, *observed_reasons(points, thresholds, watch.level))
    return Judgement(watch.level, None, watch.since, reasons, doubtful=True)


def unknown(reasons: tuple[Reason, ...]) -> Judgement:
    """What a gauge says that cannot be believed: nothing."""
    return Judgement(None, None, None, reasons)
