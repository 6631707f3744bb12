"""Where are the cameras, what do they see and why: for the resident, the officer who plans, and the successor?"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from machinami.foundation.errors import BadRequestData, NotFound
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.happening import Event, Happening, seen
from machinami.kit.http import Request, Response, Route
from machinami.kit.settings import NOTHING_REFUSED, Refused, sheets_of, take_setting
from machinami.kit.signing import choose_audience, officer, said, said_if
from machinami.kit.words import Words
from machinami.model.view import Words as Spoken
from machinami.model.vocabulary.buildings import Building
from machinami.model.vocabulary.office import Officer
from machinami.services.watch_cameras import service
from machinami.services.watch_cameras.book import sheets
from machinami.services.watch_cameras.book.day import events_of
from machinami.services.watch_cameras.book.drawing import Drawing, drawing
from machinami.services.watch_cameras.logic.record import geometry_of, point_of
from machinami.services.watch_cameras.model import (
    CAMERA_STATES,
    FAIRNESS,
    GROUNDS,
    TARGET_KINDS,
    ZONE_KINDS,
    ZONE_RULES,
    Camera,
    CameraPlan,
    CameraPole,
    CameraRemark,
    Fairness,
    FootageHandover,
    PrivacyZone,
    Settings,
    TargetKind,
    WatchTarget,
    Wishes,
    ZoneKind,
    ZoneRule,
)
from machinami.services.watch_cameras.service import PACKAGE, Held, Rules

ADDRESS = "/services/watch_cameras"
TEMPLATE, PLAN_TEMPLATE = f"{PACKAGE}/page.html", f"{PACKAGE}/plan.html"
PLACES = ("pole", "target", "zone")
Form = Mapping[str, str]
C = TypeVar("C", bound=str)
Deed = Callable[[Form, Words, Officer], Awaitable[str]]


async def happening(city: City, words: Words) -> Happening:
    """How many comments wait for an officer; the portal finds this by its name."""
    return Happening(waiting=sum(one.state == "waiting" for one in await seen(city, CameraRemark)))


async def events(city: City, words: Words, start: datetime, end: datetime, /) -> Sequence[Event]:
    """What was worked out, adopted, put up, taken down and given away; the portal finds this by its name."""
    told = events_of(
        await seen(city, CameraPlan), await seen(city, Camera), await seen(city, FootageHandover), ADDRESS, words
    )  # fmt: skip
    return [event for event in told if start <= event.at < end]


def routes(city: City, desk: Desk) -> list[Route]:
    """The page, a plan by itself, and everything that can be done."""
    way = Way(city, desk)
    return [
        way.frame.page("GET", ADDRESS, way.show, "Watch-over cameras: where, what they see, the rules of their use"),
        way.frame.page("GET", f"{ADDRESS}/plan", way.plan, "One plan on the map and in 3D, beside another"),
        way.frame.page("POST", f"{ADDRESS}/remark", way.remark, "A resident comments on a plan, or objects"),
        way.frame.page("POST", f"{ADDRESS}/settings", way.settings, "Change a setting"),
        *(way.frame.page("POST", f"{ADDRESS}/{name}", way.take(deed)) for name, deed in way.deeds().items()),
    ]


class Way:
    """The pages of one town's cameras, and what is done through them."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.frame = Frame.around(desk)

    async def show(self, request: Request) -> Response:
        """The page of one audience."""
        return await self.page(request)

    async def page(self, request: Request, status: int = 200, refused: Refused = NOTHING_REFUSED) -> Response:
        """The page; refused: the setting whose value was not taken, and why."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        audience = "officer" if status != 200 else choose_audience(asked.get("view"))
        held, settings = await service.held(self.city), await self.city.settings(Settings)
        plans = sheets.plan_rows(held, words)
        return self.frame.show(
            request,
            TEMPLATE,
            status,
            audience=audience,
            done=_done(asked.get("done", ""), words),
            held=held,
            cameras=sheets.camera_rows(held, words),
            plans=[row for row in plans if audience == "history" or row.plan.state != "withdrawn"],
            things=sheets.thing_rows(held, words),
            lights=sum(one.location is not None for one in held.lights),
            waiting=[one for one in held.remarks if one.state == "waiting"],
            names=self._names(held, words),
            drawn=await self._drawn(held, [], words),
            settings=settings,
            sheets=await sheets_of(self.city, asdict(settings), words),
            refused=refused,
            choices={"target": TARGET_KINDS, "zone": ZONE_KINDS, "rule": ZONE_RULES, "fair": FAIRNESS, "for": GROUNDS},
            may=self.city.is_author(),
        )

    async def plan(self, request: Request) -> Response:
        """One plan by itself, beside another where one is named."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        held = await service.held(self.city)
        known = {one.id.rpartition(":")[2]: one for one in held.plans}
        plan, other = known.get(asked.get("id", "")), known.get(asked.get("with", ""))
        if plan is None:
            raise NotFound("There is no such plan, or it is not open to you")
        shown = [plan, *([other] if other is not None and other is not plan else [])]
        return self.frame.show(
            request,
            PLAN_TEMPLATE,
            row=sheets.plan_row(plan, held, words),
            other=sheets.plan_row(other, held, words) if len(shown) == 2 and other else None,
            lines=sheets.district_lines(plan, other, words),
            others=[row for row in sheets.plan_rows(held, words) if row.plan is not plan and row.plan.chosen],
            drawn=await self._drawn(held, shown, words),
            done=_done(asked.get("done", ""), words),
            settings=await self.city.settings(Settings),
            may=self.city.is_author(),
        )

    async def _drawn(self, held: Held, plans: Sequence[CameraPlan], words: Words) -> Drawing:
        buildings = await seen(self.city, Building)
        cameras = held.cameras if not plans else []
        return drawing(cameras, plans, held.targets, held.zones, buildings, words)

    def _names(self, held: Held, words: Words) -> dict[str, str]:
        """What plans and cameras are called, by their id."""
        named = {one.id: one.name for one in held.plans} | {one.id: one.name for one in held.cameras}
        return {key: words.of(name, key.rpartition(":")[2]) for key, name in named.items()}

    async def remark(self, request: Request) -> Response:
        """A resident says what they think of a plan or a camera."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        objects = form.get("kind") == "objection"
        await service.remark(self.city, said(form, "subject", 300), said(form, "text", 1000), objects, words.tongue)
        return see_other(f"{ADDRESS}?done=remark#remarks")

    async def settings(self, request: Request) -> Response:
        """An officer changes a setting."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        refused = await take_setting(self.city, form, words)
        if refused is not None:
            return await self.page(request, 422, refused)
        return see_other(f"{ADDRESS}?view=officer&done=settings#settings")

    def take(self, deed: Deed) -> PageHandler:
        """What answers a form that an officer signs."""

        async def taken(request: Request) -> Response:
            form = read_form(request)
            return see_other(await deed(form, self.frame.words(request, PACKAGE), officer(form)))

        return taken

    def deeds(self) -> dict[str, Deed]:
        """What an officer may do, by the end of its address."""
        return {
            "add": self.add, "take-out": self.take_out, "bring-back": self.bring_back, "plan": self.ask,
            "again": self.again, "adopt": self.adopt, "take-back": self.take_back, "camera": self.camera,
            "hand-over": self.hand_over, "correct": self.correct, "answer": self.answer,
        }  # fmt: skip

    async def add(self, form: Form, words: Words, by: Officer) -> str:
        """A pole, a target or a zone is written down."""
        await service.add(self.city, read_thing(form, words, self.city), by)
        return _office("added", "things")

    async def take_out(self, form: Form, words: Words, by: Officer) -> str:
        """A pole, a target or a zone is used no longer."""
        await service.take_out(self.city, said(form, "id", 300), said_if(form, "reason", 500), by)
        return _office("taken_out", "things")

    async def bring_back(self, form: Form, words: Words, by: Officer) -> str:
        """It is used again."""
        await service.bring_back(self.city, said(form, "id", 300), by)
        return _office("brought_back", "things")

    async def ask(self, form: Form, words: Words, by: Officer) -> str:
        """A plan is to be worked out."""
        name = Spoken({words.tongue: said(form, "name", 80)})
        plan = await service.ask_plan(self.city, name, read_wishes(form), by)
        return _plan(plan.id, "asked")

    async def again(self, form: Form, words: Words, by: Officer) -> str:
        """A plan is worked out anew."""
        await service.again(self.city, said(form, "id", 300), by)
        return _plan(form["id"], "asked")

    async def adopt(self, form: Form, words: Words, by: Officer) -> str:
        """A plan becomes the town's decision."""

        def spoken(name: str) -> Spoken:
            return Spoken({words.tongue: said(form, name, 400)})

        rules = Rules(spoken("purpose"), spoken("may_look"), spoken("contact"))
        await service.adopt(self.city, said(form, "id", 300), rules, said_if(form, "reason", 1000), by)
        return _plan(form["id"], "adopted")

    async def take_back(self, form: Form, words: Words, by: Officer) -> str:
        """An adoption is taken back, or a draft withdrawn."""
        await service.take_back(self.city, said(form, "id", 300), said_if(form, "reason", 1000), by)
        return _plan(form["id"], "taken_back")

    async def camera(self, form: Form, words: Words, by: Officer) -> str:
        """A camera works, or is taken down."""
        to = _one_of(CAMERA_STATES, form.get("to"))
        if to is None:
            raise BadRequestData("Choose what becomes of the camera", field="to")
        await service.move_camera(self.city, said(form, "id", 300), to, said_if(form, "reason", 500), by)
        return _office("camera", "cameras")

    async def hand_over(self, form: Form, words: Words, by: Officer) -> str:
        """That footage was given to somebody is written down."""
        told = read_handover(form, self.city.zone)
        await service.hand_over(self.city, said(form, "camera", 300), told, by)
        return _office("handed_over", "log")

    async def correct(self, form: Form, words: Words, by: Officer) -> str:
        """An entry of the log is crossed out."""
        await service.correct(self.city, said(form, "id", 300), said_if(form, "reason", 500), by)
        return _office("corrected", "log")

    async def answer(self, form: Form, words: Words, by: Officer) -> str:
        """A comment is answered."""
        show = form.get("verdict") == "show"
        await service.answer(self.city, said(form, "id", 300), show, said_if(form, "reply", 1000), by)
        return _office("answered", "waiting")


