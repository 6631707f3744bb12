"""How does a draft, or a published plan, become one paper for the page, the PDF and the workbook?"""

from collections.abc import Mapping
from typing import Any

from machinami.kit.moments import day_told
from machinami.kit.page import town_name
from machinami.model.vocabulary.circle import ActionPlan
from machinami.services.plan.book.chapters import Reader, chapters
from machinami.services.plan.logic.comparing import Difference, pieces, rows
from machinami.services.plan.logic.paper import Paper
from machinami.services.plan.logic.record import Row, record
from machinami.services.plan.model import STAGE_STATES, STAGES, PlanDraft
from machinami.services.plan.service import Held


def draft_paper(draft: PlanDraft, held: Held, reader: Reader) -> Paper:
    """A draft with its tables as they stand now; a version that was kept, as they stood then."""
    tables = draft.record if draft.state == "kept" and draft.record else record(held.sources, reader.now)
    words = reader.words
    status = words.plain(
        f"plan.status.{draft.state or 'open'}", version=draft.version or 1, who=draft.approved_by or draft.kept_by or ""
    )
    at = draft.kept_at if draft.state == "kept" and draft.kept_at else reader.now
    dated = words.plain("plan.dated.draft", at=reader.clock(at))
    return _paper(draft.name, draft.chapters, tables, None, (status, dated), reader, "current")


def plan_paper(plan: ActionPlan, held: Held, reader: Reader, live: bool) -> Paper:
    """A published plan with its tables as they stood then. live: whether the figures of today stand beside them."""
    words = reader.words
    at = reader.clock(plan.published_at) if plan.published_at else "—"
    told = {"version": plan.version or 1, "at": at, "who": plan.approved_by or ""}
    if plan.withdrawn:
        more = {name: plan.withdrawn.get(name, "") for name in ("by", "role", "reason")}
        status = words.plain(
            "plan.status.withdrawn", **told, **more, day=day_told(plan.withdrawn.get("at", "")[:10], words)
        )
    else:
        status = words.plain("plan.status.published", **told)
    today = record(held.sources, reader.now)
    if not plan.record:  # one that was brought from elsewhere
        dated = words.plain("plan.dated.brought", at=reader.clock(reader.now))
        return _paper(plan.name, plan.chapters, today, None, (status, dated), reader, "current")
    now = {str(row["id"]): row for row in today["kpis"]}
    dated = words.plain("plan.dated.published", at=at)
    return _paper(plan.name, plan.chapters, plan.record, now if live else None, (status, dated), reader, "value")


def paper_of(version: str, held: Held, reader: Reader) -> Paper | None:
    """A draft, a version that was kept or a published plan by its id, as a paper; None where there is none."""
    draft = next((one for one in held.drafts if one.id == version), None)
    plan = next((one for one in held.plans if one.id == version), None)
    if draft is not None:
        return draft_paper(draft, held, reader)
    return plan_paper(plan, held, reader, live=False) if plan is not None else None


def differences(before: str, after: str, held: Held, reader: Reader) -> list[Difference] | None:
    """What is different between two versions, chapter by chapter; None where one of them is not there."""
    old, new = paper_of(before, held, reader), paper_of(after, held, reader)
    if old is None or new is None:
        return None
    return [
        Difference(one.key, tuple(pieces(was.text, one.text)), rows(was, one))
        for was, one in zip(old.chapters, new.chapters, strict=True)
    ]


def _paper(
    name: Mapping[str, str] | None,
    texts: Mapping[str, Any] | None,
    tables: Row,
    live: Mapping[str, Row] | None,
    told: tuple[str, str],
    reader: Reader,
    column: str,
) -> Paper:
    words = reader.words
    return Paper(
        words.of(name, words.plain("plan.title")),
        town_name(reader.names, words.language),
        words.language,
        *told,
        chapters(texts, tables, live, reader, column),
        {stage: words.plain(f"plan.stage.{stage}") for stage in STAGES},
        {state: words.plain(f"plan.stage_state.{state}") for state in STAGE_STATES},
        words.plain("plan.print.page", number="{number}", count="{count}"),
        words.plain("plan.print.contents"),
        words.plain("plan.print.empty"),
    )
