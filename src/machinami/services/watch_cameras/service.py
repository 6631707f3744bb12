"""When does the service of watch-over cameras work? Gather, decide, publish. No rule and no threshold lives here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from machinami.foundation.errors import BadRequestData, Conflict, InputError, NotFound, TooManyRequests
from machinami.kit.city import City
from machinami.kit.happening import seen
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.buildings import Building, BuildingShape, Streetlight
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.places import District
from machinami.services.watch_cameras.logic import record
from machinami.services.watch_cameras.logic.planning import Outcome, Pole, Town
from machinami.services.watch_cameras.model import (
    Camera,
    CameraPlan,
    CameraPole,
    CameraRemark,
    CameraState,
    FootageHandover,
    PrivacyZone,
    Settings,
    WatchTarget,
    Wishes,
)

PACKAGE = "machinami.services.watch_cameras"
PLAN = f"{PACKAGE}.logic.planning:plan"
V = TypeVar("V")
LAMP_HEIGHT = 4.5  # of a street light that does not say how high it hangs


@dataclass(frozen=True, slots=True)
class Held:
    """All that pages may ask of, but the buildings; and the types of which who looks may not see everything."""

    poles: Sequence[CameraPole]
    lights: Sequence[Streetlight]
    targets: Sequence[WatchTarget]
    zones: Sequence[PrivacyZone]
    plans: Sequence[CameraPlan]
    cameras: Sequence[Camera]
    handovers: Sequence[FootageHandover]
    remarks: Sequence[CameraRemark]
    closed: frozenset[str]


async def held(city: City) -> Held:
    """What stands at this moment, as far as who looks may see it. Comments that an officer has let through are shown to
    everybody; others to those alone who may read them all."""
    views = (CameraPole, Streetlight, WatchTarget, PrivacyZone, CameraPlan, Camera, FootageHandover, CameraRemark)
    closed = frozenset(view.TYPE for view in views if not city.shows(view))
    remarks = await city.at_reception().find(CameraRemark)
    if CameraRemark.TYPE in closed:
        remarks = [one for one in remarks if one.state == "shown"]
    return Held(
        await seen(city, CameraPole),
        await seen(city, Streetlight),
        await seen(city, WatchTarget),
        await seen(city, PrivacyZone),
        await seen(city, CameraPlan),
        await seen(city, Camera),
        await seen(city, FootageHandover),
        remarks,
        closed,
    )


async def refresh(city: City, now: datetime) -> None:
    """Work out the plans that wait for it, one after the other, each in a worker."""
    for plan in await city.find(CameraPlan):
        if plan.state == "computing" and plan.wishes is not None:
            await city.publish(await _worked_out(city, plan, now))


async def _worked_out(city: City, plan: CameraPlan, now: datetime) -> CameraPlan:
    town, settings = await gathered(city), await city.settings(Settings)
    try:
        outcome: Outcome = await city.compute_at(PLAN, town, plan.wishes, settings)
    except InputError as error:
        return record.failed(plan, error.detail, now)
    except (ValueError, ArithmeticError) as error:  # of places that are none: said on the page, and not tried for ever
        return record.failed(plan, str(error), now)
    return record.worked_out(plan, outcome, now)


async def gathered(city: City) -> Town:
    """All of the town that a plan is made of."""
    settings = await city.settings(Settings)
    return Town(
        await city.find(Building),
        await city.find(BuildingShape),
        poles_of(await city.find(CameraPole), await city.find(Streetlight), settings),
        [one for one in await city.find(WatchTarget) if one.state != "withdrawn"],
        [one for one in await city.find(PrivacyZone) if one.state != "withdrawn"],
        await city.find(District),
    )


def poles_of(poles: Sequence[CameraPole], lights: Sequence[Streetlight], settings: Settings) -> list[Pole]:
    """Poles of the town and its street lights, as candidates."""
    own = [
        Pole(
            one.id, dict(one.name or {}), one.location.lon, one.location.lat, one.height or LAMP_HEIGHT,
            settings.pole_price if one.amount is None else one.amount,
        )
        for one in poles
        if one.location is not None and one.state != "withdrawn"
    ]  # fmt: skip
    lit = [
        Pole(
            one.id, dict(one.name or {}), one.location.lon, one.location.lat, one.lantern_height or LAMP_HEIGHT,
            float(settings.pole_price),
        )
        for one in lights
        if one.location is not None
    ]  # fmt: skip
    return [*own, *lit]


async def add(city: City, thing: CameraPole | WatchTarget | PrivacyZone, by: Officer) -> None:
    """Write down a pole, what is to be watched, or what must not be seen."""
    steps = [record.step(city.now(), by, "usable", "")]
    await city.publish(replace(thing, state="usable", steps=steps), by=by.who)


async def take_out(city: City, thing_id: str, reason: str, by: Officer) -> None:
    """Use a pole, a target or a zone no longer."""
    thing = await _thing(city, thing_id)
    await city.publish(record.taken_out(thing, by, reason, city.now()), by=by.who)


async def bring_back(city: City, thing_id: str, by: Officer) -> None:
    """Use it again."""
    thing = await _thing(city, thing_id)
    await city.publish(record.brought_back(thing, by, city.now()), by=by.who)


async def _thing(city: City, thing_id: str) -> CameraPole | WatchTarget | PrivacyZone:
    for view in (CameraPole, WatchTarget, PrivacyZone):
        if f":{view.TYPE}:" in thing_id:
            found: CameraPole | WatchTarget | PrivacyZone | None = await city.get(view, thing_id)
            if found is not None:
                return found
    raise NotFound(f"There is no {thing_id}")


async def ask_plan(city: City, name: Words, wishes: Wishes, by: Officer) -> CameraPlan:
    """Have a plan worked out; it is there at once, and its figures as soon as they are known."""
    plan = record.drafted(city.new_id(CameraPlan.TYPE), name, wishes, by, city.now())
    await city.publish(plan, by=by.who)
    return plan


async def again(city: City, plan_id: str, by: Officer) -> None:
    """Work a plan out once more, on what the town is now."""
    async with city.turn:
        plan = await demand(city, CameraPlan, plan_id)
        if plan.state not in ("draft", "failed"):
            raise Conflict("Only a draft is worked out anew; what was adopted stays as it was decided")
        steps = record.added(plan.steps, record.step(city.now(), by, "computing", ""))
        await city.publish(replace(plan, state="computing", steps=steps), by=by.who)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of use that are published with each camera."""

    purpose: Words
    may_look: Words
    contact: Words


