"""Is the heat service scored as its rule says, on data of anyone?"""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from machinami.cli.entrance import enter
from machinami.foundation.errors import InputError
from machinami.methods.scorecard import Table
from machinami.services.heat.evaluate import evaluate

SHARED = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "weather"
EMPTY = Table(np.zeros(0, np.int64), {})
ROWS = """year,month,day,hour,minute,gmt,avg,lat,lon,solar,pres,Tair,relhum,speed,zspeed,dT,urban,Twbg
2019,8,1,13,0,9,0,36,140,900,1005,33,50,2,2,-1,1,31.39249
2019,8,1,13,0,9,0,36,140,900,1005,33,50,2,2,-1,1,-9999
"""


def checks(table: Table, options: Mapping[str, str]) -> dict[str, float | None]:
    report = evaluate(table, options, lambda done, of: None)
    return {check.name: check.value for check in report.checks}


def test_a_row_of_the_published_program_is_met() -> None:
    found = checks(EMPTY._replace(documents={"reference": ROWS.encode()}), {})
    assert found["liljegren_rows"] == 1  # where the program found no balance there is nothing to meet
    assert (found["liljegren_largest_difference"] or 1) < 0.05


def test_a_leap_year_has_the_sun_of_the_next_day_as_the_published_program_gives_it() -> None:
    low_sun = f"{ROWS.splitlines()[0]}\n2024,11,15,7,0,9,10,42.337,135.361,670.1,877.2,30.68,25.9,0,10,-1,1,36.62587\n"
    found = checks(EMPTY._replace(documents={"reference": low_sun.encode()}), {})
    assert (found["liljegren_largest_difference"] or 1) < 0.05


def test_headings_may_say_their_units() -> None:
    head, *rows = ROWS.splitlines()
    ours = {"solar": "Solar (W/m2)", "pres": "pressure_hPa", "Tair": "air_temperature_degC", "Twbg": "WBGT (°C)"}
    ours |= {"relhum": "relative humidity [%]", "speed": "wind_m_s"}
    spoken = ",".join(ours.get(name, name) for name in head.split(","))
    found = checks(EMPTY._replace(documents={"reference": "\n".join((spoken, *rows)).encode()}), {})
    assert found == checks(EMPTY._replace(documents={"reference": ROWS.encode()}), {})


def test_a_heading_of_another_unit_is_not_taken_for_the_usual_one() -> None:
    other = ROWS.replace("Tair", "temperature_K")
    with pytest.raises(InputError, match="no column for temperature"):
        checks(EMPTY._replace(documents={"reference": other.encode()}), {})


def test_a_reference_without_its_columns_says_which() -> None:
    with pytest.raises(InputError, match="no column for irradiance"):
        checks(EMPTY._replace(documents={"reference": b"time,lat,lon\n2019-08-01T00:00:00Z,1,1\n"}), {})


def test_nothing_given_says_what_may_be() -> None:
    with pytest.raises(InputError, match="--medians"):
        checks(EMPTY, {})


def test_a_month_without_a_past_is_refused() -> None:
    seconds = np.arange(24 * 40, dtype=np.int64) * 3600
    table = Table(seconds, {"wbgt": {"p": np.sin(seconds / 14_000.0)}})
    with pytest.raises(InputError, match="nothing before"):
        checks(table, {"months": "1970-01", "zone": "UTC"})


def test_the_small_problem_of_the_library_is_solved() -> None:
    street = b"4 3 2\n1 2 1\n2 3 5\n3 4 1\n"
    found = checks(EMPTY._replace(documents={"pmedopt.txt": b"PROB OPTIMAL\npmed1 2\n", "pmed1.txt": street}), {})
    assert found == {"medians_tried": 1.0, "median_gap_pmed1": pytest.approx(0)}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared weather data are not here")
def test_real_heat_is_forecast_better_than_by_simple_ways(capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(SHARED / "wbgt_2019_hourly")
    words = ["evaluate", "heat", "--csv", folder, "--time", "Date+Time", "--tz", "Asia/Tokyo", "--wbgt", "WBGT"]
    assert enter([*words, "--json"]) == 0
    told = capsys.readouterr().out
    assert '"improvement_6h"' in told
    assert told.count('"passed": true') == 2
