"""Is a table read as it was meant, and are its faults said with line, column, value and cure?"""

import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import InputError, MachinamiError
from machinami.ingest.csv.mapping import read_mapping, read_readings
from machinami.ingest.csv.parse import read_measurements, read_sheet

RIVERS = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "river"
TOKYO = ZoneInfo("Asia/Tokyo")
real = pytest.mark.skipif(not RIVERS.is_dir(), reason="needs the real rivers of MACHINAMI_SHARED")

EXPORT = """取出情報,水位,,
観測局,持世寺,,
取出期間,　2023/06/25～,,　2023/07/02
,,,
観測時刻,水位,差分,
　2023/06/25 00:10,,,
　2023/06/25 24:00,"1,002.83",0.10,
　2023/06/26 00:10,欠測,0,
"""


def test_header_lines_before_the_header_are_passed_over() -> None:
    read = read_measurements(EXPORT.encode("cp932"), "観測時刻", {"水位": []}, TOKYO)
    assert read.columns["水位"][1] == 1002.83
    assert np.isnan(read.columns["水位"][[0, 2]]).all()
    assert datetime.fromtimestamp(int(read.seconds[1]), UTC) == datetime(2023, 6, 25, 15, tzinfo=UTC)
    assert read.notes[0] == "read as cp932"


def test_a_missing_column_names_those_there_are_and_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        read_sheet("time,zeniba,rain\n2020-01-01,1,0\n", ["time", "zeniva"])
    assert "did you mean 'zeniba'?" in caught.value.detail
    assert "time, zeniba, rain" in caught.value.detail


def test_a_cell_that_is_no_number_is_said_with_line_and_cure() -> None:
    with pytest.raises(InputError) as caught:
        read_measurements(b"note\ntime,level\n2020-01-01,1\n2020-01-02,high\n", "time", {"level": []})
    assert caught.value.detail.startswith("line 4, column level: 'high' is not a number")
    assert caught.value.facts["line"] == 4


def test_a_cell_that_is_no_time_is_said_with_line() -> None:
    with pytest.raises(InputError, match="line 3, column time: 'noon' is not a time"):
        read_measurements(b"time,level\n2020-01-01,1\nnoon,2\n", "time", {"level": []})


def test_rows_are_sorted_and_the_last_of_a_repeated_time_stands() -> None:
    read = read_measurements(b"t,v\n2020-01-02,2\n2020-01-01,1\n2020-01-02,3\n", "t", {"v": []})
    assert read.columns["v"].tolist() == [1.0, 3.0]
    assert any("sorted" in note for note in read.notes)
    assert any("1 rows repeat" in note for note in read.notes)


def test_tabs_and_semicolons_part_columns_too() -> None:
    assert read_sheet("a\tb\n1\t2\n", ["a", "b"]).column("b") == ["2"]
    assert read_sheet("a;b\n1;2\n", ["a", "b"]).column("b") == ["2"]


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(InputError, match="no row below the header"):
        read_sheet("a,b\n", ["a"])


@given(st.binary(max_size=300))
def test_no_bytes_bring_the_reader_down(data: bytes) -> None:
    try:
        read_measurements(b"time,level\n" + data, "time", {"level": []})
    except MachinamiError as error:
        said = error.detail
    else:
        said = "read"
    assert said


@real
@pytest.mark.parametrize("kind", ["waterlevel", "dam"])
def test_the_prefectures_own_export_is_read(kind: str) -> None:
    data = (RIVERS / f"kotogawa_raw_{kind}_20230625_sjis.csv").read_bytes()
    column = "水位" if kind == "waterlevel" else "流入量"
    read = read_measurements(data, "観測時刻", {column: []}, TOKYO)
    assert set(np.diff(read.seconds)) == {600}
    assert np.nanmax(read.columns[column]) > 5


@real
def test_a_year_with_two_clock_changes_has_no_double_hour() -> None:
    data = (RIVERS / "usgs03567500_chickamauga_hourly_2014_2018.csv").read_bytes()
    read = read_measurements(data, "datetime", {"cfs": [], "precip": []}, ZoneInfo("America/New_York"))
    assert (np.diff(read.seconds) > 0).all()
    assert np.median(np.diff(read.seconds)) == 3600


MAP = """
[time]
columns = ["観測時刻"]
zone = "Asia/Tokyo"
[entity]
type = "RiverGauge"
id = "urn:ngsi-ld:RiverGauge:mochiyoji"
[location]
latitude = 34.05
longitude = 131.31
[[attributes]]
column = "水位"
name = "waterLevel"
unit = "cm"
to = "m"
"""


def test_a_mapping_makes_readings_in_the_wanted_unit_at_a_place() -> None:
    place, level = list(read_readings(EXPORT.encode("cp932"), read_mapping(MAP)))
    assert place.kind == "GeoProperty"
    assert place.value == {"type": "Point", "coordinates": [131.31, 34.05]}
    assert (level.entity_id, level.attribute, level.unit_code) == (
        "urn:ngsi-ld:RiverGauge:mochiyoji",
        "waterLevel",
        "MTR",
    )
    assert level.value == pytest.approx(10.0283)
    assert level.observed_at == datetime(2023, 6, 25, 15, tzinfo=UTC)


def test_ids_and_places_may_come_from_columns() -> None:
    mapping = read_mapping(
        '[time]\ncolumns = ["date", "hour"]\nzone = "UTC"\n'
        '[entity]\ntype = "RainGauge"\nid = "urn:ngsi-ld:RainGauge:{code}"\n'
        '[location]\nlatitude_column = "lat"\nlongitude_column = "lon"\n'
        '[[attributes]]\ncolumn = "mm"\nname = "precipitation"\nunit = "mm"\n'
    )
    table = b"date,hour,code,lat,lon,mm\n2020-01-01,1:00,a,35,135,0\n2020-01-01,1:00,b,36,136,2.5\n"
    readings = list(read_readings(table, mapping))
    assert [r.entity_id[-1] for r in readings] == ["a", "a", "b", "b"]
    assert readings[2].value == {"type": "Point", "coordinates": [136.0, 36.0]}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (MAP.replace('"cm"', '"furlong"'), "unit 'furlong' is not known"),
        (MAP.replace('to = "m"', 'to = "m3/s"'), "cm measures length"),
        (MAP.replace("zone", "zome"), "time.zome is not known"),
        (MAP.replace("Asia/Tokyo", "Asia/Edo"), "'Asia/Edo' is no time zone"),
        (MAP.replace("latitude = 34.05", "latitude = 134.05"), "not on earth"),
        (MAP.split("[[attributes]]")[0], "at least one [[attributes]]"),
        ("[time", "is not TOML"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_cure(wrong: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_mapping(wrong)
    assert said in caught.value.detail
