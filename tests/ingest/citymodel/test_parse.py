"""Are buildings read from a city model as they were surveyed, and is everything else refused with a reason?"""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.ingest.citymodel.entities import entities
from machinami.ingest.citymodel.parse import Model, read
from machinami.ingest.citymodel.parse_projection import code_of, locate_by
from machinami.model.vocabulary.buildings import Building, BuildingShape

SHARED = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "citymodel"
SPACES = (
    'xmlns:core="http://www.opengis.net/citygml/2.0" xmlns:bldg="http://www.opengis.net/citygml/building/2.0" '
    'xmlns:gml="http://www.opengis.net/gml"'
)
needs_tiles = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the city models of the shared data")


def city(*members: str, reference: str = "http://www.opengis.net/def/crs/EPSG/0/6697", before: str = "") -> bytes:
    held = "".join(f"<core:cityObjectMember>{member}</core:cityObjectMember>" for member in members)
    envelope = f'<gml:boundedBy><gml:Envelope srsName="{reference}"/></gml:boundedBy>' if reference else ""
    return f"{before}<core:CityModel {SPACES}>{envelope}{held}</core:CityModel>".encode()


def face(*corners: tuple[float, float, float]) -> str:
    words = " ".join(f"{a} {b} {c}" for a, b, c in (*corners, corners[0]))
    return (
        "<gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing>"
        f"<gml:posList>{words}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember>"
    )


def house(inside: str = "", key: str = "house", ground: float = 4.0, foot: str = "") -> str:
    foot = foot or face((35.0, 139.0, ground), (35.0, 139.0001, ground), (35.0001, 139.0001, ground))
    return f'<bldg:Building gml:id="{key}">{inside}<bldg:lod0FootPrint>{foot}</bldg:lod0FootPrint></bldg:Building>'


HEIGHT = '<bldg:measuredHeight uom="m">7.5</bldg:measuredHeight>'


def test_a_house_has_its_footprint_height_and_ground() -> None:
    (found,) = read([city(house(f"<gml:name>町の家</gml:name><bldg:usage>411</bldg:usage>{HEIGHT}"))]).buildings
    assert (found.key, found.height, found.ground, found.name, found.usage) == ("house", 7.5, 4.0, "町の家", "411")
    assert found.footprint[0][0][0].tolist() == [139.0, 35.0]


def test_a_height_that_means_unknown_is_taken_from_the_solid() -> None:
    side = face((35.0, 139.0, 2.0), (35.0001, 139.0, 2.0), (35.0001, 139.0, 11.0), (35.0, 139.0, 11.0))
    told = f"<bldg:measuredHeight>-9999</bldg:measuredHeight><bldg:lod1Solid>{side}</bldg:lod1Solid>"
    (found,) = read([city(house(told))]).buildings
    assert (found.height, found.ground, found.lod) == (9.0, 2.0, 1)


def test_roofs_and_walls_become_triangles_in_metres() -> None:
    roof = face((35.0, 139.0, 10.0), (35.0, 139.0001, 10.0), (35.0001, 139.0001, 12.0))
    wall = f"<bldg:boundedBy><bldg:RoofSurface><bldg:lod2MultiSurface>{roof}</bldg:lod2MultiSurface></bldg:RoofSurface>"
    (found,) = read([city(house(f"{HEIGHT}{wall}</bldg:boundedBy>"))]).buildings
    assert found.lod == 2
    assert found.shape is not None
    assert found.shape.triangles[0, 1].tolist() == pytest.approx([9.11, 0.0, 10.0], abs=0.02)


