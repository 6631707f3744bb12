"""What do residents propose, what does the town answer, and how is that kept?"""

import secrets
from collections.abc import Callable, Mapping

from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.forms import cookie_field, own_cookie
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.settings import NOTHING_REFUSED, Refused, take_setting
from machinami.kit.signing import choose_audience, officer, said, said_if
from machinami.model.vocabulary.circle import CHAPTERS, ActionPlan, Proposal
from machinami.model.vocabulary.fields import FIELDS
from machinami.services.participation import service
from machinami.services.participation.book import typed
from machinami.services.participation.book.rounds import Rounds
from machinami.services.participation.book.square import Square, chapter_text, counts
from machinami.services.participation.book.square import events as events
from machinami.services.participation.book.square import happening as happening
from machinami.services.participation.book.telling import ADDRESS
from machinami.services.participation.logic import budgeting, wellbeing
from machinami.services.participation.logic.pieces import LONGEST_NAME, LONGEST_TEXT
from machinami.services.participation.model import (
    KINDS,
    ParticipationStep,
    ProposalComment,
    Settings,
    Voice,
)
from machinami.services.participation.service import PACKAGE

COOKIE = "machinami-voice"
KEPT = 400 * 86_400
SHOWN = 40
CLOSABLE = (Proposal, ProposalComment, ParticipationStep)


def routes(city: City, desk: Desk) -> list[Route]:
    """The pages, and everything that can be done on them."""
    way = Way(city, desk)
    page = way.frame.page
    return [
        page("GET", ADDRESS, way.show, "Residents' voice: proposals, questions, replies, record"),
        page("GET", f"{ADDRESS}/new", way.new, "Hand in a proposal, a question or a comment on the plan"),
        page("GET", f"{ADDRESS}/pieces/{{id}}", way.piece, "One proposal with its reply and comments"),
        page("GET", f"{ADDRESS}/similar", way.similar, "What is like what somebody writes"),
        page("GET", f"{ADDRESS}/plan", way.plan, "The plan by chapters, with what was said to each"),
        page("GET", f"{ADDRESS}/rounds/{{id}}", way.round, "A round of budgeting: vote, or what was chosen and why"),
        page("GET", f"{ADDRESS}/surveys/{{id}}", way.survey, "A survey of well-being: answer, or what was told"),
        *(page("POST", f"{ADDRESS}/{name}", deed) for name, deed in way.deeds.items()),
    ]


