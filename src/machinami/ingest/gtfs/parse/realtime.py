"""What does a GTFS-realtime message say? Read from its bytes by the published numbers of its fields.

The wire form of protocol buffers is small: each field is a number, a kind and a value. Only the fields that are used
are read (gtfs-realtime.proto 2.0); all others, and extensions, are passed over, as the format asks.
"""

import math
import struct
from collections.abc import Iterator
from typing import NamedTuple

from machinami.foundation.errors import InputError

MOST_BYTES = 50_000_000
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
STATUS = ("incomingAt", "stoppedAt", "inTransitTo")
CANCELED, SKIPPED = 3, 1
Value = int | bytes


class Update(NamedTuple):
    """What is said of one call to come or gone: number of the stop, its id, delay (s), time (s since 1970)."""

    sequence: int | None
    stop: str
    delay: int | None
    time: int | None
    skipped: bool


class Seen(NamedTuple):
    """A vehicle, or a trip of which delays are told: name of the vehicle (else of the trip), where and when."""

    vehicle: str
    label: str
    trip: str
    start_date: str
    lon: float | None
    lat: float | None
    sequence: int | None
    stop: str
    status: str
    at: int | None
    updates: tuple[Update, ...]
    cancelled: bool


class About(NamedTuple):
    """Whom an alert is about: the ids that are said, all of which must fit; empty: any."""

    route: str = ""
    stop: str = ""
    trip: str = ""
    start_date: str = ""


class Notice(NamedTuple):
    """An alert: texts by language, spans of time (s since 1970), whom it is about (nobody named: everybody), cause and
    effect by their published numbers, where more is said."""

    id: str
    header: dict[str, str]
    text: dict[str, str]
    spans: tuple[tuple[int | None, int | None], ...]
    about: tuple[About, ...]
    cause: int
    effect: int
    web: str


class Message(NamedTuple):
    """A whole message: when it was made (s since 1970), and what it says."""

    at: int
    seen: tuple[Seen, ...]
    notices: tuple[Notice, ...]


def read_message(data: bytes) -> Message:
    """Read a message. Raises InputError where the bytes are none."""
    if len(data) > MOST_BYTES:
        raise InputError(f"the message has {len(data):,} bytes; {MOST_BYTES:,} are read at most")
    try:
        whole = _fields(data)
        header = _fields(_bytes(whole, 1))
        if 1 not in header:
            raise ValueError("no version in its header")
        seen: dict[str, Seen] = {}
        notices = []
        for entity in map(_fields, _all(whole, 2)):
            if _whole(entity, 2, 0):
                continue  # is_deleted
            name = _text(entity, 1)
            for one in (*map(_trip_update, _all(entity, 3)), *map(_position, _all(entity, 4))):
                key = one.vehicle or one.trip or name
                seen[key] = _joined(seen[key], one) if key in seen else one._replace(vehicle=key)
            notices += [_alert(name, part) for part in _all(entity, 5)]
        return Message(_whole(header, 3, 0), tuple(seen.values()), tuple(notices))
    except (ValueError, IndexError, struct.error, UnicodeDecodeError) as error:
        raise InputError(f"this is no GTFS-realtime message: {error}") from None


def _joined(one: Seen, other: Seen) -> Seen:
    """What a trip update and a position say of the same vehicle."""
    first, second = (one, other) if one.lon is not None else (other, one)
    return first._replace(
        updates=first.updates or second.updates,
        trip=first.trip or second.trip,
        cancelled=one.cancelled or other.cancelled,
        at=max(one.at or 0, other.at or 0) or None,
    )


def _trip_update(data: bytes) -> Seen:
    held = _fields(data)
    trip = _fields(_bytes(held, 1))
    vehicle = _fields(_bytes(held, 3))
    updates = tuple(_update(part) for part in _all(held, 2))
    delay = _signed(held, 5)
    if not updates and delay is not None:
        updates = (Update(None, "", delay, None, False),)
    return Seen(
        _text(vehicle, 1), _text(vehicle, 2), _text(trip, 1), _text(trip, 3), None, None, None, "", "",
        _maybe(held, 4), updates, _whole(trip, 4, 0) == CANCELED,
    )  # fmt: skip


