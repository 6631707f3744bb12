"""Does a file become the readings that its map means?"""

import contextlib
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.csv.maps import MOCHIYOJI, map_of
from tests.ingest.csv.river import real_file

from machinami.foundation.errors import InputError
from machinami.ingest.csv.readings import Harvest, harvest, readings

ROOT = Path(__file__).resolve().parents[3]
EXPORT = """取出情報,水位,,
観測局,持世寺,,
,,,
観測時刻,水位,差分,
　2023/06/25 23:00,2.83,0,
　2023/06/25 24:00,2.85,0.02,
"""

STATIONS = """
[time]
column = ["日付", "時刻"]
zone = "America/New_York"
[entity]
id = "urn:ngsi-ld:RainGauge:{局 番号}"
type = "RainGauge"
name = "雨量 {局名}"
location = ["経度", "緯度"]
[[value]]
column = "雨量"
attribute = "precipitation"
unit = "inch"
to = "mm"
max = 100
[[value]]
column = "天気"
attribute = "weather"
kind = "text"
"""


def read(text: str, toml: str = MOCHIYOJI) -> Harvest:
    return harvest(text.encode("cp932"), map_of(toml))


def test_the_prefectures_export_becomes_readings_of_the_gauge_named_above_its_header() -> None:
    found = read(EXPORT)
    first, second = readings(found)
    assert first.entity_id == second.entity_id == "urn:ngsi-ld:RiverGauge:持世寺"
    assert (first.attribute, first.value, first.unit_code) == ("waterLevel", 2.83, "MTR")
    assert first.observed_at == datetime(2023, 6, 25, 14, tzinfo=UTC)
    assert second.observed_at == datetime(2023, 6, 25, 15, tzinfo=UTC)
    name, place = found.facts
    assert name.value == {"ja": "持世寺", "en": "Mochiyoji"}
    assert place.value == {"type": "Point", "coordinates": [131.28, 34.03]}


def test_the_documented_example_is_true() -> None:
    blocks = (ROOT / "docs" / "import-csv.md").read_text(encoding="utf-8").split("```")
    table, first, more = blocks[3], blocks[5], blocks[7]
    assert [r.value for r in readings(read(table, first.removeprefix("toml")))] == [2.83, 2.85]
    assert len(map_of(first.removeprefix("toml") + more.removeprefix("toml")).values) == 2


def test_many_stations_in_one_file_are_kept_apart() -> None:
    rows = "日付,時刻,局 番号,局名,緯度,経度,雨量,天気\n"
    for hour in ("0:00", "1:00", "1:00", "2:00"):  # the night in which 1:00 comes twice
        rows += f"2014/11/2,{hour},a 1,北,34.1,131.2,1,雨\n2014/11/2,{hour},b,南,34.2,131.3,-,\n"
    found = read(rows, STATIONS)
    north = [r for r in readings(found) if r.entity_id == "urn:ngsi-ld:RainGauge:a-1"]
    assert [r.value for r in north if r.attribute == "precipitation"] == [25.4] * 4
    assert [r.value for r in north if r.attribute == "weather"] == ["雨"] * 4
    steps = sorted({r.observed_at for r in north})
    assert [b - a for a, b in pairwise(steps)] == [timedelta(hours=1)] * 3
    assert found.missing == 8
    assert {(r.entity_id[-1], r.attribute) for r in found.facts} == {
        ("1", "name"), ("1", "location"), ("b", "name"), ("b", "location")
    }  # fmt: skip


def test_implausible_values_are_refused_and_counted() -> None:
    found = read(EXPORT.replace("2.85", "99"), MOCHIYOJI + "min = -1\nmax = 20\n")
    assert [r.value for r in readings(found)] == [2.83]
    assert found.refused == {"waterLevel above 20": 1}
    assert found.missing == 0


def test_a_line_that_cannot_be_read_is_left_out_and_named() -> None:
    found = read(EXPORT.replace("2.85", "高い"))
    assert [r.value for r in readings(found)] == [2.83]
    assert str(found.skipped[0]).startswith("line 6, column 水位: '高い' is not a number")


def test_a_bad_line_never_displaces_a_good_one() -> None:
    found = read(EXPORT + "2023/06/25 24:00,?,0\n")
    assert [r.value for r in readings(found)] == [2.83, 2.85]


def test_a_place_in_one_column_is_latitude_and_longitude() -> None:
    toml = MOCHIYOJI.replace("[131.28, 34.03]", '"位置"')
    found = read('観測局,位置,観測時刻,水位\n"x","34.05, 131.3",2023/6/1 1:00,1\n', toml)
    assert found.facts[-1].value == {"type": "Point", "coordinates": [131.3, 34.05]}


