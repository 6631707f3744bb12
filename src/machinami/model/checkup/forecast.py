"""When is the disk full? By the middle of all slopes between earlier days, which one odd day moves little.

One sudden step, such as an import, is left out: it says nothing of the days to come. What comes again, such as the
months that are condensed, counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

_DAY = 86_400.0
MEASURED = timedelta(days=2)
"""Growth of less than this says nothing yet."""
_MOST = 120  # samples: of more, every so many are taken
_STEPS, _FAR = 6, 10  # between samples: of fewer nothing is left out, nor what is less than so many times the usual one
_FARTHEST = 36_500.0  # days; later than that is never


@dataclass(frozen=True, slots=True)
class Sample:
    """What the data took at a moment, in bytes."""

    at: datetime
    used: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """How the data grow. per_day: bytes, None where it was not measured long enough; days: until the disk is full, None
    where that is not to be expected; measured: over how many days it was looked at."""

    per_day: float | None
    days: float | None
    measured: float


def forecast(samples: Sequence[Sample], free: int) -> Forecast:
    """How the data grow, and when that has taken what is free (Theil-Sen estimator of the slope)."""
    kept = sorted({one.at: one for one in samples}.values(), key=lambda one: one.at)
    span = kept[-1].at - kept[0].at if kept else timedelta()
    measured = span.total_seconds() / _DAY
    if span < MEASURED:
        return Forecast(None, None, measured)
    thin = _without_one_jump(kept[:: -(-len(kept) // _MOST)])
    slopes = [
        (later.used - one.used) / ((later.at - one.at).total_seconds() / _DAY)
        for at, one in enumerate(thin)
        for later in thin[at + 1 :]
        if later.at - one.at >= timedelta(hours=12)
    ]
    per_day = median(slopes)
    days = free / per_day if per_day > 0 else None
    return Forecast(per_day, None if days is None or days > _FARTHEST else days, measured)


def _without_one_jump(samples: Sequence[Sample]) -> Sequence[Sample]:
    """The samples as if their one step that is far larger than all others had been like them."""
    paces = [(later.used - one.used) / (later.at - one.at).total_seconds() for one, later in pairwise(samples)]
    sizes, usual = sorted(map(abs, paces)), median(paces)
    if len(paces) < _STEPS or sizes[-1] < _FAR * median(sizes) or sizes[-1] < 2 * sizes[-2]:
        return samples
    at = max(range(len(paces)), key=lambda one: abs(paces[one]))
    jump = round((paces[at] - usual) * (samples[at + 1].at - samples[at].at).total_seconds())
    return [*samples[: at + 1], *(Sample(one.at, one.used - jump) for one in samples[at + 1 :])]


def span_of(days: float) -> tuple[str, int]:
    """A span of days as people say it: the unit (hours, days, months, years) and how many of them, at least one."""
    if days < 1:
        return "hours", max(1, round(days * 24))
    if days < 60:
        return "days", round(days)
    if days < 730:
        return "months", round(days / 30.44)
    return "years", round(days / 365.25)
