"""What stands on the page of watch-over cameras, row by row, for each of three readers?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import cos, radians
from typing import Any

from machinami.foundation.geometry import shape
from machinami.foundation.instant import parse_instant
from machinami.kit.words import Words
from machinami.model.view import Geometry
from machinami.services.watch_cameras.model import (
    Camera,
    CameraPlan,
    CameraPole,
    CameraRemark,
    FootageHandover,
    PrivacyZone,
    Step,
    WatchTarget,
)
from machinami.services.watch_cameras.service import Held

_POINTS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")
_METRES_OF_DEGREE = 111_195.0


@dataclass(frozen=True, slots=True)
class StepRow:
    """One row of a history as it is shown."""

    at: datetime
    by: str
    role: str
    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class CameraRow:
    """One camera: the side to which it looks, how many square metres it sees, what is written of it and given away."""

    camera: Camera
    key: str
    name: str
    side: str
    area: float | None
    masks: int
    handovers: Sequence[FootageHandover]
    remarks: Sequence[CameraRemark]
    steps: Sequence[StepRow]


@dataclass(frozen=True, slots=True)
class DistrictLine:
    """How much of one district is seen by the plan and by the one beside it; None: not told."""

    name: str
    share: float | None
    other: float | None


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One plan: of what is to be watched what part it sees, and how that compares; None where it is not worked out."""

    plan: CameraPlan
    key: str
    name: str
    share: float | None
    bound: float | None
    possible: float | None
    greedy: float | None
    worst: float | None
    cameras: int
    remarks: Sequence[CameraRemark]
    steps: Sequence[StepRow]


@dataclass(frozen=True, slots=True)
class ThingRow:
    """A pole, a target or a zone, with whether it is in use."""

    id: str
    group: str
    name: str
    kind: str
    used: bool
    steps: Sequence[StepRow]


def camera_rows(held: Held, words: Words) -> list[CameraRow]:
    """The cameras that are planned or work first, those taken down last."""
    order = {"working": 0, "planned": 1, "removed": 2}
    rows = [_camera(one, held, words) for one in held.cameras]
    return sorted(rows, key=lambda row: (order.get(row.camera.state or "", 1), row.name, row.key))


def _camera(camera: Camera, held: Held, words: Words) -> CameraRow:
    bearing = (camera.camera_orientation or {}).get("bearing")
    side = "" if bearing is None or abs(bearing) > 3600 else _POINTS[round(bearing % 360 / 45) % 8]
    key = camera.id.rpartition(":")[2]
    return CameraRow(
        camera,
        key,
        words.of(camera.name, key),
        side,
        square_metres(camera.seen_area) if camera.seen_area else None,
        len(camera.masked or []),
        sorted((one for one in held.handovers if one.ref_camera == camera.id), key=_decided, reverse=True),
        [one for one in held.remarks if one.ref_subject == camera.id],
        step_rows(camera.steps),
    )


def _decided(one: FootageHandover) -> str:
    return one.decided_at.isoformat() if one.decided_at else ""


def square_metres(area: Geometry) -> float | None:
    """How large an area is; None where it is none."""
    if area.get("type") not in ("Polygon", "MultiPolygon"):
        return None
    told = shape(area)
    if told.is_empty:
        return 0.0
    return float(told.area) * _METRES_OF_DEGREE**2 * cos(radians(float(told.centroid.y)))


def plan_rows(held: Held, words: Words) -> list[PlanRow]:
    """The plans, the newest first, those withdrawn last."""
    rows = [plan_row(one, held, words) for one in reversed(held.plans)]
    return sorted(rows, key=lambda row: row.plan.state == "withdrawn")


def plan_row(plan: CameraPlan, held: Held, words: Words) -> PlanRow:
    """One plan as it is shown."""
    told = plan.figures
    total = told["total"] if told and told["total"] > 0 else None
    key = plan.id.rpartition(":")[2]
    shares = [row["covered"] / row["weight"] for row in plan.districts or [] if row["district"] and row["weight"] > 0]
    return PlanRow(
        plan,
        key,
        words.of(plan.name, key),
        told["covered"] / total if told and total else None,
        told["bound"] / total if told and total else None,
        told["seen"] / total if told and total else None,
        told["greedy"] / total if told and total else None,
        min(shares, default=None),
        len(plan.chosen or []),
        [one for one in held.remarks if one.ref_subject == plan.id],
        step_rows(plan.steps),
    )


def district_lines(plan: CameraPlan, other: CameraPlan | None, words: Words) -> list[DistrictLine]:
    """How much of each district is seen, beside the same of another plan."""
    beside = {row["district"]: _share(row) for row in (other.districts or [] if other else [])}
    return [
        DistrictLine(
            words.of(row["name"], row["district"] or "") or words.plain("cameras.plan.no_district"),
            _share(row),
            beside.get(row["district"]),
        )
        for row in plan.districts or []
    ]


def _share(row: Any) -> float | None:
    return row["covered"] / row["weight"] if row["weight"] > 0 else None


def thing_rows(held: Held, words: Words) -> list[ThingRow]:
    """Poles, targets and zones, those in use first."""
    groups: tuple[tuple[str, Sequence[CameraPole | WatchTarget | PrivacyZone]], ...] = (
        ("target", held.targets),
        ("zone", held.zones),
        ("pole", held.poles),
    )
    rows = [
        ThingRow(
            one.id,
            group,
            words.of(one.name, one.id.rpartition(":")[2]),
            str(getattr(one, "kind", None) or ""),
            one.state != "withdrawn",
            step_rows(one.steps),
        )
        for group, things in groups
        for one in things
    ]
    return sorted(rows, key=lambda row: not row.used)


def step_rows(steps: Sequence[Step] | None) -> list[StepRow]:
    """A history as it is shown, the newest first."""
    return [
        StepRow(parse_instant(one["at"]), one["by"], one["role"], one["to"], one["reason"])
        for one in reversed(steps or [])
    ]
