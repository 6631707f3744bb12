"""The noise is the discrete Laplace distribution, and never less of it than the budget wants.

The library draws from the machine's own chance and takes no seed: at these bounds a right one fails once in 10^9.
"""

import math
from collections import Counter

import pytest

from machinami.kit.noise import draw, errors

DRAWS = 40_000


def test_noise_is_distributed_as_the_discrete_laplace_distribution() -> None:
    scale = 2.0
    (drawn,) = draw([[100] * DRAWS], [scale], [1.0])
    seen = Counter(value - 100 for value in drawn)
    decay = math.exp(-1 / scale)
    for step in range(-6, 7):
        wanted = (1 - decay) / (1 + decay) * decay ** abs(step)
        spread = math.sqrt(wanted * (1 - wanted) / DRAWS)
        assert abs(seen[step] / DRAWS - wanted) < 6.5 * spread, step


def test_the_likelihoods_of_neighbouring_counts_differ_by_no_more_than_epsilon() -> None:
    epsilon = 0.5
    (one, other) = draw([[10] * DRAWS, [11] * DRAWS], [1 / epsilon] * 2, [1.0, 1.0])
    first, second = Counter(one), Counter(other)
    for value in range(6, 16):
        if min(first[value], second[value]) > 400:
            spread = math.sqrt(1 / first[value] + 1 / second[value])
            assert abs(math.log(first[value] / second[value])) < epsilon + 6.5 * spread


def test_the_error_that_is_told_holds_for_95_of_100() -> None:
    (bound,) = errors([3.0])
    (drawn,) = draw([[0] * DRAWS], [3.0], [1.0])
    outside = sum(abs(value) > bound for value in drawn) / DRAWS
    assert outside < 0.05 + 6.5 * math.sqrt(0.05 * 0.95 / DRAWS)


def test_less_noise_than_the_share_is_refused() -> None:
    assert draw([[1, 2, 3]], [10.0], [5.0])
    with pytest.raises(Exception, match=r"scale|noise"):
        draw([[1]], [-1.0], [1.0])