def read_thing(form: Form, words: Words, city: City) -> CameraPole | WatchTarget | PrivacyZone:
    """A pole, a target or a zone as it was typed or clicked. Raises BadRequestData."""
    name = Spoken({words.tongue: said(form, "name", 80)})
    group, shape = form.get("group"), said_if(form, "shape", 20_000)
    if group == "pole":
        place = point_of(geometry_of(shape, area=False))
        height = _number(form, "height", 5.0, 2.0, 50.0)
        amount = _number(form, "amount", -1.0, -1.0, 1e8)
        return CameraPole(city.new_id("CameraPole"), name, place, height, None if amount < 0 else amount)
    if group not in PLACES:
        raise BadRequestData("Choose what this is: a pole, something to watch, or a zone", field="group")
    place_of = geometry_of(shape, area=form.get("area") == "yes")
    if group == "target":
        kind: TargetKind = _one_of(TARGET_KINDS, form.get("target_kind")) or "other"
        return WatchTarget(city.new_id("WatchTarget"), name, kind, place_of, _number(form, "weight", 1.0, 0.1, 100.0))
    zone: ZoneKind = _one_of(ZONE_KINDS, form.get("zone_kind")) or "other"
    rule: ZoneRule = _one_of(ZONE_RULES, form.get("rule")) or "forbid"
    return PrivacyZone(city.new_id("PrivacyZone"), name, zone, place_of, _number(form, "height", 6.0, 0.0, 200.0), rule)


