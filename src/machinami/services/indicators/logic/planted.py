"""Are effects, changes and seasons found that were planted, and nothing where there is nothing? By fixed seeds."""

from typing import NamedTuple

import numpy as np

from machinami.methods.change_points import stretches
from machinami.methods.control_chart import control_chart
from machinami.methods.difference_in_differences import difference_in_differences
from machinami.methods.seasons import without_seasons
from machinami.methods.synthetic_control import Case, effects, mixed, placebo_share

EFFECT = 2.0
SHIFT = 3.0
TOWNS, TREATED, STEPS, BEGAN = 24, 9, 14, 7


class Recovered(NamedTuple):
    """Whether the interval covers the planted effect, by how much the estimate is off, whether a drift was found."""

    covers: bool
    bias: float
    drifts: bool


class Found(NamedTuple):
    """Whether what was planted was found, and whether (or how often) something was where there is nothing."""

    found: bool
    false: float


def recovered(seed: int) -> Recovered:
    """Towns that share a wave and differ in level and noise; some of them get an effect."""
    drawn = np.random.default_rng(seed)
    wave = drawn.normal(0, 1, STEPS).cumsum()
    values = drawn.normal(50, 10, (TOWNS, 1)) + wave + drawn.normal(0, 1, (TOWNS, STEPS))
    treated = np.arange(TOWNS) < TREATED
    values[:TREATED, BEGAN:] += EFFECT
    found = difference_in_differences(values, treated, BEGAN)
    low, high, p = found.effect.low, found.effect.high, found.drift.p
    covers = low is not None and high is not None and low <= EFFECT <= high
    return Recovered(covers, found.effect.value - EFFECT, p is not None and p < 0.05)


def signalled(seed: int) -> Found:
    """A steady figure of 60 days, and one whose level rises by three standard deviations after 40."""
    drawn = np.random.default_rng(seed)
    noise = drawn.normal(100, 2, 60)
    beyond = [signal for signal in control_chart(noise).signals if signal.rule == "beyond"]
    shifted = noise + np.where(np.arange(60) >= 40, SHIFT * 2, 0)
    signals = control_chart(shifted, 40).signals
    return Found(any(40 <= signal.at < 48 for signal in signals), len(beyond) / 60)


def divided(seed: int) -> Found:
    """A steady figure, and one whose level changes by three standard deviations on day 40 of 100."""
    drawn = np.random.default_rng(seed)
    noise = drawn.normal(0, 1, 100)
    starts = [stretch.start for stretch in stretches(noise + np.where(np.arange(100) >= 40, SHIFT, 0))][1:]
    return Found(any(abs(start - 40) <= 2 for start in starts), float(len(stretches(noise)) > 1))


def seasonal(seed: int) -> Found:
    """Four years of months, with seasons as large as three standard deviations, and without any."""
    drawn = np.random.default_rng(seed)
    noise = drawn.normal(0, 1, 48)
    seasons = SHIFT * np.sin(2 * np.pi * np.arange(48) / 12)
    with_them, without = (without_seasons(values, 12) for values in (noise + seasons, noise))
    return Found(with_them is not None and with_them.matter, float(without is not None and without.matter))


def null_share(seed: int) -> float:
    """The placebo share of the first of ten towns of a factor model in which nothing was done anywhere: it should be
    at most 0.1 in one of ten such panels."""
    drawn = np.random.default_rng(seed)
    loads, factors = drawn.uniform(0, 1, (10, 2)), drawn.normal(0, 1, (2, 20)).cumsum(axis=1)
    values = 20 + loads @ factors + drawn.normal(0, 0.3, (10, 20))
    before, after = [], []
    for own in range(10):
        others = [town for town in range(10) if town != own]
        traits = np.stack([values[:, :6].mean(axis=1), values[:, 6:12].mean(axis=1)])
        case = Case(traits[:, own], traits[:, others], values[own, :12], values[others, :12].T)
        gaps = effects(mixed(case), values[own], values[others].T)
        before.append(float(np.sqrt(np.mean(gaps[:12] ** 2))))
        after.append(float(np.sqrt(np.mean(gaps[12:] ** 2))))
    return placebo_share(np.array(before), np.array(after))
