"""Which streets does an extract of OpenStreetMap hold that people walk? (OSM XML, plain or packed by bzip2)"""

import bz2
from xml.etree import ElementTree

from machinami.foundation.errors import InputError
from machinami.methods.walking import Line

NOT_ON_FOOT = frozenset({"motorway", "motorway_link", "trunk_link", "construction", "proposed", "raceway", "razed"})
_LARGEST = 200_000_000
_PACKED = b"BZh"


def streets_of(data: bytes) -> list[Line]:
    """The ways with `highway` that are open to people on foot, as lines of longitude and latitude; ways share the very
    corners at which they meet. Raises InputError for what is no OSM XML."""
    if data.startswith(_PACKED):
        data = bz2.BZ2Decompressor().decompress(data, max_length=_LARGEST)
    if b"<!DOCTYPE" in data[:2_000]:
        raise InputError("OSM XML has no document type; one could name files of this machine")
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise InputError(f"this is no OSM XML ({error})") from error
    places = {node.get("id"): node for node in root.iter("node")}
    lines: list[Line] = []
    for way in root.iter("way"):
        tags = {tag.get("k"): tag.get("v") for tag in way.iter("tag")}
        if "highway" not in tags or tags["highway"] in NOT_ON_FOOT or tags.get("foot") == "no":
            continue
        nodes = [places[ref] for nd in way.iter("nd") if (ref := nd.get("ref")) in places]
        line = [(float(node.get("lon", "nan")), float(node.get("lat", "nan"))) for node in nodes]
        if len(line) > 1:
            lines.append(line)
    return lines
