"""How is what the heat service knows said to a reader: reasons as sentences, cool places, ways in the shade?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from machinami.kit.approving import ProposalRow, notice_of, proposal_row
from machinami.kit.happening import Notice, as_level
from machinami.kit.moments import moment
from machinami.kit.words import Words
from machinami.model.vocabulary.alerts import Alert
from machinami.model.vocabulary.cooling import CoolingShelter, Walkway
from machinami.model.vocabulary.decisions import WarningProposal
from machinami.model.vocabulary.weather import WbgtObserved
from machinami.services.heat.book.state import Coming, Cool, Place, Plan, Site, Way
from machinami.services.heat.logic.cooling import Door
from machinami.services.heat.logic.now import is_silent, level_of
from machinami.services.heat.logic.shading import share_at
from machinami.services.heat.model import (
    CAREFUL,
    GROUPS,
    CoolingPlan,
    HeatRisk,
    Settings,
    SiteRow,
    WayShade,
    WbgtForecast,
)

ADDRESS = "/services/heat"
DIGITS = 5
SHUT = Door(False, None, None)


@dataclass(frozen=True, slots=True)
class Teller:
    """Says rows of reasons as sentences, at a moment, in a language and a time zone."""

    words: Words
    now: datetime
    zone: str

    def sentence(self, row: Mapping[str, Any]) -> str:
        """One reason as a sentence; a row that is none says nothing."""
        said: dict[str, object] = {}
        try:
            for name in ("wbgt", "low", "high", "bound"):
                if row.get(name) is not None:
                    said[name] = f"{float(row[name]):.1f}"
            if row.get("at"):
                said["time"] = moment(datetime.fromisoformat(str(row["at"])), self.now, self.words, self.zone).clock
            kind = str(row["kind"])
            if "group" in row:
                said["group"] = self.words.plain(f"heat.group.{row['group']}")
                said["grade"] = self.words.plain(f"heat.grade.{row['grade']}")
                said["source"] = self.words.plain(f"heat.source.{row['source']}")
            if kind == "expected" and "low" not in said:
                kind = "expected_alone"
            key = f"heat.because.{kind}"
            return self.words.plain(key, **said) if self.words.has(key) else ""
        except (KeyError, TypeError, ValueError):
            return ""

    def door(self, door: Door) -> str:
        """Whether a cool place is open, in a line."""
        at = door.until if door.open else door.next
        clock = moment(at, self.now, self.words, self.zone).clock if at else ""
        said = self.words.plain("heat.cool.open" if door.open else "heat.cool.shut")
        tail = self.words.plain("heat.cool.until" if door.open else "heat.cool.next")
        return f"{said} ・ {tail} {clock}" if clock else said


def notice(alert: Alert, words: Words) -> Notice:
    """What residents are told, in the colour of its grade."""
    return notice_of(alert, as_level(alert.grade) or as_level(CAREFUL), ADDRESS, words, own=True)


def place(
    one: WbgtObserved, said: WbgtForecast | None, risk: HeatRisk | None, settings: Settings, now: datetime, words: Words
) -> Place:
    """One place as the page shows it."""
    value = one.wbgt.value if one.wbgt else None
    level = None if value is None or is_silent(one, settings, now) else level_of(value)
    at = one.wbgt.observed_at if one.wbgt else None
    coming = _coming(said, now) if said and said.issued_at else []
    rows = (risk.groups or []) if risk and level is not None else []
    grades = [(row["group"], row["grade"]) for row in rows if row["group"] in GROUPS]
    return Place(one.id, words.of(one.name, one.id), value, level, at, one.method or "measured", coming, grades)


def proposal(one: WarningProposal, names: Mapping[str, str], teller: Teller) -> ProposalRow:
    """A proposal as an officer reads it."""
    place, sentences = str(one.ref_subject), map(teller.sentence, one.reasons or [])
    said = [sentence for sentence in sentences if sentence]
    row = proposal_row(one, as_level(one.grade), names.get(place, place), said, teller.words)
    known = [(told["group"], told["grade"]) for told in one.groups or [] if told["group"] in GROUPS]
    return replace(row, groups=[(group, grade) for group, grade in known if as_level(grade)])


def cool(one: CoolingShelter, door: Door, standing: bool, teller: Teller) -> Cool:
    """A cooling shelter as the page shows it."""
    words, place = teller.words, one.location
    decided = ""
    if one.decided_at and one.decided_by:
        at = moment(one.decided_at, teller.now, words, teller.zone).full
        decided = f"{at} ・ {one.decided_by}（{one.role or ''}）" + (f" ・ {one.reason}" if one.reason else "")
    named: Mapping[str, str] = one.name or {}
    text = {
        "name": named.get("ja", ""),
        "english": named.get("en", ""),
        "latitude": "" if place is None else f"{place.lat:.{DIGITS}f}",
        "longitude": "" if place is None else f"{place.lon:.{DIGITS}f}",
        "capacity": "" if one.capacity is None else str(one.capacity),
        "hours": "\n".join(one.opening_hours or []),
        "closed_on": " ".join(one.closed_on or []),
        "first_day": one.first_day or "",
        "last_day": one.last_day or "",
    }
    key = one.id.rpartition(":")[2]
    rows = [hours(row, words) for row in one.opening_hours or []]
    lat, lon = (place.lat, place.lon) if place else (None, None)
    undo = bool(one.revisions)
    name = words.of(one.name, one.id)
    return Cool(one.id, key, name, door, one.capacity, rows, lat, lon, text, standing, undo, decided)


def hours(row: str, words: Words) -> str:
    """Opening hours in the reader's words: days by their names."""
    for name in ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"):
        row = row.replace(name, words.plain(f"heat.day.{name}"))
    return row


