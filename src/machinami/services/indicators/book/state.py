"""What do the pages of indicators show? Rows in the reader's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from machinami.kit.charts import Row, Spark
from machinami.services.indicators.book.drawings import ControlChart
from machinami.services.indicators.book.effects import Effect
from machinami.services.indicators.logic.chain import Chain


@dataclass(frozen=True, slots=True)
class Card:
    """One indicator at a glance. target, years: as sentences, empty where there is none; notes: what one must know
    before one believes the figure."""

    id: str
    link: str
    name: str
    text: str
    level: str
    is_goal: bool
    value: str
    unit: str
    at: datetime | None
    state: str
    why: str
    target: str
    expected: str
    notes: Sequence[str]
    spark: Spark
    moves: bool
    retired_on: str
    service: str


@dataclass(frozen=True, slots=True)
class PartRow:
    """One aggregate of a formula: what it came to, of how many values, and where its rows are."""

    text: str
    value: str
    count: int
    left_out: int
    link: str


@dataclass(frozen=True, slots=True)
class Rows:
    """The entities from which one part of a figure was computed. shown: so many of all of them."""

    part: PartRow
    type: str
    rows: Sequence[tuple[str, str, str]]
    shown: int


@dataclass(frozen=True, slots=True)
class Revision:
    """One entry in the history of an indicator; changed: rows of what, before and after."""

    at: datetime
    deed: str
    subject: str
    link: str
    who: str
    role: str
    reason: str
    changed: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Review:
    """A proposed review of the plan, with its reasons as sentences."""

    id: str
    link: str
    subject: str
    raised_at: datetime
    reasons: Sequence[str]
    state: str
    who: str
    role: str
    decided_at: datetime | None
    reason: str
    answers: Sequence["Answer"]
    can_reopen: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What the plan answered to a review. gone: whether it was withdrawn since."""

    verdict: str
    reason: str
    who: str
    role: str
    at: datetime | None
    gone: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A figure that a service of the town is judged by, and whether it is an indicator of the town already (its link).
    formula: empty where the figure cannot be computed."""

    key: str
    service: str
    title: str
    level: str
    formula: str
    counting: str
    link: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of those to which an indicator may lead."""

    id: str
    name: str
    level: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Form:
    """The form of an indicator: what is typed, what is wrong with it by field, to what it may lead, and the words of
    the units that are known."""

    values: Mapping[str, str]
    faults: Mapping[str, str]
    leads: Sequence[Choice]
    services: Sequence[tuple[str, str]]
    units: Sequence[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the statistics say of a history, as a sentence."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One indicator with all that is known of it."""

    card: Card
    formula: str
    fault: str
    counting: str
    facts: Sequence[tuple[str, str]]
    parts: Sequence[PartRow]
    chart: Mapping[str, object] | None
    rows: Sequence[Row]
    findings: Sequence[Finding]
    control: ControlChart | None
    cautions: Sequence[str]
    leads: Sequence[Card]
    led: Sequence[Card]
    work: Sequence[str]
    revisions: Sequence[Revision]
    reviews: Sequence[Review]
    effects: Sequence[Effect]
    by_hand: bool
    writes: bool
    form: Form


@dataclass(frozen=True, slots=True)
class State:
    """All that the page of the town's figures shows."""

    cards: Sequence[Card]
    retired: Sequence[Card]
    chain: Chain | None
    reviews: Sequence[Review]
    decided: Sequence[Review]
    offers: Sequence[Offer]
    revisions: Sequence[Revision]
    form: Form
    writes: bool
    closed: frozenset[str]
