"""Are worth, return and payback of a work as they are by hand?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.methods.investment import Row, payback, present_value, prospect, rate_of_return

YEN = st.integers(1, 10**9)
FLOWS = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=12)


def test_a_hundred_next_year_is_worth_less_today() -> None:
    assert present_value([-100, 0, 121], 0.1) == pytest.approx(0.0)
    assert present_value([0, 104], 0.04) == pytest.approx(100.0)


@given(YEN, st.lists(YEN, min_size=1, max_size=12))
def test_at_its_rate_of_return_a_work_is_worth_nothing(cost: int, gains: list[int]) -> None:
    flows = [-cost, *gains]
    rate = rate_of_return(flows)
    if rate is None:
        assert cost >= 10**9 * gains[0]
        return
    least = 1e-6 * (1 + rate)
    assert present_value(flows, rate - least) > 0 > present_value(flows, rate + least)


@pytest.mark.parametrize("flows", [[-1, 3, -2], [1, 2], [-1, -2], [0, 0], [-(10**12), 1], [-1, 10**12]])
def test_where_no_rate_or_several_may_do_none_is_told(flows: list[int]) -> None:
    assert rate_of_return(flows) is None


def test_a_cost_is_paid_back_within_the_year_in_which_it_is() -> None:
    assert payback([-100, 40, 40, 40]) == pytest.approx(2.5)
    assert payback([-100, 40]) is None
    assert payback([5, 1]) == 0.0
    assert payback([-10, 20, -15, 10]) == pytest.approx(2.5)


@given(FLOWS)
def test_after_the_payback_nothing_is_owing(flows: list[int]) -> None:
    years = payback(flows)
    total = np.cumsum(flows)
    if years is None:
        assert total[-1] < 0
    else:
        assert (total[int(np.ceil(years)) :] >= 0).all()


def test_what_is_sure_has_no_spread() -> None:
    found = prospect([Row("build", (-100.0, 0.0)), Row("saved", (0.0, 110.0))], 0.1, np.random.default_rng(1))
    assert found.worth == pytest.approx(0.0)
    assert found.worth_low == found.worth_high == pytest.approx(0.0)


def test_a_doubtful_income_leaves_cases_that_are_not_covered() -> None:
    rows = [Row("run", (-100.0, -100.0)), Row("fees", (105.0, 105.0), least=0.5, most=1.2)]
    found = prospect(rows, 0.0, np.random.default_rng(1))
    assert found.worth == pytest.approx(10.0)
    assert found.worth_low < 0 < found.worth_high
    assert 0.3 < found.uncovered < 0.9


@pytest.mark.parametrize("rows", [[], [Row("a", (1.0,)), Row("b", (1.0, 2.0))], [Row("a", (1.0,), least=1.5)]])
def test_a_plan_that_is_none_is_refused(rows: list[Row]) -> None:
    with pytest.raises(InputError):
        prospect(rows, 0.04, np.random.default_rng(1))
