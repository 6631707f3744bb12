"""Is a GTFS-realtime message read by the published numbers of its fields, and nothing else taken for one?"""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.transit import message, nested, number, position, text

from machinami.foundation.errors import InputError
from machinami.ingest.gtfs.parse.realtime import About, read_message

SHARED = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "gtfs" / "rt"


def test_a_position_is_read() -> None:
    found = read_message(message(position("bus-7", "R1", 138.0, 35.01, 2, 1_782_788_700)))
    (seen,) = found.seen
    assert (seen.vehicle, seen.trip, seen.sequence, seen.status, seen.at) == (
        "bus-7",
        "R1",
        2,
        "stoppedAt",
        1_782_788_700,
    )
    assert (seen.lon, seen.lat) == pytest.approx((138.0, 35.01), abs=1e-5)


def test_delays_of_a_trip_join_the_position_of_its_vehicle() -> None:
    call = number(1, 2) + nested(2, number(1, -30) + number(2, 1_782_788_670)) + text(4, "B")
    update = nested(1, text(1, "R1")) + nested(3, text(1, "bus-7")) + nested(2, call)
    told = message(text(1, "u") + nested(3, update), position("bus-7", "R1", 138.0, 35.0, 2, 1))
    (seen,) = read_message(told).seen
    assert seen.updates[0].delay == -30
    assert (seen.updates[0].sequence, seen.updates[0].stop) == (2, "B")
    assert seen.lon == 138.0


def test_an_alert_is_read_in_its_languages() -> None:
    words = nested(1, text(1, "大橋は通れません") + text(2, "ja")) + nested(1, text(1, "Bridge closed") + text(2, "en"))
    alert = nested(1, number(1, 100) + number(2, 200)) + nested(5, text(2, "R")) + nested(10, words)
    (notice,) = read_message(message(text(1, "a") + nested(5, alert))).notices
    assert notice.header == {"ja": "大橋は通れません", "en": "Bridge closed"}
    assert (notice.about, notice.spans) == ((About("R"),), ((100, 200),))


@pytest.mark.parametrize("data", [b"", b"<html>no</html>", b"\xff" * 40, message()[:4], b"{}"])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="no GTFS-realtime message"):
        read_message(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    with suppress(InputError):
        assert read_message(nested(1, text(1, "2.0")) + data).at >= 0


@pytest.mark.skipif(not SHARED.is_dir(), reason="the public message is not here")
def test_a_real_message_is_read() -> None:
    found = read_message((SHARED / "king-county-metro-1_vehicleposition.pb").read_bytes())
    assert len(found.seen) == 627
    assert all(one.trip and one.lon is not None and 46 < (one.lat or 0) < 49 for one in found.seen)
