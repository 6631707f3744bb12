"""What does the service keep of reports from the street: what everybody may read, and what only offices see?

The public entity is IssueReporting of Smart Data Models (dataModel.IssueTracking), with its terms where it has one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, NotRequired, TypedDict, get_args

from machinami.model.view import Geometry, Point, Ref, Words

State = Literal["received", "assigned", "in_progress", "mended", "declined", "withdrawn"]
STATES: tuple[State, ...] = get_args(State)
OPEN: frozenset[State] = frozenset({"received", "assigned", "in_progress"})
Source = Literal["page", "open311", "office", "import", "simulated"]
PhotoState = Literal["waiting", "shown", "hidden"]
Deed = Literal[
    "received", "looked", "routed", "progressed", "answered", "mended", "declined", "reopened", "merged", "unmerged",
    "removed", "restored", "covered", "withdrawn", "rule_made", "rule_ended", "category_changed",
]  # fmt: skip
LONGEST_TEXT, LONGEST_PLACE, LONGEST_ANSWER = 4_000, 200, 2_000


class Photo(TypedDict):
    """A photo as offices know it. name: of its files; state: waiting (nobody has looked), shown or hidden; covered: how
    many places were covered; look: its fingerprint, by which the same photo is known again."""

    name: str
    state: Annotated[str, get_args(PhotoState)]
    width: int
    height: int
    covered: NotRequired[int]
    look: NotRequired[str]


class Likeness(TypedDict):
    """A report that may be the same one, with how likely it is (0 to 1) and how far apart they are (m). perhaps:
    whether that is too little to offer it as the same."""

    report: str
    score: float
    metres: float
    perhaps: NotRequired[bool]


class Detail(TypedDict):
    """An answer to a question that its category asks."""

    code: str
    value: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report as everybody may read it. report_id: its number; text, landmark, media: what was written, where in
    words, and its photos, once an officer has looked; department_id: the office that sees to it; expected_at: by when
    it is owed; in_time: whether it was mended by then; days_to_mend: how long it took; answer: what the office says;
    ref_duplicate: the report that it was merged into; voices: how many reports it stands for; removal: why its words
    were taken off; source: by which road it came."""

    TYPE: ClassVar[str] = "IssueReporting"
    id: str
    report_id: str | None = None
    category_code: str | None = None
    state: State | None = None
    text: Words | None = None
    landmark: str | None = None
    location: Point | None = None
    ref_district: Ref | None = None
    department_id: str | None = None
    requested_at: datetime | None = None
    updated_at: datetime | None = None
    expected_at: datetime | None = None
    closed_at: datetime | None = None
    in_time: bool | None = None
    overdue: bool | None = None
    days_to_mend: float | None = None
    answer: Words | None = None
    media: list[str] | None = None
    details: list[Detail] | None = None
    ref_duplicate: Ref | None = None
    voices: int | None = None
    removal: str | None = None
    source: Source | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """What came in, as offices see it. looked_at: when an officer had looked at it; photos: all of them; alike: reports
    that may be the same; contact: whether the reporter left one (it is in the drawer); rule: by which rule it was
    routed."""

    TYPE: ClassVar[str] = "IssueIntake"
    id: str
    ref_report: Ref | None = None
    text: Words | None = None
    landmark: str | None = None
    photos: list[Photo] | None = None
    looked_at: datetime | None = None
    alike: list[Likeness] | None = None
    contact: bool | None = None
    rule: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Reporter:
    """That somebody wants to be answered about a report. How they are reached is in the drawer; this names nobody."""

    TYPE: ClassVar[str] = "IssueReporter"
    id: str
    ref_report: Ref | None = None
    since: datetime | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done to a report, a rule or a category: what, when, by whom, why. ref_about: what it is about;
    before, after: what was changed by it."""

    TYPE: ClassVar[str] = "IssueStep"
    id: str
    kind: Deed
    ref_about: Ref | None = None
    subject: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    role: str | None = None
    reason: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    simulated: bool | None = None


class Answer(TypedDict):
    """A possible answer to a question of a category."""

    key: str
    name: dict[str, str]


class Question(TypedDict):
    """What a category asks besides the place (a GeoReport attribute). datatype: as the standard has it."""

    code: str
    datatype: Annotated[str, ("string", "number", "datetime", "text", "singlevaluelist", "multivaluelist")]
    required: bool
    description: dict[str, str]
    values: NotRequired[list[Answer]]


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of thing that may be reported (a GeoReport service). days: within how many it is owed; retired: whether
    it is offered no more."""

    TYPE: ClassVar[str] = "IssueCategory"
    id: str
    category_code: str | None = None
    name: Words | None = None
    text: Words | None = None
    group: Words | None = None
    keywords: list[str] | None = None
    department_id: str | None = None
    days: int | None = None
    questions: list[Question] | None = None
    retired: bool | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Whose a report is: that of an office, for a category (None: any) and an area (a district or a polygon; None:
    everywhere). The more it says, the sooner it counts. ended_at: since when it counts no more."""

    TYPE: ClassVar[str] = "IssueRule"
    id: str
    department_id: str
    category_code: str | None = None
    ref_district: Ref | None = None
    location: Geometry | None = None
    reason: str | None = None
    decided_by: str | None = None
    role: str | None = None
    decided_at: datetime | None = None
    ended_at: datetime | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """How mending went: over all reports of a category that were closed within the last days, or all (`all`).
    median_days: None where none was mended; in_time_share: of those mended; waiting, late: how many are open now, and
    open longer than owed."""

    TYPE: ClassVar[str] = "IssueFigures"
    id: str
    category_code: str | None = None
    period_from: datetime | None = None
    period_to: datetime | None = None
    mended: int | None = None
    median_days: float | None = None
    in_time_share: float | None = None
    waiting: int | None = None
    late: int | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a town may set."""

    most_waiting: int
    photo_megabytes: float
    keep_originals: bool
    contact_days: int
    refused_days: int
    same_place: float
    same_from: float
    figures_days: int
