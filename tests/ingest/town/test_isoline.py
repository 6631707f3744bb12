"""Do isolines close, enclose what is high, and turn the right way?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.ingest.town.isoline import inside, polygons, rings, signed_area, thinned
from machinami.ingest.town.noise import generator, waves

XS = np.arange(0.0, 41.0)
YS = np.arange(0.0, 31.0)


def test_the_ring_around_a_cone_is_a_circle() -> None:
    x, y = np.meshgrid(XS, YS)
    (ring,) = rings(10.0 - np.hypot(x - 20, y - 15), 0.0, XS, YS)
    assert (ring[0] == ring[-1]).all()
    assert signed_area(ring) == pytest.approx(np.pi * 100.0, rel=0.01)


def test_a_crater_is_a_hole_in_its_hill() -> None:
    x, y = np.meshgrid(XS, YS)
    far = np.hypot(x - 20, y - 15)
    (shape,) = polygons(4.0 - np.abs(far - 8.0), 0.0, XS, YS, 1.0, 0.0)
    assert len(shape) == 2
    assert signed_area(shape[0]) > 0 > signed_area(shape[1])


@given(st.integers(0, 10_000), st.floats(-1.0, 1.0))
def test_every_grid_point_is_inside_the_rings_exactly_when_it_is_high(seed: int, level: float) -> None:
    x, y = np.meshgrid(XS, YS)
    field = waves(generator(seed), 30.0, 6.0, 10).at(x, y)
    inner = np.stack([x[1:-1, 1:-1].ravel(), y[1:-1, 1:-1].ravel()], axis=1)
    crossings = np.zeros(len(inner), dtype=int)
    for ring in rings(field, level, XS, YS):
        assert (ring[0] == ring[-1]).all()
        crossings += inside(ring, inner)
    assert ((crossings % 2 == 1) == (field[1:-1, 1:-1].ravel() > level)).all()


def test_thinning_keeps_the_ends_and_stays_near() -> None:
    turn = np.linspace(0, 2 * np.pi, 200)
    circle = 100.0 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    thin = thinned(circle, 0.5)
    assert len(thin) < 60
    assert (thin[[0, -1]] == circle[[0, -1]]).all()
    middles = 0.5 * (thin[1:] + thin[:-1])
    assert np.hypot(*middles.T).min() > 95.0
