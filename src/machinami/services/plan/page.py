"""What does the town plan, for the resident who reads it, the officer who writes it, and the successor?"""

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from machinami.foundation.errors import BadRequestData, NotFound
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.happening import Happening
from machinami.kit.http import Request, Response, Route
from machinami.kit.page import town_name
from machinami.kit.signing import choose_audience, officer, said, said_if
from machinami.kit.words import Words
from machinami.model.view import Words as Texts
from machinami.model.vocabulary.circle import CHAPTERS, PlanAnswer, PlanReview
from machinami.services.plan import service
from machinami.services.plan.book import sheets
from machinami.services.plan.book.chapters import Reader
from machinami.services.plan.book.day import events as events
from machinami.services.plan.book.first import first_texts
from machinami.services.plan.book.papers import differences, draft_paper, plan_paper
from machinami.services.plan.book.reviews import review_of, reviewed
from machinami.services.plan.book.work_form import work_form
from machinami.services.plan.logic.drafting import WrittenMeanwhile, stamp, text_of
from machinami.services.plan.logic.paper import Paper
from machinami.services.plan.logic.paper import said as cell_said
from machinami.services.plan.logic.reviews import LONGEST_ANSWER, owed
from machinami.services.plan.model import LONGEST_CHAPTER, PlanDraft
from machinami.services.plan.service import PACKAGE, Held, Taking

