"""By how much are counts told wrong on purpose, so that nobody can tell whether somebody is among them?

The noise is the discrete Laplace distribution, drawn by OpenDP with exact rational arithmetic: noise of floating-point
numbers gives away what it should hide (Mironov 2012; Haney et al. 2022). The library is large, so this module is
imported in a worker process alone, by its name (`kit.compute.call`).
"""

from collections.abc import Sequence

from opendp import prelude as dp

_ALPHA = 0.05
_SLACK = 1 + 1e-9  # the library rounds what it says of a loss up

dp.enable_features("contrib")


def draw(sums: Sequence[Sequence[int]], scales: Sequence[float], moves: Sequence[float]) -> list[list[int]]:
    """The sums with noise. scales: of the noise of each; moves: by how much one person changes each at most in all.

    Raises ValueError where a scale gives away more than its share of the loss.
    """
    found: list[list[int]] = []
    for values, scale, move in zip(sums, scales, moves, strict=True):
        space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
        noise = dp.m.make_laplace(*space, scale=scale)
        if noise.map(round(move)) > move / scale * _SLACK:
            raise ValueError("the noise would give away more than was asked")
        found.append([int(value) for value in noise(list(values))])
    return found


def errors(scales: Sequence[float]) -> list[float]:
    """By how much a number with noise of each scale is off at most, with 95 % probability."""
    return [float(dp.discrete_laplacian_scale_to_accuracy(scale, _ALPHA)) for scale in scales]
