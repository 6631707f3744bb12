"""Maps for the tests, written as a town would write them."""

import tomllib

from machinami.ingest.csv.mapping import FileMap, read_mapping

MOCHIYOJI = """
[time]
column = "観測時刻"
zone = "Asia/Tokyo"

[entity]
id = "urn:ngsi-ld:RiverGauge:{観測局}"
type = "RiverGauge"
name = { ja = "{観測局}", en = "Mochiyoji" }
location = [131.28, 34.03]

[[value]]
column = "水位"
attribute = "waterLevel"
unit = "m"
"""


def map_of(text: str) -> FileMap:
    """The map that this TOML describes."""
    return read_mapping(tomllib.loads(text))
