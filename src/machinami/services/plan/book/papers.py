"""How does a draft, or a published plan, become one paper for the page, the PDF and the workbook?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from machinami.kit.page import town_name
from machinami.kit.values import spoken
from machinami.kit.words import Words
from machinami.model.vocabulary.circle import ActionPlan
from machinami.services.plan.book.chapters import chapters
from machinami.services.plan.logic.paper import Paper
from machinami.services.plan.logic.record import Row, record
from machinami.services.plan.model import STAGE_STATES, STAGES, PlanDraft
from machinami.services.plan.service import Held


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom and when a paper is made: the words, the moment, the town's zone and names."""

    words: Words
    now: datetime
    zone: str
    names: Mapping[str, str]

    def clock(self, at: datetime) -> str:
        """A moment as the town writes it."""
        return at.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M")


def draft_paper(draft: PlanDraft, held: Held, reader: Reader) -> Paper:
    """A draft with its tables as they stand now; a version that was kept, as they stood then."""
    tables = draft.record if draft.state == "kept" and draft.record else record(held.sources, reader.now)
    words = reader.words
    status = words.plain(
        f"plan.status.{draft.state}", version=draft.version or 1, who=draft.approved_by or draft.kept_by or ""
    )
    at = draft.kept_at if draft.state == "kept" and draft.kept_at else reader.now
    dated = words.plain("plan.dated.draft", at=reader.clock(at))
    return _paper(
        draft.name,
        draft.chapters,
        tables,
        None,
        status,
        dated,
        reader,
    )


def plan_paper(plan: ActionPlan, held: Held, reader: Reader, live: bool) -> Paper:
    """A published plan with its tables as they stood then. live: whether the figures of today stand beside them."""
    words = reader.words
    at = reader.clock(plan.published_at) if plan.published_at else "—"
    told = {"version": plan.version or 1, "at": at, "who": plan.approved_by or ""}
    if plan.withdrawn:
        more = {name: plan.withdrawn.get(name, "") for name in ("by", "role", "reason")}
        status = words.plain("plan.status.withdrawn", **told, **more, day=plan.withdrawn.get("at", "")[:10])
    else:
        status = words.plain("plan.status.published", **told)
    now = {str(row["id"]): row for row in record(held.sources, reader.now)["kpis"]}
    dated = words.plain("plan.dated.published", at=at)
    return _paper(plan.name, plan.chapters, plan.record or {}, now if live else None, status, dated, reader)


def _paper(
    name: Mapping[str, str] | None,
    texts: Mapping[str, Any] | None,
    tables: Row,
    live: Mapping[str, Row] | None,
    status: str,
    dated: str,
    reader: Reader,
) -> Paper:
    words = reader.words
    return Paper(
        spoken(name, words, words.plain("plan.title")),
        town_name(reader.names, words.language),
        words.language,
        status,
        dated,
        chapters(texts, tables, live, words, reader.now, reader.zone),
        {stage: words.plain(f"plan.stage.{stage}") for stage in STAGES},
        {state: words.plain(f"plan.stage_state.{state}") for state in STAGE_STATES},
        words.plain("plan.print.page", number="{number}", count="{count}"),
        words.plain("plan.print.contents"),
        words.plain("plan.print.empty"),
    )