async def adopt(city: City, plan_id: str, rules: Rules, reason: str, by: Officer) -> None:
    """A named officer adopts a plan: its cameras are planned, with the rules of their use."""
    async with city.turn:
        plan = await demand(city, CameraPlan, plan_id)
        now, settings = city.now(), await city.settings(Settings)
        done = record.adopted(plan, by, reason, now)
        made = record.cameras_of(
            done, rules.purpose, rules.may_look, rules.contact, settings.kept_days, by, now
        )  # fmt: skip
        await city.publish(done, *made, by=by.who)


async def take_back(city: City, plan_id: str, reason: str, by: Officer) -> None:
    """An adopted plan is a draft again and its planned cameras are gone; a draft is withdrawn, or comes back."""
    async with city.turn:
        plan = await demand(city, CameraPlan, plan_id)
        cameras = await city.find(Camera)
        now = city.now()
        done = record.taken_back(plan, cameras, by, reason, now)
        gone = [
            record.moved_camera(one, "removed", by, reason, now)
            for one in cameras
            if plan.state == "adopted" and one.ref_plan == plan.id and one.state == "planned"
        ]
        await city.publish(done, *gone, by=by.who)


async def move_camera(city: City, camera_id: str, to: CameraState, reason: str, by: Officer) -> None:
    """A camera begins to work or is taken down."""
    async with city.turn:
        camera = await demand(city, Camera, camera_id)
        await city.publish(record.moved_camera(camera, to, by, reason, city.now()), by=by.who)


async def hand_over(city: City, camera_id: str, told: FootageHandover, by: Officer) -> None:
    """Write into the public log that footage was given to somebody."""
    camera = await demand(city, Camera, camera_id)
    signed = replace(told, id=city.new_id(FootageHandover.TYPE), decided_by=by.who, role=by.role)
    await city.publish(record.handed_over(signed, camera, city.now()), by=by.who)


async def correct(city: City, handover_id: str, reason: str, by: Officer) -> None:
    """Cross out an entry of the log that was wrong."""
    async with city.turn:
        told = await demand(city, FootageHandover, handover_id)
        await city.publish(record.corrected(told, by, reason), by=by.who)


async def remark(city: City, subject: str, text: str, objects: bool, language: str) -> None:
    """Take what a resident says of a plan or a camera; nobody but officers sees it before one has looked at it."""
    reception = city.at_reception()
    if not text.strip():
        raise BadRequestData("Nothing is written yet", field="text")
    async with city.turn:
        plan, camera = await reception.get(CameraPlan, subject), await reception.get(Camera, subject)
        if plan is None and camera is None:
            raise NotFound("There is no such plan or camera")
        waiting = [one for one in await reception.find(CameraRemark) if one.state == "waiting"]
        if len(waiting) >= (await city.settings(Settings)).most_waiting:
            raise TooManyRequests("Too many comments wait for an officer at the moment; please come back tomorrow")
        await reception.publish(
            CameraRemark(
                city.new_id(CameraRemark.TYPE),
                Words({language: text.strip()}),
                "objection" if objects else "comment",
                Ref(subject),
                city.now(),
                "waiting",
            )
        )


async def answer(city: City, remark_id: str, show: bool, reply: str, by: Officer) -> None:
    """Show what a resident said with an answer, or say why it is not shown."""
    async with city.turn:
        one = await demand(city, CameraRemark, remark_id)
        await city.publish(record.answered(one, show, reply, by, city.now()), by=by.who)


async def demand(city: City, view: type[V], entity_id: str) -> V:
    """An entity that must be there. Raises NotFound."""
    found = await city.get(view, entity_id) if entity_id.startswith("urn:") else None
    if found is None:
        raise NotFound(f"There is no {entity_id[:100]}")
    return found
