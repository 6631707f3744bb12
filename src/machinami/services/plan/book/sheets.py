"""What do drafts, versions, comments, decisions and works look like on a page, in the reader's words?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from machinami.kit.desk import House
from machinami.kit.words import LANGUAGES, Words
from machinami.model.vocabulary.circle import CHAPTERS, ActionPlan, Initiative
from machinami.model.vocabulary.fields import MANAGEMENT
from machinami.services.plan.logic.drafting import standing, text_of
from machinami.services.plan.logic.undoing import undoable
from machinami.services.plan.logic.works import in_order
from machinami.services.plan.model import STAGES, PlanComment, Running
from machinami.services.plan.service import Held

LOG_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the plan that can be looked at and compared: kept, published or being written."""

    id: str
    name: str
    state: str
    version: int
    at: datetime | None
    by: str
    remark: str


@dataclass(frozen=True, slots=True)
class ChapterState:
    """How far a chapter of the draft is: how many characters, how many open comments."""

    key: str
    length: int
    comments: int


@dataclass(frozen=True, slots=True)
class LogRow:
    """One decision in the log."""

    id: str
    kind: str
    subject: str
    chapter: str
    at: datetime | None
    who: str
    role: str
    reason: str
    undoable: bool


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One work in a list."""

    id: str
    key: str
    name: str
    state: str
    service: str
    needs: int
    kpis: int
    stages: int
    lead: str


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a work of a published plan. now: its state today, nothing where it is gone."""

    name: str
    then: str
    now: str


def running(houses: Sequence[House]) -> list[Running]:
    """The services of the town as their manifests tell, but for those by which it manages itself."""
    manifests = [house.service.manifest for house in houses if house.service.manifest.field != MANAGEMENT]
    return [
        Running(
            one.id,
            {language: one.title.spoken(language) for language in LANGUAGES if language != "easy"},
            tuple(dict.fromkeys(use.type for use in (*one.reads, *one.writes))),
            tuple({"ja": row.purpose.ja, "en": row.purpose.en} for row in one.personal),
        )
        for one in manifests
    ]


def versions(held: Held, words: Words) -> list[Version]:
    """Every version that can be compared, the newest first; the draft that is being written before all."""
    found = [
        Version(one.id, words.of(one.name), one.state or "open", one.version or 0, one.kept_at,
                one.kept_by or one.approved_by or "", one.remark or "")
        for one in held.drafts
        if one.state != "published"
    ]  # fmt: skip
    found += [
        Version(one.id, words.of(one.name), "withdrawn" if one.withdrawn else "published", one.version or 0,
                one.published_at, one.approved_by or "", one.withdrawn["reason"] if one.withdrawn else "")
        for one in held.plans
    ]  # fmt: skip
    return sorted(found, key=lambda row: (row.state not in ("open", "approved"), -row.version, -_seconds(row.at)))


def _seconds(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def chapter_states(held: Held, words: Words) -> list[ChapterState]:
    """How far each chapter of the draft is."""
    draft = held.draft
    texts = draft.chapters if draft else None
    return [
        ChapterState(one, len(text_of(texts, one, words.tongue)), len(open_comments(held, one))) for one in CHAPTERS
    ]


def open_comments(held: Held, chapter: str) -> list[PlanComment]:
    """What was said of a chapter of the draft and is not settled."""
    return [one for one in comments(held, chapter) if one.state == "open"]


def comments(held: Held, chapter: str) -> list[PlanComment]:
    """What was said of a chapter of the draft, in order."""
    draft = held.draft
    found = [one for one in held.comments if draft and one.ref_draft == draft.id and one.chapter == chapter]
    return sorted(found, key=lambda one: str(one.decided_at))


def log_rows(held: Held, words: Words) -> list[LogRow]:
    """What was done, the newest first."""
    may_undo = undoable(held.decisions, held.drafts)
    rows = [
        LogRow(one.id, one.kind or "written", words.of(one.subject), one.chapter or "", one.decided_at,
               one.decided_by or "", one.role or "", one.reason or "", one.id in may_undo)
        for one in held.decisions
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (str(row.at), row.id), reverse=True)[:LOG_LENGTH]


def work_rows(held: Held, words: Words) -> list[WorkRow]:
    """The works of the plan."""
    titles = {one.id: words.of(one.title) for one in held.sources.services}
    return [
        WorkRow(one.id, one.id.rpartition(":")[2], words.of(one.name, one.id), one.state or "proposed",
                titles.get(one.service or "", one.service or ""), len(one.needs or ()), len(one.kpis or ()),
                len(one.stages or ()), one.lead or "")
        for one in in_order(held.sources.initiatives)
    ]  # fmt: skip


def became(plan: ActionPlan, held: Held) -> list[tuple[Mapping[str, str], str, str]]:
    """What became of each work of a published plan: its name, its state then, its state now."""
    today = {one.id: one for one in held.sources.initiatives}
    now = {one: today[one].state or "proposed" for one in today}
    rows: Any = (plan.record or {}).get("works") or ()
    if not plan.record:  # one that was brought from elsewhere, without its tables
        return [(today[one].name or {}, "", now[one]) for one in plan.initiatives or () if one in today]
    return [(row.get("name") or {}, str(row.get("state", "")), now.get(str(row.get("id")), "")) for row in rows]


def stage_fields(work: Initiative | None, form: Mapping[str, str]) -> list[dict[str, str]]:
    """The stages of a work as they stand in its form; what was typed comes before what is kept."""
    known = {str(row.get("stage")): row for row in (work.stages if work else None) or ()}
    rows = []
    for stage in STAGES:
        row = known.get(stage, {})
        rows.append(
            {
                "stage": stage,
                "from": form.get(f"{stage}-from", str(row.get("from", ""))),
                "to": form.get(f"{stage}-to", str(row.get("to", ""))),
                "state": form.get(f"{stage}-state", str(row.get("state", "planned"))),
            }
        )
    return rows


def chosen_plan(held: Held, version: str) -> ActionPlan | None:
    """The plan of a version that was asked for, else the one that stands."""
    if version.isdecimal():
        found = [plan for plan in held.plans if plan.version == int(version)]
        return found[-1] if found else None
    return standing(held.plans)
