"""What may be written down of poles, targets, zones, plans, cameras and footage, by whom, and how is it taken back?"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.foundation.instant import format_instant
from machinami.model.view import Geometry, Point, Ref, Words
from machinami.model.vocabulary.office import Officer
from machinami.services.watch_cameras.logic.planning import Outcome
from machinami.services.watch_cameras.model import (
    GROUNDS,
    Camera,
    CameraPlan,
    CameraPole,
    CameraRemark,
    CameraState,
    FootageHandover,
    PlanState,
    PrivacyZone,
    Step,
    WatchTarget,
    Wishes,
)

Thing = CameraPole | WatchTarget | PrivacyZone
MOST_STEPS, MOST_CORNERS = 200, 500
_NEXT: dict[CameraState, tuple[CameraState, ...]] = {
    "planned": ("working", "removed"),
    "working": ("removed", "planned"),
    "removed": ("planned", "working"),
}


def step(now: datetime, by: Officer, to: str, reason: str) -> Step:
    """One row of a history."""
    return Step(at=format_instant(now), by=by.who, role=by.role, to=to, reason=reason)


def added(steps: Sequence[Step] | None, one: Step) -> list[Step]:
    """A history with one more row; of a very long one the first rows go."""
    return [*(steps or []), one][-MOST_STEPS:]


def geometry_of(text: str, area: bool) -> Geometry:
    """The geometry of typed corners, one longitude and latitude on each line: a place, a line, or an area.

    Latitude first is understood where only that makes sense. Raises BadRequestData naming the line.
    """
    corners = [_corner(line, number) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not corners:
        raise BadRequestData("No place is given; click on the map, or type longitude and latitude", field="shape")
    if len(corners) > MOST_CORNERS:
        raise BadRequestData(f"{len(corners)} corners are too many; draw it with {MOST_CORNERS} at most", field="shape")
    if area:
        ring = corners if corners[0] == corners[-1] else [*corners, corners[0]]
        if len({tuple(corner) for corner in ring}) < 3:
            raise BadRequestData("An area needs three corners at least", field="shape")
        return Geometry({"type": "Polygon", "coordinates": [ring]})
    if len(corners) == 1:
        return Geometry({"type": "Point", "coordinates": corners[0]})
    return Geometry({"type": "LineString", "coordinates": corners})


def _corner(line: str, number: int) -> list[float]:
    words = line.replace(",", " ").replace("、", " ").split()
    try:
        first, second = (float(word) for word in words)
    except ValueError:
        what = f"Line {number} is no place: write longitude and latitude, as 138.2000, 35.0000"
        raise BadRequestData(what, field="shape", line=number) from None
    if abs(first) <= 90 < abs(second):
        first, second = second, first
    if not (abs(first) <= 180 and abs(second) <= 90):
        raise BadRequestData(f"Line {number} lies on no globe: longitude, then latitude", field="shape", line=number)
    return [round(first, 7), round(second, 7)]


def point_of(geometry: Geometry) -> Point:
    """The single place of a geometry. Raises BadRequestData where it is more than one."""
    if geometry["type"] != "Point":
        raise BadRequestData("A pole stands at one place; give one line alone", field="shape")
    lon, lat = geometry["coordinates"]
    return Point(lon, lat)


def taken_out(thing: Thing, by: Officer, reason: str, now: datetime) -> Thing:
    """What plans shall no longer use; it stays in the history and can be brought back."""
    if thing.state == "withdrawn":
        raise Conflict("This was taken out already")
    return replace(thing, state="withdrawn", steps=added(thing.steps, step(now, by, "withdrawn", demanded(reason))))


def brought_back(thing: Thing, by: Officer, now: datetime) -> Thing:
    """What was taken out, in use again."""
    if thing.state != "withdrawn":
        raise Conflict("This is in use")
    return replace(thing, state="usable", steps=added(thing.steps, step(now, by, "usable", "")))


def drafted(plan_id: str, name: Words, wishes: Wishes, by: Officer, now: datetime) -> CameraPlan:
    """A plan that is to be worked out."""
    return CameraPlan(plan_id, name, "computing", wishes, steps=[step(now, by, "computing", "")])


def worked_out(plan: CameraPlan, outcome: Outcome, now: datetime) -> CameraPlan:
    """A plan with what came of it; it is a draft until an officer adopts it."""
    return replace(
        plan, state="draft", chosen=outcome.chosen, figures=outcome.figures, districts=outcome.districts, fault=None,
        computed_at=now,
    )  # fmt: skip


def failed(plan: CameraPlan, fault: str, now: datetime) -> CameraPlan:
    """A plan that cannot be worked out, and why."""
    return replace(plan, state="failed", fault=fault, computed_at=now)


def adopted(plan: CameraPlan, by: Officer, reason: str, now: datetime) -> CameraPlan:
    """A draft becomes the town's decision, with its reason. Raises Conflict for any other plan."""
    if plan.state != "draft":
        raise Conflict("Only a plan that was worked out and stands as a draft can be adopted")
    return _moved(plan, "adopted", by, demanded(reason), now)


