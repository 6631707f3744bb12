"""How is a plan written, kept, approved, published and withdrawn?"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.foundation.instant import format_instant
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import CHAPTERS, ActionPlan
from machinami.model.vocabulary.office import Officer
from machinami.services.plan.model import LONGEST_CHAPTER, PlanDraft

Chapters = Mapping[str, Mapping[str, str]]
OLDER = "older"  # beside the texts of a chapter: the language whose text was not rewritten when the other one was
BEING_WRITTEN = frozenset({"open", "approved"})


class WrittenMeanwhile(Conflict):
    """Somebody else has written this chapter since it was opened."""


def current(drafts: Sequence[PlanDraft]) -> PlanDraft | None:
    """The draft that is being written, if one is."""
    return next((draft for draft in drafts if draft.state in BEING_WRITTEN), None)


def begun(
    drafts: Sequence[PlanDraft], plans: Sequence[ActionPlan], draft_id: str, name: Words, chapters: Chapters
) -> PlanDraft:
    """The draft of the next version. Raises Conflict where one is being written already."""
    if current(drafts) is not None:
        raise Conflict("A draft is being written already; publish it, or go on with it")
    number = max((plan.version or 0 for plan in plans), default=0) + 1
    return PlanDraft(draft_id, name, number, "open", {key: dict(chapters.get(key, {})) for key in CHAPTERS})


def text_of(chapters: Mapping[str, Any] | None, chapter: str, language: str) -> str:
    """What stands in a chapter in one language, nothing where nothing does."""
    found = (chapters or {}).get(chapter)
    return str(found.get(language, "")) if isinstance(found, Mapping) else ""


def stamp(text: str) -> str:
    """A short name of a text, by which it is known whether somebody else has written it since."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def written(draft: PlanDraft, chapter: str, language: str, text: str, opened: str) -> PlanDraft:
    """The draft with a chapter written; an approval is gone with the first word that is changed.

    opened: the stamp of the text as it stood when it was opened. Raises WrittenMeanwhile, BadRequestData.
    """
    if chapter not in CHAPTERS:
        raise BadRequestData(f"{chapter!r} is no chapter; choose one of {', '.join(CHAPTERS)}", field="chapter")
    if len(text) > LONGEST_CHAPTER:
        what = f"The chapter has {len(text)} characters; at most {LONGEST_CHAPTER} are taken"
        raise BadRequestData(what, field="text")
    before = text_of(draft.chapters, chapter, language)
    if opened and opened != stamp(before):
        raise WrittenMeanwhile(chapter=chapter)
    chapters = {**(draft.chapters or {})}
    chapters[chapter] = _rewritten(chapters.get(chapter, {}), language, text)
    return replace(draft, chapters=chapters, state="open", approved_by=None, decided_at=None)


def _rewritten(before: Mapping[str, str], language: str, text: str) -> dict[str, str]:
    """The texts of a chapter with the one of a language; the other language's text, if there is one, is older now."""
    after = {name: said for name, said in before.items() if name != OLDER} | {language: text}
    others = [name for name, said in after.items() if name != language and said]
    return {**after, OLDER: others[0]} if others and text else after


def is_older(chapters: Mapping[str, Any] | None, chapter: str, language: str) -> bool:
    """Whether a chapter was rewritten in the other language after it was written in this one."""
    return text_of(chapters, chapter, OLDER) == language


def kept(
    draft: PlanDraft, kept_id: str, record: Mapping[str, Any], remark: str, by: Officer, now: datetime
) -> PlanDraft:
    """A copy of the draft as it stands, to look back at and to compare with."""
    return replace(
        draft,
        id=kept_id,
        state="kept",
        record=dict(record),
        remark=remark or None,
        kept_by=str(by),
        kept_at=now,
    )


def approved(draft: PlanDraft, by: Officer, now: datetime) -> PlanDraft:
    """The draft as approved by a named person. Raises Conflict where every chapter is empty, or it is approved."""
    if draft.state != "open":
        raise Conflict("This draft is approved already")
    if not any(text for chapter in (draft.chapters or {}).values() for text in chapter.values()):
        raise Conflict("Nothing is written yet that could be approved; write a chapter first")
    return replace(draft, state="approved", approved_by=str(by), decided_at=now)


def published(
    draft: PlanDraft,
    plan_id: str,
    record: Mapping[str, Any],
    initiatives: Sequence[str],
    vision: str,
    now: datetime,
) -> tuple[ActionPlan, PlanDraft]:
    """The plan that never changes again, and its draft, which is closed. Raises Conflict before it is approved."""
    if draft.state != "approved" or not draft.approved_by:
        raise Conflict("A plan is published once a named person has approved it as it stands")
    plan = ActionPlan(
        plan_id,
        draft.name,
        draft.version,
        {key: dict((draft.chapters or {}).get(key, {})) for key in CHAPTERS},
        list(initiatives),
        draft.approved_by,
        now,
        Ref(vision) if vision else None,
        dict(record),
        simulated=draft.simulated,
    )
    return plan, replace(draft, state="published", ref_plan=Ref(plan_id))


def withdrawn(plan: ActionPlan, reason: str, by: Officer, now: datetime) -> ActionPlan:
    """The plan as withdrawn: it stays readable, with who withdrew it and why. Raises Conflict, BadRequestData."""
    if plan.withdrawn:
        raise Conflict("This plan is withdrawn already")
    if not reason:
        raise BadRequestData(
            "Say why the plan is withdrawn: residents will read it", field="reason", key="refused.reason"
        )
    return replace(plan, withdrawn={"at": format_instant(now), "by": by.who, "role": by.role, "reason": reason})


def standing(plans: Sequence[ActionPlan]) -> ActionPlan | None:
    """The plan that stands: of those that are not withdrawn the one with the greatest version."""
    return max((plan for plan in plans if not plan.withdrawn), key=lambda plan: plan.version or 0, default=None)
