"""Are tables of measurements read as they were meant, and is it said where they cannot be?"""

import contextlib
import math
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.csv.river import real_file

from machinami.foundation.errors import InputError
from machinami.ingest.csv.encoding import decode
from machinami.ingest.csv.parse import Table, read_table
from machinami.ingest.csv.sheet import read_sheet

HOURLY = "観測時刻,水位,雨量\n2023/06/25 23:00,1.20,0\n2023/06/25 24:00,1.25,3.5\n"


def read(text: str, columns: tuple[str, ...] = ("水位",), when: str = "観測時刻", **more: object) -> Table:
    return read_table(text.encode(), time=when, columns=columns, zone="Asia/Tokyo", **more)  # type: ignore[arg-type]


def values(table: Table, name: str = "水位") -> list[float | None]:
    return [None if math.isnan(value) else float(value) for value in table.columns[name]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932", "euc_jp"])
def test_the_encoding_is_found_out(encoding: str) -> None:
    table = read_table(HOURLY.encode(encoding), time="観測時刻", columns=["水位", "雨量"], zone="Asia/Tokyo")
    assert table.times == [datetime(2023, 6, 25, 14, tzinfo=UTC), datetime(2023, 6, 25, 15, tzinfo=UTC)]
    assert values(table) == [1.2, 1.25]
    assert encoding.removesuffix("-sig") in table.notes[0]


def test_half_width_katakana_is_not_taken_for_another_encoding() -> None:
    text = "ｶﾝｿｸ,ｽｲｲ\n2023/6/25 1:00,1.5\n"
    assert values(read_table(text.encode("cp932"), time="ｶﾝｿｸ", columns=["スイイ"]), "スイイ") == [1.5]


def test_bytes_of_no_encoding_are_named_with_their_line() -> None:
    with pytest.raises(InputError, match=r"utf-8 at byte 9 \(line 2\).*save it as UTF-8, or name its encoding"):
        read_table(b"time,a\n1,\xff\xfe\x00\xa0\n", time="time", columns=["a"])


def test_a_named_encoding_that_does_not_fit_is_said_so() -> None:
    with pytest.raises(InputError, match="the file is not utf-8: byte 0"):
        read_table(HOURLY.encode("cp932"), time="観測時刻", columns=["水位"], encoding="utf-8")
    with pytest.raises(InputError, match="there is no encoding 'klingon'"):
        read_table(b"a", time="a", columns=[], encoding="klingon")


def test_header_lines_and_trailing_commas_are_passed_over() -> None:
    table = read("観測局,持世寺,,\n,,,\n観測時刻,水位,差分,\n　2023/06/25 01:00,2.83,0,\n")
    assert values(table) == [2.83]
    assert list(table.lines) == [4]


def test_tabs_semicolons_and_quotes_are_read() -> None:
    assert values(read(HOURLY.replace(",", "\t"))) == [1.2, 1.25]
    assert values(read('"観測時刻";"水位"\n"2023/6/25 1:00";"1,20"\n"2023/6/25 2:00";"1,25"\n')) == [1.2, 1.25]
    assert values(read('観測時刻,水位\n2023/6/25 1:00,"1,308.43"\n')) == [1308.43]


def test_lines_may_end_in_any_way() -> None:
    for end in ("\r\n", "\r", "\n"):
        assert values(read(HOURLY.replace("\n", end))) == [1.2, 1.25]


def test_full_width_names_are_the_same_names() -> None:
    assert values(read("観測時刻,水位（ｍ）\n2023/6/25 1:00,１．２０\n", ("水位(m)",)), "水位(m)") == [1.2]


def test_a_column_may_be_meant_by_its_position() -> None:
    table = read("観測時刻,水位,水位,\n2023/6/25 1:00,1,2,3\n", ("#3", "#4"))
    assert values(table, "#3") == [2.0]
    assert values(table, "#4") == [3.0]
    assert values(read("2023/6/25 1:00,7\n", ("#2",), when="#1"), "#2") == [7.0]


def test_two_columns_of_one_name_are_noted() -> None:
    table = read("観測時刻,水位,水位\n2023/6/25 1:00,1,2\n")
    assert values(table) == [1.0]
    assert "2 columns are called 水位; #2 is read (the next is #3)" in table.notes


def test_date_and_time_in_two_columns_are_joined() -> None:
    table = read("日付,時刻,水位\n2023/6/24,24:00,1\n2023/6/25,1:00,2\n", when="日付+時刻")
    assert table.times[0] == datetime(2023, 6, 24, 15, tzinfo=UTC)


def test_units_below_the_header_continue_it() -> None:
    assert values(read("観測時刻,水位\n,m\n2023/6/25 1:00,1\n")) == [1.0]
    usgs = (
        "# water\nagency_cd\tdatetime\ttz_cd\tlevel\n5s\t20d\t6s\t14n\n"
        "USGS\t2023-06-24 12:00\tEDT\t1\nUSGS\t2023-06-24 13:00\tEDT\tIce\n"
    )
    table = read(usgs, ("level",), when="datetime+tz_cd")
    assert values(table, "level") == [1.0, None]
    assert table.times[0] == datetime(2023, 6, 24, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "mark", ["", "-", "--", "欠測", "***", "閉局", "NaN", "０．００", "0", "-0.0", "inf", "1e999", "異常"]
)
def test_marks_of_missing_values_are_no_values(mark: str) -> None:
    text = f"観測時刻,水位,雨量\n2023/6/25 1:00,{mark},1\n2023/6/25 2:00,1.5,1\n"
    assert values(read(text, missing=["0.00", "異常"])) == [None, 1.5]


def test_marks_may_differ_by_column() -> None:
    table = read("観測時刻,水位,雨量\n2023/6/25 1:00,0,0\n", ("水位", "雨量"), missing={"水位": ["0.00"]})
    assert values(table) == [None]
    assert values(table, "雨量") == [0.0]


def test_a_repeated_time_keeps_its_last_row_and_says_so() -> None:
    table = read("観測時刻,水位\n2023/6/25 2:00,2\n2023/6/25 1:00,1\n2023/6/25 2:00,3\n")
    assert values(table) == [1.0, 3.0]
    assert list(table.lines) == [3, 4]
    assert table.notes[1:] == (
        "rows were not in order of time; they were sorted",
        "1 rows repeat a time; the last one of each stands",
    )


def test_an_unknown_column_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        read(HOURLY, ("水位m",))
    assert str(caught.value) == "no column '水位m' (did you mean '水位'?); the columns are: 観測時刻, 水位, 雨量"


def test_the_columns_that_are_named_are_those_of_the_header_not_of_a_fuller_row() -> None:
    with pytest.raises(InputError, match="the columns are: site, datetime, cfs"):
        read(",site,datetime,cfs\n0,USGS,2023-06-24 12:00,3130\n1,USGS,2023-06-24 13:00,3150\n", ("stage",), when="at")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            "2023/6/25 1:00,高い",
            "line 2, column 水位: '高い' is not a number; mend it, or say that it means a missing value",
        ),
        ("2023/6/25 1:00,1_0", "line 2, column 水位: '1_0' is not a number"),
        ("2023/6/25 1:00,1.2.3", "line 2, column 水位: '1.2.3' is not a number"),
        ("昨日,1", "line 2, column 観測時刻: '昨日' is not a time; write it as 2023-06-25 13:00, or give its layout"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(row: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        read(f"観測時刻,水位\n{row}\n2023/6/25 2:00,?\n")
    assert str(caught.value).startswith(sentence)
    assert caught.value.facts["line"] == 2


@pytest.mark.parametrize("text", ["", "\n\n", "観測時刻,水位\n", "観測時刻,水位\n,,\n", '"', "a\0b"])
def test_an_empty_table_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read(text)


@given(st.binary(max_size=300))
def test_no_bytes_end_in_anything_but_a_clear_error(noise: bytes) -> None:
    for data in (noise, b"t,v\n" + noise, b"t,v\n2023-01-01," + noise, b"t,v\n2023" + noise):
        with contextlib.suppress(InputError):
            table = read_table(data, time="t", columns=["v"], zone="America/New_York")
            assert len(table.times) == len(table.columns["v"]) == len(table.lines) > 0


@given(st.text(max_size=200), st.sampled_from(["t", "#1", "t+u"]), st.text(max_size=10))
def test_no_text_ends_in_anything_but_a_clear_error(noise: str, when: str, layout: str) -> None:
    data = ("t,u,v\n2023-1-1,1:00," + noise).encode("utf-8", "replace")
    with contextlib.suppress(InputError):
        table = read_table(data, time=when, columns=["v"], layout=layout)
        assert len(table.times) == len(table.columns["v"]) > 0


LEVELS = st.one_of(st.none(), st.floats(-1e6, 1e6).map(lambda value: round(value, 3)))


@given(
    st.lists(LEVELS, min_size=1, max_size=30),
    st.sampled_from(["utf-8", "cp932", "utf-16", "euc_jp"]),
    st.sampled_from([",", "\t", ";"]),
    st.sampled_from(["", "欠測", "***"]),
)
def test_values_that_were_written_are_read_again(
    levels: list[float | None], encoding: str, separator: str, mark: str
) -> None:
    start = datetime(2023, 6, 25, tzinfo=UTC)
    rows = [["観測時刻", "水位"]]
    rows += [
        [f"{start + timedelta(minutes=10 * i):%Y/%m/%d %H:%M}", mark if level is None else str(level)]
        for i, level in enumerate(levels)
    ]
    text = "\n".join(separator.join(row) for row in rows)
    table = read_table(text.encode(encoding), time="観測時刻", columns=["水位"], zone="UTC")
    assert values(table) == levels
    assert table.seconds[-1] - table.seconds[0] == 600 * (len(levels) - 1)


def test_the_prefectures_own_export_is_read() -> None:
    data = real_file("river/kotogawa_raw_waterlevel_20230625_sjis.csv")
    table = read_table(data, time="観測時刻", columns=["水位", "差分"], zone="Asia/Tokyo")
    assert len(table.times) == 1008
    assert np.nanmax(table.columns["水位"]) == 7.47
    assert table.times[-1] == datetime(2023, 7, 1, 15, tzinfo=UTC)  # written 2023/07/01 24:00
    dam = real_file("river/kotogawa_raw_dam_20230625_sjis.csv")
    table = read_table(dam, time="観測時刻", columns=["60分雨量", "流入量"], zone="Asia/Tokyo")
    assert np.nanmax(table.columns["流入量"]) == 1308.43
    assert np.nanmax(table.columns["60分雨量"]) == 60.0


def test_two_months_of_a_river_are_read_without_its_zeros() -> None:
    data = real_file("river/kotogawa_jp_10min_20230601_20230801.csv")
    table = read_table(data, time="時刻", columns=["水位_水位"], zone="Asia/Tokyo", missing=["0.00"])
    assert len(table.times) == 8928
    assert np.nanmin(table.columns["水位_水位"]) == 1.85


def test_a_creek_with_zone_abbreviations_is_read_by_its_zone_too() -> None:
    data = real_file("river/usgs03567500_chickamauga_hourly_2014_2018.csv")
    said = read_table(data, time="datetime+tz_cd", columns=["cfs", "precip"])
    meant = read_table(data, time="datetime", columns=["cfs", "precip"], zone="America/New_York")
    assert len(said.times) == len(meant.times) == 17927
    assert np.array_equal(said.seconds, meant.seconds)


def test_the_citys_files_are_read_below_their_hash_lines() -> None:
    data = real_file("municipal/takamatsu/old_data/0060.csv")
    sites = read_sheet(decode(data)[0], ["name", "location", "capacity"])
    assert sites.columns["location"][0] == "34.34753333,134.03003917"
    assert len(sites.lines) == 193
    assert sites.preamble["lang"] == "ja"


def test_sixty_thousand_rows_take_less_than_three_seconds() -> None:
    names = [f"雨量{i}" for i in range(25)]
    start = datetime(2020, 1, 1, tzinfo=UTC)
    rows = [
        f"{start + timedelta(minutes=10 * i):%Y/%m/%d %H:%M}," + ",".join(str((i * j) % 97 / 2) for j in range(25))
        for i in range(60_000)
    ]
    data = "\n".join(["日時," + ",".join(names), *rows]).encode("cp932")
    began = time.process_time()
    table = read_table(data, time="日時", columns=names, zone="Asia/Tokyo")
    assert time.process_time() - began < 3.0
    assert len(table.times) == 60_000
