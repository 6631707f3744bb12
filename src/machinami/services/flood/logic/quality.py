"""Can this gauge be believed now? Silent, jumping, stuck, out of range and lying gauges are said so."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from machinami.methods.series import robust_spread
from machinami.services.flood.model import Quality, Sample, Settings

SPIKE_SPREADS = 12.0
LYING_SHARE = 0.2
FEWEST_FOR_LYING = 12


def judge_gauge(samples: Sequence[Sample], now: datetime, settings: Settings, moving: bool = False) -> Quality:
    """Judge a gauge from its recent readings, oldest first; `moving` says that rain or neighbours move.

    Order of blame: silent (nothing for too long), out of range, lying (a fifth of its readings are jumps),
    stuck (the same figure for hours while things move), jumping (the last step is a jump), good.
    """
    if not samples:
        return Quality("silent")
    last = samples[-1]
    silence = (now - last.at).total_seconds() / 60
    if silence > settings.silent_minutes:
        return Quality("silent", last.at, silence, last.value)
    if not settings.lowest <= last.value <= settings.highest or not np.isfinite(last.value):
        return Quality("out_of_range", last.at, 0.0, last.value)
    jumps = find_jumps(samples, settings)
    recent = [at for at in jumps if at >= len(samples) - 48]
    if len(samples) >= FEWEST_FOR_LYING and len(recent) >= max(3, LYING_SHARE * min(48, len(samples))):
        return Quality("lying", samples[recent[0]].at, minutes_between(samples[recent[0]].at, now), last.value)
    same_since = unchanged_since(samples)
    if moving and now - same_since >= timedelta(hours=settings.stuck_hours):
        return Quality("stuck", same_since, minutes_between(same_since, now), last.value)
    if jumps and jumps[-1] == len(samples) - 1:
        return Quality("jumping", last.at, 0.0, last.value)
    return Quality("good", last.at, silence, last.value)


def find_jumps(samples: Sequence[Sample], settings: Settings) -> list[int]:
    """Return the positions of readings that left the one before by more than water can rise.

    More than `jump_level` in one reading, and more than twelve robust spreads of this gauge's own steps.
    """
    steps = np.diff(np.array([sample.value for sample in samples], dtype=np.float64))
    if steps.size == 0:
        return []
    limit = max(settings.jump_level, SPIKE_SPREADS * robust_spread(steps))
    if robust_spread(steps) > settings.jump_level / 4:
        # A gauge whose usual step is itself wild must not excuse its jumps by them.
        limit = settings.jump_level
    return [int(i) + 1 for i in np.flatnonzero(np.abs(steps) > limit)]


def unchanged_since(samples: Sequence[Sample]) -> datetime:
    """Return since when the gauge has said exactly the same."""
    since = samples[-1].at
    for sample in reversed(samples):
        if sample.value != samples[-1].value:
            break
        since = sample.at
    return since


def minutes_between(earlier: datetime, later: datetime) -> float:
    """Return minutes from one moment to another."""
    return (later - earlier).total_seconds() / 60