def taken_back(plan: CameraPlan, cameras: Sequence[Camera], by: Officer, reason: str, now: datetime) -> CameraPlan:
    """An adopted plan is a draft again, or a draft is withdrawn. Raises Conflict while cameras of it work."""
    if plan.state == "adopted":
        if any(camera.ref_plan == plan.id and camera.state == "working" for camera in cameras):
            raise Conflict("Cameras of this plan work; take them down first")
        return _moved(plan, "draft", by, demanded(reason), now)
    if plan.state in ("draft", "failed"):
        return _moved(plan, "withdrawn", by, demanded(reason), now)
    if plan.state == "withdrawn":
        return _moved(plan, "draft" if plan.chosen is not None else "failed", by, demanded(reason), now)
    raise Conflict("This plan is being worked out; wait a moment")


def _moved(plan: CameraPlan, to: PlanState, by: Officer, reason: str, now: datetime) -> CameraPlan:
    return replace(plan, state=to, steps=added(plan.steps, step(now, by, to, reason)))


def cameras_of(
    plan: CameraPlan, purpose: Words, may_look: Words, contact: Words, kept_days: int, by: Officer, now: datetime
) -> list[Camera]:
    """The cameras of an adopted plan, with the rules of their use; none of them works yet."""
    key = plan.id.rpartition(":")[2]
    return [
        Camera(
            f"urn:ngsi-ld:Camera:{key}-{number}",
            Words(row["name"]) if row["name"] else None,
            Point(row["lon"], row["lat"]),
            row["height"],
            "SURVEILLANCE",
            {"bearing": row["bearing"], "tilt": row["tilt"]},
            row["masked"],
            Geometry({"type": "Polygon", "coordinates": [row["seen"]]}),
            purpose,
            may_look,
            kept_days,
            contact,
            "planned",
            Ref(plan.id),
            Ref(row["pole"]),
            [step(now, by, "planned", "")],
            plan.simulated,
        )
        for number, row in enumerate(plan.chosen or [], 1)
    ]


def moved_camera(camera: Camera, to: CameraState, by: Officer, reason: str, now: datetime) -> Camera:
    """A camera begins to work, or is taken down, or that is taken back."""
    if to not in _NEXT.get(camera.state or "planned", ()):
        raise Conflict(f"A camera that is {camera.state} cannot become {to}")
    return replace(camera, state=to, steps=added(camera.steps, step(now, by, to, demanded(reason))))


def handed_over(told: FootageHandover, camera: Camera, now: datetime) -> FootageHandover:
    """A handing-out of footage, checked. Raises BadRequestData, Conflict.

    What was deleted by the rule of the camera cannot have been given: the span must not begin before it is kept.
    """
    if camera.state == "planned":
        raise Conflict("This camera does not work yet; there is no footage of it")
    if told.ground not in GROUNDS:
        raise BadRequestData(f"The ground must be one of {', '.join(GROUNDS)}", field="ground")
    begin, end = told.period_from, told.period_to
    if begin is None or end is None or not begin < end <= now:
        raise BadRequestData("The footage must begin before it ends, and not end in the future", field="period_from")
    if camera.kept_days is not None and begin < now - timedelta(days=camera.kept_days + 1):
        raise BadRequestData(
            f"Footage of this camera is kept {camera.kept_days} days; none is that old", field="period_from"
        )
    return replace(told, state="recorded", decided_at=now, ref_camera=Ref(camera.id))


def corrected(told: FootageHandover, by: Officer, reason: str) -> FootageHandover:
    """An entry of the log that was wrong: it stays, crossed out, with the reason."""
    if told.state != "recorded":
        raise Conflict("This entry was crossed out already")
    return replace(told, state="withdrawn", reason=f"{demanded(reason)} ({by})")


def answered(remark: CameraRemark, show: bool, reply: str, by: Officer, now: datetime) -> CameraRemark:
    """What a resident said is shown with an answer, or not shown with the reason."""
    return replace(
        remark, state="shown" if show else "hidden", reply=demanded(reply), replied_by=by.who, role=by.role,
        replied_at=now,
    )  # fmt: skip


def demanded(reason: str) -> str:
    """A reason that was given. Raises BadRequestData where there is none."""
    if not reason.strip():
        raise BadRequestData("Say why: the next officer and the residents will ask", field="reason")
    return reason.strip()