def _update(data: bytes) -> Update:
    held = _fields(data)
    arrival, departure = (_fields(_bytes(held, number)) for number in (2, 3))
    said = arrival if 1 in arrival or 2 in arrival else departure
    skipped = _whole(held, 5, 0) == SKIPPED
    return Update(_maybe(held, 1), _text(held, 4), _signed(said, 1), _maybe(said, 2), skipped)


def _position(data: bytes) -> Seen:
    held = _fields(data)
    trip, place, vehicle = (_fields(_bytes(held, number)) for number in (1, 2, 8))
    lat, lon = (_single(place, number) for number in (1, 2))
    if lat is None or lon is None or not (abs(lat) <= 90 and abs(lon) <= 180) or (lat, lon) == (0.0, 0.0):
        lat = lon = None
    status = _whole(held, 4, 2)
    return Seen(
        _text(vehicle, 1), _text(vehicle, 2), _text(trip, 1), _text(trip, 3), lon, lat, _maybe(held, 3),
        _text(held, 7), STATUS[status] if status < len(STATUS) else "", _maybe(held, 5), (),
        _whole(trip, 4, 0) == CANCELED,
    )  # fmt: skip


def _alert(name: str, data: bytes) -> Notice:
    held = _fields(data)
    spans = tuple((_maybe(span, 1), _maybe(span, 2)) for span in map(_fields, _all(held, 1)))
    about = tuple(dict.fromkeys(_about(_fields(part)) for part in _all(held, 5)))
    header, text, web = (_translated(_bytes(held, number)) for number in (10, 11, 8))
    address = next(iter(web.values()), "")
    return Notice(name, header, text, spans, about, _whole(held, 6, 1), _whole(held, 7, 8), address)


def _about(held: "Fields") -> About:
    trip = _fields(_bytes(held, 4))
    return About(_text(held, 2) or _text(trip, 5), _text(held, 5), _text(trip, 1), _text(trip, 3))


def _translated(data: bytes) -> dict[str, str]:
    """Texts by language; "und" where none is said."""
    return {_text(part, 2).lower() or "und": _text(part, 1) for part in map(_fields, _all(_fields(data), 1))}


Fields = dict[int, list[Value]]


def _fields(data: bytes) -> Fields:
    found: Fields = {}
    for number, value in _pairs(data):
        found.setdefault(number, []).append(value)
    return found


def _pairs(data: bytes) -> Iterator[tuple[int, Value]]:
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise ValueError("a field without a number")
        if kind == VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == BYTES:
            size, at = _varint(data, at)
        elif kind in (FIXED32, FIXED64):
            size = 4 if kind == FIXED32 else 8
        else:
            raise ValueError(f"a field of the unknown kind {kind}")
        if at + size > end:
            raise ValueError("it is cut off")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data):
            raise ValueError("it is cut off")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value & (1 << 64) - 1, at
        shift += 7
        if shift > 63:
            raise ValueError("a number that is too long")


def _all(held: Fields, number: int) -> list[bytes]:
    return [value for value in held.get(number, []) if isinstance(value, bytes)]


def _bytes(held: Fields, number: int) -> bytes:
    found = _all(held, number)
    return found[-1] if found else b""


def _text(held: Fields, number: int) -> str:
    return _bytes(held, number).decode("utf-8", "replace")[:2_000]


def _maybe(held: Fields, number: int) -> int | None:
    value = held.get(number, [None])[-1]
    return value if isinstance(value, int) else None


def _whole(held: Fields, number: int, default: int) -> int:
    value = _maybe(held, number)
    return default if value is None else value


def _signed(held: Fields, number: int) -> int | None:
    value = _maybe(held, number)
    return None if value is None else value - (1 << 64) if value >> 63 else value


def _single(held: Fields, number: int) -> float | None:
    value = held.get(number, [None])[-1]
    if not isinstance(value, bytes) or len(value) != 4:
        return None
    found = float(struct.unpack("<f", value)[0])
    return round(found, 6) if math.isfinite(found) else None
