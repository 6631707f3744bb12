"""A street with houses, poles, a school route and a nursery, small enough to know what is seen."""

from typing import Any

from machinami.model.view import Geometry, Point, Words
from machinami.model.vocabulary.buildings import Building, Streetlight
from machinami.model.vocabulary.places import District
from machinami.services.watch_cameras.model import CameraPole, PrivacyZone, Settings, WatchTarget

LON, LAT = 138.2, 35.0
DEGREE = 111_195.0
WIDE = DEGREE * 0.8191520442889918  # at 35 degrees north


def at(east: float, north: float) -> list[float]:
    """A place by metres from the street's corner."""
    return [LON + east / WIDE, LAT + north / DEGREE]


def box(west: float, south: float, east: float, north: float) -> Geometry:
    ring = [at(west, south), at(east, south), at(east, north), at(west, north), at(west, south)]
    return Geometry({"type": "Polygon", "coordinates": [ring]})


def house(key: str, west: float, south: float, east: float, north: float, height: float = 8.0) -> Building:
    return Building(f"urn:ngsi-ld:Building:{key}", None, box(west, south, east, north), height, 10.0)


def pole(key: str, east: float, north: float, **more: Any) -> CameraPole:
    lon, lat = at(east, north)
    return CameraPole(
        f"urn:ngsi-ld:CameraPole:{key}", Words({"ja": key}), Point(lon, lat), 5.0, 90_000.0, "usable", **more
    )


def route(key: str, *corners: tuple[float, float]) -> WatchTarget:
    line = Geometry({"type": "LineString", "coordinates": [at(*corner) for corner in corners]})
    return WatchTarget(f"urn:ngsi-ld:WatchTarget:{key}", Words({"ja": key}), "school_route", line, 1.0, "usable")


def zone(key: str, area: Geometry, rule: Any) -> PrivacyZone:
    return PrivacyZone(f"urn:ngsi-ld:PrivacyZone:{key}", Words({"ja": key}), "nursery", area, 4.0, rule, "usable")


HOUSES = (house("a", 5, 5, 25, 15), house("b", 30, 5, 50, 15), house("c", 5, -20, 50, -8))
"""North and south of a street along the east, between 8 m south and 5 m north of it."""
POLES = (pole("west", 0, 0), pole("middle", 27.5, 0), pole("east", 60, 0))
STREET = route("street", (0, -2), (60, -2))
YARD = route("yard", (5, 20), (50, 20))  # behind the northern houses
DISTRICTS = (
    District("urn:ngsi-ld:District:west", Words({"ja": "西"}), box(-50, -50, 30, 50)),
    District("urn:ngsi-ld:District:east", Words({"ja": "東"}), box(30, -50, 150, 50)),
)
LIGHT = Streetlight("urn:ngsi-ld:Streetlight:1", Words({"ja": "街灯"}), Point(*at(27.5, 20)), 4.5)
SETTINGS = Settings(180_000, 90_000, 103, 56, 40, 20, 8, 2, 5, 1.2, 80, 3.0, 300, 60, 14, 3)
