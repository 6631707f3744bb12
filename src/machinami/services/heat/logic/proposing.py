"""Of what should an officer be asked, and which alert does an approved proposal become?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from machinami.foundation.geometry import distance_between
from machinami.model.publishing import sent
from machinami.model.view import Geometry, Ref
from machinami.model.vocabulary.alerts import Alert, Parameter, Texts, in_force
from machinami.model.vocabulary.decisions import (
    Refused,
    WarningProposal,
    advise,
    last_step,
    move,
    rejected_of,
    waiting_of,
)
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.places import District
from machinami.model.vocabulary.weather import WbgtObserved
from machinami.services.heat.logic.risk import NOTHING, Grades, Judgement
from machinami.services.heat.model import CAREFUL, GROUPS, SERVICE, SPECIAL, WARNING, Settings

GRADES: dict[int, tuple[str, str]] = {CAREFUL: ("Moderate", "Prepare"), WARNING: ("Severe", "Avoid"),
                                      SPECIAL: ("Extreme", "Avoid")}  # fmt: skip
"""Severity and response (CAP 1.2, 3.2.2) of a grade."""
VALUE_NAME = {"ja": "暑さ指数（WBGT、°C）", "en": "Wet bulb globe temperature (°C)"}
Say = Callable[[WbgtObserved, Grades, Sequence[District]], Texts]


@dataclass(frozen=True, slots=True)
class Known:
    """What was proposed and told, and the districts that lie around each place (by its id)."""

    proposals: Sequence[WarningProposal]
    alerts: Sequence[Alert]
    around: dict[str, list[District]]


def propose(
    place: WbgtObserved, judgement: Judgement, known: Known, now: datetime, new_id: Callable[[], str], say: Say
) -> list[WarningProposal]:
    """The proposals about a place that change: one that the heat has overtaken, and a new one with its reasons."""
    about = [one for one in known.proposals if one.ref_subject == place.id]
    waiting, rejected = waiting_of(about), rejected_of(about)
    last = None if rejected is None else Refused(grades_of(rejected), last_step(rejected))
    told = told_grades(known.alerts, place.id, now)
    advice = advise(judgement, told, None if waiting is None else grades_of(waiting), last)
    changed = [move(waiting, "superseded", now)] if advice.drop and waiting is not None else []
    if advice.propose is not None:
        changed.append(_proposal(place, advice.propose, judgement, known, now, new_id(), say))
    return changed


def grades_of(said: WarningProposal | Alert) -> Grades:
    """The grade of each group that a proposal or an alert says; 0 for a group that it does not name."""
    named = {row["group"]: row["grade"] for row in said.groups or []}
    return tuple(named.get(group, 0) for group in GROUPS)


def told_grades(alerts: Sequence[Alert], place: str, now: datetime) -> Grades:
    """What residents have been told of a place and is in force."""
    standing = [grades_of(one) for one in in_force(alerts, now) if one.ref_subject == place]
    return tuple(map(max, zip(*standing, strict=True))) if standing else NOTHING


def nearest_places(districts: Sequence[District], places: Sequence[WbgtObserved]) -> dict[str, list[District]]:
    """The districts for which each place speaks: those that are nearest to it. A district without a place on the map
    belongs to the only place there is, or to none."""
    found: dict[str, list[District]] = {place.id: [] for place in places}
    placed = [place for place in places if place.location is not None]
    for district in districts:
        if len(places) == 1:
            found[places[0].id].append(district)
        elif district.location is not None and placed:
            nearest = min(placed, key=lambda place: _apart(district.location, place))
            found[nearest.id].append(district)
    return found


def _apart(area: Geometry | None, place: WbgtObserved) -> float:
    assert place.location is not None, "places without a location were left out"
    assert area is not None, "districts without ground were left out"
    return distance_between(area, {"type": "Point", "coordinates": [place.location.lon, place.location.lat]})


def _proposal(
    place: WbgtObserved,
    grades: Grades,
    judgement: Judgement,
    known: Known,
    now: datetime,
    entity_id: str,
    say: Say,
) -> WarningProposal:
    texts = say(place, grades, known.around.get(place.id, []))
    return WarningProposal(
        id=entity_id,
        source_service=SERVICE,
        grade=max(grades),
        state="proposed",
        issued_at=now,
        ref_subject=Ref(place.id),
        groups=[{"group": group, "grade": grade} for group, grade in zip(GROUPS, grades, strict=True) if grade],
        reasons=[reason.row() for reason in judgement.reasons],
        event=texts.event,
        headline=texts.headline,
        text=texts.text,
        instruction=texts.instruction,
        area_name=texts.area_name,
        transitions=[],
        simulated=place.simulated,
    )


def issued(
    entity_id: str,
    proposal: WarningProposal,
    texts: Texts,
    place: WbgtObserved,
    districts: Sequence[District],
    standing: Sequence[Alert],
    by: Officer,
    settings: Settings,
    now: datetime,
) -> Alert:
    """The alert that an approved proposal becomes: an Update where others stand for the place, else an Alert."""
    grade = proposal.grade or CAREFUL
    severity, response = GRADES.get(grade, GRADES[CAREFUL])
    only_expected = _is_only_expected(proposal)
    alert = Alert(
        id=entity_id,
        category="health",
        sub_category=SERVICE,
        event=texts.event,
        urgency="Expected" if only_expected else "Immediate",
        severity=severity,
        certainty="Likely" if only_expected else "Observed",
        headline=texts.headline,
        text=texts.text,
        instruction=texts.instruction,
        area_name=texts.area_name,
        location=None if districts else place.location,
        area=area_of(districts),
        alert_source=f"{by.role} {by.who}",
        sender=settings.sender,
        # A simulated station may never set off a real response.
        status="Exercise" if place.simulated else "Actual",
        valid_from=now,
        valid_to=now + timedelta(hours=settings.alert_hours),
        ref_proposal=Ref(proposal.id),
        decided_by=by.who,
        role=by.role,
        simulated=place.simulated,
        source_service=SERVICE,
        kind="advisory" if grade == CAREFUL else "warning",
        grade=grade,
        response=response,
        parameters=_figures(place),
        groups=proposal.groups,
        ref_subject=Ref(place.id),
    )
    return sent(alert, standing, now)


def _is_only_expected(proposal: WarningProposal) -> bool:
    """Whether what is expected is more than what was measured."""
    rows = {str(row.get("kind")): row.get("wbgt") for row in proposal.reasons or []}
    seen, coming = rows.get("observed"), rows.get("expected")
    return isinstance(seen, int | float) and isinstance(coming, int | float) and coming > seen


def _figures(place: WbgtObserved) -> list[Parameter] | None:
    value = place.wbgt.value if place.wbgt else None
    return None if value is None else [{"name": dict(VALUE_NAME), "value": f"{value:.1f}"}]


def area_of(districts: Sequence[District]) -> Geometry | None:
    """The ground of several districts as one geometry; None where none of them has any."""
    polygons: list[Any] = []
    for district in districts:
        ground: Mapping[str, Any] = district.location or {}
        kind, held = ground.get("type"), ground.get("coordinates")
        polygons += held if kind == "MultiPolygon" and held else [held] if kind == "Polygon" and held else []
    return Geometry({"type": "MultiPolygon", "coordinates": polygons}) if polygons else None
