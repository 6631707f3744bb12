"""What does the guide tell a resident, an officer and a successor, and what can be answered on it?"""

from datetime import timedelta
from typing import Literal

from machinami.foundation.errors import BadRequestData, Forbidden
from machinami.kit.city import City, Past
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.happening import Happening
from machinami.kit.http import Request, Response, Route
from machinami.kit.signing import officer, said, said_if
from machinami.kit.words import Words
from machinami.model.vocabulary.fields import MANAGEMENT
from machinami.services.guide import service
from machinami.services.guide.book import Teller, ThemeSheet
from machinami.services.guide.logic.diagnosis import standing
from machinami.services.guide.logic.evidence import CLOSED, cautions, each, gather, some
from machinami.services.guide.model import Evidence, GuideAnswer, Known, ReferenceCase, StageDiagnosis
from machinami.services.guide.service import PACKAGE

ADDRESS = "/services/guide"
TEMPLATE = f"{PACKAGE}/page.html"
View = Literal["start", "officer", "stuck", "concept", "history"]
VIEWS: tuple[View, ...] = ("start", "officer", "stuck", "concept", "history")
_REMARK = 500
_LOOKED_BACK = timedelta(days=5 * 366)


def routes(city: City, desk: Desk) -> list[Route]:
    """The page, and what can be answered on it."""
    way = Way(city, desk)
    deeds: dict[str, PageHandler] = {"answer": way.answer, "undo": way.undo, "path": way.choose}
    return [
        way.frame.page("GET", ADDRESS, way.show, "Guide: where the town stands, and what comes next"),
        *(way.frame.page("POST", f"{ADDRESS}/{name}", deed) for name, deed in deeds.items()),
    ]


class Way:
    """The guide of one town as its pages see it."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.desk = desk
        self.frame = Frame.around(desk)

    async def show(self, request: Request) -> Response:
        """The page for one reader."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        view = next((one for one in VIEWS if one == asked.get("view")), "start")
        done = asked.get("done", "")
        own = service.guidance()
        known, path, found = await service.diagnosis_of(self.city)
        teller = Teller(words, self.desk.houses(), await self._cases())
        answers, running = await service.answers_of(self.city), await self._running(words)
        return self.frame.show(
            request,
            TEMPLATE,
            view=view,
            done=done if words.has(f"guide.done.{done}") else "",
            stages=teller.stages(found),
            found=found,
            steps=[teller.row(one) for one in found.steps],
            holding=[teller.row(one) for one in found.holding],
            carried=[teller.row(one) for one in found.carried],
            ahead=len(found.ahead),
            themes=await self._themes(known, teller, running),
            theme=asked.get("theme", ""),
            concepts=own.concepts,
            said=teller.said,
            paths=teller.paths(own, path),
            record=teller.record(own, answers) if view in ("officer", "history") else [],
            begun=bool(answers),
            closed=not self.city.shows(GuideAnswer),
            past=await self._past(path.id) if view == "history" else [],
            settings=await self.city.setting_history() if view == "history" else [],
            running=running,
            kinds=await self._kinds(request),
            may=self.city.may_write(GuideAnswer.TYPE),
        )

    async def _themes(self, known: Known, teller: Teller, running: dict[str, Evidence]) -> list[ThemeSheet]:
        answers, shown = await service.answers_of(self.city), {**gather(known), **running}
        warned = cautions(known)
        return [
            teller.theme(
                theme, [standing(q, answers.get(q.id), shown.get(q.evidence)) for q in theme.questions], warned
            )
            for theme in service.guidance().themes
        ]

    async def _running(self, words: Words) -> dict[str, Evidence]:
        """What runs: services for people (not those by which the town is managed), and sources that are heard."""
        houses, now = self.desk.houses(), self.frame.clock()
        sources, barred = dict[str, bool](), False
        for house in houses:
            tell = getattr(house.service.page, "happening", None)
            if tell is None:
                continue
            try:
                told: Happening = await tell(house.city, Words(words.language, house.service.package))
            except Forbidden:  # who looks may see nothing of it
                barred = True
            except Exception:  # a vendor's page may fail in any way; the guide says what the others show
                self.city.log.exception("%s could not say what is happening", house.service.manifest.id)
            else:
                sources |= {source.id: not source.silent(now) for source in told.sources}
                barred = barred or bool(told.closed)
        served = [house for house in houses if house.service.manifest.field != MANAGEMENT]
        heard = each(list(sources.values()), bool)
        return {"services": some(served), "flow": CLOSED if barred and not sources else heard}

    async def _cases(self) -> dict[str, ReferenceCase]:
        return {case.id.rpartition(":")[2]: case for case in await self.city.find(ReferenceCase)}

    async def _kinds(self, request: Request) -> int:
        """How many kinds of data the town has, as far as who looks may see them."""
        return len(await self.desk.archive.types(self.desk.identify(request)))

    async def _past(self, path: str) -> list[Past]:
        now = self.city.now()
        entity = f"urn:ngsi-ld:{StageDiagnosis.TYPE}:{path}"
        found = await self.city.history(StageDiagnosis, "reached", now - _LOOKED_BACK, now, [entity])
        return found[entity][::-1]

    async def answer(self, request: Request) -> Response:
        """Keep the answers of one form: those that were given or changed."""
        form = read_form(request)
        by, before = officer(form), await service.answers_of(self.city)
        given = [name.partition("-")[2] for name, value in form.items() if name.startswith("answer-") and value]
        fresh = 0
        for question in given:
            value, remark = form[f"answer-{question}"], said_if(form, f"text-{question}", _REMARK)
            kept = before.get(question)
            if kept is None or (kept.answer, kept.text or "") != (value, remark):
                await service.answer(self.city, question, value, remark, by)
                fresh += 1
        if not given:
            raise BadRequestData(
                "No answer is chosen; choose one and send the form again", field="answer", key="refused.nothing"
            )
        back = "stuck" if form.get("back") == "stuck" else "officer"
        theme = f"&theme={form['theme']}" if form.get("theme", "").isalpha() and form["theme"].isascii() else ""
        return see_other(f"{ADDRESS}?view={back}{theme}&done={'answered' if fresh else 'same'}")

    async def undo(self, request: Request) -> Response:
        """Take the last answer to a question back."""
        form = read_form(request)
        await service.take_back(self.city, said(form, "question"), officer(form))
        return see_other(f"{ADDRESS}?view=history&done=undone")

    async def choose(self, request: Request) -> Response:
        """Go by another row of stages."""
        form = read_form(request)
        await self.city.set_setting("path", said(form, "path"), str(officer(form)))
        return see_other(f"{ADDRESS}?view=officer&done=path")
