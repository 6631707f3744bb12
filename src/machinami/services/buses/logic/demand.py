"""How many people go from where to where, and when? From flows that were counted, or by a rule where none were.

The rule (docs/buses.md): stops attract by how often vehicles call there; from stop to stop go people in proportion to
what both attract, less by distance; towards the centre mostly in the morning, away from it mostly in the evening.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from machinami.methods.footpaths import great_circle
from machinami.methods.series import Floats
from machinami.model.transit import Network, runs_of
from machinami.services.buses.logic.planning import HOURS, Flow

PERSONS = 10_000.0
SCALE = 5_000.0  # m within which as many go by less than a third
LEAST = 500.0  # m that people rather walk
INWARD = (0, 0, 0, 0, 0, 1, 4, 11, 14, 8, 6, 5, 5, 5, 5, 6, 7, 7, 5, 4, 3, 2, 1, 1)
OUTWARD = (0, 0, 0, 0, 0, 1, 3, 6, 6, 5, 5, 5, 6, 6, 7, 10, 12, 12, 7, 4, 3, 2, 1, 1)
"""Shares of the day's people by hour, towards the centre and away from it."""


def demand_of(network: Network, day: date, persons: float = PERSONS) -> list[Flow]:
    """The flows between stops that a direct line joins, by the rule."""
    pull: dict[str, float] = {}
    pairs: dict[tuple[str, str], None] = {}
    patterns = set()
    for run in runs_of(network, day):
        along = network.patterns[run.pattern].stops
        for stop in along:
            pull[stop] = pull.get(stop, 0.0) + 1.0
        patterns.add(along)
    for along in sorted(patterns):
        for place, stop in enumerate(along):
            pairs.update({(stop, goal): None for goal in along[place + 1 :] if goal != stop})
    if not pairs:
        return []
    names = list(pull)
    lons, lats = (np.array([getattr(network.stops[name], one) for name in names]) for one in ("lon", "lat"))
    weight = np.array([pull[name] for name in names])
    centre = (float(lons @ weight / weight.sum()), float(lats @ weight / weight.sum()))
    number = {name: place for place, name in enumerate(names)}
    far = great_circle(*centre, lons, lats)
    origins, goals = (np.array([number[pair[side]] for pair in pairs]) for side in (0, 1))
    metres = np.array(
        [great_circle(lons[a], lats[a], lons[[b]], lats[[b]])[0] for a, b in zip(origins, goals, strict=True)]
    )
    trips = np.where(metres < LEAST, 0.0, weight[origins] * weight[goals] * np.exp(-metres / SCALE))
    trips *= persons / max(trips.sum(), 1e-9)
    shares = {True: _shares(INWARD), False: _shares(OUTWARD)}
    inward = far[goals] < far[origins]
    return [
        Flow(origin, goal, count * shares[bool(way)])
        for (origin, goal), count, way in zip(pairs, trips.tolist(), inward.tolist(), strict=True)
        if count > 0
    ]


def _shares(by_hour: Sequence[int]) -> Floats:
    shares = np.zeros(HOURS)
    shares[: len(by_hour)] = by_hour
    return np.asarray(shares / shares.sum())
