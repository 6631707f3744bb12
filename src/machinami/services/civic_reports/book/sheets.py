"""What do the pages say of a report, a rule and the figures? Rows in the reader's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from machinami.kit.words import Words
from machinami.model.vocabulary.places import District
from machinami.services.civic_reports.logic.mending import ALL
from machinami.services.civic_reports.model import OPEN, Category, Intake, Photo, Report, Rule, State, Step
from machinami.services.civic_reports.service import Held

WIDE = 0.004  # degrees around a single place on a map


@dataclass(frozen=True, slots=True)
class Sheet:
    """A report as a page shows it. head: the number of the report that it follows; answer, state: the head's, where it
    follows one; late: whether it is open after the day it was owed by; waits: whether nobody has looked at it yet."""

    id: str
    key: str
    number: str
    title: str
    code: str
    state: State
    text: str
    landmark: str
    district: str
    office: str
    lon: float | None
    lat: float | None
    at: datetime | None
    owed: datetime | None
    closed: datetime | None
    days: float | None
    late: bool
    answer: str
    photos: Sequence[str]
    head: str
    voices: int
    removal: str
    waits: bool = False
    details: Sequence[tuple[str, str]] = ()

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Inside:
    """What only officers see of a report. alike: reports that may be the same, with how alike, how far (m), and
    whether no more than perhaps."""

    text: str
    landmark: str
    photos: Sequence[Photo]
    looked_at: datetime | None
    alike: Sequence[tuple[Sheet, float, float, bool]]
    rule: str


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in words."""

    id: str
    office: str
    category: str
    place: str
    reason: str
    who: str
    at: datetime | None
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class FigureRow:
    """How mending went, of one category or all."""

    title: str
    mended: int
    median: float | None
    share: float | None
    waiting: int
    late: int


def sheets(held: Held, words: Words, waiting: frozenset[str] = frozenset()) -> list[Sheet]:
    """All reports, the newest first; waiting: the ids of those that nobody has looked at."""
    by_id = {one.id: one for one in held.reports}
    known = {one.category_code: one for one in held.categories}
    places = {one.id: words.of(one.name) for one in held.districts}
    rows = [
        _sheet(one, by_id.get(one.ref_duplicate or "", one), known, places, words, one.id in waiting)
        for one in held.reports
        if one.report_id
    ]
    return sorted(rows, key=lambda row: (row.at.timestamp() if row.at else 0.0, row.number), reverse=True)


def _sheet(
    one: Report,
    head: Report,
    known: Mapping[str | None, Category],
    places: Mapping[str, str],
    words: Words,
    waits: bool,
) -> Sheet:
    category = known.get(one.category_code)
    return Sheet(
        one.id,
        one.id.rpartition(":")[2],
        one.report_id or "",
        words.of(category.name) if category else (one.category_code or "—"),
        one.category_code or "",
        head.state or "received",
        words.of(one.text),
        one.landmark or "",
        places.get(one.ref_district or "", ""),
        head.department_id or "",
        one.location.lon if one.location else None,
        one.location.lat if one.location else None,
        one.requested_at,
        head.expected_at,
        head.closed_at,
        head.days_to_mend,
        bool(head.overdue),
        words.of(head.answer),
        one.media or [],
        "" if head is one else head.report_id or "",
        one.voices or 1,
        one.removal or "",
        waits,
        _details(one, category, words),
    )


def _details(one: Report, category: Category | None, words: Words) -> list[tuple[str, str]]:
    asked = {row["code"]: row for row in (category.questions or [])} if category else {}
    rows: list[tuple[str, str]] = []
    for said in one.details or []:
        question = asked.get(said["code"])
        names = {row["key"]: words.of(row["name"]) for row in (question.get("values") or [])} if question else {}
        value = "、".join(names.get(key, key) for key in said["value"].split(","))
        rows.append((words.of(question["description"]) if question else said["code"], value))
    return rows


def inside(intake: Intake | None, every: Sequence[Sheet], words: Words) -> Inside:
    """What came in, for officers."""
    by_id = {one.id: one for one in every}
    rows = (intake.alike or []) if intake else []
    alike = [
        (by_id[row["report"]], row["score"], row["metres"], row.get("perhaps", False))
        for row in rows
        if row["report"] in by_id
    ]
    if intake is None:
        return Inside("", "", [], None, [], "")
    said = "\n".join(dict.fromkeys((intake.text or {}).values()))
    return Inside(said, intake.landmark or "", intake.photos or [], intake.looked_at, alike, intake.rule or "")


def rule_rows(held: Held, words: Words) -> list[RuleRow]:
    """The rules that count first, then those that ended, the newest first."""
    names = {one.category_code: words.of(one.name) for one in held.categories}
    places = {one.id: words.of(one.name) for one in held.districts}
    rows = [
        RuleRow(
            one.id, one.department_id, names.get(one.category_code, one.category_code or ""), _place(one, places),
            one.reason or "", f"{one.decided_by or ''}（{one.role or ''}）" if one.decided_by else "",
            one.decided_at, one.ended_at,
        )
        for one in held.rules
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row.ended is not None, -(row.at.timestamp() if row.at else 0.0), row.id))


def _place(rule: Rule, places: Mapping[str, str]) -> str:
    if rule.location is not None:
        return "GeoJSON"
    return places.get(rule.ref_district or "", rule.ref_district or "")


def figure_rows(held: Held, words: Words) -> list[FigureRow]:
    """How mending went: all first, then by category in its order."""
    names = {one.category_code or "": words.of(one.name) for one in held.categories}
    order = {code: number for number, code in enumerate([ALL, *names])}
    known = sorted(held.figures, key=lambda one: order.get(one.category_code or "", len(order)))
    return [
        FigureRow(
            words.plain("figures.all") if one.category_code == ALL else names.get(one.category_code or "", one.id),
            one.mended or 0, one.median_days, one.in_time_share, one.waiting or 0, one.late or 0,
        )
        for one in known
    ]  # fmt: skip


def points(rows: Sequence[Sheet]) -> dict[str, object]:
    """The reports that have a place, as GeoJSON."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
                "properties": {"number": row.number, "title": row.title, "state": row.state, "open": row.is_open},
            }
            for row in rows
            if row.lon is not None and row.lat is not None
        ],
    }


def district_choices(found: Sequence[District], words: Words) -> list[tuple[str, str]]:
    """The districts that have a name, for somebody to choose from."""
    return sorted(((one.id, words.of(one.name)) for one in found if one.name), key=lambda row: row[1])


def office_counts(rows: Sequence[Sheet]) -> list[tuple[str, int]]:
    """How many open reports each office has, the most first."""
    counts: dict[str, int] = {}
    for row in rows:
        if row.is_open and not row.head:
            counts[row.office] = counts.get(row.office, 0) + 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of the history in words."""

    kind: str
    subject: str
    at: datetime | None
    who: str
    role: str
    reason: str


def step_rows(found: Sequence[Step]) -> list[StepRow]:
    """What was done, the last first."""
    rows = sorted(found, key=lambda one: (one.decided_at.timestamp() if one.decided_at else 0.0, one.id), reverse=True)
    return [
        StepRow(one.kind, one.subject or "", one.decided_at, one.decided_by or "", one.role or "", one.reason or "")
        for one in rows
    ]
