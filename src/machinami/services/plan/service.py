"""What may officers do with works and plans? Gather, decide, publish."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from machinami.foundation.errors import BadRequestData, Conflict, NotFound
from machinami.kit.city import City
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import (
    CHAPTERS,
    ActionPlan,
    CityNeed,
    CostItem,
    EffectEstimate,
    IncomeItem,
    Initiative,
    KeyPerformanceIndicator,
    Pilot,
    PlanAnswer,
    PlanReview,
    Proposal,
    Vision,
)
from machinami.model.vocabulary.office import Officer
from machinami.services.plan.logic import drafting, reviews, works
from machinami.services.plan.logic.drafting import Chapters
from machinami.services.plan.logic.record import Row, Sources, record
from machinami.services.plan.logic.undoing import undoable
from machinami.services.plan.model import (
    LONGEST_COMMENT,
    PlanComment,
    PlanDecision,
    PlanDeed,
    PlanDraft,
    Running,
)

PACKAGE = "machinami.services.plan"


async def refresh(city: City, now: datetime) -> None:
    """Nothing happens to a plan by the clock: people decide here, and pages show what stands now."""


@dataclass(frozen=True, slots=True)
class Taking:
    """A review that is taken up by a change. what: what becomes other by it, for residents."""

    review: str
    what: str


@dataclass(frozen=True, slots=True)
class Held:
    """All that pages may ask of; and the types of which who looks may not see everything."""

    sources: Sources
    plans: Sequence[ActionPlan]
    drafts: Sequence[PlanDraft]
    comments: Sequence[PlanComment]
    decisions: Sequence[PlanDecision]
    proposals: Sequence[Proposal]
    closed: frozenset[str]
    reviews: Sequence[PlanReview] = ()
    answers: Sequence[PlanAnswer] = ()

    @property
    def draft(self) -> PlanDraft | None:
        """The draft that is being written."""
        return drafting.current(self.drafts)


_TOLD = (
    Vision, CityNeed, Initiative, KeyPerformanceIndicator, CostItem, IncomeItem, Pilot, ActionPlan, PlanDraft,
    PlanComment, PlanDecision, Proposal, PlanReview, PlanAnswer,
    EffectEstimate,
)  # fmt: skip


async def sources(city: City, running: Sequence[Running]) -> Sources:
    """What the tables of a plan are made of."""
    visions = [vision for vision in await city.find(Vision) if vision.state == "adopted"]
    return Sources(
        max(visions, key=lambda vision: vision.version or 0, default=None),
        await city.find(CityNeed),
        await city.find(Initiative),
        await city.find(KeyPerformanceIndicator),
        await city.find(CostItem),
        await city.find(IncomeItem),
        await city.find(Pilot),
        running,
        await city.find(EffectEstimate),
    )


async def held(city: City, running: Sequence[Running]) -> Held:
    """What stands at this moment, as far as who looks may see it."""
    return Held(
        await sources(city, running),
        await city.find(ActionPlan),
        await city.find(PlanDraft),
        await city.find(PlanComment),
        await city.find(PlanDecision),
        await city.find(Proposal),
        frozenset(view.TYPE for view in _TOLD if not city.shows(view)),
        await city.find(PlanReview),
        await city.find(PlanAnswer),
    )


async def begin(city: City, name: Words, chapters: Chapters, by: Officer) -> PlanDraft:
    """Begin the next version of the plan with what is written of its chapters already."""
    async with city.turn:
        drafts, plans = await city.find(PlanDraft), await city.find(ActionPlan)
        draft = drafting.begun(drafts, plans, city.new_id("PlanDraft"), name, chapters)
        await city.publish(draft, by=by.who, whole=True)
        await _log(city, _decision(city, "begun", draft.name, by, draft=draft.id))
    return draft


async def write(
    city: City, chapter: str, language: str, text: str, opened: str, by: Officer, taking: Taking | None = None
) -> None:
    """Write a chapter of the draft; taking: the review of the plan that is taken up by that. Raises WrittenMeanwhile
    where somebody else has, and BadRequestData where a review is taken up by changing nothing."""
    async with city.turn:
        draft = await _draft(city)
        before = drafting.text_of(draft.chapters, chapter, language)
        after = drafting.written(draft, chapter, language, text, opened)
        if before == text:
            _demand_untaken(taking)
            return
        told = _decision(city, "written", draft.name, by, taking.what if taking else "", draft=draft.id)
        told = replace(told, chapter=chapter, before={language: before}, after={language: text})
        answered = await _taken_up(city, taking, language, by, told)
        await city.publish(after, by=by.who, whole=True)
        await _answer(city, answered)
        await _log(city, told)


async def keep(city: City, running: Sequence[Running], remark: str, by: Officer) -> None:
    """Keep the draft as it stands, to look back at."""
    async with city.turn:
        draft = await _draft(city)
        tables = record(await sources(city, running), city.now())
        kept = drafting.kept(draft, city.new_id("PlanDraft"), tables, remark, by, city.now())
        await city.publish(kept, by=by.who, whole=True)
        await _log(city, _decision(city, "kept", draft.name, by, remark, draft=kept.id))


async def restore(city: City, kept_id: str, chapter: str, by: Officer) -> None:
    """Bring a chapter back as it stood in a version that was kept, or published."""
    async with city.turn:
        draft = await _draft(city)
        kept, plan = await city.get(PlanDraft, kept_id), await city.get(ActionPlan, kept_id)
        older = kept.chapters if kept else plan.chapters if plan else None
        if older is None or chapter not in CHAPTERS:
            raise NotFound(f"There is no chapter {chapter!r} in {kept_id}", draft=kept_id)
        was = {**(draft.chapters or {})}.get(chapter, {})
        back = _texts(older, chapter)
        after = replace(draft, chapters={**(draft.chapters or {}), chapter: back}, state="open", approved_by=None)
        await city.publish(after, by=by.who, whole=True)
        told = _decision(city, "restored", draft.name, by, draft=draft.id)
        await _log(city, replace(told, chapter=chapter, before=dict(was), after=back))


async def approve(city: City, reason: str, by: Officer) -> None:
    """Have a named person approve the draft as it stands."""
    async with city.turn:
        draft = drafting.approved(await _draft(city), by, city.now())
        await city.publish(draft, by=by.who, whole=True)
        await _log(city, _decision(city, "approved", draft.name, by, reason, draft=draft.id))


async def issue(city: City, running: Sequence[Running], by: Officer) -> ActionPlan:
    """Publish the approved draft: as a plan that never changes again, with its tables as they stand now. Who may
    change the draft publishes it; the plan is written by the service, for a mayor may decide but adds nothing."""
    if not city.may_decide(PlanDraft.TYPE):
        city.demand_author()
    async with city.turn:
        draft, found = await _draft(city), await sources(city, running)
        tables = record(found, city.now())
        ids = [str(row["id"]) for row in tables["works"]]
        vision = found.vision.id if found.vision else ""
        plan, done = drafting.published(draft, city.new_id("ActionPlan"), tables, ids, vision, city.now())
        await city.at_reception().publish(plan, done, by=by.who, whole=True)
        await _log(city, _decision(city, "published", plan.name, by, draft=done.id, plan=plan.id))
    return plan


async def withdraw(city: City, plan_id: str, reason: str, by: Officer) -> None:
    """Withdraw a published plan; it stays readable, with the reason."""
    async with city.turn:
        plan = await city.get(ActionPlan, plan_id)
        if plan is None:
            raise NotFound(f"There is no plan {plan_id}", plan=plan_id)
        await city.publish(drafting.withdrawn(plan, reason, by, city.now()), by=by.who, whole=True)
        await _log(city, _decision(city, "withdrawn", plan.name, by, reason, plan=plan.id))


async def comment(city: City, chapter: str, text: str, language: str, by: Officer) -> None:
    """Say something of a chapter of the draft."""
    if chapter not in CHAPTERS or not text or len(text) > LONGEST_COMMENT:
        raise BadRequestData(f"A comment is of a chapter and has 1 to {LONGEST_COMMENT} characters", field="text")
    async with city.turn:
        draft = await _draft(city)
        said = PlanComment(
            city.new_id("PlanComment"), chapter, Words({language: text}), "open", by.who, by.role, city.now(),
            ref_draft=Ref(draft.id),
        )  # fmt: skip
        await city.publish(said, by=by.who, whole=True)


async def settle(city: City, comment_id: str, reply: str, language: str, by: Officer) -> None:
    """Say how a comment was settled."""
    async with city.turn:
        found = await city.get(PlanComment, comment_id)
        if found is None or found.state != "open":
            raise Conflict("This comment is settled already, or not there any more", comment=comment_id)
        done = replace(found, state="settled", reply=Words({language: reply}) if reply else None, replied_by=str(by))
        await city.publish(done, by=by.who, whole=True)
        await _log(city, replace(_decision(city, "settled", found.text, by, reply), chapter=found.chapter))


async def save_work(
    city: City, work_id: str, form: Mapping[str, str], language: str, by: Officer, taking: Taking | None = None
) -> Initiative:
    """Write down a work of the plan, a new one where no id is given; taking: the review that is taken up by that."""
    async with city.turn:
        before = await city.get(Initiative, work_id) if work_id else None
        if work_id and before is None:
            raise NotFound(f"There is no work {work_id}", work=work_id)
        visions = [vision for vision in await city.find(Vision) if vision.state == "adopted"]
        vision = visions[-1].id if visions else ""
        fields = {need.id: need.field for need in await city.find(CityNeed)}
        started = before or Initiative(city.new_id("Initiative"))
        after = works.described(started, form, language, vision, fields)
        was, now = works.moved(before, after)
        if now:
            told = _decision(city, "work", after.name, by, form.get("reason", ""), work=after.id)
            answered = await _taken_up(city, taking, language, by, told)
            await city.publish(after, by=by.who, whole=True)
            await _answer(city, answered)
            await _log(city, replace(told, before=was, after=now))
        else:
            _demand_untaken(taking)
    return after


async def decline(city: City, review_id: str, reason: str, language: str, by: Officer) -> None:
    """Leave the plan as it is in spite of a review, with the reason. Raises BadRequestData, Conflict."""
    async with city.turn:
        answers, found = await city.find(PlanAnswer), await city.get(PlanReview, review_id)
        review = reviews.taken(found, answers, by, city.now())
        told = reviews.answer(
            city.new_id(PlanAnswer.TYPE), review, "declined", Words({language: reason}), by, city.now()
        )
        await _answer(city, (review, told))
        await _log(city, _decision(city, "declined", review.subject, by, reason))


async def withdraw_answer(city: City, answer_id: str, reason: str, by: Officer) -> None:
    """Take back what was answered to a review, with the reason; the review waits again. Raises Conflict."""
    async with city.turn:
        gone = reviews.withdrawn(await city.get(PlanAnswer, answer_id), reason, by, city.now())
        await city.publish(gone, by=by.who)
        await _log(city, _decision(city, "answer_withdrawn", gone.subject, by, reason))


async def undo(city: City, decision_id: str, by: Officer) -> None:
    """Take back what was last done to a chapter, or to a work."""
    async with city.turn:
        decisions = await city.find(PlanDecision)
        decision = next((one for one in decisions if one.id == decision_id), None)
        if decision is None or decision_id not in undoable(decisions, await city.find(PlanDraft)):
            raise Conflict("This cannot be undone any more: something was done since", decision=decision_id)
        if decision.kind == "work":
            work = await city.get(Initiative, str(decision.ref_initiative))
            if work is None:
                raise NotFound("The work is not there any more")
            await city.publish(works.brought_back(work, decision.before or {}), by=by.who, whole=True)
        else:
            draft = await _draft(city)
            chapter = decision.chapter or ""
            texts = {**_texts(draft.chapters, chapter), **(decision.before or {})}
            back = replace(draft, chapters={**(draft.chapters or {}), chapter: texts}, state="open", approved_by=None)
            await city.publish(back, by=by.who, whole=True)
        for one in await city.find(PlanAnswer):
            if one.ref_source == decision_id and not one.withdrawn:
                await city.publish(reviews.withdrawn(one, "", by, city.now(), undone=True), by=by.who)
        told = _decision(city, "undone", decision.subject, by, work=str(decision.ref_initiative or ""))
        await _log(city, replace(told, chapter=decision.chapter, ref_source=Ref(decision.id)))


def tables(found: Held, city: City) -> Row:
    """The tables of the plan as they stand now."""
    return record(found.sources, city.now())


def _decision(
    city: City, kind: PlanDeed, subject: Mapping[str, str] | None, by: Officer, reason: str = "",
    draft: str = "", plan: str = "", work: str = "",
) -> PlanDecision:  # fmt: skip
    return PlanDecision(
        city.new_id("PlanDecision"), kind, Words(subject or {"ja": ""}), city.now(), by.who, by.role, reason or None,
        ref_draft=Ref(draft) if draft else None,
        ref_plan=Ref(plan) if plan else None,
        ref_initiative=Ref(work) if work else None,
    )  # fmt: skip


async def _log(city: City, told: PlanDecision) -> None:
    """Keep who did what. The service writes it, after the change itself was allowed: a mayor, who decides on what
    stands but adds nothing, is named in the log like everybody else."""
    await city.at_reception().publish(told, by=told.decided_by)


def _demand_untaken(taking: Taking | None) -> None:
    if taking is not None:
        raise BadRequestData("Nothing was changed, so that the review is not taken up: change the text first")


async def _taken_up(
    city: City, taking: Taking | None, language: str, by: Officer, told: PlanDecision
) -> tuple[PlanReview, PlanAnswer] | None:
    """The review and its answer, where a change takes one up."""
    if taking is None:
        return None
    answers, found = await city.find(PlanAnswer), await city.get(PlanReview, taking.review)
    review = reviews.taken(found, answers, by, city.now())
    made = reviews.answer(
        city.new_id(PlanAnswer.TYPE), review, "taken_up", Words({language: taking.what}), by, city.now()
    )
    return review, replace(made, chapter=told.chapter, ref_initiative=told.ref_initiative, ref_source=Ref(told.id))


async def _answer(city: City, answered: tuple[PlanReview, PlanAnswer] | None) -> None:
    """Keep an answer. Who may change the review may answer it: the mayor too, who adds nothing else."""
    if answered is not None:
        review, told = answered
        await city.publish(review, by=told.decided_by)
        await city.at_reception().publish(told, by=told.decided_by)


async def _draft(city: City) -> PlanDraft:
    draft = drafting.current(await city.find(PlanDraft))
    if draft is None:
        raise Conflict("No draft is being written; begin one first")
    return draft


def _texts(chapters: Mapping[str, Any] | None, chapter: str) -> dict[str, str]:
    found = (chapters or {}).get(chapter)
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, Mapping) else {}
