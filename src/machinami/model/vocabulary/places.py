"""Typed views of places that several services share: the town itself, its districts and its shelters."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from machinami.model.view import Geometry, Measured, Point, Words

ShelterState = Literal["open", "closed"]


@dataclass(frozen=True, slots=True)
class Shelter:
    """A place to go to in an emergency (指定緊急避難場所・指定避難所); capacity and occupancy in persons.

    state, opened_at and opened_by say whether it is open, since when and by whom, None that nobody said so. facilities
    are words of `FACILITIES`; needs are what it has been found to run short of (words of the service `shelters`).
    """

    TYPE: ClassVar[str] = "Shelter"
    id: str
    name: Words | None = None
    location: Point | None = None
    capacity: int | None = None
    simulated: bool | None = None
    state: ShelterState | None = None
    opened_at: datetime | None = None
    opened_by: str | None = None
    occupancy: Measured | None = None
    facilities: list[str] | None = None
    accessible: bool | None = None
    pets: bool | None = None
    flood_prone: bool | None = None
    needs: list[str] | None = None


FACILITIES = ("toilet_accessible", "shower", "kitchen", "power", "air_conditioning", "nursing_room", "wifi", "landing")
"""What a shelter may have; `landing`: boats can come to it."""


@dataclass(frozen=True, slots=True)
class District:
    """A part of the town (町丁目・地区) with its people; centre: where most of them live, where that is known."""

    TYPE: ClassVar[str] = "District"
    id: str
    name: Words | None = None
    location: Geometry | None = None
    population: int | None = None
    simulated: bool | None = None
    centre: Point | None = None


@dataclass(frozen=True, slots=True)
class RoadSegment:
    """A piece of road between two junctions, and whether it is open (smart-data-models RoadSegment, in part)."""

    TYPE: ClassVar[str] = "RoadSegment"
    id: str
    name: Words | None = None
    location: Geometry | None = None
    state: Literal["open", "closed"] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class NoFlyArea:
    """Where drones may not fly (航空法 第132条の85 and what a town adds)."""

    TYPE: ClassVar[str] = "NoFlyArea"
    id: str
    name: Words | None = None
    location: Geometry | None = None
    simulated: bool | None = None
