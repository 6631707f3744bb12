"""Typed views of where people find it cooler: cooling shelters, and the ways on which they walk."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from machinami.model.view import Day, Geometry, Point, Ref, Words


@dataclass(frozen=True, slots=True)
class CoolingShelter:
    """A cool place open to all in the heat (クーリングシェルター, 指定暑熱避難施設: 気候変動適応法 第21条).

    opening_hours: as schema.org writes them, such as `Mo-Fr 09:00-17:00`, by the town's clock; closed_on: days on which
    it is closed all the same; first_day and last_day: between which it is one. capacity in persons. state: designated
    or withdrawn, by whom, when and why; revisions: how it stood before, in order of time.
    """

    TYPE: ClassVar[str] = "CoolingShelter"
    id: str
    name: Words | None = None
    location: Point | None = None
    capacity: int | None = None
    opening_hours: list[str] | None = None
    closed_on: list[Day] | None = None
    first_day: Day | None = None
    last_day: Day | None = None
    state: Literal["designated", "withdrawn"] | None = None
    decided_by: str | None = None
    role: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    revisions: list[dict[str, Any]] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Walkway:
    """A way on which people walk, as a line. usage: school (通学路) or walk."""

    TYPE: ClassVar[str] = "Walkway"
    id: str
    name: Words | None = None
    location: Geometry | None = None
    usage: Literal["school", "walk"] | None = None
    ref_place: Ref | None = None
    simulated: bool | None = None
