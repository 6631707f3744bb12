"""Is a unit shown as people write it?"""

import pytest

from machinami.foundation.units import UNITS, unit_of
from machinami.kit.units import SYMBOLS, symbol


@pytest.mark.parametrize("code", sorted({unit.code for unit in UNITS}))
def test_every_unit_that_can_be_brought_in_can_be_shown(code: str) -> None:
    assert code in SYMBOLS
    assert not symbol(code) or unit_of(symbol(code)) is unit_of(code)


def test_a_code_that_nobody_knows_is_shown_as_it_is_and_none_as_nothing() -> None:
    assert (symbol("XYZ"), symbol(None)) == ("XYZ", "")
