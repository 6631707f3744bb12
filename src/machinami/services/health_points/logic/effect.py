"""What did taking part change? Difference in differences against people of the same kind who do not take part.

Each participant is compared, in the change of minutes a day, with non-participants of the same age band, sex and
district; where there are fewer than two of these, of the same age band and sex; else of the same age band; else the
participant is left out, and counted. Matching is by what people are, never by how much they walked before: who is
picked for a high baseline falls back by chance, and that would look like an effect. What cannot be matched away is
that participants chose to join; the text beside the figure says so.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEAST_COMPARED = 2
LEAST_EACH = 20


class Case(NamedTuple):
    """One person: age band, sex and district; minutes a day before and after; whether they took part."""

    age_band: str
    sex: str
    district: str
    before: float
    after: float
    took_part: bool

    @property
    def kind(self) -> tuple[str, str, str]:
        """What the person is, the most telling first."""
        return self.age_band, self.sex, self.district

    @property
    def change(self) -> float:
        """How much more minutes a day."""
        return self.after - self.before


class Effect(NamedTuple):
    """The mean effect on those who took part, with its 95 % interval; how many were compared with how many, and how
    many participants found nobody to be compared with."""

    minutes: float
    low: float
    high: float
    participants: int
    compared: int
    unmatched: int


def estimate(cases: Sequence[Case]) -> Effect | None:
    """The effect in minutes a day; None where fewer than 20 on either side can be compared."""
    others = [case for case in cases if not case.took_part]
    strata, unmatched = _strata([case for case in cases if case.took_part], others)
    treated = sum(len(own) for own, _ in strata)
    used = {index for _, picked in strata for index in picked}
    if treated < LEAST_EACH or len(used) < LEAST_EACH:
        return None
    # Weight of each non-participant: the share of participants that it stands for. The estimate is linear in the
    # changes, so its variance is the sum of squared weights times the variance within the strata of each side.
    weight = np.zeros(len(others))
    inner: list[float] = []
    for own, picked in strata:
        weight[picked] += len(own) / treated / len(picked)
        inner.extend(_residuals(np.array([case.change for case in own])))
    changes = np.array([case.change for case in others])
    outer = np.concatenate([_residuals(changes[picked]) for _, picked in strata])
    minutes = sum(case.change for own, _ in strata for case in own) / treated - float(weight @ changes)
    first = _variance(np.array(inner)) / treated
    second = _variance(outer) * float(weight @ weight)
    error = float(np.sqrt(first + second))
    freedom = (first + second) ** 2 / (
        first**2 / max(treated - len(strata), 1) + second**2 / max(len(used) - len(strata), 1)
    )
    reach = _quantile(freedom) * error
    return Effect(minutes, minutes - reach, minutes + reach, treated, len(used), unmatched)


Stratum = tuple[list[Case], list[int]]


def _strata(treated: Sequence[Case], others: Sequence[Case]) -> tuple[list[Stratum], int]:
    """Participants with the indices of those that they are compared with, and how many found nobody."""
    depths = (3, 2, 1)
    index: dict[tuple[str, ...], list[int]] = {}
    for number, case in enumerate(others):
        for depth in depths:
            index.setdefault(case.kind[:depth], []).append(number)
    groups: dict[tuple[str, ...], list[Case]] = {}
    unmatched = 0
    for case in treated:
        for depth in depths:
            if len(index.get(case.kind[:depth], ())) >= LEAST_COMPARED:
                groups.setdefault(case.kind[:depth], []).append(case)
                break
        else:
            unmatched += 1
    return [(own, index[key]) for key, own in sorted(groups.items())], unmatched


def _residuals(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Deviations from the mean of a stratum, widened for the one degree of freedom that the mean takes."""
    count = len(values)
    return (values - values.mean()) * np.sqrt(count / (count - 1)) if count > 1 else np.zeros(0)


def _variance(residuals: NDArray[np.float64]) -> float:
    return float(np.mean(residuals**2)) if len(residuals) else 0.0


def _quantile(freedom: float) -> float:
    """The 97.5 % quantile of Student's t, by the expansion in 1/freedom (Abramowitz and Stegun 26.7.5); from 20
    degrees of freedom on it is right to four digits."""
    z = 1.959963984540054
    terms = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96, (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return float(z + sum(term / freedom**power for power, term in enumerate(terms, 1)))
