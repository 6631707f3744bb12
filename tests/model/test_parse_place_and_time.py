"""Which place and which time do the parameters ask for?"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData
from machinami.model.context import core
from machinami.model.parse import parse_geo, parse_temporal
from machinami.model.query import GeoQuery, GeoRelation, TemporalQuery, TimeRelation

CONTEXT = core()
NGSI = "https://uri.etsi.org/ngsi-ld/"
POINT = {"type": "Point", "coordinates": [8, 40]}
SQUARE = [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]


def test_near_takes_one_distance_in_metres() -> None:
    assert parse_geo("near;maxDistance==2000", "Point", "[8,40]", None, CONTEXT) == GeoQuery(
        GeoRelation.NEAR, POINT, NGSI + "location", None, 2000.0
    )
    assert parse_geo("near;minDistance==1.5e3", "Point", [8, 40], "observationSpace", CONTEXT) == GeoQuery(
        GeoRelation.NEAR, POINT, NGSI + "observationSpace", 1500.0
    )


@pytest.mark.parametrize("relation", ["within", "contains", "intersects", "equals", "disjoint", "overlaps"])
def test_each_relation_is_read(relation: str) -> None:
    read = parse_geo(relation, "Polygon", str(SQUARE), "location", CONTEXT)
    assert read == GeoQuery(GeoRelation(relation), {"type": "Polygon", "coordinates": SQUARE}, NGSI + "location")


@pytest.mark.parametrize(
    ("georel", "position"),
    [
        ("touches", 1),
        ("near", 5),
        ("near;", 6),
        ("near;maxDistance=5", 17),
        ("near;maxDistance==0", 19),
        ("near;maxDistance==-100", 19),
        ("near;maxDistance==inf", 19),
        ("near;maxDistance==1e400", 19),
        ("near;maxDistance==5;minDistance==1", 20),
        ("within;maxDistance==5", 7),
        ("withinn", 7),
        (7, 1),
    ],
)
def test_a_wrong_relation_is_told_with_the_place(georel: object, position: int) -> None:
    with pytest.raises(BadRequestData) as caught:
        parse_geo(georel, "Point", "[8,40]", None, CONTEXT)
    assert caught.value.facts["position"] == position


@pytest.mark.parametrize(
    ("geometry", "coordinates", "said"),
    [
        (None, "[8,40]", "geometry is missing"),
        ("Point", None, "coordinates is missing"),
        ("Circle", "[8,40]", "'Circle' is not a geometry"),
        ("GeometryCollection", "[]", "not a geometry"),
        ("Point", "[8,40", "position 6 JSON"),
        ("Point", "[8,NaN]", "JSON"),
        ("Point", "[" * 100_000, "a text of|JSON"),
        ("Point", "[" * 30_000, "JSON"),
        ("Point", "[8]", "a position is expected"),
        ("Point", '["8",40]', "a position is expected"),
        ("Point", "[34.7,135.5]", r"did you mean \[135.5,34.7\]"),
        ("Point", "[200,135]", "longitude goes from"),
        ("Polygon", "[[[0,0],[1,0],[1,1],[0,1]]]", r"coordinates\[0\]: a ring ends where it began"),
        ("Polygon", "[[[0,0],[1,0],[0,0]]]", "4 or more positions"),
        ("LineString", "[[0,0]]", "2 or more positions"),
        ("MultiPolygon", "[]", "1 or more polygons"),
    ],
)
def test_a_wrong_geometry_is_told(geometry: object, coordinates: object, said: str) -> None:
    with pytest.raises(BadRequestData, match=said):
        parse_geo("near;maxDistance==5", geometry, coordinates, None, CONTEXT)


@given(st.text(), st.text(), st.text() | st.recursive(st.floats() | st.none(), st.lists))
def test_any_parameters_are_read_or_refused_as_bad_data(georel: str, geometry: str, coordinates: Any) -> None:
    for relation, kind in ((georel, "Point"), ("within", geometry), ("within", "Polygon"), ("within", "MultiPoint")):
        with suppress(BadRequestData):
            parse_geo(relation, kind, coordinates, None, CONTEXT)


MIDNIGHT = datetime(2026, 6, 30, tzinfo=UTC)


def test_times_are_read() -> None:
    assert parse_temporal() == TemporalQuery()
    assert parse_temporal("before", "2026-06-30T00:00:00Z") == TemporalQuery(TimeRelation.BEFORE, MIDNIGHT)
    assert parse_temporal(
        "between", "2026-06-30T00:00:00Z", "2026-07-01T09:00:00+09:00", "modifiedAt", "5"
    ) == TemporalQuery(TimeRelation.BETWEEN, MIDNIGHT, datetime(2026, 7, 1, tzinfo=UTC), "modifiedAt", 5)
    assert parse_temporal(last_n=3).last_n == 3


@pytest.mark.parametrize(
    ("arguments", "parameter"),
    [
        ({"timerel": "during", "time_at": "2026-06-30T00:00:00Z"}, "timerel"),
        ({"timerel": "before"}, "timeAt"),
        ({"timerel": "between", "time_at": "2026-06-30T00:00:00Z"}, "endTimeAt"),
        ({"timerel": "before", "time_at": "0001-01-01T00:00:00+09:00"}, "timeAt"),
        ({"time_at": "2026-06-30T00:00:00Z"}, "timerel"),
        ({"timeproperty": "expiresAt"}, "timeproperty"),
        ({"last_n": "0"}, "lastN"),
        ({"last_n": "five"}, "lastN"),
        ({"last_n": True}, "lastN"),
        ({"last_n": "9" * 5000}, "lastN"),
    ],
)
def test_a_wrong_time_is_told(arguments: dict[str, Any], parameter: str) -> None:
    with pytest.raises(BadRequestData, match=f"^{parameter}"):
        parse_temporal(**arguments)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(BadRequestData, match="timeAt"):
        parse_temporal("before", "2026-06-30T00:00:00")
