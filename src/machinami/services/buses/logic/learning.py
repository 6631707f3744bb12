"""What is learned and proposed in the background: how delays grow, and with which departures people would wait less?"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from machinami.methods.footpaths import great_circle
from machinami.methods.headways import propose
from machinami.model.transit import Network
from machinami.services.buses.logic.arrivals import LEAST_RUNS, Scores, as_document, learn, score
from machinami.services.buses.logic.demand import demand_of
from machinami.services.buses.logic.network import Held
from machinami.services.buses.logic.past import SeenDelay, runs_from
from machinami.services.buses.logic.planning import HOURS, Flow, flat, problem_of, turned

EVERY = timedelta(days=1)
HELD_OUT = 0.3
REACH = 800.0  # m from a counted place within which its people use a stop
MOST_STOPS = 3
DEMANDS = ("given", "even", "reversed")
Counted = tuple[tuple[float, float], tuple[float, float], int, float]


def is_due(last: datetime | None, now: datetime) -> bool:
    """Whether it is time to learn again."""
    return last is None or now - last >= EVERY


def learned(held: Held, seen: Sequence[SeenDelay], offset: int) -> tuple[dict[str, Any], Scores] | None:
    """A model of all runs, and the scores of one that was learned without the last of them; None where they are too
    few."""
    runs = runs_from(held, seen)
    edge = int(len(runs) * (1 - HELD_OUT))
    if edge < LEAST_RUNS:
        return None
    trial, whole = learn(runs[:edge], offset), learn(runs, offset)
    if trial is None or whole is None:
        return None
    scores = score(trial, runs[edge:])
    return (as_document(whole), scores) if scores.tried else None


def flows_of(network: Network, counted: Sequence[Counted]) -> list[Flow]:
    """People who were counted between places, as people between the stops near them, in equal parts."""
    names = list(dict.fromkeys(stop for pattern in network.patterns for stop in pattern.stops))
    lons, lats = (np.array([getattr(network.stops[name], one) for name in names]) for one in ("lon", "lat"))
    found: dict[tuple[str, str], Any] = {}
    for origin, goal, hour, count in counted:
        if not 0 <= hour < HOURS or count <= 0:
            continue
        ends = [_near(names, great_circle(*place, lons, lats)) for place in (origin, goal)]
        for one in ends[0]:
            for other in ends[1]:
                if one != other:
                    by_hour = found.setdefault((one, other), np.zeros(HOURS))
                    by_hour[hour] += count / (len(ends[0]) * len(ends[1]))
    return [Flow(one, other, by_hour) for (one, other), by_hour in found.items()]


def _near(names: Sequence[str], metres: Any) -> list[str]:
    order = np.argsort(metres)[:MOST_STOPS]
    return [names[number] for number in order.tolist() if metres[number] <= REACH]


def proposed(held: Held, day: date, counted: Sequence[Counted], shift: int) -> dict[str, Any]:
    """Departures with which people wait less, as JSON values: what is moved, and what is waited under each demand."""
    flows = flows_of(held.network, counted)
    is_counted = bool(flows)
    flows = flows or demand_of(held.network, day)
    problem = problem_of(held.network, day, [flows, flat(flows), turned(flows)], shift)
    empty = {"day": day.isoformat(), "people": 0.0, "counted": is_counted, "vehicles": 0, "gains": [], "moves": []}
    if not problem.lines.groups:
        return {**empty, "waiting": None}
    found = propose(problem.lines)
    moves = []
    for line, runs in enumerate(problem.runs):
        for trip, run in enumerate(runs):
            moved = int(found.starts[line][trip] - problem.lines.starts[line][trip])
            if moved:
                pattern = held.network.patterns[run.pattern].id
                after = run.trip.start + 60 * moved
                moves.append({"pattern": pattern, "trip": run.trip.id, "before": run.trip.start, "after": after})
    gains = [
        {"demand": name, "today": today, "then": then}
        for name, today, then in zip(DEMANDS, found.today, found.then, strict=True)
    ]
    return {
        "day": day.isoformat(),
        "people": problem.served,
        "counted": is_counted,
        "vehicles": len(problem.lines.chains),
        "gains": gains,
        "moves": moves,
        "waiting": found.today[0] / problem.served if problem.served else None,
    }