def test_one_bad_building_is_named_and_the_others_are_read() -> None:
    model = read([city(house(key="flat"), house(HEIGHT))])
    assert [one.key for one in model.buildings] == ["house"]
    assert model.refused == ["flat: no height is told, and no solid has one"]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_pieces_of_any_size_say_the_same(size: int) -> None:
    data = city(house(HEIGHT), house(HEIGHT, "other"))
    model = read(data[begin : begin + size] for begin in range(0, len(data), size))
    assert [one.key for one in model.buildings] == ["house", "other"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (city(house(HEIGHT), before='<!DOCTYPE a [<!ENTITY b "c">]>'), "document type"),
        (city(house(HEIGHT), reference="urn:ogc:def:crs:EPSG::27700"), "EPSG:27700 is not known"),
        (city(house(HEIGHT), reference=""), "--epsg"),
        (city("<bldg:Bridge/>"), "no building but 1 Bridge"),
        (city(), "no building but nothing"),
        (b"<html/>", "no CityGML 2.0"),
        (city(house(HEIGHT))[:-30], "no XML that can be read"),
        (b"", "no XML that can be read"),
        (b"BZh9", "bzip2"),
        (b"\xff\xfe\x00", "no XML that can be read"),
        (city(house(HEIGHT, foot=face((350.0, 139.0, 4.0), (35.0, 139.0, 4.0), (36, 139, 4)))), "latitude"),
        (city(house(HEIGHT, foot=face((35.0, 139.0, "x"), (35, 139, 4), (36, 139, 4)))), "no number"),  # type: ignore[arg-type]
        (city("<bldg:Building>" + "<a>" * 90 + "</a>" * 90 + "</bldg:Building>"), "deep"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_reason(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read([data])


def test_an_object_larger_than_any_building_is_refused_before_it_fills_the_memory() -> None:
    def endless() -> Iterator[bytes]:
        yield city(house(HEIGHT))[: -len("</core:cityObjectMember></core:CityModel>")]
        yield b"</core:cityObjectMember><core:cityObjectMember><bldg:Building>"
        while True:
            yield b"<a/>" * 10_000

    with pytest.raises(InputError, match="more than 500000 elements"):
        read(endless())


@given(st.binary(max_size=200), st.integers(0, 400))
def test_broken_files_are_refused_and_never_anything_else(noise: bytes, at: int) -> None:
    data = city(house(HEIGHT))
    try:
        model = read([data[:at] + noise + data[at:]])
    except InputError:
        return
    assert isinstance(model, Model)


def test_plane_coordinates_are_located_as_the_survey_office_does() -> None:
    place = locate_by(6677)(np.array([[11543.6883, 22916.2436, 1.0]]))
    assert place[0].tolist() == pytest.approx([140.08785504166664, 36.103774791666666, 1.0], abs=5e-9)


@pytest.mark.parametrize("name", ["EPSG:6697", "urn:ogc:def:crs:EPSG::6697", "6697",
                                  "http://www.opengis.net/def/crs/EPSG/0/6697",
                                  "http://www.opengis.net/gml/srs/epsg.xml#6697"])  # fmt: skip
def test_reference_systems_are_known_by_all_their_names(name: str) -> None:
    assert code_of(name) == 6697


def test_utm_has_east_first() -> None:
    longitude, latitude, _ = locate_by(6691)(np.array([[500_000.0, 0.0, 0.0]]))[0]
    assert (longitude, latitude) == pytest.approx((141.0, 0.0))


@needs_tiles
def test_every_building_of_the_tile_is_read() -> None:
    file = SHARED / "plateau/yokosuka-shi/udx/bldg/52397519_bldg_6697_op.gml"
    model = read([file.read_bytes()])
    assert (len(model.buildings), model.refused, model.faces_left_out) == (13, [], 0)
    assert sum(one.shape is not None for one in model.buildings) == 2
    assert all(1.0 < one.height < 40.0 and -5.0 < one.ground < 100.0 for one in model.buildings)
    views = list(entities(model.buildings, file.name))
    museum = next(one for one in views if isinstance(one, Building) and one.name)
    assert museum.name == {"ja": "横須賀美術館"}
    assert museum.location is not None
    ring = museum.location["coordinates"][0]
    assert ring[0] == ring[-1]
    assert sum(isinstance(one, BuildingShape) for one in views) == 2


@needs_tiles
def test_every_other_file_of_the_city_models_is_refused_with_a_reason() -> None:
    files = [file for file in sorted(SHARED.rglob("*.*")) if "_bldg_" not in file.name]
    assert len(files) > 18
    for file in files:
        with pytest.raises(InputError, match=r"no CityGML|holds no building but \d"):
            read([file.read_bytes()])
