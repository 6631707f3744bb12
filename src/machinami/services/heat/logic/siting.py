"""Where would more cooling shelters help most: for the mean way of all people, and for how many have one near?

People stand where most of their district live, or else at its middle; ways are taken straight, so true ways are longer.
What exists stays: a district is as far from the nearest of what exists and what is chosen. Candidates are the town's
shelters (schools, halls) that are no cooling shelters yet.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely

from machinami.foundation.geometry import distance, shape
from machinami.methods.covering_program import Wish
from machinami.methods.facility_location import p_median
from machinami.methods.maximal_covering import maximal_covering
from machinami.methods.series import Floats
from machinami.model.view import Point
from machinami.model.vocabulary.cooling import CoolingShelter
from machinami.model.vocabulary.places import District, Shelter
from machinami.services.heat.model import CoolingPlan, SiteRow

SAME_PLACE = 30.0  # m: a shelter so near to a cooling shelter is one
SECONDS = 60.0
PLAN_ID = f"urn:ngsi-ld:{CoolingPlan.TYPE}:town"


class Question(NamedTuple):
    """What the siting is worked out from: districts' middles and people, places that exist, places that may be chosen
    (ids and places), how many more, and what is near (m)."""

    middles: tuple[Point, ...]
    people: tuple[int, ...]
    existing: tuple[Point, ...]
    candidates: tuple[tuple[str, Point], ...]
    more: int
    radius: int

    @property
    def digest(self) -> str:
        """What tells whether something has changed."""
        return hashlib.sha256(repr(tuple(self)).encode()).hexdigest()[:16]


def question_of(
    districts: Sequence[District],
    standing: Sequence[CoolingShelter],
    places: Sequence[Shelter],
    count: int,
    radius: int,
) -> Question:
    """Gather what is asked; districts without ground or people, and places without a location, are left out."""
    lived = [one for one in districts if (one.centre or one.location) and (one.population or 0) > 0]
    existing = tuple(one.location for one in standing if one.location is not None)
    free = [one for one in places if one.location is not None and not _is_near(one.location, existing)]
    return Question(
        tuple(_middle(one) for one in lived),
        tuple(one.population or 0 for one in lived),
        existing,
        tuple((one.id, one.location) for one in sorted(free, key=lambda one: one.id) if one.location is not None),
        min(count, len(free)),
        radius,
    )


def plan_sites(question: Question) -> CoolingPlan:
    """Choose by p-median and by maximal covering, both proven where the search ends in time. Runs in a worker."""
    people = np.array(question.people, dtype=np.float64)
    before = _nearest(question.middles, question.existing)
    near = float(people[before <= question.radius].sum())
    rows: list[SiteRow] = []
    if question.more and len(people):
        ways = _table(question.middles, [place for _, place in question.candidates])
        rows = [_median(question, people, before, ways), _covering(question, people, before, ways)]
    there = bool(question.existing) and len(people) > 0
    return CoolingPlan(
        PLAN_ID,
        radius=question.radius,
        people=sum(question.people),
        existing=round(_mean(before, people), 1) if there else None,
        reachable=round(near) if there else None,
        sites=rows,
        digest=question.digest,
    )


def _median(question: Question, people: Floats, before: Floats, ways: Floats) -> SiteRow:
    shorter = np.minimum(ways, before[:, None])
    found = p_median(shorter, question.more, people, SECONDS)
    return _row("p_median", question, found.sites, found.value, found.bound, found.proved, people, before, ways)


def _covering(question: Question, people: Floats, before: Floats, ways: Floats) -> SiteRow:
    """Who is near one already counts as covered by whatever is chosen."""
    covers = ((ways <= question.radius) | (before <= question.radius)[:, None]).T
    wish = Wish(covers, people, np.ones(len(covers)), float(question.more))
    found = maximal_covering(wish, SECONDS)
    return _row("covering", question, found.chosen, found.value, found.bound, found.proven, people, before, ways)


def _row(
    method: str,
    question: Question,
    chosen: Sequence[int],
    value: float,
    bound: float,
    proven: bool,
    people: Floats,
    before: Floats,
    ways: Floats,
) -> SiteRow:
    after = np.minimum(before, ways[:, list(chosen)].min(axis=1)) if chosen else before
    return {
        "method": method,
        "sites": [question.candidates[number][0] for number in chosen],
        "value": round(float(value), 1),
        "bound": round(float(bound), 1),
        "proven": proven,
        "nearer": round(_mean(after, people), 1),
        "reached": float(people[after <= question.radius].sum()),
    }


def _mean(apart: Floats, people: Floats) -> float:
    return float(apart @ people / people.sum()) if people.sum() > 0 else 0.0


def _nearest(middles: Sequence[Point], places: Sequence[Point]) -> Floats:
    """How far each middle is from the nearest place; beyond all ways on Earth where there is none."""
    return _table(middles, places).min(axis=1) if places else np.full(len(middles), 1e8)


def _table(middles: Sequence[Point], places: Sequence[Point]) -> Floats:
    return np.array([[distance(one, other) for other in places] for one in middles], dtype=np.float64)


def _middle(district: District) -> Point:
    """Where the people of a district live as far as it is said, else a point on its ground near its middle."""
    if district.centre is not None:
        return district.centre
    assert district.location is not None, "districts without ground were left out"
    made = shape(district.location)
    at = made.centroid if made.contains(made.centroid) else shapely.point_on_surface(made)
    return Point(float(at.x), float(at.y))


def _is_near(place: Point, others: Sequence[Point]) -> bool:
    return any(distance(place, other) <= SAME_PLACE for other in others)
