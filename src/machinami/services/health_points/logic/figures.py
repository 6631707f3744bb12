"""How much does the town walk? Medians by age band and district with bootstrap intervals; small groups are left out."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from machinami.services.health_points.model import Day

DRAWS = 1_000
LEAST_DAYS = 7
"""A person's median says something from so many days on."""
Group = tuple[str, str]


class Person(NamedTuple):
    """One person's usual day: the group (age band, district), median steps and median minutes."""

    group: Group
    steps: float
    minutes: float


class Interval(NamedTuple):
    """A median with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


class GroupFigure(NamedTuple):
    """One group: how many, and their medians; None where the group is too small to be told."""

    group: Group
    persons: int | None
    steps: Interval | None
    minutes: Interval | None


def usual(group: Group, days: Sequence[Day]) -> Person | None:
    """A person's usual day; None with too few days."""
    if len(days) < LEAST_DAYS:
        return None
    return Person(group, float(np.median([d.steps for d in days])), float(np.median([d.minutes for d in days])))


def group_figures(persons: Sequence[Person], smallest: int, seed: int = 0) -> list[GroupFigure]:
    """The figure of every group, in order. Groups of fewer than `smallest` are suppressed, and so is the next smallest
    one where a single group would be, since it could be found from the town's total."""
    groups: dict[Group, list[Person]] = {}
    for person in persons:
        groups.setdefault(person.group, []).append(person)
    hidden = hidden_groups({group: len(members) for group, members in groups.items()}, smallest)
    draws = np.random.default_rng(seed)
    rows = []
    for group in sorted(groups):
        if group in hidden:
            rows.append(GroupFigure(group, None, None, None))
            continue
        members = groups[group]
        steps = median_interval(np.array([p.steps for p in members]), draws)
        minutes = median_interval(np.array([p.minutes for p in members]), draws)
        rows.append(GroupFigure(group, len(members), steps, minutes))
    return rows


def hidden_groups(sizes: Mapping[Group, int], smallest: int) -> set[Group]:
    """The groups that may not be told."""
    hidden = {group for group, size in sizes.items() if size < smallest}
    if len(hidden) == 1 and len(sizes) > 1:
        hidden.add(min((g for g in sizes if g not in hidden), key=lambda g: (sizes[g], g)))
    return hidden


def median_interval(values: NDArray[np.float64], draws: np.random.Generator) -> Interval:
    """The median of the values with its 95 % percentile bootstrap interval (1,000 draws)."""
    picked = draws.integers(0, len(values), (DRAWS, len(values)))
    low, high = np.quantile(np.median(values[picked], axis=1), [0.025, 0.975])
    return Interval(float(np.median(values)), float(low), float(high))
