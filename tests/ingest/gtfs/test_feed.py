"""Is a timetable by GTFS read as it is meant, and is what cannot be read told by file and row?"""

import os
import zipfile
from datetime import date
from pathlib import Path

import pytest
from tests.transit import TABLES, packed

from machinami.foundation.errors import InputError
from machinami.ingest.gtfs.parse.archive import Limits, tables_in
from machinami.ingest.gtfs.parse.feed import read_feed
from machinami.ingest.gtfs.readings import readings_of
from machinami.model.transit import day_begins, runs_of
from machinami.model.transit_document import network_document, network_of

SHARED = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "gtfs"
MONDAY, TUESDAY = date(2026, 6, 29), date(2026, 6, 30)


def test_trips_that_call_at_the_same_stops_share_a_pattern() -> None:
    network = read_feed(packed()).network
    assert [len(pattern.trips) for pattern in network.patterns] == [3, 2]
    assert network.calls == 13
    assert network.patterns[0].stops == ("A", "B", "C")
    assert len(network.patterns[0].profiles) == 1  # the same minutes between the stops


def test_a_time_that_is_not_said_lies_between_its_neighbours() -> None:
    pattern = read_feed(packed()).network.patterns[0]
    trip = next(trip for trip in pattern.trips if trip.id == "R2")
    assert trip.start + pattern.profiles[trip.profile].depart[1] == 12 * 3600 + 35 * 60


def test_exceptions_overrule_the_week() -> None:
    service = read_feed(packed()).network.services["W"]
    assert service.runs_on(TUESDAY)
    assert not service.runs_on(date(2026, 7, 1))  # a Wednesday, taken away
    assert service.runs_on(date(2026, 7, 4))  # a Saturday, added
    assert not service.runs_on(date(2025, 12, 31))


def test_a_trip_beyond_midnight_is_under_way_on_the_day_after() -> None:
    network = read_feed(packed()).network
    late = [run for run in runs_of(network, TUESDAY) if run.trip.id == "N1"]
    assert sorted(run.start for run in late) == [600, 24 * 3600 + 600]
    first = [run.start for run in runs_of(network, MONDAY) if run.trip.id == "N1"]
    assert first == [24 * 3600 + 600]  # the Sunday before had none


def test_a_day_of_service_begins_twelve_hours_before_noon_where_clocks_change() -> None:
    begins = day_begins(date(2026, 3, 8), "America/New_York")
    assert begins.isoformat() == "2026-03-07T23:00:00-05:00"


def test_names_come_in_every_language_that_is_told() -> None:
    assert read_feed(packed()).network.stops["A"].name == {"en": "Station", "ja-Hrkt": "えきまえ", "ja": "駅前"}


def test_shift_jis_is_read_as_utf_8_is() -> None:
    stops = TABLES["stops.txt"].encode("cp932")
    assert read_feed(packed(stops=stops)).network.stops["B"].name["ja"] == "役場"
    assert read_feed(packed(stops=TABLES["stops.txt"].encode("utf-8-sig"))).network.stops["A"].lat == 35.0


def test_frequencies_become_trips_at_their_headway() -> None:
    often = "trip_id,start_time,end_time,headway_secs\nR1,06:00:00,07:00:00,1200\n"
    network = read_feed(packed(frequencies=often)).network
    starts = [trip.start for trip in network.patterns[0].trips if trip.id.startswith("R1")]
    assert starts == [6 * 3600, 6 * 3600 + 1200, 6 * 3600 + 2400]


def test_transfers_are_read_and_unknown_stops_told() -> None:
    said = "from_stop_id,to_stop_id,transfer_type,min_transfer_time\nC,E,2,300\nC,X,2,300\n"
    feed = read_feed(packed(transfers=said))
    assert [(one.origin, one.goal, one.seconds) for one in feed.network.transfers] == [("C", "E", 300)]
    assert str(feed.faults.told[0]) == "transfers.txt, line 3, to_stop_id: 'X' is no stop of stops.txt"