def plan(one: CoolingPlan, names: Mapping[str, str]) -> Plan:
    """How well cooling shelters lie, and what more would do."""
    people = one.people or 0

    def share(reached: float | None) -> float | None:
        return None if reached is None or not people else reached / people

    def site(row: SiteRow) -> Site:
        places = [names.get(one, one) for one in row["sites"]]
        return Site(row["method"], places, row["nearer"], share(row["reached"]) or 0.0, bool(row["proven"]))

    sites = [site(row) for row in one.sites or [] if row["method"] in ("p_median", "covering")]
    return Plan(people, one.radius or 0, one.existing, share(one.reachable), sites)


def ways(shades: Sequence[WayShade], known: Sequence[Walkway], hour: int, day: str, words: Words) -> list[Way]:
    """The ways of a day with their shade at an hour, the coolest first."""
    named = {way.id: way for way in known}
    found = []
    for shade in shades:
        way, share = named.get(str(shade.ref_subject)), share_at(shade, hour)
        if way is not None and share is not None and shade.day == day:
            rows = [(row["hour"], row["share"]) for row in shade.hours or []]
            found.append(Way(way.id, words.of(way.name, way.id), way.usage or "walk", share, rows))
    return sorted(found, key=lambda one: (-one.share, one.name))


def _coming(said: WbgtForecast, now: datetime) -> list[Coming]:
    """The rows of a forecast that are still to come; a row that is none is left out."""
    rows = [_row(row, said.issued_at) for row in said.horizons or [] if said.issued_at]
    return [row for row in rows if row and row.at > now]


def _row(row: dict[str, Any], issued: datetime) -> Coming | None:
    hours, wbgt = row.get("hours"), row.get("wbgt")
    if not isinstance(hours, int) or not isinstance(wbgt, int | float):
        return None
    low, high, gain = (
        float(value) if isinstance(value, int | float) else None for value in map(row.get, ("low", "high", "gain"))
    )
    at = issued + timedelta(hours=hours)
    return Coming(hours, at, float(wbgt), level_of(float(wbgt)), low, high, gain, bool(row.get("used")))
