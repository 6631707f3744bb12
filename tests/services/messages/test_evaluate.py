"""The evaluation says what is reached, and refuses what it cannot read."""

import bz2
import os
from pathlib import Path

import numpy as np
import pytest

from machinami.foundation.errors import InputError
from machinami.methods.scorecard import Table
from machinami.services.messages.evaluate import evaluate
from machinami.services.messages.logic.osm import streets_of

OSM = b"""<?xml version="1.0"?><osm version="0.6">
<node id="1" lat="35.0" lon="138.0"/><node id="2" lat="35.0" lon="138.001"/><node id="3" lat="35.001" lon="138.001"/>
<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>
<way id="2"><nd ref="2"/><nd ref="3"/><nd ref="9"/><tag k="highway" v="footway"/></way>
<way id="3"><nd ref="1"/><nd ref="3"/><tag k="highway" v="motorway"/></way>
<way id="4"><nd ref="1"/><nd ref="3"/><tag k="building" v="yes"/></way></osm>"""
REAL = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[4] / "shared"), "data/citymodel/osm")


def table(**documents: bytes) -> Table:
    return Table(np.zeros(0, np.int64), {}, documents)


def test_all_bars_are_reached() -> None:
    report = evaluate(table(streets=OSM), {"networks": "5", "people": "20"}, lambda done, of: None)
    values = {check.name: check for check in report.checks}
    assert all(check.passed is not False for check in report.checks), values
    assert values["push_message_equals_rfc8291"].value == 1.0
    assert values["corners_of_real_streets"].value == 3


def test_only_what_people_walk_is_a_street() -> None:
    assert streets_of(OSM) == [[(138.0, 35.0), (138.001, 35.0)], [(138.001, 35.0), (138.001, 35.001)]]
    assert streets_of(bz2.compress(OSM)) == streets_of(OSM)


@pytest.mark.parametrize("data", [b"no XML", b'<!DOCTYPE osm SYSTEM "file:///x"><osm/>', b"<osm>"])
def test_what_is_no_extract_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        streets_of(data)


def test_an_extract_without_streets_is_refused() -> None:
    with pytest.raises(InputError, match="no street"):
        evaluate(table(streets=b"<osm/>"), {"networks": "1", "people": "1"}, lambda done, of: None)


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="networks"):
        evaluate(table(), {"networks": "many", "people": "1"}, lambda done, of: None)


@pytest.mark.skipif(not REAL.is_dir(), reason="the shared data are not here")
def test_ways_on_real_streets_are_the_soonest() -> None:
    document = (REAL / "West-Oakland.osm.bz2").read_bytes()
    report = evaluate(table(streets=document), {"networks": "1", "people": "1"}, lambda done, of: None)
    assert next(one.value for one in report.checks if one.name == "ways_on_real_streets_equal") == 1.0
