"""Does the simulated basin keep the laws of water?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.ingest.town.runoff import STEP_SECONDS, Hillslope, Reach, Section, drained, initial, run

SECTION = Section(12.0, 1.5, 2.0, 0.005, 0.036, 0.2)
UPPER = Reach(Hillslope(14.0), 4000.0, 12.0, 0.008, SECTION)
LOWER = Reach(Hillslope(9.0), 3000.0, 20.0, 0.004, SECTION, (0,))
DEPTHS = st.lists(st.floats(0.0, 12.0), min_size=3, max_size=60)


@given(DEPTHS)
def test_no_water_is_made_or_lost(depths: list[float]) -> None:
    reaches = (UPPER, LOWER)
    stores = [initial(reach) for reach in reaches]
    held = sum(store.volume(reach.slope.area) for store, reach in zip(stores, reaches, strict=True))
    rain = np.array([depths, depths]).T
    flow, vapour = run(reaches, stores, rain)
    fallen = float((rain.sum(axis=0) * [reach.slope.area * 1e3 for reach in reaches]).sum())
    gone = float(flow[:, 1].sum()) * STEP_SECONDS + float(vapour.sum())
    left = sum(store.volume(reach.slope.area) for store, reach in zip(stores, reaches, strict=True))
    assert held + fallen == pytest.approx(left + gone, rel=1e-9)


@given(DEPTHS, st.floats(0.5, 8.0), st.integers(0, 2))
def test_more_rain_never_means_less_water_in_the_river(depths: list[float], more: float, when: int) -> None:
    wetter = list(depths)
    wetter[when] += more
    flows = [run((UPPER,), [initial(UPPER)], np.array([rain]).T)[0][:, 0] for rain in (depths, wetter)]
    assert (flows[1] >= flows[0] - 1e-9).all()


@given(st.floats(0.0, 400.0), st.floats(0.01, 50.0))
def test_a_greater_discharge_stands_higher(flow: float, more: float) -> None:
    low, high = SECTION.level(np.array([flow, flow + more]))
    assert high > low


@given(st.floats(0.02, 5.5))
def test_the_rating_gives_back_the_depth_it_was_given(depth: float) -> None:
    flow = SECTION.discharge(np.array([depth]))
    assert SECTION.level(flow)[0] + SECTION.zero == pytest.approx(depth, abs=1e-3)


@given(st.floats(0.0, 1e6), st.floats(1e-9, 10.0))
def test_a_store_never_gives_more_than_it_holds(store: float, rate: float) -> None:
    assert 0.0 <= drained(store, rate) <= store


def test_without_rain_a_river_falls() -> None:
    flow, _ = run((UPPER,), [initial(UPPER)], np.zeros((600, 1)))
    assert (np.diff(flow[300:, 0]) < 0).all()
