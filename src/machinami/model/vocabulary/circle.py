"""Typed views of the management circle that several services share: need, vision, work, plan, indicator, pilot, money.

They hang together by relationships: an Initiative (取組) answers needs under a vision, runs as one of the town's
services, is judged by indicators, was tried in pilots, and costs what its cost items say. What only one service knows
stands with that service. Dates are ISO 8601 days of the town; money is in whole yen; years are fiscal years (April to
March) unless a field says otherwise.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Literal, TypedDict

from machinami.model.view import Day, Measured, Moment, Point, Ref, Words, Year

NeedOrigin = Literal["resident", "office", "workshop", "report", "service"]
NeedState = Literal["open", "taken", "answered", "closed"]
VisionState = Literal["draft", "adopted", "replaced"]
WorkState = Literal["proposed", "planned", "going", "in_operation", "ended"]
Level = Literal["input", "process", "output", "outcome", "impact"]
IndicatorKind = Literal["required", "chosen", "own"]
Direction = Literal["up", "down", "range"]
Standing = Literal["on_path", "off_path", "reached", "no_target", "unmeasured"]
ReviewState = Literal["proposed", "sent", "dismissed", "lapsed"]
AnswerVerdict = Literal["taken_up", "declined"]
PilotState = Literal["planned", "running", "passed", "failed", "stopped", "in_operation"]
Gate = Literal["start", "go_on", "deploy"]
Verdict = Literal["yes", "no", "later"]
Task = Literal["initial", "cloud", "upkeep", "licence", "staff"]
Duty = Literal["a", "b", "c", "d"]
Source = Literal["grant", "town", "fee", "donation", "bid", "sib", "crowdfunding", "other"]
ProposalKind = Literal["proposal", "question", "plan_comment"]
CHAPTERS = ("goals", "problems", "kpis", "work", "roadmap", "roles", "sustaining", "data")
"""The chapters of a plan."""
Chapter = Annotated[str, CHAPTERS]
COMMENT_VERDICTS = ("taken_up", "partly", "not")
ProposalState = Literal["open", "answered", "adopted", "declined", "hidden", "withdrawn"]


@dataclass(frozen=True, slots=True)
class CityNeed:
    """A problem or wish of the town (課題・ニーズ). field: of which field of the town (as a manifest's `field`).
    origin: resident, office, workshop, report or service, whence it came. state: open, taken, answered or closed;
    reason: why it stands so, where somebody said why. voices: how many said this one; those of the needs that are
    grouped under it count besides. ref_group: the need that it is grouped under; ref_vision: which vision it is of;
    ref_source: the proposal or report that it was made from."""

    TYPE: ClassVar[str] = "CityNeed"
    id: str
    name: Words | None = None
    text: Words | None = None
    field: str | None = None
    origin: NeedOrigin | None = None
    raised_on: Day | None = None
    state: NeedState | None = None
    voices: int | None = None
    location: Point | None = None
    ref_group: Ref | None = None
    ref_vision: Ref | None = None
    ref_source: Ref | None = None
    reason: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Vision:
    """What the town wants to become (ビジョン). state: draft, adopted or replaced. adopted_by: who, with their role;
    ref_replaced: the version that this one took the place of."""

    TYPE: ClassVar[str] = "Vision"
    id: str
    name: Words | None = None
    text: Words | None = None
    state: VisionState | None = None
    version: int | None = None
    adopted_on: Day | None = None
    adopted_by: str | None = None
    ref_replaced: Ref | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Initiative:
    """One piece of work of the town (取組). service: the id of the service of this installation that does it, if one
    does; needs, kpis: ids of entities; stages: rows {"stage": survey | plan | pilot | deployment | operation,
    "from": year, "to": year, "state": planned | going | done | stopped}; lead: who leads it; roles: rows
    {"who", "does"}; ref_case: the case it learned from. state: proposed, planned, going, in_operation or ended."""

    TYPE: ClassVar[str] = "Initiative"
    id: str
    name: Words | None = None
    text: Words | None = None
    field: str | None = None
    service: str | None = None
    needs: list[str] | None = None
    kpis: list[str] | None = None
    stages: list[dict[str, object]] | None = None
    lead: str | None = None
    roles: list[dict[str, str]] | None = None
    state: WorkState | None = None
    ref_vision: Ref | None = None
    ref_case: Ref | None = None
    simulated: bool | None = None


class Withdrawal(TypedDict):
    """That a published plan was withdrawn: when, by whom, in which role, and why."""

    at: Moment
    by: str
    role: str
    reason: str


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """A published version of the town's plan (スマートシティ実行計画), whose words and figures never change again; the
    one with the greatest version that is not withdrawn stands. chapters: the eight by key (goals, problems, kpis,
    work, roadmap, roles, sustaining, data) -> {"ja": text, "en": text}; initiatives: ids; approved_by: who, with their
    role; record: what its tables said at publication."""

    TYPE: ClassVar[str] = "ActionPlan"
    id: str
    name: Words | None = None
    version: int | None = None
    chapters: dict[str, object] | None = None
    initiatives: list[str] | None = None
    approved_by: str | None = None
    published_at: datetime | None = None
    ref_vision: Ref | None = None
    record: dict[str, object] | None = None
    withdrawn: Withdrawal | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class KeyPerformanceIndicator:
    """A figure by which the town judges itself (KGI・KPI), after the Smart Data Model of this name.

    level: input, process, output, outcome or impact; kind: required, chosen or own (必須・選択・独自); is_goal: whether
    it is a KGI. direction: up, down or range (what is better). unit: as people read it. formula: over live entities, as
    the indicators service reads it; counting: the rule of counting in words. baseline: None where it is unknown;
    baseline_year, target, target_years as that service writes them: target {"kind": value | range | rate, "low",
    "high"}, target_years {"from", "to", "fiscal"} or none. A value is in `low` (or in `high` alone); a rate is per cent
    of the baseline, with "per": "year" where it is for each year. current: the last measured value, its history is the
    indicator's. state: on_path, off_path, reached, no_target (none, or nothing to judge it by) or unmeasured; standing:
    why, as rows of that service. leads_to: ids of what it contributes to. owner: which office answers for it. from_kpi:
    `service.id` of the manifest's KPI that it was taken over from. retired_on: since when it is no longer followed."""

    TYPE: ClassVar[str] = "KeyPerformanceIndicator"
    id: str
    name: Words | None = None
    text: Words | None = None
    field: str | None = None
    service: str | None = None
    level: Level | None = None
    kind: IndicatorKind | None = None
    is_goal: bool | None = None
    direction: Direction | None = None
    unit: str | None = None
    formula: str | None = None
    counting: Words | None = None
    baseline: float | None = None
    baseline_year: Year | None = None
    target: dict[str, object] | None = None
    target_years: dict[str, object] | None = None
    current: Measured | None = None
    state: Standing | None = None
    standing: dict[str, object] | None = None
    leads_to: list[str] | None = None
    owner: str | None = None
    from_kpi: str | None = None
    retired_on: Day | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class PlanReview:
    """That an indicator is off its path, and that the plan should be looked at again.

    reasons: rows whose `kind` names the sentence and whose facts fill it. state: proposed, sent (to the plan, by an
    officer), dismissed (with a reason), or lapsed (the figure came back to its path by itself). decided_by, role,
    decided_at, reason: of whoever sent or dismissed it.
    """

    TYPE: ClassVar[str] = "PlanReview"
    id: str
    ref_indicator: Ref | None
    subject: Words | None
    raised_at: datetime
    reasons: list[dict[str, object]] | None = None
    state: ReviewState | None = None
    decided_by: str | None = None
    role: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class PlanAnswer:
    """What the town answered to a review of its plan. verdict: taken_up (then a chapter of the plan, or a work, was
    written anew: chapter, ref_initiative) or declined; reason: what becomes other, or why nothing does. ref_source: the
    decision of the plan by which it was taken up. withdrawn: {"at", "by", "role", "reason"} once it is, and "undone"
    where it went with the change that it told of; the review then waits for another answer."""

    TYPE: ClassVar[str] = "PlanAnswer"
    id: str
    ref_review: Ref | None = None
    ref_indicator: Ref | None = None
    subject: Words | None = None
    verdict: AnswerVerdict | None = None
    reason: Words | None = None
    chapter: Chapter | None = None
    ref_initiative: Ref | None = None
    ref_source: Ref | None = None
    decided_by: str | None = None
    role: str | None = None
    decided_at: datetime | None = None
    withdrawn: Annotated[dict[str, str], Withdrawal] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class EffectEstimate:
    """What an officer's comparison says that a measure did to an indicator; it never changes, but may be withdrawn.

    name: the measure; ref_initiative: the work that it belongs to, if one was named. method: difference (differences in
    differences of places) or mixture (one place and a mixture of others, with placebos). step: day, week, month or
    year; began: the first day of the measure; before, after: how many steps there were of each. treated, others: rows
    {"id", "name", "weight"} of the series compared. effect, low, high: in the unit of the indicator, with a 95 %
    interval where one can be had; `low` and `high` of a mixture are how far other places depart where nothing was done.
    findings: rows of facts whose `kind` names the sentence (drift, chance, few …). series: {"steps", "treated",
    "others"}, what was compared, for a drawing. reason: why these were chosen. withdrawn: {"at", "by", "role",
    "reason"} once it is."""

    TYPE: ClassVar[str] = "EffectEstimate"
    id: str
    name: Words | None = None
    ref_indicator: Ref | None = None
    ref_initiative: Ref | None = None
    method: Literal["difference", "mixture"] | None = None
    step: str | None = None
    began: str | None = None
    before: int | None = None
    after: int | None = None
    treated: list[dict[str, object]] | None = None
    others: list[dict[str, object]] | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    findings: list[dict[str, object]] | None = None
    series: dict[str, object] | None = None
    reason: Words | None = None
    decided_by: str | None = None
    role: str | None = None
    decided_at: datetime | None = None
    withdrawn: Annotated[dict[str, str], Withdrawal] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Pilot:
    """A trial (実証) before a work is deployed. verify: what is to be verified; not_needed: what need not be, and why;
    ref_indicator: by which indicator; comparison: with what; success_rule: {"is": "at_least" | "at_most", "value"};
    operator, payer: who runs and who pays after the pilot. state: planned, running, passed, failed, stopped or
    in_operation. lessons: what others may learn, failures too."""

    TYPE: ClassVar[str] = "Pilot"
    id: str
    name: Words | None = None
    hypothesis: Words | None = None
    verify: list[str] | None = None
    not_needed: list[str] | None = None
    comparison: Words | None = None
    success_rule: dict[str, object] | None = None
    operator: str | None = None
    payer: str | None = None
    acceptance: Words | None = None
    privacy_check: dict[str, object] | None = None
    state: PilotState | None = None
    started_on: Day | None = None
    ended_on: Day | None = None
    lessons: Words | None = None
    ref_initiative: Ref | None = None
    ref_indicator: Ref | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class GateDecision:
    """A decision at a gate of a pilot, public within 24 hours. gate: start, go_on or deploy; verdict: yes, no or
    later; decided_by: rows {"name", "role"}; dissent: who thought otherwise, and why, in their words. evidence: what
    was measured when it was taken, {"value", "at", "met": true | false | null}; from_state: the pilot's state before;
    retracted: {"by", "role", "reason", "at"} where it was taken back."""

    TYPE: ClassVar[str] = "GateDecision"
    id: str
    gate: Gate | None = None
    verdict: Verdict | None = None
    reason: Words | None = None
    dissent: Words | None = None
    decided_by: list[dict[str, str]] | None = None
    decided_at: datetime | None = None
    published_at: datetime | None = None
    evidence: dict[str, object] | None = None
    from_state: PilotState | None = None
    retracted: dict[str, str] | None = None
    ref_pilot: Ref | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class CostItem:
    """What a work costs in a year. task: initial, cloud, upkeep, licence or staff, the nature of it; duty: a 運用, b
    データ整備, c データ連携 or d 外部サービス連携, where it is operation; amount in yen; payer: who bears it. least,
    most: what it may come to, as factors of the amount. state: planned, agreed or withdrawn (then it has no amount);
    ref_share: the sharing by whose agreement this payer bears it."""

    TYPE: ClassVar[str] = "CostItem"
    id: str
    name: Words | None = None
    year: Year | None = None
    task: Task | None = None
    duty: Duty | None = None
    amount: int | None = None
    payer: str | None = None
    least: float | None = None
    most: float | None = None
    state: str | None = None
    ref_initiative: Ref | None = None
    ref_share: Ref | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class IncomeItem:
    """What comes in for a work in a year. source: grant, town, fee, donation, bid, sib, crowdfunding or other;
    conditions: under which it is given, in words; sure: how sure it is, from 0 to 1: the share of it that is counted
    on. terms: what a grant asks, in figures: {"share_most", "own_exceeds", "most", "deadline"}; basis: how a fee or a
    donation is worked out: {"by": household | area | benefit | profit, "units", "rate", "least"}. state: planned,
    agreed or withdrawn (then it has no amount)."""

    TYPE: ClassVar[str] = "IncomeItem"
    id: str
    name: Words | None = None
    year: Year | None = None
    source: Source | None = None
    amount: int | None = None
    payer: str | None = None
    conditions: Words | None = None
    sure: float | None = None
    terms: dict[str, object] | None = None
    basis: dict[str, object] | None = None
    state: str | None = None
    ref_initiative: Ref | None = None
    simulated: bool | None = None


class Moderation(TypedDict):
    """One step of moderation: what was done, why, by whom (a role), and when."""

    did: str
    reason: str
    role: str
    at: Moment


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a resident proposes, asks or objects to (提案・質問). kind: proposal, question or plan_comment; state: open,
    answered, adopted, declined, hidden or withdrawn; author: a pseudonym of the participation service, never a person's
    id; verified: whether its author was signed in; supports: how many support it, one voice each; unverified: how many
    more say that they do and were not signed in; due_on: until when a reply is owed; reply: what the town answered;
    changed: what in the plan was changed by it; chapter, verdict: of a comment on the plan, on which chapter, and
    whether it was taken_up, partly or not; moderation: who hid it when and why."""

    TYPE: ClassVar[str] = "Proposal"
    id: str
    name: Words | None = None
    text: Words | None = None
    kind: ProposalKind | None = None
    field: str | None = None
    author: str | None = None
    state: ProposalState | None = None
    supports: int | None = None
    handed_in_at: datetime | None = None
    due_on: Day | None = None
    reply: Words | None = None
    replied_by: str | None = None
    replied_at: datetime | None = None
    changed: Words | None = None
    ref_need: Ref | None = None
    ref_plan: Ref | None = None
    verified: bool | None = None
    unverified: int | None = None
    chapter: Chapter | None = None
    verdict: Annotated[str, COMMENT_VERDICTS] | None = None
    moderation: Annotated[list[dict[str, str]], list[Moderation]] | None = None
    simulated: bool | None = None
