"""How did each trip go? Put together from the delays that were seen at the stops, one after another."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from machinami.model.transit import Network, day_begins, running_on
from machinami.services.buses.logic.arrivals import RunPast
from machinami.services.buses.logic.live import trip_at
from machinami.services.buses.logic.network import Held

HALF_MINUTE = 30.0


class SeenDelay(NamedTuple):
    """A vehicle left a place of a pattern (by number): the moment and its delay (s)."""

    pattern: int
    place: int
    at: datetime
    delay: float


def runs_from(held: Held, seen: Sequence[SeenDelay]) -> list[RunPast]:
    """The trips that were seen, in order of the time at which they should have begun."""
    network = held.network
    runs: dict[tuple[int, str, float], dict[int, float]] = {}
    services: dict[object, frozenset[str]] = {}
    for one in seen:
        due = one.at - timedelta(seconds=one.delay)
        today = due.astimezone(day_begins(due.date(), network.zone).tzinfo).date()
        for day in (today, today - timedelta(days=1)):
            begins = day_begins(day, network.zone)
            shown = held.day_for(day)
            if shown not in services:
                services[shown] = running_on(network, shown)
            pattern = network.patterns[one.pattern]
            trip = trip_at(pattern, one.place, (due - begins).total_seconds(), services[shown])
            if trip is not None:
                runs.setdefault((one.pattern, trip.id, begins.timestamp()), {})[one.place] = one.delay
                break
    return sorted(
        (_run(network, *key, delays) for key, delays in runs.items()), key=lambda run: float(run.scheduled[0])
    )


def _run(network: Network, number: int, trip: str, begins: float, delays: Mapping[int, float]) -> RunPast:
    pattern = network.patterns[number]
    own = next(one for one in pattern.trips if one.id == trip)
    depart = np.array(pattern.profiles[own.profile].depart, dtype=np.float64)
    values = np.full(len(pattern.stops), np.nan)
    for place, delay in delays.items():
        values[place] = delay
    return RunPast(pattern.stops, begins + own.start + depart, values)
