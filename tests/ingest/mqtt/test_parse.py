"""Which readings are in a message, and is a bad message told what is wrong where?"""

import json
import tomllib
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.ingest.mqtt.mapping import TopicRule, read_mapping
from machinami.ingest.mqtt.parse import Message, UnreadableMessage, parse
from machinami.model.reading import Reading

NOW = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
RULES = read_mapping(
    tomllib.loads("""
[[topic]]
pattern = "river/{gauge}/level"
entity = "urn:ngsi-ld:RiverGauge:{gauge}"
type = "RiverGauge"
time = "at"
[[topic.value]]
path = "cm"
attribute = "waterLevel"
unit = "MTR"
factor = 0.01
[[topic.value]]
path = "volt"
attribute = "batteryVoltage"
unit = "VLT"
required = false

[[topic]]
pattern = "rain/{gauge}"
format = "number"
entity = "urn:ngsi-ld:RainGauge:{gauge}"
type = "RainGauge"
[[topic.value]]
attribute = "precipitation"
unit = "MMT"

[[topic]]
pattern = "ul/{key}/attrs"
format = "ultralight"
entity = "urn:ngsi-ld:Device:{key}"
type = "Device"
time = "time"
[[topic.value]]
path = "t"
attribute = "temperature"
unit = "CEL"
[[topic.value]]
path = "s"
attribute = "state"
required = false

[[topic]]
pattern = "hub/batch"
entity = "urn:ngsi-ld:RiverGauge:{station}"
type = "RiverGauge"
each = "data.rows"
time = "ms"
clock = "milliseconds"
fields = { station = "id" }
[[topic.value]]
path = "h[1]"
attribute = "waterLevel"
unit = "MTR"
offset = -0.5
""")
)


def read(topic: str, payload: str | bytes, retained: bool = False) -> list[Reading]:
    body = payload if isinstance(payload, bytes) else payload.encode()
    return parse(RULES, Message(topic, body, NOW, retained))


def test_a_level_in_centimetres_becomes_metres_at_the_time_the_message_says() -> None:
    (reading,) = read("river/kami/level", '{"cm": 137, "at": "2026-09-01T11:50:00+09:00"}')
    assert reading == Reading(
        "urn:ngsi-ld:RiverGauge:kami", "RiverGauge", "waterLevel", 1.37, NOW - timedelta(minutes=10), "MTR"
    )


def test_an_optional_value_is_taken_when_it_is_there() -> None:
    readings = read("river/kami/level", '{"cm": 137, "at": "2026-09-01T03:00:00Z", "volt": "3.6"}')
    assert [(reading.attribute, reading.value) for reading in readings] == [
        ("waterLevel", 1.37),
        ("batteryVoltage", 3.6),
    ]


def test_a_plain_number_is_observed_when_it_arrives() -> None:
    (reading,) = read("rain/toge", " 2.5\n")
    assert (reading.value, reading.observed_at, reading.unit_code) == (2.5, NOW, "MMT")


def test_ultralight_groups_carry_their_own_times() -> None:
    readings = read("ul/d1/attrs", "2026-09-01T02:00:00Z|t|21.5|s|on#2026-09-01T02:10:00Z|t|22")
    assert [(reading.attribute, reading.value, reading.observed_at.minute) for reading in readings] == [
        ("temperature", 21.5, 0),
        ("state", "on", 0),
        ("temperature", 22.0, 10),
    ]


def test_a_batch_names_its_stations_itself() -> None:
    rows = [{"id": "a", "ms": 1_788_231_600_000, "h": [0, 1.75]}, {"id": 7, "ms": 1_788_231_600_000, "h": [0, 2]}]
    readings = read("hub/batch", json.dumps({"data": {"rows": rows}}))
    assert [(reading.entity_id, reading.value) for reading in readings] == [
        ("urn:ngsi-ld:RiverGauge:a", 1.25),
        ("urn:ngsi-ld:RiverGauge:7", 1.5),
    ]
    assert readings[0].observed_at == datetime(2026, 9, 1, 3, 0, tzinfo=UTC)


