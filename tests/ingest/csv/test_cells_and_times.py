"""Do cells say what people meant by them?"""

# ruff: noqa: DTZ001  local times without a zone are what these tests are about

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.ingest.csv.cells import marks_of, read_number
from machinami.ingest.csv.encoding import decode
from machinami.ingest.csv.times import in_zone, read_time

PLAIN = marks_of([])


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1.5", 1.5),
        (" 1,234.5 ", 1234.5),
        ("１２．３４", 12.34),
        ("−0.3", -0.3),
        ("　2.83", 2.83),
        ("1e3", 1000.0),
        (".5", 0.5),
    ],
)
def test_a_written_number_is_read(cell: str, value: float) -> None:
    assert read_number(cell, PLAIN) == pytest.approx(value)


@pytest.mark.parametrize("cell", ["", " ", "　", "-", "欠測", "***", "閉局", "NaN", "null"])
def test_the_usual_marks_mean_not_measured(cell: str) -> None:
    assert math.isnan(read_number(cell, PLAIN))


def test_a_named_mark_means_not_measured_however_it_is_written() -> None:
    marks = marks_of(["0.00", "9999"])
    assert math.isnan(read_number("0", marks))
    assert math.isnan(read_number("9999.0", marks))
    assert read_number("0.01", marks) == 0.01


@pytest.mark.parametrize("cell", ["high", "1.2.3", "12,34", "inf", "-inf", "1 2", "."])
def test_what_is_no_number_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_number(cell, PLAIN)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_comes_back(value: float) -> None:
    assert read_number(repr(value), PLAIN) == value


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2023-06-25 01:00:00", datetime(2023, 6, 25, 1)),
        ("2023/06/25 24:00", datetime(2023, 6, 26, 0)),
        ("2023/12/31 24:00:00", datetime(2024, 1, 1)),
        ("2023/6/5 1:00", datetime(2023, 6, 5, 1)),
        ("2023年6月25日 1時00分", datetime(2023, 6, 25, 1)),
        ("2023年6月25日1時", datetime(2023, 6, 25, 1)),
        ("令和5年6月25日 13時10分", datetime(2023, 6, 25, 13, 10)),
        ("令和元年5月1日", datetime(2019, 5, 1)),
        ("R5.6.25 13:10", datetime(2023, 6, 25, 13, 10)),
        ("　２０２３/０６/２５ ００:１０", datetime(2023, 6, 25, 0, 10)),
        ("202306250110", datetime(2023, 6, 25, 1, 10)),
        ("2023-06-25", datetime(2023, 6, 25)),
        ("2023/06/25(日) 13:00", datetime(2023, 6, 25, 13)),
    ],
)
def test_a_written_time_is_read(text: str, time: datetime) -> None:
    assert read_time(text) == time


def test_an_offset_in_the_data_is_kept() -> None:
    expected = datetime(2023, 6, 25, 0, tzinfo=UTC)
    assert read_time("2023-06-25T09:00:00+09:00") == expected
    assert read_time("2023-06-25T00:00:00Z") == expected
    assert read_time("2023-06-24 20:00:00 EDT") == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2023-13-01", "2023-02-30 00:00", "25:00", "2023/06/25 24:10", "1"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_time(text)


def test_a_layout_reads_what_is_not_read_without_it() -> None:
    assert read_time("06/25/2023 13:00", "%m/%d/%Y %H:%M") == datetime(2023, 6, 25, 13)


def test_the_hour_that_autumn_writes_twice_is_two_hours() -> None:
    eastern = ZoneInfo("America/New_York")
    local = [datetime(2023, 11, 5, hour) for hour in (0, 1, 1, 2)]
    seconds, skipped = in_zone(local, eastern)
    assert [b - a for a, b in pairwise(seconds)] == [3600, 3600, 3600]
    assert skipped == 0


def test_half_hours_that_autumn_writes_twice_keep_their_order() -> None:
    local = [datetime(2023, 11, 5, 1, minute) for minute in (0, 30, 0, 30)]
    seconds, _ = in_zone(local, ZoneInfo("America/New_York"))
    assert [b - a for a, b in pairwise(seconds)] == [1800, 1800, 1800]


def test_an_hour_that_spring_skips_is_counted() -> None:
    _, skipped = in_zone([datetime(2023, 3, 12, 2, 30)], ZoneInfo("America/New_York"))
    assert skipped == 1


@given(st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)))
def test_a_time_in_japan_is_nine_hours_ahead(local: datetime) -> None:
    local = local.replace(microsecond=0)
    (seconds,), _ = in_zone([local], ZoneInfo("Asia/Tokyo"))
    assert datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None) == local - timedelta(hours=9)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
def test_japanese_is_read_in_every_encoding(encoding: str) -> None:
    text, _ = decode("観測時刻,水位\n2023/06/25 00:10,2.83\n".encode(encoding))
    assert text.startswith("観測時刻,水位")


def test_a_file_in_no_known_encoding_is_refused_with_byte_and_line() -> None:
    with pytest.raises(InputError) as caught:
        decode(b"time,level\n2023,\xff\xff\n")
    assert "byte 16 (line 2)" in caught.value.detail


def test_an_encoding_that_is_named_is_held_to() -> None:
    with pytest.raises(InputError) as caught:
        decode("水位".encode("cp932"), "utf-8")
    assert "not utf-8" in caught.value.detail
    with pytest.raises(InputError, match="no encoding 'klingon'"):
        decode(b"a", "klingon")