@pytest.mark.parametrize(
    ("table", "row", "told"),
    [
        ("stops", "X,9,どこか,91.0,138.0,0\n", "stops.txt, line 7, stop_lat: 91.0 is not within ±90°"),
        ("stops", "X,9,海,0,0,0\n", "stops.txt, line 7, stop_lat: the place is 0, 0"),
        ("stop_times", "R9,12:00:00,12:00:00,Q,1\n", "stop_times.txt, line 15, stop_id: 'Q' is no stop"),
        ("stop_times", "R1,25:99:00,25:99:00,A,4\n", "stop_times.txt, line 15, arrival_time: '25:99:00' is no time"),
        ("trips", "R,W,R1,再び\n", "trips.txt, line 7, trip_id: 'R1' comes twice"),
        ("trips", "R,Z,R8,無\n", "trips.txt, line 7, service_id: 'Z' is named nowhere else"),
        ("calendar", "V,1,1,1,1,1,0,0,20261301,20261231\n", "calendar.txt, line 3, start_date: '20261301' is no day"),
        ("calendar_dates", "W,20260705,7\n", "calendar_dates.txt, line 4, exception_type: 7 is neither"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_by_file_and_line(table: str, row: str, told: str) -> None:
    feed = read_feed(packed(**{table: TABLES[f"{table}.txt"] + row}))
    assert str(feed.faults.told[0]).startswith(told)
    assert feed.network.calls == 13  # the rest stands


def test_a_trip_that_goes_back_in_time_is_left_out() -> None:
    times = TABLES["stop_times.txt"].replace("R1,12:05:00,12:05:00,B", "R1,11:05:00,11:05:00,B")
    feed = read_feed(packed(stop_times=times))
    assert "arrives before it left the stop before" in str(feed.faults.told[0])
    assert feed.network.trips == 4


@pytest.mark.parametrize("lacking", ["agency", "stops", "routes", "trips", "stop_times"])
def test_an_archive_that_lacks_a_table_is_refused_by_its_name(lacking: str) -> None:
    with pytest.raises(InputError, match=f"no {lacking}.txt"):
        read_feed(packed(**{lacking: None}))


def test_what_is_no_archive_is_refused() -> None:
    with pytest.raises(InputError, match="no ZIP archive"):
        read_feed(b"<html>")
    with pytest.raises(InputError, match="no time zone"):
        read_feed(packed(agency=TABLES["agency.txt"].replace("Asia/Tokyo", "Asia/Nowhere")))


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(InputError, match="no table"):
        tables_in(packed(shapes="0" * 5_000_000))
    with pytest.raises(InputError, match="more than"):
        tables_in(packed(), Limits(size=500))
    with pytest.raises(InputError, match="files"):
        tables_in(packed(), Limits(files=3))


def test_a_name_that_leads_out_of_the_archive_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "out.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../stops.txt", "x")
    with pytest.raises(InputError, match="outside itself"):
        tables_in(file.read_bytes())


def test_a_timetable_survives_being_told_as_json() -> None:
    network = read_feed(packed(transfers="from_stop_id,to_stop_id,transfer_type\nC,E,0\n")).network
    assert network_of(network_document(network)) == network


def test_a_timetable_becomes_few_entities_the_feed_last() -> None:
    found = list(readings_of(read_feed(packed()), "bus", day_begins(TUESDAY, "Asia/Tokyo")))
    kinds = [reading.entity_type for reading in found]
    assert kinds[-1] == "TransitFeed"
    assert len({reading.entity_id for reading in found if reading.entity_type == "TransitPattern"}) == 2
    assert "GtfsStopTime" not in kinds


@pytest.mark.skipif(not SHARED.is_dir(), reason="the public timetables are not here")
@pytest.mark.parametrize("name", sorted(path.name for path in SHARED.rglob("*.zip") if "aomori" not in path.name))
def test_every_public_timetable_is_read(name: str) -> None:
    file = next(SHARED.rglob(name))
    feed = read_feed(file.read_bytes())
    day = feed.network.busiest_day()
    assert day is not None
    assert feed.network.trips_on(day) > 0
    assert all(fault.file and fault.line and fault.reason for fault in feed.faults.told)