def read_wishes(form: Form) -> Wishes:
    """What a plan is to be, as it was typed. Raises BadRequestData."""
    fairness: Fairness = _one_of(FAIRNESS, form.get("fairness")) or "none"
    return Wishes(
        budget=_number(form, "budget", 0.0, 0.0, 1e10) * 10_000,
        fairness=fairness,
        share=_number(form, "share", 0.0, 0.0, 100.0) / 100,
    )


def read_handover(form: Form, zone: str) -> FootageHandover:
    """A handing-out as it was typed. Raises BadRequestData."""
    ground = _one_of(GROUNDS, form.get("ground"))
    return FootageHandover(
        "",
        receiver=said(form, "receiver", 120),
        ground=ground,
        purpose=said(form, "purpose", 300),
        period_from=_moment(form, "period_from", zone),
        period_to=_moment(form, "period_to", zone),
    )


def _one_of(options: tuple[C, ...], text: str | None) -> C | None:
    return next((one for one in options if one == text), None)


def _moment(form: Form, name: str, zone: str) -> datetime:
    try:
        told = datetime.fromisoformat(said(form, name, 30))
    except ValueError:
        raise BadRequestData(f"The field {name!r} is no time; write 2026-11-20T14:00", field=name) from None
    return told if told.tzinfo else told.replace(tzinfo=ZoneInfo(zone))


def _number(form: Form, name: str, otherwise: float, least: float, most: float) -> float:
    text = said_if(form, name, 20)
    try:
        value = float(text) if text else otherwise
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise BadRequestData(f"The field {name!r} must be a number from {least:g} to {most:g}", field=name)
    return value


def _done(name: str, words: Words) -> str:
    return words.rich(f"cameras.done.{name}") if words.has(f"cameras.done.{name}") else ""


def _office(done: str, part: str) -> str:
    return f"{ADDRESS}?view=officer&done={done}#{part}"


def _plan(plan_id: str, done: str) -> str:
    return f"{ADDRESS}/plan?id={quote(plan_id.rpartition(':')[2])}&done={done}"
