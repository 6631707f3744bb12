"""Does the search find the best choice there is, within the budget and fair to every group?"""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.methods.maximal_covering import Asked, Covering, greedy_covering, least_cost_cover, maximal_covering

COVER = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1]], dtype=bool)
ASKED = Asked(COVER, np.array([3.0, 1.0, 3.0, 2.0]), np.ones(3), 1.0)


def by_trying(asked: Asked) -> float | None:
    """The best weight of all choices that are allowed, by trying every one."""
    best = None
    sites = asked.cover.shape[1]
    for count in range(sites + 1):
        for chosen in combinations(range(sites), count):
            allowed = not set(chosen) & set(asked.forbidden) and set(asked.fixed) <= set(chosen)
            if not allowed or asked.costs[list(chosen)].sum() > asked.budget + 1e-9:
                continue
            if asked.most is not None and count > asked.most:
                continue
            covered = asked.cover[:, list(chosen)].any(axis=1)
            groups = np.array(asked.groups or [""] * len(covered))
            fair = all(
                asked.weights[covered & (groups == g)].sum() >= share * asked.weights[groups == g].sum() - 1e-6
                for g, share in asked.least.items()
            )
            weight = float(asked.weights @ covered)
            best = weight if fair and (best is None or weight > best) else best
    return best


def test_the_site_that_covers_most_is_chosen_and_that_it_is_best_is_proven() -> None:
    found = maximal_covering(ASKED)
    assert (found.covered, found.bound, found.proven) == (4.0, 4.0, True)
    assert len(found.chosen) == 1
    assert found.points.sum() == 2


def test_two_sites_cover_more_than_the_best_one() -> None:
    assert maximal_covering(ASKED._replace(budget=2.0)).chosen == (0, 1)


def test_a_forbidden_site_is_never_chosen_and_a_fixed_one_always() -> None:
    assert maximal_covering(ASKED._replace(forbidden=[0, 1])).chosen == (2,)
    assert 2 in maximal_covering(ASKED._replace(budget=2.0, fixed=[2])).chosen


def test_a_group_gets_its_share_even_where_more_could_be_covered_elsewhere() -> None:
    fair = ASKED._replace(groups=("north", "north", "north", "south"), least={"south": 1.0})
    found = maximal_covering(fair)
    assert found.chosen == (2,)
    assert found.shares == {"north": 0.0, "south": 1.0}


def test_what_cannot_be_fair_is_said() -> None:
    both = ASKED._replace(groups=("north", "north", "north", "south"), least={"south": 1.0, "north": 0.5})
    with pytest.raises(InputError, match="budget"):
        maximal_covering(both)


def test_a_dear_site_is_left_for_two_cheap_ones() -> None:
    cover = np.array([[1, 1, 0], [1, 0, 1], [1, 0, 0]], dtype=bool)
    asked = Asked(cover, np.array([1.0, 1.0, 0.5]), np.array([5.0, 1.0, 1.0]), 4.0)
    assert maximal_covering(asked).chosen == (1, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": np.array([1.0])},
        {"costs": np.array([1.0, -1.0, 1.0])},
        {"groups": ("a",)},
        {"least": {"a": 0.5}},
        {"forbidden": [3]},
        {"fixed": [0, 1], "budget": 1.0},
        {"fixed": [0], "forbidden": [0]},
        {"cover": np.zeros((0, 0), dtype=bool)},
        {"fixed": [0, 1], "most": 1, "budget": 9.0},
    ],
)
def test_numbers_that_do_not_fit_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        maximal_covering(ASKED._replace(**wrong))


@st.composite
def problems(draw: st.DrawFn) -> Asked:
    points, sites = draw(st.integers(1, 9)), draw(st.integers(1, 6))
    cells = draw(st.lists(st.booleans(), min_size=points * sites, max_size=points * sites))
    weights = draw(st.lists(st.integers(0, 9), min_size=points, max_size=points))
    costs = draw(st.lists(st.integers(1, 5), min_size=sites, max_size=sites))
    groups = draw(st.lists(st.sampled_from("ab"), min_size=points, max_size=points))
    named = st.sampled_from(sorted(set(groups)))
    return Asked(
        np.array(cells).reshape(points, sites),
        np.array(weights, dtype=float),
        np.array(costs, dtype=float),
        float(draw(st.integers(0, 12))),
        tuple(groups),
        draw(st.dictionaries(named, st.sampled_from([0.0, 0.3, 0.6]))),
        draw(st.sets(st.integers(0, sites - 1), max_size=2)),
        (),
        draw(st.none() | st.integers(0, 4)),
    )


@given(problems())
def test_it_is_as_good_as_trying_every_choice_and_greed_is_never_better(asked: Asked) -> None:
    best = by_trying(asked)
    if best is None:
        with pytest.raises(InputError):
            maximal_covering(asked)
        return
    found = maximal_covering(asked)
    assert found.proven
    assert found.covered == pytest.approx(best)
    assert by_trying(asked._replace(fixed=found.chosen)) is not None  # it keeps to what was asked
    assert (
        greedy_covering(asked._replace(least={})).covered <= maximal_covering(asked._replace(least={})).covered + 1e-6
    )


def test_all_is_covered_at_the_least_cost() -> None:
    cover = np.array([[1, 1, 0], [1, 0, 1], [1, 0, 0]], dtype=bool)
    found = least_cost_cover(cover, np.array([3.0, 1.0, 1.0]))
    assert (found.chosen, found.covered, found.proven) == ((0,), 3.0, True)
    with pytest.raises(InputError, match="point 2"):
        least_cost_cover(cover & [False, True, True], np.ones(3))


def test_two_thousand_points_and_two_hundred_sites_are_proven() -> None:
    found, greedy = _large(40.0)
    assert found.proven
    assert greedy.covered <= found.covered + 1e-6
    assert all(share >= 0.3 for share in found.shares.values())


def _large(seconds: float) -> tuple[Covering, Covering]:
    chance = np.random.default_rng(4)
    points, sites = chance.random((2000, 2)), chance.random((200, 2))
    apart = np.hypot(*(points[:, None, :] - sites[None]).transpose(2, 0, 1))
    groups = tuple("ws"[int(x > 0.5)] for x in points[:, 0])
    asked = Asked(
        apart < 0.07, chance.random(2000), chance.integers(1, 4, 200) * 1.0, 30.0, groups, {"w": 0.3, "s": 0.3}
    )
    return maximal_covering(asked, seconds), greedy_covering(asked)
