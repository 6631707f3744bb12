"""Whose is a report? That of the rule that says most of it: its category and where it lies; else its category's office.

Rules are rows that officers make and end. Where many categories are to be led to offices at once, `learn` makes rules
of what was done before, and `guess` leads a category that was never met to where its name is most at home.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from machinami.foundation.geometry import contains, intersects
from machinami.methods.likeness import folded, vectors
from machinami.model.view import Point, Words
from machinami.model.vocabulary.places import District
from machinami.services.civic_reports.model import Category, Rule

NOBODY = "総務課"
"""Who sees to what no rule and no category leads anywhere."""


@dataclass(frozen=True, slots=True)
class Way:
    """The office of a report, and the rule that led it there (empty: its category's own office)."""

    office: str
    rule: str = ""


def route(
    category: Category | None, place: Point | None, landmark: str, rules: Sequence[Rule], districts: Sequence[District]
) -> Way:
    """Whose a report is. Of rules that say as much, the newest counts."""
    code = category.category_code if category else None
    where = district_of(place, landmark, districts)
    fitting = [rule for rule in rules if rule.ended_at is None and _fits(rule, code, place, where)]
    if fitting:
        best = max(fitting, key=lambda rule: (_weight(rule), _since(rule), rule.id))
        return Way(best.department_id, best.id)
    return Way((category.department_id if category else None) or NOBODY)


def district_of(place: Point | None, landmark: str, districts: Sequence[District]) -> District | None:
    """The district in which a place lies; where there is no point, the one whose name stands in the words (the longest
    name first, so that 東松川 is not taken for 松川)."""
    if place is not None:
        point = {"type": "Point", "coordinates": list(place)}
        return next((one for one in districts if one.location and _lies_in(point, one.location)), None)
    said = folded(landmark)
    named = [(len(name), one.id, one) for one in districts for name in _names(one.name) if name and name in said]
    return max(named, key=lambda row: row[:2])[2] if named else None


def _names(name: Words | None) -> list[str]:
    return [folded(text) for text in (name or {}).values()]


def _lies_in(point: Mapping[str, object], area: Mapping[str, object]) -> bool:
    if area.get("type") not in ("Polygon", "MultiPolygon"):
        return False
    return contains(area, point) or intersects(area, point)


def _fits(rule: Rule, code: str | None, place: Point | None, where: District | None) -> bool:
    if rule.category_code and rule.category_code != code:
        return False
    if rule.ref_district and (where is None or rule.ref_district != where.id):
        return False
    if rule.location is None:
        return True
    return place is not None and _lies_in({"type": "Point", "coordinates": list(place)}, rule.location)


def _since(rule: Rule) -> float:
    return rule.decided_at.timestamp() if rule.decided_at else 0.0


def _weight(rule: Rule) -> tuple[bool, bool, bool]:
    """How much a rule says: a polygon more than a district, a place with a category more than either alone."""
    somewhere = rule.location is not None or bool(rule.ref_district)
    return bool(rule.category_code) and somewhere, rule.location is not None, bool(rule.category_code) or somewhere


def learn(done: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Category -> the office that most of its reports went to, of pairs of both."""
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for code, office in done:
        counted[code][office] += 1
    return {code: max(sorted(offices), key=lambda one: offices[one]) for code, offices in counted.items()}


def guess(code: str, table: Mapping[str, str]) -> str | None:
    """The office for a category that is not in the table: that of the category, or the office, whose letters are most
    like it; None where nothing is like it."""
    codes, offices = sorted(table), sorted(set(table.values()))
    weighed = vectors([code, *codes, *offices])
    likeness = [sum(w * one.get(gram, 0.0) for gram, w in weighed[0].items()) for one in weighed[1:]]
    best = max(range(len(likeness)), key=lambda number: (likeness[number], -number), default=None)
    if best is None or likeness[best] <= 0:
        return None
    return table[codes[best]] if best < len(codes) else offices[best - len(codes)]
