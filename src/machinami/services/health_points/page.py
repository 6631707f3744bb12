"""What do health points mean for the resident, the officer in charge and the successor, and what can each do?"""

import secrets
from collections.abc import Awaitable, Callable
from typing import Literal
from zoneinfo import ZoneInfo

import orjson

from machinami.foundation.errors import BadRequestData, Forbidden, MachinamiError
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.fault import Fault, fault_of
from machinami.kit.forms import cookie_field, own_cookie
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.settings import NOTHING_REFUSED, Refused, take_setting
from machinami.model.person import read_number
from machinami.model.vocabulary.places import District
from machinami.services.health_points import service
from machinami.services.health_points.book.pages import PointsBook
from machinami.services.health_points.book.telling import ADDRESS
from machinami.services.health_points.logic.advice import MET
from machinami.services.health_points.logic.days import read_day
from machinami.services.health_points.logic.joining import PURPOSE, NotTakingPart, Profile, checked_code
from machinami.services.health_points.logic.reading import read
from machinami.services.health_points.model import AGE_BANDS, SEXES, Officer
from machinami.services.health_points.service import PACKAGE

TEMPLATE = f"{PACKAGE}/page.html"
COOKIE = "machinami-points"
KEPT, _AN_HOUR = 400 * 86_400, 3_600
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is read for another
Audience = Literal["resident", "officer", "history"]
AUDIENCES: tuple[Audience, ...] = ("resident", "officer", "history")


def routes(city: City, desk: Desk) -> list[Route]:
    """The page, and everything that can be done on it."""
    way = Way(city, desk)
    return [
        way.frame.page("GET", ADDRESS, way.show, "Health points: steps, points, figures"),
        *(way.frame.page("POST", f"{ADDRESS}/{name}", deed) for name, deed in way.deeds.items()),
    ]


