"""A small bus line for tests: a timetable as a file, and messages of its vehicles as bytes."""

import io
import struct
import zipfile
from collections.abc import Mapping

TABLES: Mapping[str, str] = {
    "agency.txt": (
        "agency_id,agency_name,agency_url,agency_timezone,agency_lang\n1,街並バス,https://a.example,Asia/Tokyo,ja\n"
    ),
    "stops.txt": (
        "stop_id,stop_code,stop_name,stop_lat,stop_lon,location_type\n"
        "A,1,駅前,35.000,138.000,0\nB,2,役場,35.010,138.000,0\nC,3,病院,35.020,138.000,0\n"
        "D,4,団地,35.022,138.020,0\nE,5,橋,35.020,138.004,0\n"
    ),
    "routes.txt": "route_id,route_short_name,route_long_name,route_type\nR,1,駅前病院線,3\nS,2,団地線,3\n",
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "W,1,1,1,1,1,0,0,20260101,20261231\n"
    ),
    "calendar_dates.txt": "service_id,date,exception_type\nW,20260701,2\nW,20260704,1\n",
    "trips.txt": (
        "route_id,service_id,trip_id,trip_headsign\nR,W,R1,病院\nR,W,R2,病院\nS,W,S1,団地\nS,W,S2,団地\nR,W,N1,病院\n"
    ),
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "R1,12:00:00,12:00:00,A,1\nR1,12:05:00,12:05:00,B,2\nR1,12:10:00,12:10:00,C,3\n"
        "R2,12:30:00,12:30:00,A,1\nR2,,,B,2\nR2,12:40:00,12:40:00,C,3\n"
        "S1,12:20:00,12:20:00,E,1\nS1,12:28:00,12:28:00,D,2\nS2,12:50:00,12:50:00,E,1\nS2,12:58:00,12:58:00,D,2\n"
        "N1,24:10:00,24:10:00,A,1\nN1,24:15:00,24:15:00,B,2\nN1,24:20:00,24:20:00,C,3\n"
    ),
    "translations.txt": "trans_id,lang,translation\n駅前,en,Station\n駅前,ja-Hrkt,えきまえ\n",
}


def packed(**changed: str | bytes | None) -> bytes:
    """The small line as a ZIP file, with some tables changed (`stops` is stops.txt) or left out (None)."""
    held = io.BytesIO()
    tables: dict[str, str | bytes | None] = {**TABLES, **{f"{name}.txt": text for name, text in changed.items()}}
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in tables.items():
            if text is not None:
                archive.writestr(name, text)
    return held.getvalue()


def number(field: int, value: int) -> bytes:
    """A whole number in the wire form of protocol buffers."""
    return _varint(field << 3) + _varint(value & (1 << 64) - 1)


def text(field: int, value: str) -> bytes:
    """A text."""
    return nested(field, value.encode())


def nested(field: int, value: bytes) -> bytes:
    """A message in a message."""
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def single(field: int, value: float) -> bytes:
    """A number of four bytes."""
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def message(*entities: bytes, at: int = 1_782_788_400) -> bytes:
    """A whole GTFS-realtime message."""
    return nested(1, text(1, "2.0") + number(3, at)) + b"".join(nested(2, one) for one in entities)


def position(vehicle: str, trip: str, lon: float, lat: float, sequence: int, at: int) -> bytes:
    """Where a vehicle is."""
    place = single(1, lat) + single(2, lon)
    held = nested(1, text(1, trip)) + nested(2, place) + number(3, sequence) + number(4, 1) + number(5, at)
    return text(1, vehicle) + nested(4, held + nested(8, text(1, vehicle)))


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