ADDRESS = "/services/plan"
OFFICE = f"{ADDRESS}?view=officer"
FILES_KEPT = 16
PAGE, CHAPTER, WORK, DRAFT, COMPARE = (
    f"{PACKAGE}/{name}.html" for name in ("page", "chapter", "work", "draft", "compare")
)
MAKERS = {
    "pdf": (f"{PACKAGE}.book.pdf:made", b"application/pdf"),
    "xlsx": (
        f"{PACKAGE}.book.workbook:made",
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}


async def happening(city: City, words: Words) -> Happening:
    """What of the plan waits: a draft that was approved and is not published yet, and reviews that nobody answered."""
    unanswered = owed(await city.find(PlanReview), await city.find(PlanAnswer))
    sent = sum(one.state == "sent" for one in unanswered)
    return Happening(waiting=sum(draft.state == "approved" for draft in await city.find(PlanDraft)) + sent)


def routes(city: City, desk: Desk) -> list[Route]:
    """The pages, the files, and everything that can be done on them."""
    way = Way(city, desk)
    return [
        way.frame.page("GET", ADDRESS, way.show, "The plan: as published, as drafted, and what became of it"),
        way.frame.page("GET", f"{ADDRESS}/draft", way.draft, "The draft of the plan, to read and to print"),
        way.frame.page("GET", f"{ADDRESS}/chapter", way.chapter, "One chapter of the draft, to write"),
        way.frame.page("GET", f"{ADDRESS}/work", way.work, "One work of the plan, to write"),
        way.frame.page("GET", f"{ADDRESS}/compare", way.compare, "Two versions of the plan, compared"),
        way.frame.page("GET", f"{ADDRESS}/file/{{name}}", way.file, "A version of the plan as PDF or Excel"),
        *(way.frame.page("POST", f"{ADDRESS}/{name}", deed) for name, deed in way.deeds.items()),
    ]


class Way:
    """The pages of one town's plan, and what is done through them."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.desk = desk
        self.frame = Frame.around(desk)
        self.files: OrderedDict[bytes, bytes] = OrderedDict()  # those asked for last: a published one never changes
        self.deeds: Mapping[str, PageHandler] = {
            "begin": self.begin,
            "chapter": self.write,
            "keep": self.keep,
            "restore": self.restore,
            "approve": self.approve,
            "publish": self.publish,
            "withdraw": self.withdraw,
            "comment": self.comment,
            "settle": self.settle,
            "work": self.save_work,
            "undo": self.undo,
            "decline": self.decline,
            "answer/withdraw": self.withdraw_answer,
        }

    async def held(self) -> Held:
        """What stands now."""
        return await service.held(self.city, sheets.running(self.desk.houses()))

    def reader(self, request: Request) -> Reader:
        """For whom a paper is made."""
        return Reader(self.frame.words(request, PACKAGE), self.frame.clock(), self.frame.zone, self.frame.names)

    def done(self, request: Request, words: Words) -> str:
        """What was just done, in words."""
        done = request.arguments.get("done", "")
        return words.rich(f"plan.done.{done}") if words.has(f"plan.done.{done}") else ""

    async def show(self, request: Request) -> Response:
        """The page of one audience."""
        held, reader = await self.held(), self.reader(request)
        words, asked = reader.words, request.arguments
        plan = sheets.chosen_plan(held, asked.get("version", ""))
        last = max(held.plans, key=lambda one: one.version or 0, default=None)
        return self.frame.show(
            request,
            PAGE,
            audience=choose_audience(asked.get("view")),
            done=self.done(request, words),
            plan=plan,
            paper=plan_paper(plan, held, reader, live=True) if plan else None,
            withdrawn=last if last is not None and last.withdrawn and plan is None else None,
            said=cell_said,
            became=[
                sheets.Became(words.of(name), _state(then, words) if then else "—", _state(now, words))
                for name, then, now in (sheets.became(plan, held) if plan else ())
            ],
            changes=[(words.of(one.name), words.of(one.changed)) for one in held.proposals if one.changed],
            draft=held.draft,
            chapters=sheets.chapter_states(held, words),
            works=sheets.work_rows(held, words),
            versions=sheets.versions(held, words),
            log=sheets.log_rows(held, words),
            reviews=reviewed(held, words),
            may=self.city.may_write(PlanDraft.TYPE),
            writes=self.city.may_write("PlanAnswer") or self.city.may_write("PlanReview"),
            vision=held.sources.vision,
            needs=len([need for need in held.sources.needs if need.state != "closed"]),
            kpis=len(held.sources.kpis),
            closed=held.closed,
        )

    async def draft(self, request: Request) -> Response:
        """The draft, or a version that was kept, to read and to print."""
        held, reader = await self.held(), self.reader(request)
        wanted = request.arguments.get("version", "")
        found = next((one for one in held.drafts if one.id == wanted), None) if wanted else held.draft
        paper = draft_paper(found, held, reader) if found else None
        file = found.id.rpartition(":")[2] if found and wanted else "draft"
        shown = {"paper": paper, "said": cell_said, "file": file, "closed": held.closed}
        return self.frame.show(request, DRAFT, 200 if paper else 404, **shown)

    async def chapter(self, request: Request) -> Response:
        """One chapter of the draft, to write."""
        return await self.chapter_page(request, request.arguments.get("key", CHAPTERS[0]))

    async def chapter_page(
        self, request: Request, key: str, status: int = 200, form: Mapping[str, str] | None = None, fault: str = ""
    ) -> Response:
        """A chapter; form: what somebody wrote while another wrote it, too, or what is at fault in it."""
        held, reader = await self.held(), self.reader(request)
        draft, words = held.draft, reader.words
        if key not in CHAPTERS:
            raise NotFound(f"The plan has no chapter {key!r}", chapter=key)
        text = text_of(draft.chapters, key, words.tongue) if draft else ""
        asked = (form or request.arguments).get("review", "")
        number = CHAPTERS.index(key)
        return self.frame.show(
            request,
            CHAPTER,
            status,
            draft=draft,
            done=self.done(request, words),
            chapter=draft_paper(draft, held, reader).chapters[number] if draft else None,
            said=cell_said,
            text=text if form is None else form.get("text", ""),
            conflict=form is not None and not fault,
            fault=fault,
            review=review_of(asked, held, words),
            answer=(form or {}).get("answer", ""),
            theirs=text,
            stamp=stamp(text),
            longest=LONGEST_CHAPTER,
            comments=sheets.comments(held, key),
            before=CHAPTERS[number - 1] if number else "",
            after=CHAPTERS[number + 1] if number + 1 < len(CHAPTERS) else "",
            versions=[one for one in sheets.versions(held, words) if one.state not in ("open", "approved")],
            paper=draft_paper(draft, held, reader) if draft else None,
            closed=held.closed,
        )

    async def work(self, request: Request) -> Response:
        """One work of the plan, to write."""
        return await self.work_page(request, request.arguments.get("id", ""))

    async def work_page(
        self, request: Request, work_id: str, form: Mapping[str, str] | None = None, fault: str = ""
    ) -> Response:
        """The form of a work; form: what was typed, fault: what is wrong with it."""
        held, words = await self.held(), self.frame.words(request, PACKAGE)
        found = next((one for one in held.sources.initiatives if one.id == work_id), None)
        if work_id and found is None:
            raise NotFound(f"There is no work {work_id}", work=work_id)
        asked = (form or request.arguments).get("review", "")
        return self.frame.show(
            request,
            WORK,
            422 if fault else 200,
            fault=fault,
            review=review_of(asked, held, words),
            answer=(form or {}).get("answer", ""),
            closed=held.closed,
            **work_form(held, words, found, form),
        )

    async def compare(self, request: Request) -> Response:
        """Two versions side by side in one text."""
        held, reader = await self.held(), self.reader(request)
        known, asked = sheets.versions(held, reader.words), request.arguments
        before = asked.get("from") or (known[1].id if len(known) > 1 else "")
        after = asked.get("to") or (known[0].id if known else "")
        found = differences(before, after, held, reader) if before and after else None
        shown: dict[str, Any] = {
            "versions": known,
            "before": before,
            "after": after,
            "found": found,
            "closed": held.closed,
        }
        return self.frame.show(request, COMPARE, said=cell_said, **shown)

    async def file(self, request: Request) -> Response:
        """A version as a file: `plan-3.pdf` of a published plan, `draft.xlsx` of the draft, or of one by its id."""
        name, _, kind = request.params["name"].rpartition(".")
        if kind not in MAKERS:
            raise NotFound("A plan is given as .pdf or .xlsx", name=request.params["name"])
        address, media_type = MAKERS[kind]
        paper = await self.paper(request, name)
        known = sha256(f"{kind} {paper!r}".encode()).digest()
        if known not in self.files:
            self.files[known] = await self.city.compute_at(address, paper)
        self.files.move_to_end(known)
        content = self.files[known]
        if len(self.files) > FILES_KEPT:
            self.files.popitem(last=False)
        saved = quote(f"{name}.{kind}")
        headers = [(b"content-disposition", f"attachment; filename*=UTF-8''{saved}".encode("ascii"))]
        return Response(200, content, media_type, headers)

    async def paper(self, request: Request, name: str) -> Paper:
        """The paper that a file is named after. Raises NotFound."""
        held, reader = await self.held(), self.reader(request)
        kind, _, version = name.partition("-")
        if kind == "plan" and version.isdecimal():
            plan = sheets.chosen_plan(held, version)
            if plan is not None:
                return plan_paper(plan, held, reader, live=False)
        draft = next((one for one in held.drafts if one.id.rpartition(":")[2] == name), None)
        draft = held.draft if name == "draft" else draft
        if draft is None:
            raise NotFound(f"There is no version of the plan called {name!r}", name=name)
        return draft_paper(draft, held, reader)

    async def begin(self, request: Request) -> Response:
        """Begin a draft: of what is there, of the plan that stands, or empty."""
        form, held = read_form(request), await self.held()
        by, kind = officer(form), form.get("kind", "first")
        plan = sheets.chosen_plan(held, "")
        tellers = [(one, Words(one, PACKAGE), town_name(self.frame.names, one)) for one in ("ja", "en")]
        # In the officer's language alone: a translation that nobody keeps would tell another plan.
        own = [row for row in tellers if row[0] == self.frame.words(request, PACKAGE).tongue]
        texts = first_texts(service.tables(held, self.city), own) if kind == "first" else {}
        if kind == "plan" and plan is not None:
            texts = {key: dict(value) for key, value in (plan.chapters or {}).items() if isinstance(value, dict)}
        name = Texts({one: words.plain("plan.named", town=town) for one, words, town in tellers})
        await service.begin(self.city, name, texts, by)
        return see_other(f"{OFFICE}&done=begun")

    async def write(self, request: Request) -> Response:
        """Write a chapter."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        key, text = said(form, "key"), said_if(form, "text", LONGEST_CHAPTER)
        try:
            opened, taking = said(form, "opened"), _taking(form)
            await service.write(self.city, key, words.tongue, text, opened, officer(form), taking)
        except WrittenMeanwhile:
            return await self.chapter_page(request, key, 409, form)
        except BadRequestData as error:
            if not form.get("review"):
                raise
            return await self.chapter_page(request, key, 422, form, error.detail)
        return see_other(f"{ADDRESS}/chapter?key={quote(key)}&done={'taken' if taking else 'written'}")

    async def keep(self, request: Request) -> Response:
        """Keep a version to look back at."""
        form = read_form(request)
        running = sheets.running(self.desk.houses())
        await service.keep(self.city, running, said_if(form, "remark", 200), officer(form))
        return see_other(f"{OFFICE}&done=kept")

    async def restore(self, request: Request) -> Response:
        """Bring a chapter back from a version."""
        form = read_form(request)
        key = said(form, "key")
        await service.restore(self.city, said(form, "version"), key, officer(form))
        return see_other(f"{ADDRESS}/chapter?key={quote(key)}&done=restored")

    async def approve(self, request: Request) -> Response:
        """A named person approves the draft as it stands."""
        form = read_form(request)
        await service.approve(self.city, said_if(form, "reason", 300), officer(form))
        return see_other(f"{OFFICE}&done=approved")

    async def publish(self, request: Request) -> Response:
        """Publish what was approved."""
        form = read_form(request)
        await service.issue(self.city, sheets.running(self.desk.houses()), officer(form))
        return see_other(f"{ADDRESS}?done=published")

    async def withdraw(self, request: Request) -> Response:
        """Withdraw a published plan."""
        form = read_form(request)
        await service.withdraw(self.city, said(form, "plan"), said(form, "reason", 500), officer(form))
        return see_other(f"{OFFICE}&done=withdrawn")

    async def comment(self, request: Request) -> Response:
        """Say something of a chapter."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        key = said(form, "key")
        await service.comment(self.city, key, said(form, "comment", 2_000), words.tongue, officer(form))
        return see_other(f"{ADDRESS}/chapter?key={quote(key)}&done=commented#comments")

    async def settle(self, request: Request) -> Response:
        """Say how a comment was settled."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        key = said(form, "key")
        await service.settle(self.city, said(form, "id"), said_if(form, "reply", 1_000), words.tongue, officer(form))
        return see_other(f"{ADDRESS}/chapter?key={quote(key)}&done=settled#comments")

    async def save_work(self, request: Request) -> Response:
        """Write down a work."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        work_id = form.get("work", "")
        by = officer(form)
        try:
            taking = _taking(form)
            await service.save_work(self.city, work_id, form, words.tongue, by, taking)
        except BadRequestData as error:
            return await self.work_page(request, work_id, form, _told(error, words))
        return see_other(f"{OFFICE}&done={'taken' if taking else 'work'}#works")

    async def decline(self, request: Request) -> Response:
        """Leave the plan as it is, in spite of a review."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        reason = said(form, "reason", LONGEST_ANSWER)
        await service.decline(self.city, said(form, "review"), reason, words.tongue, officer(form))
        return see_other(f"{OFFICE}&done=declined#reviews")

    async def withdraw_answer(self, request: Request) -> Response:
        """Take back what was answered to a review."""
        form = read_form(request)
        await service.withdraw_answer(self.city, said(form, "answer"), said(form, "reason", 500), officer(form))
        return see_other(f"{OFFICE}&done=answer_withdrawn#reviews")

    async def undo(self, request: Request) -> Response:
        """Take back what was last done to a chapter or a work."""
        form = read_form(request)
        await service.undo(self.city, said(form, "decision"), officer(form))
        return see_other(f"{OFFICE}&done=undone")


def _taking(form: Mapping[str, str]) -> Taking | None:
    """The review that a form takes up, where it does."""
    review = form.get("review", "")
    return Taking(review, said(form, "answer", LONGEST_ANSWER)) if review else None


def _state(state: str, words: Words) -> str:
    key = f"plan.work_state.{state}"
    return words.plain(key) if state and words.has(key) else words.plain("plan.gone")


def _told(error: BadRequestData, words: Words) -> str:
    """What is wrong with a work, in the reader's words where there are any."""
    key, stage = (str(error.facts.get(name, "")) for name in ("key", "stage"))
    return words.plain(key, stage=words.plain(f"plan.stage.{stage}")) if key and words.has(key) else error.detail
