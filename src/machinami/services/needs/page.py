"""What does the town need, for the resident who says so, the officer who gathers it, and the successor?"""

from collections.abc import Mapping
from urllib.parse import quote

from machinami.foundation.errors import BadRequestData, Forbidden, NotFound
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.fault import fault_of
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.happening import Happening
from machinami.kit.http import Request, Response, Route
from machinami.kit.signing import choose_audience, officer, said, said_if
from machinami.kit.words import Words
from machinami.model.vocabulary.fields import FIELDS_OR_OTHER
from machinami.services.needs import service
from machinami.services.needs.book import sheets
from machinami.services.needs.book.reports import Report, report
from machinami.services.needs.model import ORIGINS, STATES, NeedNote
from machinami.services.needs.service import PACKAGE

TEMPLATE = f"{PACKAGE}/page.html"
ADDRESS = "/services/needs"
OFFICE = f"{ADDRESS}?view=officer"
LONGEST_PASTED = 200_000


async def happening(city: City, words: Words) -> Happening:
    """How many voices wait for an officer; the portal finds this by its name."""
    notes = await city.find(NeedNote)
    return Happening(waiting=sum(note.state == "waiting" for note in notes))


def routes(city: City, desk: Desk) -> list[Route]:
    """The page, and everything that can be done on it."""
    way = Way(city, desk)
    return [
        way.frame.page("GET", ADDRESS, way.show, "Needs, their groups, the vision, what answers them"),
        *(way.frame.page("POST", f"{ADDRESS}/{name}", deed) for name, deed in way.deeds.items()),
    ]


