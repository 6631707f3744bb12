"""Which cooling shelters are open now, and how does an officer change one?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.foundation.instant import format_instant
from machinami.model.opening_hours import closing, is_open, next_opening, parse_hours
from machinami.model.view import Point, Words
from machinami.model.vocabulary.cooling import CoolingShelter
from machinami.model.vocabulary.office import Officer

LONGEST_NAME, MOST_ROWS, MOST_PERSONS = 80, 14, 100_000
KEPT = ("name", "location", "capacity", "opening_hours", "closed_on", "first_day", "last_day", "state")


@dataclass(frozen=True, slots=True)
class Door:
    """Whether a shelter is open at a moment; `until` when it closes, `next` when it opens again; None: nobody knows."""

    open: bool
    until: datetime | None
    next: datetime | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A cooling shelter as an officer typed it, each part as text."""

    name: str
    english: str
    latitude: str
    longitude: str
    capacity: str
    hours: str
    closed_on: str
    first_day: str
    last_day: str


def door_of(shelter: CoolingShelter, at: datetime) -> Door:
    """Whether it is open at a moment of the town's clock."""
    hours, off = shelter.opening_hours or [], shelter.closed_on or []
    if not is_standing(shelter, at.date()):
        return Door(False, None, None)
    return Door(is_open(hours, at, off), closing(hours, at, off), next_opening(hours, at, off))


def is_standing(shelter: CoolingShelter, on: date) -> bool:
    """Whether it is a cooling shelter on a day."""
    first, last, day = shelter.first_day or "", shelter.last_day or "9999", on.isoformat()
    return shelter.state != "withdrawn" and first <= day <= last


def designated(
    entity_id: str, draft: Draft, before: CoolingShelter | None, by: Officer, now: datetime
) -> CoolingShelter:
    """The shelter that an officer designates, or writes anew. Raises BadRequestData naming the field that is wrong."""
    shelter = CoolingShelter(
        id=entity_id,
        name=Words(
            {"ja": _name(draft.name, "name"), **({"en": draft.english.strip()} if draft.english.strip() else {})}
        ),
        location=_place(draft.latitude, draft.longitude),
        capacity=_capacity(draft.capacity),
        opening_hours=_hours(draft.hours),
        closed_on=[_day(one, "closed_on") for one in draft.closed_on.split()] or None,
        first_day=_day(draft.first_day, "first_day") if draft.first_day.strip() else None,
        last_day=_day(draft.last_day, "last_day") if draft.last_day.strip() else None,
        state="designated",
        simulated=before.simulated if before else None,
    )
    if shelter.first_day and shelter.last_day and shelter.last_day < shelter.first_day:
        raise BadRequestData("The last day is before the first", field="last_day", fault="order")
    return _signed(shelter, before, by, "", now)


def withdrawn(before: CoolingShelter, reason: str, by: Officer, now: datetime) -> CoolingShelter:
    """A shelter that is one no more. Raises Conflict where it was not."""
    if before.state == "withdrawn":
        raise Conflict("This is no cooling shelter any more", shelter=before.id)
    return _signed(replace(before, state="withdrawn"), before, by, reason, now)


def undone(before: CoolingShelter, by: Officer, now: datetime) -> CoolingShelter:
    """A shelter as it stood before its last change. Raises Conflict where there was none."""
    rows = before.revisions or []
    if not rows:
        raise Conflict("There is no change of this cooling shelter to undo", shelter=before.id)
    last = rows[-1]
    location = last.get("location")
    back = CoolingShelter(
        id=before.id,
        name=Words(last["name"]) if last.get("name") else None,
        location=Point(float(location[0]), float(location[1])) if location else None,
        capacity=last.get("capacity"),
        opening_hours=last.get("opening_hours"),
        closed_on=last.get("closed_on"),
        first_day=last.get("first_day"),
        last_day=last.get("last_day"),
        state=last.get("state") or "designated",
        simulated=before.simulated,
    )
    return replace(_signed(back, None, by, "", now), revisions=rows[:-1])


def open_first(shelters: Sequence[CoolingShelter], at: datetime) -> list[tuple[CoolingShelter, Door]]:
    """The shelters of a day with whether they are open: those that are open first, then by when they open."""
    doors = [(one, door_of(one, at)) for one in shelters if is_standing(one, at.date())]
    never = datetime.max.replace(tzinfo=at.tzinfo)
    return sorted(doors, key=lambda pair: (not pair[1].open, pair[1].next or never, pair[0].id))


def _signed(
    shelter: CoolingShelter, before: CoolingShelter | None, by: Officer, reason: str, now: datetime
) -> CoolingShelter:
    rows = list(before.revisions or []) if before else []
    if before is not None:
        kept = {name: _plain(getattr(before, name)) for name in KEPT if getattr(before, name) is not None}
        at = format_instant(before.decided_at) if before.decided_at else None
        rows.append({**kept, "by": before.decided_by, "role": before.role, "at": at, "reason": before.reason})
    return replace(
        shelter, decided_by=by.who, role=by.role, decided_at=now, reason=reason or None, revisions=rows or None
    )


def _plain(value: object) -> object:
    return list(value) if isinstance(value, Point) else dict(value) if isinstance(value, Words) else value


def _name(text: str, field: str) -> str:
    if not text.strip() or len(text) > LONGEST_NAME:
        raise BadRequestData(f"The name must have 1 to {LONGEST_NAME} characters", field=field, fault="name")
    return text.strip()


def _place(latitude: str, longitude: str) -> Point:
    try:
        lat, lon = float(latitude), float(longitude)
    except ValueError:
        lat, lon = 999.0, 999.0
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise BadRequestData("The place needs a latitude and a longitude in degrees", field="latitude", fault="place")
    return Point(lon, lat)


def _capacity(text: str) -> int | None:
    if not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdigit() and 1 <= int(text) <= MOST_PERSONS):
        raise BadRequestData("The capacity is a whole number of persons", field="capacity", fault="capacity")
    return int(text)


def _hours(text: str) -> list[str]:
    rows = [row.strip() for row in text.replace(";", "\n").split("\n") if row.strip()]
    if not rows or len(rows) > MOST_ROWS:
        raise BadRequestData("Say when it is open, such as Mo-Fr 09:00-17:00", field="hours", fault="hours")
    for row in rows:
        try:
            parse_hours(row)
        except BadRequestData as error:
            raise BadRequestData(error.detail, field="hours", fault="hours") from error
    return rows


def _day(text: str, field: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise BadRequestData(f"{text!r} is no day; write 2026-07-01", field=field, fault="day") from None
