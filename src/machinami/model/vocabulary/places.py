"""Typed views of places that several services share: the town itself, its districts and its shelters."""

from dataclasses import dataclass
from typing import ClassVar

from machinami.model.view import Geometry, Point, Words


@dataclass(frozen=True, slots=True)
class Shelter:
    """A place to go to in an emergency (指定緊急避難場所・指定避難所); capacity in persons."""

    TYPE: ClassVar[str] = "Shelter"
    id: str
    name: Words | None = None
    location: Point | None = None
    capacity: int | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class District:
    """A part of the town (町丁目・地区) with its people."""

    TYPE: ClassVar[str] = "District"
    id: str
    name: Words | None = None
    location: Geometry | None = None
    population: int | None = None
    simulated: bool | None = None
