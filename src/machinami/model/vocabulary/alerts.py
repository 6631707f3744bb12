"""Typed views of what a town tells its people: alerts of every service, the texts of them, and what was sent.

One alert is one wording. What is told anew is another alert, whose first message is an Update that refers to the
messages before it; so what was sent can always be read as it was sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, NotRequired, TypedDict, get_args

from machinami.model.view import Geometry, Moment, Point, Ref, Words
from machinami.model.vocabulary.decisions import GroupGrade

AlertKind = Literal["warning", "order", "advisory", "notice"]
"""warning: a danger is there or comes; order: who must do what (避難指示 and the like); advisory: be careful;
notice: an ordinary message of the town, of no danger."""
ALERT_KINDS: tuple[AlertKind, ...] = get_args(AlertKind)


class Revision(TypedDict):
    """One CAP message that was sent. kind: Alert, Update or Cancel; references: the messages before it."""

    identifier: str
    kind: str
    sent: Moment
    references: NotRequired[Any]
    note: NotRequired[Any]


class Parameter(TypedDict):
    """One figure of an alert for machines: its name by language, and its value as text."""

    name: dict[str, str]
    value: str


@dataclass(frozen=True, slots=True)
class Alert:
    """What residents are told: approved by a named officer (`decided_by`, `role`), published, perhaps withdrawn.

    `source_service`: the id of the service that says it; `kind`: see `AlertKind`, absent: a warning. `warning_level`:
    警戒レベル 1 to 5, only where the source has one; `grade`: how grave on the source's own scale, and `groups`: how
    grave for whom. `category` and `sub_category` as Smart Data Models have them; `cap_category`: the category of CAP
    (Met, Geo, Safety, Security, Rescue, Fire, Health, Env, Transport, Infra, CBRNE, Other) where `category` does not
    imply it; `response`: what to do in the words of CAP. Texts hold ja, en, easy and whatever else the town speaks. The
    area: its names, `radius` in km around `location`, and `area` as a geometry; `audience`: whom it is meant for.
    `state`: published, superseded (another says more) or withdrawn. `status`: Actual, Exercise or Test. `revisions`:
    every CAP message sent about it, in order. `ref_subject`: what it is about (a station, a district); `web`: where
    more is said.
    """

    TYPE: ClassVar[str] = "Alert"
    id: str
    category: str | None = None
    sub_category: str | None = None
    warning_level: int | None = None
    event: Words | None = None
    urgency: str | None = None
    severity: str | None = None
    certainty: str | None = None
    headline: Words | None = None
    text: Words | None = None
    instruction: Words | None = None
    area_name: Words | None = None
    location: Point | None = None
    radius: float | None = None
    alert_source: str | None = None
    sender: str | None = None
    status: str | None = None
    date_issued: datetime | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    ref_gauge: Ref | None = None
    ref_proposal: Ref | None = None
    decided_by: str | None = None
    role: str | None = None
    state: str | None = None
    revisions: Annotated[list[dict[str, Any]], list[Revision]] | None = None
    withdrawn_at: datetime | None = None
    simulated: bool | None = None
    source_service: str | None = None
    kind: AlertKind | None = None
    grade: int | None = None
    cap_category: str | None = None
    response: str | None = None
    audience: Words | None = None
    area: Geometry | None = None
    parameters: list[Parameter] | None = None
    groups: list[GroupGrade] | None = None
    ref_subject: Ref | None = None
    web: str | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """What could be told to residents, in every language."""

    event: Words
    headline: Words
    text: Words
    instruction: Words
    area_name: Words


@dataclass(frozen=True, slots=True)
class Message:
    """What residents are told, as the officer wrote it in one language."""

    headline: str
    body: str
    instruction: str
    area: str


def in_force(alerts: Sequence[Alert], now: datetime) -> list[Alert]:
    """The alerts that are published, not withdrawn and not expired."""
    return [a for a in alerts if a.state == "published" and (a.valid_to is None or a.valid_to > now)]


def service_of(alert: Alert) -> str:
    """The service that says an alert; those from before services said so have it as their sub-category."""
    return alert.source_service or alert.sub_category or ""


def subject_of(alert: Alert) -> str:
    """What an alert is about; those of gauges from before subjects were named name their gauge."""
    return str(alert.ref_subject or alert.ref_gauge or "")


def alerts_of(alerts: Sequence[Alert], service: str) -> list[Alert]:
    """The alerts that one service says."""
    return [alert for alert in alerts if service_of(alert) == service]
