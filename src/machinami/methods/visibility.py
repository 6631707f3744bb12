"""Which places does a camera see in a city model, by where it hangs, where it looks and how far it sees?

All places are metres east, north and up; bearings are degrees clockwise from north, tilts degrees downwards.
"""

from typing import NamedTuple

import numpy as np

from machinami.foundation.errors import InputError
from machinami.methods.line_of_sight import Bools, Ints, Scene, clear, enclosed
from machinami.methods.series import Floats


class Lens(NamedTuple):
    """What a kind of camera takes in: its opening across and upright (degrees) and its reach (metres)."""

    across: float
    upright: float
    reach: float


class Poses(NamedTuple):
    """Cameras that may be hung: for each the number of its pole, where it looks, and how far down."""

    poles: Ints
    bearings: Floats
    tilts: Floats


def in_sight(scene: Scene, poles: Floats, places: Floats, reach: float) -> Bools:
    """For each pole and each place (n, 3), whether the place is within reach and nothing stands between them.

    What lies inside a building is never in sight, and a pole that stands inside one sees nothing.
    """
    _check(poles, "pole")
    _check(places, "place")
    apart = places[None, :, :] - poles[:, None, :]
    near = (apart**2).sum(axis=2) <= reach * reach
    near &= ~enclosed(scene, poles)[:, None] & ~enclosed(scene, places)[None, :]
    pole, place = np.nonzero(near)
    near[pole, place] = clear(scene, poles[pole], places[place])
    return np.asarray(near)


def in_frame(poles: Floats, poses: Poses, places: Floats, lens: Lens) -> Bools:
    """For each pose and each place, whether the place lies within the camera's picture and reach, clear or not."""
    apart = places[None, :, :] - poles[poses.poles][:, None, :]
    level = np.hypot(apart[:, :, 0], apart[:, :, 1])
    bearing = np.degrees(np.arctan2(apart[:, :, 0], apart[:, :, 1]))
    down = np.degrees(np.arctan2(-apart[:, :, 2], level))
    aside = np.abs((bearing - poses.bearings[:, None] + 180.0) % 360.0 - 180.0)
    within = (aside <= lens.across / 2) & (np.abs(down - poses.tilts[:, None]) <= lens.upright / 2)
    return np.asarray(within & (level**2 + apart[:, :, 2] ** 2 <= lens.reach**2))


def seen(scene: Scene, poles: Floats, poses: Poses, places: Floats, lens: Lens) -> Bools:
    """For each pose and each place, whether the camera sees the place."""
    sight = in_sight(scene, poles, places, lens.reach)
    return np.asarray(sight[poses.poles] & in_frame(poles, poses, places, lens))


def blanked(poles: Floats, poses: Poses, places: Floats, hidden: Floats, shown: Bools, edge: float) -> Bools:
    """For each pose and each place, whether the place falls into what is blanked in the camera's picture.

    hidden: places that must not be seen; shown: for each pose, which of them it would see. Blanked are the bearings of
    those, and `edge` degrees on either side, from top to bottom and at every distance: what stands before is lost too.
    """
    found = np.zeros((len(poses.poles), len(places)), dtype=bool)
    for pose in np.flatnonzero(shown.any(axis=1)):
        pole = poles[poses.poles[pose]]
        barred = _bearings(pole, hidden[shown[pose]])
        aside = np.abs((_bearings(pole, places)[:, None] - barred[None, :] + 180.0) % 360.0 - 180.0)
        found[pose] = (aside <= edge).any(axis=1)
    return found


def field_of_view(scene: Scene, pole: Floats, bearing: float, lens: Lens, height: float, rays: int = 48) -> Floats:
    """The outline (rays + 2, 2) of what a camera takes in at `height` metres above sea level: how far each bearing is
    clear, in steps of a metre, first and last corner the camera itself."""
    turn = np.radians(bearing + np.linspace(-lens.across / 2, lens.across / 2, rays))
    steps = np.arange(1.0, lens.reach + 0.5)
    ends = np.empty((rays, len(steps), 3))
    ends[:, :, 0] = pole[0] + np.sin(turn)[:, None] * steps
    ends[:, :, 1] = pole[1] + np.cos(turn)[:, None] * steps
    ends[:, :, 2] = height
    places = ends.reshape(-1, 3)
    free = clear(scene, np.broadcast_to(pole, places.shape), places) & ~enclosed(scene, places)
    reached = np.cumprod(free.reshape(rays, -1), axis=1).sum(axis=1)
    far = np.column_stack([pole[0] + np.sin(turn) * reached, pole[1] + np.cos(turn) * reached])
    return np.vstack([pole[:2], far, pole[:2]])


def _bearings(pole: Floats, places: Floats) -> Floats:
    return np.asarray(np.degrees(np.arctan2(places[:, 0] - pole[0], places[:, 1] - pole[1])))


def _check(places: Floats, what: str) -> None:
    if places.ndim != 2 or places.shape[1] != 3 or not np.isfinite(places).all():
        raise InputError(f"each {what} needs three finite numbers: metres east, north and up")