def test_a_retained_message_without_a_time_is_not_taken_for_news() -> None:
    assert read("rain/toge", "2.5", retained=True) == []
    assert len(read("river/kami/level", '{"cm": 1, "at": "2026-09-01T03:00:00Z"}', retained=True)) == 1


@pytest.mark.parametrize(
    ("topic", "payload", "offset", "words"),
    [
        ("road/1", b"1", None, "no topic of the mapping fits"),
        ("rain/toge", b"2.5mm", 3, "a number is expected"),
        ("rain/toge", b"", 0, "a number is expected"),
        ("rain/toge", b"1\xff", 1, "not UTF-8"),
        ("rain/two words", b"1", None, "not a URI"),
        ("river/k/level", b'{"cm": 1,}', 9, "not JSON"),
        ("river/k/level", '{"語": 1,, }'.encode(), 10, "not JSON"),
        ("river/k/level", b'{"cm": NaN, "at": "2026-09-01T03:00:00Z"}', 7, "NaN is not JSON"),
        ("river/k/level", b'{"cm": 1}', None, "at, the time, is missing"),
        ("river/k/level", b'{"cm": 1, "at": "yesterday"}', None, "is not a date-time"),
        ("river/k/level", b'{"at": "2026-09-01T03:00:00Z"}', None, "cm is missing"),
        ("river/k/level", b'{"cm": true, "at": "2026-09-01T03:00:00Z"}', None, "True at cm is not a number"),
        ("river/k/level", b"[1]", None, "the time, is missing"),
        ("river/k/level", b'{"cm": 1e999, "at": "2026-09-01T03:00:00Z"}', None, "is not a number"),
        ("river/k/level", b"[" * 100_000, None, "nested too deeply"),
        ("ul/d/attrs", b"t|1#s", 4, "a key without a value"),
        ("ul/d/attrs", b"x|t|1", None, "is not a date-time"),
        ("ul/d/attrs", b"x||1", 0, "a value without a key"),
        ("hub/batch", b'{"data": {"rows": 3}}', None, "data.rows is not a list"),
        ("hub/batch", b'{"data": {"rows": [{"ms": 0}]}}', None, "names the entity"),
        ("hub/batch", b'{"data": {"rows": [{"id": "a", "ms": 1e30, "h": [0, 1]}]}}', None, "no time in milliseconds"),
        ("hub/batch", b'{"data": {"rows": [{"id": "a", "ms": 0, "h": [0]}]}}', None, "h[1] is missing"),
    ],
)
def test_a_bad_message_is_told_its_topic_its_place_and_its_fault(
    topic: str, payload: bytes, offset: int | None, words: str
) -> None:
    with pytest.raises(UnreadableMessage) as caught:
        read(topic, payload)
    assert caught.value.facts["topic"] == topic
    assert caught.value.facts["offset"] == offset
    assert words in caught.value.detail
    assert topic in caught.value.detail


@given(st.binary(max_size=200), st.sampled_from(RULES))
def test_any_bytes_are_read_or_refused_and_never_break_the_reader(payload: bytes, rule: TopicRule) -> None:
    message = Message(rule.topic_filter.replace("+", "x"), payload, NOW)
    with suppress(UnreadableMessage):
        assert all(reading.observed_at.tzinfo is not None for reading in parse(RULES, message))


@given(st.floats(-1e6, 1e6), st.integers(0, 2_000_000_000))
def test_a_level_sent_as_json_comes_out_as_it_went_in(level: float, seconds: int) -> None:
    row = {"id": "a", "ms": seconds * 1000, "h": [0, level]}
    (reading,) = read("hub/batch", json.dumps({"data": {"rows": [row]}}))
    assert reading.value == pytest.approx(level - 0.5, abs=1e-8)
    assert reading.observed_at.timestamp() == seconds
