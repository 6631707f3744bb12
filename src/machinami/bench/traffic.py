"""What does the bench ask for? The operations, as requests in bytes, over entities that anyone can make again."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count as counted

import orjson

TYPE = "AirQualityObserved"
BATCH = 100
_BASE = "/ngsi-ld/v1"
_CENTRE = (138.2529, 35.2048)
_BEGIN = datetime(2026, 2, 1, tzinfo=UTC)
GAUGE, GAUGES = "AirQualityGauge", 50
PAST = 1_000
_NEW = counted(100_001)  # thousandths: no other operation writes a value so large


@dataclass(frozen=True, slots=True)
class Rounds:
    """What happens around the requests of an operation, and is not counted: what is sent before the first of them, and
    before each round of so many, by the number of the round."""

    first: Callable[[], Iterator[bytes]]
    before: Callable[[int], bytes]
    length: int


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its name, the requests it sends (endless), how many entities one request is counted as. rounds:
    None where nothing else happens meanwhile."""

    name: str
    requests: Callable[[int, random.Random], Iterator[bytes]]
    counted_as: int = 1
    rounds: Rounds | None = None


def entity_id(number: int) -> str:
    """The id of the entity with this number."""
    return f"urn:ngsi-ld:{TYPE}:{number:07d}"


def entity(number: int, value: float) -> dict[str, object]:
    """An entity of about 460 bytes with five attributes."""
    draw = random.Random(number)
    place = [round(_CENTRE[0] + draw.uniform(-0.2, 0.2), 6), round(_CENTRE[1] + draw.uniform(-0.2, 0.2), 6)]
    return {
        "id": entity_id(number),
        "type": TYPE,
        "no2": {"type": "Property", "value": value, "unitCode": "GQ", "observedAt": "2026-06-30T09:00:00Z"},
        "temperature": {"type": "Property", "value": round(draw.uniform(-5, 35), 1), "unitCode": "CEL"},
        "rank": {"type": "Property", "value": number},
        "refDevice": {"type": "Relationship", "object": f"urn:ngsi-ld:Device:{number:07d}"},
        "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": place}},
    }


