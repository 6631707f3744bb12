"""Are times read as people write them, in their zone?"""
# ruff: noqa: DTZ001  a written time has no zone until the file's own is applied, which is what is tested here

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.ingest.csv.times import read_time, resolve, zone_of

NEW_YORK = ZoneInfo("America/New_York")
ONE = datetime(2023, 6, 25, 1)


@pytest.mark.parametrize(
    "text",
    [
        "2023-06-25T01:00:00",
        "2023-06-25 01:00",
        "2023/6/25 1:00",
        "2023/06/25 01:00:00.5",
        "　２０２３／０６／２５　０１：００",
        "2023年6月25日 1時00分",
        "2023年6月25日1時",
        "2023年6月25日(日) 1時0分0秒",
        "2023年6月25日（日）1時",
        "令和5年6月25日 1時",
        "令和5年6月25日午前1時",
        "R5.6.25 1:00",
        "2023.06.25 1:00",
        "20230625 0100",
        "202306250100",
        "20230625T010000",
        "2023062501",
        "2023 6 25 1",
        "2023/6/25 0100",
        "2023/6/25 1:00 AM",
        "25-Jun-2023 01:00:00",
        "25 June 2023 1:00",
        "Jun 25, 2023 1:00 AM",
    ],
)
def test_every_usual_way_of_writing_a_time_is_read(text: str) -> None:
    assert read_time(text) == ONE


@pytest.mark.parametrize("text", ["2023/06/24 24:00", "2023-06-24T24:00:00", "令和5年6月24日 24時", "20230624 2400"])
def test_24_o_clock_is_the_next_day(text: str) -> None:
    assert read_time(text) == datetime(2023, 6, 25)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("令和元年5月1日", datetime(2019, 5, 1)),
        ("平成31年4月30日", datetime(2019, 4, 30)),
        ("S64/1/7", datetime(1989, 1, 7)),
        ("2023年6月25日 午後1時30分", datetime(2023, 6, 25, 13, 30)),
        ("2023/6/25 12:00 AM", datetime(2023, 6, 25)),
        ("2023/6/25 12:05 PM", datetime(2023, 6, 25, 12, 5)),
        ("2023-06-25", datetime(2023, 6, 25)),
    ],
)
def test_eras_and_halves_of_the_day_are_read(text: str, moment: datetime) -> None:
    assert read_time(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2023-06-25T01:00:00Z",
        "2023-06-25T10:00:00+09:00",
        "2023-06-25 10:00 +0900",
        "2023/6/25 10:00 JST",
        "2023-06-24T21:00:00-04",
        "2023-06-24 21:00:00 EDT",
        "1687654800",
        "1687654800000",
    ],
)
def test_an_offset_in_the_data_is_believed(text: str) -> None:
    assert read_time(text) == datetime(2023, 6, 25, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "日時", "2023/13/01", "2023/2/30 1:00", "6/25/2023", "2023/6/25 25:00", "2023/6/25 24:10", "23/6/25",
     "2023/6/25 1:00 XYZ", "2023/6/25 13:00 PM", "0001-01-01", "9999-12-31 24:00", "2023/6/25 1:00 or so"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"|"):
        read_time(text)


def test_a_layout_reads_what_is_otherwise_ambiguous() -> None:
    assert read_time("06/07/2023 13:00", "%m/%d/%Y %H:%M") == datetime(2023, 6, 7, 13)


def test_an_unknown_zone_is_said_so() -> None:
    with pytest.raises(InputError, match="no time zone 'Tokyo'"):
        zone_of("Tokyo")


def local(*hours: float) -> list[datetime]:
    return [datetime(2014, 11, 2) + timedelta(hours=hour) for hour in hours]


def test_the_hour_that_clocks_repeat_is_told_apart_by_order() -> None:
    resolved = resolve(local(0, 0.5, 1, 1.5, 1, 1.5, 2), NEW_YORK)
    assert [int(step) for step in resolved.seconds[1:] - resolved.seconds[:-1]] == [1800] * 6
    assert resolved.repeated == 4


def test_a_file_that_runs_backwards_repeats_the_hour_too() -> None:
    resolved = resolve(local(2, 1.5, 1, 1.5, 1, 0.5, 0), NEW_YORK)
    assert [int(step) for step in resolved.seconds[1:] - resolved.seconds[:-1]] == [-1800] * 6


def test_two_stations_at_the_same_time_do_not_repeat_the_hour() -> None:
    resolved = resolve(local(1, 1, 1, 1), NEW_YORK, ["a", "b", "a", "b"])
    assert resolved.seconds[0] == resolved.seconds[1] == resolved.seconds[2] - 3600 == resolved.seconds[3] - 3600


def test_an_hour_that_clocks_skip_is_counted() -> None:
    resolved = resolve([datetime(2014, 3, 9, 2, 30)], NEW_YORK)
    assert resolved.skipped == 1
    assert datetime.fromtimestamp(int(resolved.seconds[0]), UTC) == datetime(2014, 3, 9, 7, 30, tzinfo=UTC)


@given(st.datetimes(datetime(1870, 1, 1), datetime(2199, 12, 30)).map(lambda t: t.replace(microsecond=0)))
def test_what_is_written_is_read_again(moment: datetime) -> None:
    for layout in ("%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y年%m月%d日 %H時%M分%S秒", "%Y%m%d%H%M%S"):
        assert read_time(moment.strftime(layout)) == moment
    japan = moment.replace(tzinfo=timezone(timedelta(hours=9)))
    assert read_time(japan.isoformat()) == japan
