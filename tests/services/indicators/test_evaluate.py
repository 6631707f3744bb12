"""Are the published weights found on an outside table, and is what is wrong with a table or an option said?"""

import os
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from machinami.foundation.errors import InputError
from machinami.methods.scorecard import Report, Table
from machinami.services.indicators.evaluate import evaluate
from machinami.services.indicators.logic.panel import read_panel, traits_of, years_of

SHARED = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "circle"
SCHOOLS = "school.illit+school.prim+school.med+school.high+school.post.high@1964-1969"
SECTORS = ("agriculture", "energy", "industry", "construction", "services.venta", "services.nonventa")
BASQUE = {
    "unit": "regionname", "time": "year", "outcome": "gdpcap", "treated": "Basque Country (Pais Vasco)", "from": "1970",
    "without": "Spain (Espana)", "fit": "1960-1969", "traits": ",".join([
        f"100*school.illit/{SCHOOLS}", f"100*school.prim/{SCHOOLS}", f"100*school.med/{SCHOOLS}",
        f"100*school.high+school.post.high/{SCHOOLS}", "invest@1964-1969", "gdpcap@1960-1969", "popdens@1969",
        *(f"sec.{name}@1961-1969~2" for name in SECTORS)]),
}  # fmt: skip
OF_TIME = "gdp@{0},trade@{0},infrate@{0},industry@{0},"
GERMANY = {
    "unit": "country", "time": "year", "outcome": "gdp", "treated": "West Germany", "from": "1990", "fit": "1981-1990",
    "train": OF_TIME.format("1971-1980") + "schooling@1970-1975,invest70@1980",
    "traits": OF_TIME.format("1981-1990") + "schooling@1980-1985,invest80@1980",
}  # fmt: skip
LITTLE = b"""place,year,paths,note
a,2001,1,x
a,2002,2,x
a,2003,9,x
b,2001,1,x
b,2002,2,x
b,2003,3,x
c,2001,3,x
c,2002,4,x
c,2003,5,x
e,2001,7,x
e,2002,8,x
e,2003,9,x
d,2001,5,x
d,2002,6,x
d,2003,,x
"""
ASKED = {"unit": "place", "time": "year", "outcome": "paths", "treated": "a", "from": "2003", "without": "d"}


def quiet(done: int, of: int) -> None:
    """No bar."""


def scored(data: bytes, options: dict[str, str]) -> Report:
    return evaluate(Table(np.zeros(0, np.int64), {}, MappingProxyType({"csv": data})), options, quiet)


def weights(report: Report) -> dict[str, float]:
    told = {check.name: check.value for check in report.checks if check.name.startswith("weight ")}
    return {name.removeprefix("weight "): value for name, value in told.items() if value is not None}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared panels are not here")
def test_the_basque_country_is_a_mixture_of_cataluna_and_madrid_as_published() -> None:
    found = weights(scored((SHARED / "basque.csv").read_bytes(), BASQUE))
    assert found["Cataluna"] == pytest.approx(0.851, abs=0.01)
    assert found["Madrid (Comunidad De)"] == pytest.approx(0.149, abs=0.01)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared panels are not here")
def test_west_germany_is_the_mixture_of_2015() -> None:
    found = weights(scored((SHARED / "germany.csv").read_bytes(), GERMANY))
    published = {"Austria": 0.42, "USA": 0.22, "Japan": 0.16, "Switzerland": 0.11, "Netherlands": 0.09}
    assert found.keys() == published.keys()
    assert list(found.values()) == pytest.approx([published[name] for name in found], abs=0.02)


def test_a_little_table_is_compared_with_placebos() -> None:
    report = scored(LITTLE, {**ASKED, "placebos": "yes"})
    checks = {check.name: check.value for check in report.checks}
    assert checks["weight b"] == pytest.approx(1.0, abs=0.01)
    assert checks["effect_last"] == pytest.approx(6.0, abs=0.1)
    assert checks["placebo_share"] == pytest.approx(1 / 4)
    assert checks["difference_in_differences"] == pytest.approx(7.5 - 1.5)
    assert checks["drift_before"] == pytest.approx(0)


def test_planted_truths_are_found_and_nothing_where_there_is_nothing() -> None:
    report = evaluate(Table(np.zeros(0, np.int64), {}), {"nulls": "2"}, quiet)
    missed = [check.name for check in report.checks if check.passed is False and check.name != "placebo_size_at_10"]
    assert missed == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"treated": "z"}, "no place 'z'"), ({"unit": "town"}, "no column 'town'"), ({"from": "2002"}, "no time"),
        ({"outcome": "note"}, "no column of numbers 'note'"), ({"traits": "paths"}, "is no trait"),
        ({"traits": "paths@1990"}, "names no times"), ({"fit": "soon"}, "names no times"),
        ({"time": "note"}, "whole number"), ({"outcome": ""}, "--outcome"), ({"without": ""}, "gaps"),
        ({"traits": "paths@2003", "without": ""}, "not known"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(more: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        scored(LITTLE, {**ASKED, **more})


def test_traits_are_means_over_the_years_that_are_known() -> None:
    panel = read_panel(LITTLE, "place", "year")
    names, values = traits_of(panel, "paths@2001-2003, 10*paths/paths+paths@2001")
    assert names == ["paths@2001-2003", "10*paths/paths+paths@2001"]
    assert values[0].tolist() == [4.0, 2.0, 4.0, 8.0, 5.5]
    assert values[1].tolist() == [5.0] * 5
    assert years_of(panel, "2001-2003~2") == [2001, 2003]


def test_a_table_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="it has: nothing"):
        read_panel(b"", "place", "year")
    with pytest.raises(InputError, match="no CSV"):
        read_panel(b"\xff\xfe", "place", "year")
    with pytest.raises(InputError, match="number from 1"):
        evaluate(Table(np.zeros(0, np.int64), {}), {"nulls": "many"}, quiet)