class Way:
    """The pages of one town's needs, and what is done through them."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.desk = desk
        self.frame = Frame.around(desk)
        self.deeds: Mapping[str, PageHandler] = {
            "hand-in": self.hand_in,
            "judge": self.judge,
            "add": self.add,
            "paste": self.paste,
            "group": self.group,
            "part": self.part,
            "change": self.change,
            "undo": self.undo,
            "vision": self.vision,
            "adopt": self.adopt,
        }

    async def show(self, request: Request) -> Response:
        """The page of one audience."""
        return await self.page(request)

    async def page(
        self, request: Request, status: int = 200, fault: str = "", typed: Mapping[str, str] | None = None
    ) -> Response:
        """The page; fault: what is wrong with a form that was sent, typed: what stood in it."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        held = await service.held(self.city)
        rows = sheets.need_rows(held, words)
        groups = await service.similar(self.city) if asked.get("similar") and request.method == "GET" else []
        taken = {str(need.ref_source) for need in held.needs if need.ref_source}
        done = asked.get("done", "")
        seen = choose_audience((typed or {}).get("view") or asked.get("view"))
        return self.frame.show(
            request,
            TEMPLATE,
            status,
            audience=seen,
            done=words.rich(f"needs.done.{done}") if words.has(f"needs.done.{done}") else "",
            fault=fault,
            typed={"text": "", "lines": "", **(typed or {})},
            vision=sheets.standing_row(held, words),
            visions=sheets.vision_rows(held.visions, words),
            needs=[row for row in rows if row.state != "closed" or seen != "resident"],
            fields=FIELDS_OR_OTHER,
            origins=ORIGINS,
            states=STATES,
            may=self.city.is_author(),
            decides=self.city.may_decide("CityNeed"),
            field=asked.get("field", "") if asked.get("field") in FIELDS_OR_OTHER else "",
            notes=[note for note in held.notes if note.state == "waiting"],
            asked_similar=bool(asked.get("similar")),
            groups=sheets.offered_groups(groups, {row.id: row for row in rows}),
            proposals=[one for one in held.proposals if one.id not in taken and one.state != "hidden"],
            trace=sheets.trace_rows(held, self.desk.houses(), words) if seen != "resident" else [],
            unanswered=sheets.unanswered_names(held, words) if seen != "resident" else [],
            log=sheets.log_rows(held.decisions, words) if seen != "resident" else [],
            closed=held.closed,
            trace_closed=bool({"Initiative", "CityNeed", "KeyPerformanceIndicator"} & held.closed),
            wanted=asked.get("from", ""),
            report=self.reported(request, words),
            receipt=asked.get("note", ""),
            note=await self.receipt(asked.get("note", "")),
        )

    def reported(self, request: Request, words: Words) -> Report | None:
        """What arrived and is to become a need, by its id; None where nothing was asked for, or it is not there."""
        wanted = request.arguments.get("from", "").strip()
        try:
            found = self.desk.archive.entity(wanted, self.desk.identify(request)) if wanted else None
        except (NotFound, BadRequestData, Forbidden):
            return None
        return report(self.desk.archive.document(found), words) if found is not None else None

    async def receipt(self, number: str) -> NeedNote | None:
        """What became of a voice, for whoever knows its number."""
        return await service.receipt(self.city, number) if number.isalnum() and len(number) <= 64 else None

    async def hand_in(self, request: Request) -> Response:
        """A resident says what is missing."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        try:
            note = await service.hand_in(self.city, said_if(form, "text"), form.get("field", ""), words.tongue)
        except BadRequestData as error:
            fault = words.plain("needs.hand_in.fault")
            return await self.page(
                request, 422, fault, {"view": "resident", "text": form.get("text", ""), "error": str(error)}
            )
        return see_other(f"{ADDRESS}?done=handed_in&note={quote(note.id.rpartition(':')[2])}#receipt")

    async def judge(self, request: Request) -> Response:
        """An officer takes or declines a voice."""
        form = read_form(request)
        accept = said(form, "verdict") == "accept"
        await service.judge(
            self.city,
            said(form, "note"),
            accept,
            said_if(form, "reason", 500),
            officer(form),
            said_if(form, "into", 200),
            said_if(form, "name", 80),
            said_if(form, "text"),
        )
        return see_other(f"{OFFICE}&done={'accepted' if accept else 'declined'}")

    async def add(self, request: Request) -> Response:
        """An officer writes down one need, or makes one of a proposal."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        await service.add(
            self.city,
            said_if(form, "text"),
            form.get("field", ""),
            form.get("origin", ""),
            words.tongue,
            officer(form),
            said_if(form, "source", 300),
        )
        return see_other(f"{OFFICE}&done=added")

    async def paste(self, request: Request) -> Response:
        """An officer writes down what a workshop brought."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        pasted = said(form, "lines", LONGEST_PASTED)
        try:
            await service.paste(
                self.city, pasted, form.get("field", ""), form.get("origin", ""), words.tongue, officer(form)
            )
        except BadRequestData as error:
            told = fault_of(error, words).text
            return await self.page(request, 422, told, {"view": "officer", "lines": pasted})
        return see_other(f"{OFFICE}&done=pasted&similar=yes#similar")

    async def group(self, request: Request) -> Response:
        """An officer puts needs that say the same under one."""
        form = read_form(request)
        members = [name.removeprefix("member ") for name in form if name.startswith("member ")]
        await service.group(self.city, said(form, "head"), members, officer(form))
        return see_other(f"{OFFICE}&done=grouped&similar=yes#similar")

    async def part(self, request: Request) -> Response:
        """An officer lets a need stand for itself again."""
        form = read_form(request)
        await service.part(self.city, said(form, "need"), officer(form))
        return see_other(f"{OFFICE}&done=parted")

    async def change(self, request: Request) -> Response:
        """An officer says how a need stands."""
        form = read_form(request)
        await service.change(
            self.city,
            said(form, "need"),
            form.get("state", ""),
            said_if(form, "reason", 500),
            form.get("field", ""),
            said_if(form, "vision", 200),
            officer(form),
        )
        return see_other(f"{OFFICE}&done=changed")

    async def undo(self, request: Request) -> Response:
        """An officer takes a decision back."""
        form = read_form(request)
        await service.undo(self.city, said(form, "decision"), officer(form))
        return see_other(f"{OFFICE}&done=undone")

    async def vision(self, request: Request) -> Response:
        """An officer writes the draft of the vision."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        await service.draft_vision(self.city, said(form, "name", 120), said(form, "text"), words.tongue, officer(form))
        return see_other(f"{OFFICE}&done=drafted#vision")

    async def adopt(self, request: Request) -> Response:
        """A named person adopts the vision."""
        form = read_form(request)
        await service.adopt_vision(self.city, said(form, "vision"), said_if(form, "reason", 500), officer(form))
        return see_other(f"{OFFICE}&done=adopted#vision")
