"""How many are there by several roads, and how many will there be?"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from machinami.methods.head_count import CARRIED, DAY, HABITS, HOUR, Sureness, Told, fuse, look_ahead


def simulated(seed: int) -> tuple[list[Told], list[float]]:
    """People who come and go, as a gate, hands and cards tell of them by the law of `Sureness`; and the truth."""
    draws, sure = np.random.default_rng(seed), Sureness()
    here, told, truth = 60.0, [Told(0.0, "hand", 60.0)], [60.0]
    for step in range(1, 40):
        at = step * HOUR
        came, left = float(draws.poisson(6)), float(draws.poisson(5))
        here = max(0.0, here + came - left + draws.normal(0, sure.unseen * np.sqrt(here + 1)))
        error = draws.normal(0, sure.gate * np.sqrt(came + left))
        told.append(Told(at, "gate", 0.0, came + error, left))
        truth.append(here)
        if step % 5 == 0:
            told.append(Told(at, "hand", max(0.0, here + draws.normal(0, sure.hand * here + 0.5))))
            truth.append(here)
        if step % 3 == 0:
            seen = here + draws.normal(0, sure.card * here)
            told.append(Told(at, "card", max(0.0, sure.card_share * seen)))
            truth.append(here)
    return told, truth


def test_eight_of_ten_counts_lie_in_their_interval_where_the_law_is_known() -> None:
    inside, count = 0, 0
    for seed in range(120):
        told, truth = simulated(seed)
        order = sorted(range(len(told)), key=lambda n: (told[n].at, {"gate": 0, "hand": 1, "card": 2}[told[n].road]))
        for number, one in zip(order, fuse(told), strict=True):
            low, high = one.within()
            inside += low <= truth[number] <= high
            count += 1
    assert 0.74 <= inside / count <= 0.87


def test_all_roads_together_err_less_than_the_gate_alone() -> None:
    errors = {"all": 0.0, "gate": 0.0}
    for seed in range(60):
        told, truth = simulated(seed)
        gate = [one for number, one in enumerate(told) if number == 0 or one.road == "gate"]
        errors["all"] += abs(fuse(told)[-1].persons - truth[-1])
        errors["gate"] += abs(fuse(gate)[-1].persons - truth[-1])
    assert errors["all"] < 0.8 * errors["gate"]


@given(st.permutations(simulated(3)[0]))
def test_the_order_in_which_things_are_told_does_not_matter(told: list[Told]) -> None:
    assert fuse(told)[-1] == fuse(simulated(3)[0])[-1]


def test_a_count_is_less_sure_the_longer_ago_it_was_and_surer_with_every_road() -> None:
    first = Told(0.0, "hand", 100.0)
    (alone,) = fuse([first])
    later = fuse([first, Told(6 * HOUR, "gate", 0.0, 0.0, 0.0)])[-1]
    assert later.deviation > alone.deviation
    assert fuse([first, Told(6 * HOUR, "gate"), Told(6 * HOUR, "card", 60.0)])[-1].deviation < later.deviation
    assert fuse([]) == []


def test_a_steady_fall_is_foreseen_better_than_by_carrying_the_last_count_forward() -> None:
    seconds = np.arange(60) * DAY
    counts = 1_000.0 * np.exp(-seconds / DAY / 25.0)
    missed = {True: 0.0, False: 0.0}
    for plain in (True, False):
        said = look_ahead(seconds, counts, 7 * DAY, (CARRIED,) if plain else HABITS)
        missed[plain] = sum(
            abs(one.persons - np.interp(one.at, seconds, counts)) for one in said if one.at <= seconds[-1]
        )
    assert missed[False] < 0.5 * missed[True]


def test_nothing_of_the_future_is_used() -> None:
    seconds = np.arange(50) * DAY
    counts = 500.0 - 8.0 * np.arange(50)
    changed = counts.copy()
    changed[30:] = 7.0
    assert look_ahead(seconds, counts, 7 * DAY)[:30] == look_ahead(seconds, changed, 7 * DAY)[:30]