def request(method: str, path: str, body: object = None) -> bytes:
    """One HTTP request in bytes, keep-alive."""
    head = f"{method} {_BASE}{path} HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n"
    if body is None:
        return (head + "\r\n").encode()
    data = orjson.dumps(body)
    return (head + f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n").encode() + data


def fill(count: int) -> Iterator[bytes]:
    """Requests that make the entities 0 to count-1, 100 at a time."""
    for start in range(0, count, BATCH):
        batch = [entity(number, 10.0) for number in range(start, min(start + BATCH, count))]
        yield request("POST", "/entityOperations/upsert", batch)


def _get(count: int, draw: random.Random) -> Iterator[bytes]:
    while True:
        yield request("GET", f"/entities/{entity_id(draw.randrange(count))}")


def _query20(count: int, draw: random.Random) -> Iterator[bytes]:
    while True:
        offset = draw.randrange(max(1, min(count - 20, 1000)))
        yield request("GET", f"/entities?type={TYPE}&limit=20&offset={offset}")


def _patch(count: int, draw: random.Random) -> Iterator[bytes]:
    """Each with a value that no request before had: who writes what is there already changes nothing, and nobody is
    told of it (5.8.6)."""
    while True:
        fragment = {"no2": {"type": "Property", "value": next(_NEW) / 1_000}}
        yield request("PATCH", f"/entities/{entity_id(draw.randrange(count))}/attrs", fragment)


def _create(count: int, draw: random.Random) -> Iterator[bytes]:
    start = 1_000_000_000 + draw.randrange(1_000_000_000)
    for number in range(start, start + 1_000_000_000):
        yield request("POST", "/entities", entity(number, 10.0))


def _upsert100(count: int, draw: random.Random) -> Iterator[bytes]:
    while True:
        start = draw.randrange(max(1, count - BATCH))
        value = round(draw.uniform(0, 100), 3)
        numbers = range(start, start + min(BATCH, count))
        yield request("POST", "/entityOperations/upsert", [entity(number, value) for number in numbers])


def _q(count: int, draw: random.Random) -> Iterator[bytes]:
    while True:
        low = draw.randrange(max(1, count - 20))
        yield request("GET", f"/entities?type={TYPE}&limit=20&q=rank%3E%3D{low}%3Brank%3C{low + 20}")


def _near(count: int, draw: random.Random) -> Iterator[bytes]:
    while True:
        lon, lat = _CENTRE[0] + draw.uniform(-0.15, 0.15), _CENTRE[1] + draw.uniform(-0.15, 0.15)
        where = f"georel=near%3BmaxDistance%3D%3D2000&geometry=Point&coordinates=%5B{lon:.5f}%2C{lat:.5f}%5D"
        yield request("GET", f"/entities?type={TYPE}&limit=20&{where}")


def _temporal1000(count: int, draw: random.Random) -> Iterator[bytes]:
    span = "timerel=between&timeAt=2026-01-01T00:00:00Z&endTimeAt=2026-12-31T00:00:00Z"
    while True:
        yield request("GET", f"/temporal/entities/{entity_id(0)}?attrs=no2&{span}&options=temporalValues")


def _range1000(count: int, draw: random.Random) -> Iterator[bytes]:
    """The same as `temporal1000`, but never the same question twice."""
    while True:
        start = f"2026-01-{draw.randint(1, 31):02d}T{draw.randrange(24):02d}:{draw.randrange(60):02d}"
        span = f"timerel=between&timeAt={start}:{draw.randrange(60_000) / 1000:06.3f}Z&endTimeAt=2026-12-31T00:00:00Z"
        yield request("GET", f"/temporal/entities/{entity_id(0)}?attrs=no2&{span}&options=temporalValues")


def _temporal1000first(count: int, draw: random.Random) -> Iterator[bytes]:
    """The last thousand values of one gauge after the other, each of which has said one more since it was asked."""
    for number in counted(1):
        span = f"timerel=between&timeAt={_minute(number)}&endTimeAt=2026-12-31T00:00:00Z"
        for gauge in range(GAUGES):
            yield request("GET", f"/temporal/entities/{gauge_id(gauge)}?attrs=no2&{span}&options=temporalValues")


def gauge_id(number: int) -> str:
    """The id of the gauge with this number; gauges have a type of their own, which no other operation asks for."""
    return f"urn:ngsi-ld:{GAUGE}:{number:07d}"


def told(minute: int) -> bytes:
    """What all gauges say in one minute."""
    said = {"type": "Property", "value": minute % 1_000 / 10, "observedAt": _minute(minute)}
    gauges = [{"id": gauge_id(number), "type": GAUGE, "no2": said} for number in range(GAUGES)]
    return request("POST", "/entityOperations/upsert", gauges)


def _minute(number: int) -> str:
    return f"{_BEGIN + timedelta(minutes=number):%Y-%m-%dT%H:%M:00Z}"


def past(points: int) -> Iterator[bytes]:
    """Requests that give entity 0 a history of `points` values of one attribute, a minute apart."""
    for number in range(points):
        fragment = {"no2": {"type": "Property", "value": number / 10, "observedAt": _minute(number)}}
        yield request("PATCH", f"/entities/{entity_id(0)}/attrs", fragment)


OPERATIONS = (
    Operation("get", _get),
    Operation("query20", _query20),
    Operation("q", _q),
    Operation("near", _near),
    Operation("temporal1000", _temporal1000),
    Operation("range1000", _range1000),
    Operation("patch", _patch),
    Operation("notify", _patch),
    Operation("create", _create),
    Operation("upsert100", _upsert100, BATCH),
    Operation(
        "temporal1000first",
        _temporal1000first,
        rounds=Rounds(lambda: map(told, range(PAST)), lambda number: told(PAST - 1 + number), GAUGES),
    ),
)
