"""Is it found out whether a column's dates begin with the day or the month?"""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.ingest.csv.order import Order, order_of
from machinami.ingest.csv.parse import read_table

BEGIN = datetime(2023, 3, 1)  # noqa: DTZ001  written without a zone, as files have it
LAYOUTS = {Order.DAY_FIRST: "%d/%m/%Y %H:%M", Order.MONTH_FIRST: "%m/%d/%Y %I:%M %p"}


@given(
    begin=st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001
    minutes=st.sampled_from((10, 60, 1440)),
    rows=st.integers(3, 40),
    order=st.sampled_from(Order),
)
def test_a_column_that_runs_evenly_is_read_as_it_was_written(
    begin: datetime, minutes: int, rows: int, order: Order
) -> None:
    moments = [begin.replace(second=0, microsecond=0) + timedelta(minutes=minutes * i) for i in range(rows)]
    cells = [moment.strftime(LAYOUTS[order]) for moment in moments]
    try:
        found = order_of(cells)
    except InputError:  # 3/3/2023 and its hours: both readings run as evenly
        assert all(moment.day <= 12 for moment in moments)
        return
    if all(moment.day == moment.month for moment in moments):
        return
    assert found is order


def test_dots_mean_that_the_day_comes_first() -> None:
    assert order_of(["03.04.2023 10:00", "03.04.2023 11:00"]) is Order.DAY_FIRST


def test_years_that_come_first_need_no_order() -> None:
    assert order_of(["2023-04-03 10:00", "令和5年4月3日", "05-Apr-2023"]) is None


def test_what_cannot_be_told_is_not_guessed() -> None:
    with pytest.raises(InputError, match="it cannot be told whether 03/04/2023 10:00 begins with the day or the month"):
        order_of(["03/04/2023 10:00", "03/04/2023 11:00"])


def test_a_column_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(InputError, match="some dates begin with the day and others with the month"):
        order_of(["25/04/2023 10:00", "04/26/2023 11:00"])


@pytest.mark.parametrize(
    ("layout", "note"),
    [
        ("%d.%m.%Y %H:%M", "day/month/year"),
        ("%m/%d/%Y %I:%M %p", "month/day/year"),
        ("%d-%m-%Y %H:%M:%S", "day/month/year"),
    ],
)
def test_a_table_with_the_year_last_is_read_and_says_how(layout: str, note: str) -> None:
    moments = [BEGIN + timedelta(hours=i) for i in range(24 * 20)]
    rows = "\n".join(f"{moment.strftime(layout)};{i}" for i, moment in enumerate(moments))
    table = read_table(f"Zeit;Pegel\n{rows}\n".encode(), time="Zeit", columns=["Pegel"])
    assert [moment.replace(tzinfo=None) for moment in table.times] == moments
    assert f"dates are read as {note}" in table.notes


def test_a_date_that_cannot_be_is_shown_as_it_was_written() -> None:
    data = b"time,level\n25/06/2023 10:00,1\n31/02/2023 11:00,2\n"
    with pytest.raises(InputError, match="line 3, column time: '31/02/2023 11:00' is not a time"):
        read_table(data, time="time", columns=["level"])
