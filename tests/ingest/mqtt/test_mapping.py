"""Does a mapping say what it means, and is a wrong one told what is wrong where?"""

import tomllib
from typing import Any

import pytest

from machinami.foundation.errors import SettingsError
from machinami.ingest.mqtt.mapping import read_mapping

RIVER = """
[[topic]]
pattern = "river/{gauge}/level"
entity = "urn:ngsi-ld:RiverGauge:{gauge}"
type = "RiverGauge"
time = "at"
[[topic.value]]
path = "data.levels[0].cm"
attribute = "waterLevel"
unit = "MTR"
factor = 0.01
"""


def test_a_pattern_with_a_named_part_becomes_a_topic_filter() -> None:
    (rule,) = read_mapping(tomllib.loads(RIVER))
    assert rule.topic_filter == "river/+/level"
    assert rule.parts("river/kami/level") == {"gauge": "kami"}
    assert rule.parts("river/kami/rain") is None
    assert rule.parts("river/kami/level/raw") is None
    assert rule.values[0].path == ("data", "levels", 0, "cm")


@pytest.mark.parametrize(
    ("change", "key", "words"),
    [
        ({"pattern": "river/#"}, "pattern", "write plain text, + or {name}"),
        ({"pattern": "river/{a}/{a}"}, "pattern", "names two levels alike"),
        ({"pattern": ""}, "pattern", "must be text"),
        ({"entity": "urn:x:{station}"}, "entity", "{station}"),
        ({"entity": "urn:x:{"}, "entity", "cannot be read"),
        ({"format": "xml"}, "format", "json, number, text, ultralight"),
        ({"format": "number"}, "path", "has no meaning"),
        ({"clock": "julian"}, "clock", "iso, seconds, milliseconds"),
        ({"time": "a..b"}, "time", "must be a path"),
        ({"fields": 3}, "fields", "must be a table"),
        ({"colour": "red"}, "colour", "is not known"),
        ({"value": []}, "value", "is missing"),
        ({"value": [{"path": "x", "attribute": "y", "factor": "0.1"}]}, "factor", "must be a number"),
        ({"value": [{"attribute": "y"}]}, "path", "is missing"),
        ({"value": ["x"]}, "value", "must be tables"),
    ],
)
def test_a_wrong_mapping_is_told_what_is_wrong_and_where(change: dict[str, Any], key: str, words: str) -> None:
    document = tomllib.loads(RIVER)
    document["topic"][0].update(change)
    with pytest.raises(SettingsError) as caught:
        read_mapping(document)
    assert caught.value.facts["key"] == key
    assert words in caught.value.detail
    assert "topic 1" in caught.value.detail


def test_an_empty_mapping_is_told_what_to_write() -> None:
    with pytest.raises(SettingsError, match=r"\[\[topic\]\]"):
        read_mapping({})