def test_an_id_that_is_no_uri_is_refused() -> None:
    with pytest.raises(InputError, match="is no URI"):
        read(EXPORT, MOCHIYOJI.replace("urn:ngsi-ld:RiverGauge:", ""))
    with pytest.raises(InputError, match="above the header stand: 取出情報, 観測局"):
        read(EXPORT, MOCHIYOJI.replace('id = "urn:ngsi-ld:RiverGauge:{観測局}"', 'id = "urn:x:{局}"'))
    with pytest.raises(InputError, match="is empty in a row"):
        read("観測局,観測時刻,水位\n,2023/6/1 1:00,1\n")


def test_what_no_uri_may_hold_is_written_as_percent() -> None:
    found = read("観測局,観測時刻,水位\n<上 下>,2023/6/1 1:00,1\n")
    assert found.entities == ["urn:ngsi-ld:RiverGauge:%3C上-下%3E"]


def test_gaps_are_counted_between_moments_with_a_value() -> None:
    rows = "".join(f"2023/6/1 {hour}:00,{'-' if hour in (3, 4, 8) else 1}\n" for hour in range(12))
    found = read("観測局,x\n観測時刻,水位\n" + rows)
    assert found.gaps() == (2, timedelta(hours=1))


def test_a_real_export_is_harvested_whole() -> None:
    found = harvest(real_file("river/kotogawa_raw_waterlevel_20230625_sjis.csv"), map_of(MOCHIYOJI))
    assert (found.rows, found.count(), found.missing, found.skipped) == (1008, 902, 106, ())
    assert max(r.value for r in readings(found)) == 7.47


def test_kamikawa_with_its_rain_gauges_is_harvested() -> None:
    data = real_file("river/kamikawa_jp_10min_2020.csv")
    names = data[:400].decode().split(",")[2:26]
    toml = '[time]\ncolumn = "date"\nzone = "Asia/Tokyo"\n[entity]\nid = "urn:x:kamikawa"\ntype = "Catchment"\n'
    toml += "".join(f'[[value]]\ncolumn = "{name}"\nattribute = "{name}"\nunit = "mm"\n' for name in names)
    found = harvest(data, map_of(toml))
    assert found.count() + found.missing == 16_386 * len(names)
    assert found.gaps() == (0, timedelta(minutes=10))


VALUES = st.lists(st.floats(-99, 99).map(lambda value: round(value, 2)), min_size=1, max_size=20)


@given(VALUES, st.sampled_from(["m", "cm", "mm", "ft"]))
def test_a_value_in_another_unit_is_the_same_value(levels: list[float], unit: str) -> None:
    start = datetime(2023, 6, 1, tzinfo=UTC)
    rows = [f"{start + timedelta(hours=i):%Y/%m/%d %H:%M},{level}" for i, level in enumerate(levels)]
    found = read("観測局,x\n観測時刻,水位\n" + "\n".join(rows), MOCHIYOJI.replace('"m"', f'"{unit}"\nto = "m"'))
    metres = {"m": 1, "cm": 0.01, "mm": 0.001, "ft": 0.3048}[unit]
    assert [r.value for r in readings(found)] == pytest.approx([level * metres for level in levels])


@given(st.binary(max_size=200), st.sampled_from([MOCHIYOJI, STATIONS]))
def test_no_bytes_end_in_anything_but_readings_or_a_clear_error(noise: bytes, toml: str) -> None:
    header = "日付,時刻,局 番号,局名,緯度,経度,雨量,天気,観測局,観測時刻,水位\n2023/6/1,".encode()
    for data in (noise, header + noise):
        with contextlib.suppress(InputError):
            found = harvest(data, map_of(toml))
            assert len(list(readings(found))) == found.count()


WORDS = """
[time]
column = "asked"
zone = "America/Chicago"
[entity]
id = "urn:ngsi-ld:IssueReporting:{id}"
type = "IssueReporting"
[[value]]
column = "status"
attribute = "state"
kind = "text"
words = { CLOSED = "mended", NEW = "received" }
[[value]]
column = "closed"
attribute = "closedAt"
kind = "time"
missing = ["NA"]
"""


def test_words_of_a_column_become_the_town_s_and_times_get_their_zone() -> None:
    table = (
        b"id,asked,status,closed\n1,2018-01-01 00:48:30.0,CLOSED,2018-07-02 16:22:21\n2,2018-01-02 00:00:00,NEW,NA\n"
    )
    told = [(one.entity_id[-1], one.attribute, one.value) for one in readings(harvest(table, map_of(WORDS)))]
    assert told == [("1", "state", "mended"), ("1", "closedAt", "2018-07-02T21:22:21Z"), ("2", "state", "received")]


def test_a_word_or_a_time_that_is_not_known_is_named_with_its_line() -> None:
    table = b"id,asked,status,closed\n1,2018-01-01 00:48:30,LOST,soon\n2,2018-01-02 00:00:00,NEW,\n"
    found = harvest(table, map_of(WORDS))
    assert [(one.line, one.column, one.value) for one in found.skipped] == [
        (2, "status", "LOST"), (2, "closed", "soon"),
    ]  # fmt: skip
    assert "words" in str(found.skipped[0])
