"""Where do the public buildings of the simulated town stand?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from machinami.ingest.town.names import LANDMARKS, Landmark
from machinami.ingest.town.noise import Floats
from machinami.ingest.town.terrain import Land

Flags = npt.NDArray[np.bool_]


def ground(land: Land, mark: Landmark) -> tuple[Floats, Floats]:
    """Return the centre of a landmark and the direction of the valley there."""
    along = np.array([mark.along, mark.along + 30.0])
    places = land.axis.place(along, np.array([mark.across, mark.across]))
    ahead = places[1] - places[0]
    return places[0], ahead / np.hypot(*ahead)


def taken(land: Land, places: Floats, margin: float = 0.0) -> Flags:
    """Say which places lie on the ground of a landmark, or within ``margin`` metres of it."""
    taken = np.zeros(places.shape[:-1], dtype=bool)
    for mark in LANDMARKS:
        centre, ahead = ground(land, mark)
        off = places - centre
        deep = np.abs(off @ ahead)
        wide = np.abs(off @ np.array([ahead[1], -ahead[0]]))
        taken |= (wide < 0.5 * mark.wide + margin) & (deep < 0.5 * mark.deep + margin)
    return taken
