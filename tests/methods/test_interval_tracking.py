"""Does an interval keep its promise when errors grow, without knowing what comes?"""

import numpy as np
import pytest

from machinami.methods.interval_tracking import Tracker, widths

CALM = Tracker(-1.645, 1.645)


def covered(tracker: Tracker, errors: np.ndarray, delay: int) -> float:
    wide = widths(tracker, errors, 1.0, delay)
    return float(((errors >= tracker.low * wide) & (errors <= tracker.high * wide)).mean())


@pytest.mark.parametrize("delay", [1, 6, 24])
@pytest.mark.parametrize("spread", [0.7, 1.0, 1.5, 2.5])
def test_the_promised_share_is_covered_however_much_errors_spread(spread: float, delay: int) -> None:
    errors = np.random.default_rng(3).normal(0, spread, 4000)
    assert covered(CALM, errors, delay) == pytest.approx(0.9, abs=0.02)


def test_without_tracking_a_wider_spread_is_missed() -> None:
    errors = np.random.default_rng(3).normal(0, 2.5, 4000)
    assert covered(CALM._replace(rate=0.0), errors, 1) < 0.6


def test_no_width_depends_on_what_is_not_known_yet() -> None:
    errors = np.random.default_rng(5).normal(0, 2, 300)
    changed = errors.copy()
    changed[200:] = 50.0
    assert (widths(CALM, errors, 1.0, 6)[:206] == widths(CALM, changed, 1.0, 6)[:206]).all()


def test_what_is_never_known_changes_nothing() -> None:
    assert (widths(CALM, np.full(50, np.nan), 1.3, 2) == 1.3).all()
