"""Which cameras shall hang where, for the money that there is? What each would see, what is forbidden, what is best."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from machinami.foundation.errors import InputError
from machinami.methods.covering_program import Wish, covered_by
from machinami.methods.line_of_sight import Bools, Ints
from machinami.methods.maximal_covering import Covering, fairest_covering, greedy_covering, maximal_covering
from machinami.methods.series import Floats
from machinami.methods.visibility import Lens, Poses, blanked, field_of_view, in_frame, in_sight
from machinami.model.view import Geometry
from machinami.model.vocabulary.buildings import Building, BuildingShape
from machinami.model.vocabulary.places import District
from machinami.services.watch_cameras.logic.ground import Frame, Stand, stand_of
from machinami.services.watch_cameras.logic.sampling import districts_of, hidden_points, points_on
from machinami.services.watch_cameras.model import (
    Camera,
    Chosen,
    DistrictRow,
    Figures,
    PrivacyZone,
    Settings,
    WatchTarget,
    Wishes,
)

_MOST_POINTS = 4_000
_RING = 48


class Pole(NamedTuple):
    """Where a camera may hang: degrees, metres over the ground, yen for the first camera on it."""

    id: str
    name: dict[str, str]
    lon: float
    lat: float
    height: float
    cost: float


@dataclass(frozen=True, slots=True)
class Town:
    """All of the town that a plan is made of."""

    buildings: Sequence[Building]
    shapes: Sequence[BuildingShape]
    poles: Sequence[Pole]
    targets: Sequence[WatchTarget]
    zones: Sequence[PrivacyZone]
    districts: Sequence[District]


class Outcome(NamedTuple):
    """What came of a plan, as it is stored."""

    chosen: list[Chosen]
    figures: Figures
    districts: list[DistrictRow]


class Points(NamedTuple):
    """What is to be watched: places (n, 3) in metres, weights, and the number of the district of each."""

    places: Floats
    weights: Floats
    districts: Ints


class Candidates(NamedTuple):
    """All cameras that could hang: poles (n, 3) in metres, the poses, what each sees, and which are forbidden.

    hidden: places of zones that are to be blanked; shown: which of them each pose would see.
    """

    poles: Floats
    poses: Poses
    sees: Bools
    forbidden: Bools
    hidden: Floats
    shown: Bools


def plan(town: Town, wishes: Wishes, settings: Settings) -> Outcome:
    """The best cameras for the wishes. Raises InputError that says what is lacking."""
    if not town.targets:
        raise InputError("nothing is to be watched yet: add a school route or a park first")
    if not town.poles:
        raise InputError("there is no pole yet: add poles, or connect street lights")
    frame = frame_of(town.poles)
    stand = stand_of(frame, town.buildings, town.shapes)
    points = points_of(stand, town, settings)
    if not len(points.places):
        raise InputError("what is to be watched has no place on the map")
    poles = near_poles(frame, town.poles, points.places, settings)
    if not poles:
        raise InputError(f"no pole stands within {settings.reach} m of what is to be watched")
    found = candidates(stand, poles, town.zones, points.places, settings)
    wish = Wish(
        found.sees,
        points.weights,
        np.full(len(found.sees), float(settings.camera_price)),
        wishes["budget"],
        groups=points.districts,
        shares=_shares(found, points, wishes),
        forbidden=found.forbidden,
        bases=found.poses.poles,
        base_costs=np.array([pole.cost for pole in poles]),
        most=settings.most_on_pole,
    )
    seconds = float(settings.seconds)
    best = fairest_covering(wish, seconds) if wishes["fairness"] == "fairest" else maximal_covering(wish, seconds)
    return Outcome(
        _chosen(stand, poles, found, best, settings),
        _figures(wish, best, greedy_covering(wish), poles, stand),
        _rows(town.districts, points, best),
    )


def frame_of(poles: Sequence[Pole]) -> Frame:
    """The frame in the middle of the poles."""
    return Frame(float(np.mean([pole.lon for pole in poles])), float(np.mean([pole.lat for pole in poles])))


def points_of(stand: Stand, town: Town, settings: Settings) -> Points:
    """Points on all targets at eye height; further apart than `spacing` where there would be too many."""
    step = float(settings.spacing)
    while True:
        parts = [
            (points_on(stand.frame, target.location, step), target.weight or 1.0)
            for target in town.targets
            if target.location is not None
        ]
        flat = np.concatenate([np.zeros((0, 2)), *(found for found, _ in parts)])
        if len(flat) <= _MOST_POINTS:
            break
        step *= 1.5
    weights = np.concatenate([np.zeros(0), *(np.full(len(found), weight) for found, weight in parts)])
    places = np.column_stack([flat, stand.heights(flat) + settings.eye_height])
    return Points(places, weights, districts_of(stand.frame.degrees(flat), [one.location for one in town.districts]))


def near_poles(frame: Frame, poles: Sequence[Pole], places: Floats, settings: Settings) -> list[Pole]:
    """The poles from which anything is within reach; of too many those with the most, in their order."""
    at = frame.metres(np.array([[pole.lon, pole.lat] for pole in poles]))
    within = np.array([(np.hypot(*(places[:, :2] - one).T) <= settings.reach).sum() for one in at])
    kept = np.argsort(-within, kind="stable")[: settings.most_poles]
    return [poles[number] for number in sorted(kept.tolist()) if within[number] > 0]


def candidates(
    stand: Stand, poles: Sequence[Pole], zones: Sequence[PrivacyZone], places: Floats, settings: Settings
) -> Candidates:
    """Each pole with each direction: what it sees of the places, and whether it may hang."""
    count = settings.directions
    flat = stand.frame.metres(np.array([[pole.lon, pole.lat] for pole in poles]))
    hung = np.column_stack([flat, stand.heights(flat) + np.array([pole.height for pole in poles])])
    poses = Poses(
        np.repeat(np.arange(len(poles)), count),
        np.tile(np.arange(count) * 360.0 / count, len(poles)),
        np.full(len(poles) * count, float(settings.tilt)),
    )
    lens = lens_of(settings)
    sight = in_sight(stand.scene, hung, places, lens.reach)
    sees = sight[poses.poles] & in_frame(hung, poses, places, lens)
    far = lens._replace(reach=float(max(settings.privacy_reach, settings.reach)))
    forbidden, hidden = _zone_points(stand, zones, "forbid"), _zone_points(stand, zones, "mask")
    barred = np.asarray(_shown(stand, hung, poses, forbidden, far).any(axis=1), dtype=np.bool_)
    shown = _shown(stand, hung, poses, hidden, far)
    sees &= ~blanked(hung, poses, places, hidden, shown, settings.mask_edge)
    return Candidates(hung, poses, sees, barred, hidden, shown)


def lens_of(settings: Settings) -> Lens:
    """The camera of the settings."""
    return Lens(float(settings.across), float(settings.upright), float(settings.reach))


def _zone_points(stand: Stand, zones: Sequence[PrivacyZone], rule: str) -> Floats:
    told = [
        hidden_points(stand, zone.location, zone.height or 0.0)
        for zone in zones
        if zone.location is not None and (zone.rule or "forbid") == rule
    ]
    return np.concatenate([np.zeros((0, 3)), *told])


def _shown(stand: Stand, hung: Floats, poses: Poses, hidden: Floats, lens: Lens) -> Bools:
    sight = in_sight(stand.scene, hung, hidden, lens.reach)
    return np.asarray(sight[poses.poles] & in_frame(hung, poses, hidden, lens))


def _shares(found: Candidates, points: Points, wishes: Wishes) -> Floats:
    """The least share of each district. A district of which nothing can be seen by any camera can have none."""
    count = int(points.districts.max(initial=-1)) + 1
    if wishes["fairness"] != "share":
        return np.zeros(count)
    seen = covered_by(found.sees, np.flatnonzero(~found.forbidden).tolist())
    possible = np.bincount(points.districts[seen & (points.districts >= 0)], minlength=count) > 0
    return np.where(possible, wishes["share"], 0.0)


def _chosen(stand: Stand, poles: Sequence[Pole], found: Candidates, best: Covering, settings: Settings) -> list[Chosen]:
    rows: list[Chosen] = []
    used: set[int] = set()
    for pose in best.chosen:
        number = int(found.poses.poles[pose])
        pole, bearing = poles[number], float(found.poses.bearings[pose])
        masked = masked_bearings(found.poles[number], found.hidden[found.shown[pose]], settings.mask_edge)
        rows.append(
            Chosen(
                pole=pole.id,
                name=pole.name,
                lon=pole.lon,
                lat=pole.lat,
                height=pole.height,
                bearing=bearing,
                tilt=float(settings.tilt),
                cost=settings.camera_price + (0.0 if number in used else pole.cost),
                masked=masked,
                seen=outline(stand, found.poles[number], bearing, masked, settings),
            )
        )
        used.add(number)
    return rows


def outline(
    stand: Stand, pole: Floats, bearing: float, masked: Sequence[Sequence[float]], settings: Settings
) -> list[list[float]]:
    """The ring of what a camera sees at eye height, as longitudes and latitudes; nothing where it is blanked."""
    eye = float(stand.heights(pole[None, :2])[0]) + settings.eye_height
    ring = field_of_view(stand.scene, pole, bearing, lens_of(settings), eye, _RING)
    turn = np.degrees(np.arctan2(ring[:, 0] - pole[0], ring[:, 1] - pole[1])) % 360.0
    for begin, end in masked:
        ring[(turn - begin) % 360.0 <= (end - begin) % 360.0] = pole[:2]
    told: list[list[float]] = stand.frame.degrees(ring).tolist()
    return told


def outlines(town: Town, cameras: Sequence[Camera], settings: Settings) -> list[Geometry]:
    """The shape of what each camera sees, with nothing where it is blanked; cameras have a place and an orientation."""
    at = [camera.location for camera in cameras if camera.location is not None]
    frame = Frame(float(np.mean([place.lon for place in at])), float(np.mean([place.lat for place in at])))
    stand = stand_of(frame, town.buildings, town.shapes)
    flat = frame.metres(np.array([[place.lon, place.lat] for place in at]))
    hung = np.column_stack([flat, stand.heights(flat) + np.array([camera.height or 5.0 for camera in cameras])])
    found = []
    for pole, camera in zip(hung, cameras, strict=True):
        bearing = (camera.camera_orientation or {}).get("bearing", 0.0)
        masked = [span for span in camera.masked or [] if len(span) == 2]
        found.append(Geometry({"type": "Polygon", "coordinates": [outline(stand, pole, bearing, masked, settings)]}))
    return found


def masked_bearings(pole: Floats, hidden: Floats, edge: float) -> list[list[float]]:
    """From which bearing to which a picture is blanked: tenths of degrees, clockwise, joined where they meet."""
    if not len(hidden):
        return []
    turn = np.sort(np.degrees(np.arctan2(hidden[:, 0] - pole[0], hidden[:, 1] - pole[1])) % 360.0)
    gaps = np.diff(np.concatenate([turn, turn[:1] + 360.0]))
    breaks = np.flatnonzero(gaps > 2 * edge)
    if not breaks.size:
        return [[0.0, 359.9]]
    begins = turn[(breaks + 1) % len(turn)]
    ends = turn[np.roll(breaks, -1)]
    return [[round((a - edge) % 360.0, 1), round((b + edge) % 360.0, 1)] for a, b in zip(begins, ends, strict=True)]


def _figures(wish: Wish, best: Covering, greedy: Covering, poles: Sequence[Pole], stand: Stand) -> Figures:
    assert wish.forbidden is not None
    seen = covered_by(wish.covers, np.flatnonzero(~wish.forbidden).tolist())
    return Figures(
        covered=best.value,
        bound=best.bound,
        total=float(wish.weights.sum()),
        seen=float(wish.weights @ seen),
        greedy=greedy.value,
        cost=best.cost,
        points=len(wish.weights),
        poles=len(poles),
        candidates=len(wish.costs),
        forbidden=int(wish.forbidden.sum()),
        proven=best.proven,
        buildings=stand.buildings,
        left_out=stand.left_out,
    )


def _rows(districts: Sequence[District], points: Points, best: Covering) -> list[DistrictRow]:
    rows = []
    for number in sorted(set(points.districts.tolist()), key=lambda one: (one < 0, one)):
        these = points.districts == number
        district = districts[number] if number >= 0 else None
        rows.append(
            DistrictRow(
                district=district.id if district else None,
                name=dict(district.name or {}) if district else {},
                weight=float(points.weights[these].sum()),
                covered=float(points.weights[these & best.covered].sum()),
            )
        )
    return rows
