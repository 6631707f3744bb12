"""What happened to the town's cameras in a span of time, in sentences?"""

from collections.abc import Iterator, Sequence

from machinami.foundation.instant import parse_instant
from machinami.kit.happening import Event
from machinami.kit.words import Words
from machinami.services.watch_cameras.model import Camera, CameraPlan, FootageHandover

_TOLD_OF_PLANS = ("adopted", "withdrawn")
_TOLD_OF_CAMERAS = ("working", "removed")


def events_of(
    plans: Sequence[CameraPlan], cameras: Sequence[Camera], log: Sequence[FootageHandover], address: str, words: Words
) -> Iterator[Event]:
    """Plans that were worked out and adopted, cameras that began or ended to work, and footage that was given away."""
    for plan in plans:
        name, simulated = words.of(plan.name, plan.id.rpartition(":")[2]), bool(plan.simulated)
        link = f"{address}/plan?id={plan.id.rpartition(':')[2]}"
        if plan.computed_at is not None and plan.figures is not None:
            told = words.plain("cameras.day.computed", name=name, count=len(plan.chosen or []))
            yield Event(plan.computed_at, told, link, 1, simulated)
        for step in plan.steps or []:
            if step["to"] in _TOLD_OF_PLANS:
                said = words.plain(f"cameras.day.plan.{step['to']}", name=name)
                yield Event(parse_instant(step["at"]), said, link, 2, simulated)
    for camera in cameras:
        name = words.of(camera.name, camera.id.rpartition(":")[2])
        for step in camera.steps or []:
            if step["to"] in _TOLD_OF_CAMERAS:
                said = words.plain(f"cameras.day.camera.{step['to']}", name=name)
                yield Event(parse_instant(step["at"]), said, f"{address}#cameras", 1, bool(camera.simulated))
    names = {camera.id: words.of(camera.name, camera.id.rpartition(":")[2]) for camera in cameras}
    for one in log:
        if one.decided_at is not None and one.state == "recorded":
            name = names.get(str(one.ref_camera), str(one.ref_camera))
            said = words.plain("cameras.day.handover", name=name, receiver=one.receiver or "")
            yield Event(one.decided_at, said, f"{address}#log", 2, bool(one.simulated))
