"""What do the estimates say of invented towns in which the truth is known? People, devices and cheats by chance."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np

from machinami.services.health_points.logic.effect import Case, estimate
from machinami.services.health_points.logic.merging import merged, total
from machinami.services.health_points.logic.plausibility import judge
from machinami.services.health_points.model import AGE_BANDS, Claim, Exercise, Settings

START = datetime(2026, 6, 1, tzinfo=UTC)
SHARES = {True: (0.05, 0.10, 0.15, 0.25, 0.30, 0.15), False: (0.20, 0.20, 0.20, 0.20, 0.10, 0.10)}
PARTICIPANTS, OTHERS = 120, 240
CHEATS = ("vehicle", "shaken", "cadence", "outlier", "shared_device")


class Recovered(NamedTuple):
    """One invented town: the estimate, whether its interval holds the truth, and what the mere change of participants
    says, whether its 95 % interval holds the truth."""

    minutes: float
    covers: bool
    naive: float
    naive_covers: bool


def recover(seed: int, truth: float) -> Recovered:
    """Estimate a planted effect (minutes a day) in an invented town.

    Who takes part is older and walks more than who does not (they chose to join); each age band has a trend of its
    own (a season, a closed park); effects differ between people; days are skewed and measured with noise.
    """
    draws = np.random.default_rng([seed, 77])
    trend = dict(zip(AGE_BANDS, draws.normal(-6.0, 4.0, len(AGE_BANDS)), strict=True))
    cases = []
    for took_part, count in ((True, PARTICIPANTS), (False, OTHERS)):
        for _ in range(count):
            age = AGE_BANDS[draws.choice(len(AGE_BANDS), p=SHARES[took_part])]
            usual = float(draws.lognormal(3.9 if took_part else 3.7, 0.45))
            gain = truth + float(draws.normal(0, 8)) if took_part else 0.0
            before, noise = usual + draws.normal(0, 8), draws.normal(0, 8)
            after = usual + trend[age] + gain + noise
            sex, district = ("female", "male")[draws.integers(2)], "abcd"[draws.integers(4)]
            cases.append(Case(age, sex, district, float(before), float(after), took_part))
    found = estimate(cases)
    assert found is not None, "there are enough people"
    changes = np.array([case.change for case in cases if case.took_part])
    reach = 1.96 * float(changes.std(ddof=1)) / np.sqrt(len(changes))
    naive = float(changes.mean())
    return Recovered(found.minutes, found.low <= truth <= found.high, naive, abs(naive - truth) <= reach)


class Counted(NamedTuple):
    """One invented day with two devices: the steps that were walked, what is merged, and the sum of all that was
    handed in."""

    walked: int
    merged: int
    summed: int


def count_twice(seed: int) -> Counted:
    """A day counted by a phone (now and then left at home, by the hour) and a watch (by ten minutes, misses some)."""
    draws = np.random.default_rng([seed, 78])
    slots = draws.poisson(60, 14 * 6) * (draws.random(14 * 6) < 0.5)
    claims = []
    for hour in range(14):
        carried = draws.random() < 0.8
        own = slots[hour * 6 : hour * 6 + 6]
        claims.append(_claim("phone", hour * 60, 60, int(own.sum() * 0.97) if carried else 0))
        claims += [_claim("watch", hour * 60 + 10 * n, 10, int(steps * 0.95)) for n, steps in enumerate(own)]
    return Counted(int(slots.sum()), total(merged(claims)), sum(c.steps or 0 for c in claims))


def is_noticed(seed: int, cheat: str) -> bool:
    """Whether something is found on an invented day with this cheat in it, or with none ("")."""
    draws = np.random.default_rng([seed, 79])
    usual = float(draws.lognormal(8.6, 0.3))
    history = [usual * float(draws.lognormal(0, 0.25)) for _ in range(28)]
    steps = usual * float(draws.lognormal(0, 0.25))
    shares = draws.dirichlet(np.full(12, 2.0)) * steps
    claims = [_claim("phone", 60 * hour, 60, int(share)) for hour, share in enumerate(shares)]
    exercises: list[Exercise] = []
    if cheat == "vehicle":
        ride = max(claims, key=lambda c: c.steps or 0)
        exercises = [Exercise("phone", ride.start, ride.end, "in_vehicle")]
    elif cheat == "shaken":
        claims += [_claim("phone", 780 + 10 * n, 10, 900 + int(draws.integers(3))) for n in range(8)]
    elif cheat == "cadence":
        claims.append(_claim("phone", 780, 30, int(draws.integers(8_000, 12_000))))
    elif cheat == "outlier":
        claims = [c._replace(steps=min((c.steps or 0) * 5, 13_000)) for c in claims]
    found = judge(claims, exercises, history, {"phone"} if cheat == "shared_device" else (), Settings())
    return bool(found.findings)


def _claim(device: str, minute: int, minutes: int, steps: int) -> Claim:
    start = START + timedelta(minutes=minute)
    return Claim(device, start, start + timedelta(minutes=minutes), steps)
