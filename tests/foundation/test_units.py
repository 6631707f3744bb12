"""Do units turn into each other, and only where they measure the same?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData
from machinami.foundation.units import UNITS, converted, unit_of

KINDS = [(a.symbol, b.symbol) for a in UNITS for b in UNITS if a.kind == b.kind]


def test_feet_become_metres_and_cubic_feet_litres() -> None:
    assert converted(1.0, "ft", "m") == pytest.approx(0.3048)
    assert converted(1.0, "cfs", "l/s") == pytest.approx(28.316846592)
    assert converted(32.0, "°F", "℃") == pytest.approx(0.0, abs=1e-9)


@given(st.sampled_from(KINDS), st.floats(-1e6, 1e6))
def test_there_and_back_is_the_same(pair: tuple[str, str], value: float) -> None:
    there = converted(value, *pair)
    assert converted(there, pair[1], pair[0]) == pytest.approx(value, rel=1e-9, abs=1e-6)


def test_a_unit_is_found_by_symbol_spelling_and_code() -> None:
    assert unit_of("m³/s") is unit_of("MQS") is unit_of("m3/s") is unit_of("㎥／ｓ")


def test_rain_and_flow_of_other_countries_are_turned_into_ours() -> None:
    assert converted(2.0, "inch", "mm") == pytest.approx(50.8)
    assert converted(3.6, "mm/h", "m/s") == pytest.approx(1e-6)
    assert converted(10.0, "kn", "km/h") == pytest.approx(18.52)


def test_a_unit_stays_exactly_itself() -> None:
    assert converted(0.1 + 0.2, "ft", "FOT") == 0.1 + 0.2


def test_what_measures_something_else_is_refused() -> None:
    with pytest.raises(BadRequestData, match="m measures length, m3/s flow"):
        converted(1.0, "m", "m3/s")
    with pytest.raises(BadRequestData, match="'shaku' is not known"):
        unit_of("shaku")