class Way:
    """The pages of one town's health points, and what is done through them."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.desk = desk
        self.frame = Frame.around(desk)
        self.book = PointsBook(city, desk.time_zone)
        self.deeds: dict[str, PageHandler] = {
            "join": self.join,
            "leave": self.leave,
            "connect": self.connect,
            "enter": self.enter,
            "look": self.look,
            "answer": self.answer,
            "hand-in": self.hand_in,
            "voucher": self.voucher,
            "voucher/return": self.give_back,
            "decide": self.officers(self.decide),
            "partners": self.officers(self.partner),
            "use": self.officers(self.use),
            "settings": self.officers(self.setting),
            "publish": self.publish,
        }

    async def show(self, request: Request) -> Response:
        """The page of one audience."""
        return await self.page(request)

    async def page(
        self,
        request: Request,
        audience: str | None = None,
        status: int = 200,
        fault: Fault | str = "",
        new_key: str = "",
        refused: Refused = NOTHING_REFUSED,
    ) -> Response:
        """The page, with what went wrong (refused: with a setting) or what is shown only once."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        asked_for = self.city.consenting(PURPOSE)
        done = asked.get("done", "")
        seen = next((a for a in AUDIENCES if a == (audience or asked.get("view"))), "resident")
        is_officer = self.is_officer(request)
        mine = await self.book.mine(own_cookie(request, COOKIE) or "", words) if seen == "resident" else None
        return self.frame.show(
            request,
            TEMPLATE,
            status,
            audience=seen,
            done=done if words.has(f"points.done.{done}") else "",
            fault=fault,
            refused=refused,
            new_key=new_key,
            mine=mine,
            asked=asked_for,
            connected=mine is not None and await asked_for.is_connected(mine.walker),
            fresh_code="".join(secrets.choice(LETTERS) for _ in range(10)),
            figures=await self.book.figures(),
            office=await self.book.office(words) if seen == "officer" and is_officer else None,
            is_officer=is_officer,
            settings=await self.book.settings(words) if seen == "history" else [],
            ages=AGE_BANDS,
            sexes=SEXES,
            districts=await self.districts(words.language),
            met=sorted(MET.items(), key=lambda row: row[1]),
        )

    async def districts(self, language: str) -> list[tuple[str, str]]:
        """The districts of the town: the name by which they are kept, and as the reader says them."""
        found = [d.name for d in await self.city.for_purpose(PURPOSE).find(District) if d.name]
        return sorted((name.get("ja", ""), name.get(language) or name.get("ja", "")) for name in found)

    def is_officer(self, request: Request) -> bool:
        """Whether who looks may see the audit of the ledger, which no resident may."""
        return self.desk.archive.shows("PointsAudit", self.desk.identify(request))

    def officers(self, deed: Callable[[Request], Awaitable[Response]]) -> PageHandler:
        """The deed, for officers alone."""

        async def guarded(request: Request) -> Response:
            if not self.is_officer(request):
                raise Forbidden("Only officers of the town may do this")
            return await deed(request)

        return guarded

    async def join(self, request: Request) -> Response:
        """Take part: the key is made here and is only in the resident's hands from now on."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        if form.get("agree") != "yes":
            raise BadRequestData("Joining needs your consent to what is written beside the box", field="agree")
        profile = Profile(form.get("age_band", ""), form.get("sex", "unsaid"), form.get("district", "").strip())
        key = secrets.token_urlsafe(18)
        walker = await service.join(self.city, profile, key, words.language)
        if form.get("connect") == "yes":
            await self.city.consenting(PURPOSE).connect(walker.id)
        return self.with_key(see_other(f"{ADDRESS}?done=joined"), request, key, KEPT)

    async def connect(self, request: Request) -> Response:
        """Who is signed in has their days shown with the rest of what the town holds about them."""
        read_form(request)
        walker = await service.walker_of(self.city, request.cookie(COOKIE) or "")
        await self.city.consenting(PURPOSE).connect(walker.id)
        return see_other(f"{ADDRESS}?done=connected")

    async def look(self, request: Request) -> Response:
        """See the page of an invented resident, where there is one."""
        read_form(request)
        await service.walker_of(self.city, service.SIMULATED)
        return self.with_key(see_other(ADDRESS), request, service.SIMULATED, _AN_HOUR)

    async def enter(self, request: Request) -> Response:
        """Open one's page with the key on the paper of a desk: for an hour, or for good on a device of one's own."""
        form = read_form(request)
        key = read_number(form.get("key", ""))  # letters and digits alone: it becomes a cookie
        try:
            await service.walker_of(self.city, key)
        except NotTakingPart:
            words = self.frame.words(request, PACKAGE)
            return await self.page(request, "resident", 422, words.plain("points.enter.unknown"))
        return self.with_key(see_other(ADDRESS), request, key, KEPT if form.get("own") == "yes" else _AN_HOUR)

    async def publish(self, request: Request) -> Response:
        """The town publishes what people are asked to consent to: administrators alone may."""
        read_form(request)
        await self.city.consenting(PURPOSE).publish(self.city.viewer)
        return see_other(f"{ADDRESS}?view=officer&done=published")

    async def leave(self, request: Request) -> Response:
        """Withdraw: everything of the person goes."""
        form, key = read_form(request), own_cookie(request, COOKIE) or ""
        if form.get("sure") != "yes":
            raise BadRequestData("Leaving needs your yes beside the box", field="sure")
        await service.withdraw(self.city, await service.walker_of(self.city, key))
        return self.with_key(see_other(f"{ADDRESS}?done=left"), request, "", 0)

    def with_key(self, response: Response, request: Request, key: str, seconds: int) -> Response:
        """The answer that has the browser keep the key, where no script and no other site can read it."""
        response.headers.append(cookie_field(COOKIE, key, self.frame.origin.is_secure(request), seconds))
        return response

    async def answer(self, request: Request) -> Response:
        """The resident's word on a day."""
        form = read_form(request)
        walker = await service.walker_of(self.city, own_cookie(request, COOKIE) or "")
        await service.answer(self.city, walker, read_day(form.get("day", "")), form.get("answer", ""))
        return see_other(f"{ADDRESS}?done=answered")

    async def hand_in(self, request: Request) -> Response:
        """Steps from a file that the resident pasted."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        walker = await service.walker_of(self.city, own_cookie(request, COOKIE) or "")
        try:
            found = read(orjson.loads(form.get("document", "")), ZoneInfo(self.city.zone), "")
            if found.refused:
                number, faults = found.refused[0]
                said = words.plain("points.hand_in.refused", number=number + 1, fault=str(faults[0]))
                return await self.page(request, "resident", 422, said)
            await service.hand_in(self.city, walker, found, "")
        except orjson.JSONDecodeError:
            return await self.page(request, "resident", 422, words.plain("points.hand_in.no_json"))
        except MachinamiError as error:
            return await self.page(request, "resident", 422, fault_of(error, words))
        return see_other(f"{ADDRESS}?done=handed_in")

    async def voucher(self, request: Request) -> Response:
        """Set points aside for a ride; the code of the form makes a second press harmless."""
        form = read_form(request)
        walker = await service.walker_of(self.city, own_cookie(request, COOKIE) or "")
        await service.take_voucher(self.city, walker, checked_code(form.get("code", "")))
        return see_other(f"{ADDRESS}?done=voucher#vouchers")

    async def give_back(self, request: Request) -> Response:
        """Give a voucher back."""
        form = read_form(request)
        walker = await service.walker_of(self.city, own_cookie(request, COOKIE) or "")
        await service.end_voucher(self.city, form.get("code", ""), "returned", owner=walker.id)
        return see_other(f"{ADDRESS}?done=returned")

    async def decide(self, request: Request) -> Response:
        """An officer decides on an objection."""
        form = read_form(request)
        day = read_day(form.get("day", ""))
        await service.decide_objection(self.city, form.get("walker", ""), day, form.get("verdict", ""), officer(form))
        return see_other(f"{ADDRESS}?view=officer&done=decided")

    async def partner(self, request: Request) -> Response:
        """A transport company is let in; its key is shown once."""
        form, key = read_form(request), secrets.token_urlsafe(18)
        await service.add_partner(self.city, form.get("name", ""), key, officer(form))
        return await self.page(request, "officer", 201, new_key=key)

    async def use(self, request: Request) -> Response:
        """A voucher is taken at a counter of the town."""
        form = read_form(request)
        by = officer(form)
        await service.end_voucher(
            self.city, form.get("code", "").strip().upper(), "used", partner=f"{by.role} {by.who}"
        )
        return see_other(f"{ADDRESS}?view=officer&done=used")

    async def setting(self, request: Request) -> Response:
        """Change a setting."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        refused = await take_setting(self.city, form, words)
        if refused is not None:
            return await self.page(request, "officer", 422, refused=refused)
        return see_other(f"{ADDRESS}?view=officer&done=setting")


def officer(form: dict[str, str]) -> Officer:
    """Who decides, by name. Raises BadRequestData."""
    by = Officer(form.get("who", "").strip(), form.get("role", "").strip())
    if not (0 < len(by.who) <= 60 and 0 < len(by.role) <= 60):
        raise BadRequestData("A decision needs the name and the role of who takes it", field="who")
    return by