class Way:
    """The pages of one town's participation, and what is done through them."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.desk = desk
        self.frame = Frame.around(desk)
        self.square = Square(city)
        self.rounds = Rounds(city)
        self.deeds: Mapping[str, PageHandler] = {
            "hand-in": self.hand_in,
            "support": self.support,
            "comment": self.comment,
            "withdraw": self.withdraw,
            "object": self.object_to,
            "reply": self.reply,
            "hide": self.hide,
            "judge": self.judge,
            "settings": self.setting,
            "vote": self.vote,
            "answer": self.answer,
            "rounds": self.begin_round,
            "rounds/project": self.add_project,
            "rounds/project/removal": self.drop_project,
            "rounds/state": self.turn_round,
            "surveys": self.begin_survey,
            "surveys/figure": self.figure,
            "surveys/state": self.close_survey,
        }

    def voice(self, request: Request) -> Voice:
        """Who looks."""
        return service.voice_of(self.city, own_cookie(request, COOKIE) or "")

    async def show(self, request: Request) -> Response:
        """The page of one audience."""
        return await self.page(request)

    async def page(
        self, request: Request, audience: str | None = None, status: int = 200, refused: Refused = NOTHING_REFUSED
    ) -> Response:
        """The page; refused: a setting that will not do, and why."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        seen, by = choose_audience(audience or asked.get("view")), self.voice(request)
        sheets = await self.square.all(words, by)
        offset = int(asked["offset"]) if asked.get("offset", "").isdigit() else 0
        return self.frame.show(
            request,
            f"{PACKAGE}/page.html",
            status,
            audience=seen,
            done=_done(asked, words.has),
            counts=counts(sheets),
            sheets=sheets[offset : offset + SHOWN],
            offset=offset,
            shown=SHOWN,
            count=len(sheets),
            waiting=sorted((s for s in sheets if s.state == "open"), key=lambda s: (s.days_left, s.id)),
            objections=[s for s in sheets if s.objected],
            originals=await self.originals(request) if seen == "officer" else {},
            may=self.city.is_author(),
            objected=[c for c in await self.square.comments(words, by) if c.objected] if seen == "officer" else [],
            closed=[view.TYPE for view in CLOSABLE if not self.city.shows(view)],
            account=await self.square.account(words) if seen == "history" else None,
            rounds=await self.rounds.rounds(words, by),
            surveys=await self.rounds.surveys(words, by),
            plan=await service.standing_plan(self.city),
            settings=await self.square.settings(words) if seen != "resident" else [],
            reply_days=(await self.city.settings(Settings)).reply_days,
            refused=refused,
        )

    async def new(self, request: Request) -> Response:
        """The form for something new."""
        asked = request.arguments
        kind = next((one for one in KINDS if one == asked.get("kind")), KINDS[0])
        return self.frame.show(
            request,
            f"{PACKAGE}/new.html",
            kind=kind,
            fields=FIELDS,
            chapters=[(one, self.frame.words(request, PACKAGE).plain(f"part.chapter.{one}")) for one in CHAPTERS],
            chapter=asked.get("chapter", ""),
            plan=asked.get("plan", ""),
            longest=(LONGEST_NAME, LONGEST_TEXT),
            verified=self.voice(request).verified,
        )

    async def piece(self, request: Request) -> Response:
        """One piece with all that was said to it."""
        words, asked, by = self.frame.words(request, PACKAGE), request.arguments, self.voice(request)
        piece = await self.square.one(request.params["id"], words, by)
        return self.frame.show(
            request,
            f"{PACKAGE}/piece.html",
            piece=piece,
            comments=await self.square.comments_on(piece.id, words, by),
            comments_closed=not self.city.shows(ProposalComment),
            alike=await self.square.similar(f"{piece.name} {piece.text}", words, by, piece.id),
            supported=await service.supported(self.city, piece.id, by),
            verified=by.verified,
            may=self.city.is_author(),
            as_officer=choose_audience(asked.get("view")) == "officer" and self.city.is_author(),
            originals=await self.originals(request) if asked.get("view") == "officer" else {},
            done=_done(asked, words.has),
        )

    async def originals(self, request: Request) -> Mapping[str, str]:
        """What hidden texts said, for officers: for who may read all that the town has."""
        return await self.square.originals() if self.desk.archive.shows_everything(self.desk.identify(request)) else {}

    async def hand_in(self, request: Request) -> Response:
        """Take a proposal, a question or a comment on the plan."""
        form = read_form(request)
        by, secret = self.speaker(request)
        draft = typed.draft(form, self.frame.words(request, PACKAGE).language)
        piece = await service.hand_in(self.city, draft, by)
        return self.keeping(see_other(_address(piece.id, "handed_in")), request, secret)

    async def support(self, request: Request) -> Response:
        """Support a piece, or no more."""
        form = read_form(request)
        by, secret = self.speaker(request)
        wanted = form.get("wanted", "yes") == "yes"
        piece = await service.support(self.city, said(form, "piece"), by, wanted)
        done = "supported" if wanted else "unsupported"
        return self.keeping(see_other(_address(piece.id, done)), request, secret)

    async def comment(self, request: Request) -> Response:
        """Say something to a piece."""
        form = read_form(request)
        by, secret = self.speaker(request)
        text, language = said(form, "text", LONGEST_TEXT), self.frame.words(request, PACKAGE).language
        comment = await service.comment(self.city, said(form, "piece"), text, language, by)
        return self.keeping(see_other(_address(str(comment.ref_proposal), "commented")), request, secret)

    async def withdraw(self, request: Request) -> Response:
        """Take back what one wrote."""
        form = read_form(request)
        kind, piece_id = typed.kind_of(said(form, "piece"))
        await service.withdraw(self.city, kind, piece_id, self.voice(request))
        return see_other(f"{ADDRESS}?done=withdrawn")

    async def object_to(self, request: Request) -> Response:
        """Object to a text of one's own being hidden."""
        form = read_form(request)
        kind, piece_id = typed.kind_of(said(form, "piece"))
        await service.object_to(self.city, kind, piece_id, said(form, "reason", LONGEST_TEXT), self.voice(request))
        return see_other(f"{ADDRESS}?done=objected")

    async def reply(self, request: Request) -> Response:
        """The town answers."""
        form = read_form(request)
        answer = typed.reply(form, self.frame.words(request, PACKAGE).language)
        piece = await service.reply(self.city, said(form, "piece"), answer, officer(form))
        return see_other(_address(piece.id, "replied"))

    async def hide(self, request: Request) -> Response:
        """An officer hides a text, with a reason that everybody reads."""
        form = read_form(request)
        kind, piece_id = typed.kind_of(said(form, "piece"))
        await service.hide(self.city, kind, piece_id, said(form, "reason", LONGEST_TEXT), officer(form))
        return see_other(f"{ADDRESS}?view=officer&done=hidden")

    async def judge(self, request: Request) -> Response:
        """An officer decides on an objection, or shows a text again."""
        form = read_form(request)
        kind, piece_id = typed.kind_of(said(form, "piece"))
        shown, reason = said(form, "verdict") == "show", said(form, "reason", LONGEST_TEXT)
        await service.judge(self.city, kind, piece_id, shown, reason, officer(form))
        return see_other(f"{ADDRESS}?view=officer&done=judged")

    async def setting(self, request: Request) -> Response:
        """Change a setting."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        refused = await take_setting(self.city, form, words)
        if refused is not None:
            return await self.page(request, "officer", 422, refused)
        return see_other(f"{ADDRESS}?view=officer&done=setting")

    async def similar(self, request: Request) -> Response:
        """What is like what somebody writes, as part of the page on which they do."""
        words, by = self.frame.words(request, PACKAGE), self.voice(request)
        text = " ".join(request.arguments.get(name, "") for name in ("name", "text"))[:LONGEST_TEXT]
        alike = await self.square.similar(text, words, by)
        return self.frame.show(request, f"{PACKAGE}/similar.html", alike=alike)

    async def plan(self, request: Request) -> Response:
        """The plan by chapters, with what was said to each and what became of it."""
        words, by = self.frame.words(request, PACKAGE), self.voice(request)
        plan = await service.standing_plan(self.city)
        sheets = [one for one in await self.square.all(words, by) if one.kind == "plan_comment"]
        return self.frame.show(
            request,
            f"{PACKAGE}/plan.html",
            plan=plan,
            name=words.of(plan.name) if plan else "",
            chapters=[
                (one, chapter_text(plan, one, words), [s for s in sheets if s.chapter == one]) for one in CHAPTERS
            ],
            closed=not self.city.shows(ActionPlan),
        )

    async def round(self, request: Request, status: int = 200) -> Response:
        """One round of budgeting."""
        words, asked, by = self.frame.words(request, PACKAGE), request.arguments, self.voice(request)
        return self.frame.show(
            request,
            f"{PACKAGE}/round.html",
            status,
            round=await self.rounds.one_round(request.params["id"], words, by),
            verified=by.verified,
            as_officer=choose_audience(asked.get("view")) == "officer" and self.city.is_author(),
            done=_done(asked, words.has),
        )

    async def survey(self, request: Request) -> Response:
        """One survey of well-being."""
        words, asked, by = self.frame.words(request, PACKAGE), request.arguments, self.voice(request)
        as_officer = choose_audience(asked.get("view")) == "officer" and self.city.is_author()
        return self.frame.show(
            request,
            f"{PACKAGE}/survey.html",
            survey=await self.rounds.one_survey(request.params["id"], words, by),
            bands=wellbeing.BANDS,
            categories=[(one, words.plain(f"part.wb.{one}")) for one in wellbeing.CATEGORIES],
            indicators=await self.rounds.indicators(words) if as_officer else [],
            smallest=(await self.city.settings(Settings)).smallest_group,
            verified=by.verified,
            as_officer=as_officer,
            done=_done(asked, words.has),
        )

    async def vote(self, request: Request) -> Response:
        """Cast a ballot, or another in its place."""
        form = read_form(request)
        by, secret = self.speaker(request)
        wanted = [name.removeprefix("project-") for name in form if name.startswith("project-")]
        round_id = said(form, "round")
        await service.vote(self.city, round_id, wanted, secrets.token_urlsafe(18), by)
        return self.keeping(see_other(f"{ADDRESS}/rounds/{round_id}?done=voted"), request, secret)

    async def answer(self, request: Request) -> Response:
        """Answer a survey, or answer it anew."""
        form = read_form(request)
        by, secret = self.speaker(request)
        survey_id, band = said(form, "survey"), wellbeing.checked_band(form.get("band", "unsaid"))
        await service.answer(self.city, survey_id, wellbeing.checked_answers(form), band, by)
        return self.keeping(see_other(f"{ADDRESS}/surveys/{survey_id}?done=answered"), request, secret)

    async def begin_round(self, request: Request) -> Response:
        """An officer begins a round."""
        form, language = read_form(request), self.frame.words(request, PACKAGE).language
        budget, name = budgeting.checked_yen(said(form, "budget"), "budget"), said(form, "name", LONGEST_NAME)
        text, until = said_if(form, "text", LONGEST_TEXT), said(form, "closes_on")
        made = await self.rounds.begin_round(name, text, budget, until, language, officer(form))
        return see_other(f"{ADDRESS}/rounds/{made}?view=officer&done=begun")

    async def add_project(self, request: Request) -> Response:
        """An officer adds a project."""
        form = read_form(request)
        round_id, cost = said(form, "round"), budgeting.checked_yen(said(form, "cost"), "cost")
        name, text = said(form, "name", LONGEST_NAME), said_if(form, "text", LONGEST_TEXT)
        await self.rounds.add_project(round_id, name, text, cost, officer(form))
        return see_other(f"{ADDRESS}/rounds/{round_id}?view=officer&done=project")

    async def drop_project(self, request: Request) -> Response:
        """An officer takes a project out."""
        form = read_form(request)
        round_id = said(form, "round")
        await self.rounds.drop_project(round_id, said(form, "project"), officer(form))
        return see_other(f"{ADDRESS}/rounds/{round_id}?view=officer&done=no_project")

    async def turn_round(self, request: Request) -> Response:
        """An officer opens a round, or closes it."""
        form = read_form(request)
        round_id, by = said(form, "round"), officer(form)
        if said(form, "state") == "open":
            await self.rounds.open_round(round_id, by)
            return see_other(f"{ADDRESS}/rounds/{round_id}?done=opened")
        await service.close_round(self.city, round_id, str(by))
        return see_other(f"{ADDRESS}/rounds/{round_id}?done=closed")

    async def begin_survey(self, request: Request) -> Response:
        """An officer begins a survey."""
        form, language = read_form(request), self.frame.words(request, PACKAGE).language
        name, until = said(form, "name", LONGEST_NAME), said(form, "closes_on")
        made = await self.rounds.begin_survey(name, until, language, officer(form))
        return see_other(f"{ADDRESS}/surveys/{made}?view=officer&done=begun")

    async def figure(self, request: Request) -> Response:
        """An officer puts an indicator beside a category."""
        form = read_form(request)
        survey_id = said(form, "survey")
        await self.rounds.set_figure(survey_id, said(form, "category"), said_if(form, "indicator"), officer(form))
        return see_other(f"{ADDRESS}/surveys/{survey_id}?view=officer&done=figure")

    async def close_survey(self, request: Request) -> Response:
        """An officer closes a survey."""
        form = read_form(request)
        survey_id = said(form, "survey")
        await service.close_survey(self.city, survey_id, str(officer(form)))
        return see_other(f"{ADDRESS}/surveys/{survey_id}?done=closed")

    def speaker(self, request: Request) -> tuple[Voice, str]:
        """Who hands something in, and the secret that a browser is given that has none yet."""
        by = self.voice(request)
        if by.key:
            return by, ""
        secret = secrets.token_urlsafe(18)
        return service.voice_of(self.city, secret), secret

    def keeping(self, response: Response, request: Request, secret: str) -> Response:
        """The answer that has the browser keep the secret, where no script and no other site can read it."""
        if secret:
            response.headers.append(cookie_field(COOKIE, secret, self.frame.origin.is_secure(request), KEPT))
        return response


def _done(asked: Mapping[str, str], has: Callable[[str], bool]) -> str:
    done = asked.get("done", "")
    return done if has(f"part.done.{done}") else ""


def _address(piece_id: str, done: str) -> str:
    return f"{ADDRESS}/pieces/{piece_id}?done={done}"
