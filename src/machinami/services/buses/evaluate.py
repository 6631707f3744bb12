"""Does the planner find the earliest arrival, are estimates better than simple ones, is less time waited?

Everything is worked out on a timetable that is given. The planner is held against a search that tries everything; the
estimates against planted delays; the proposed departures against today's, under the demand of the rule (docs/buses.md),
the same people spread evenly over the day, and the same people each going the other way.
"""

import time
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import NamedTuple

import numpy as np
import orjson

from machinami.foundation.errors import InputError
from machinami.methods.headways import least_possible, propose, sums_of
from machinami.methods.scorecard import Argument, Check, Each, Progress, Report, Table
from machinami.model.transit import DAY, Network, day_begins
from machinami.model.transit_document import network_of
from machinami.services.buses.logic.arrivals import Scores, learn, score
from machinami.services.buses.logic.day import Day, Place, day_of, soonest
from machinami.services.buses.logic.demand import demand_of
from machinami.services.buses.logic.planning import flat, problem_of, turned
from machinami.services.buses.logic.replay import parted, replayed
from machinami.services.buses.logic.time_expanded import Expanded, arrival, expand

WITHOUT_TABLE = True
ARGUMENTS = (
    Argument("gtfs", "gtfs", "the timetable: a ZIP file by GTFS or GTFS-JP", required=True),
    Argument("date", "text", "the day, as 2019-04-01 (default: the first of those with the most trips)"),
    Argument("queries", "text", "random journeys to try", default="1000"),
    Argument("replays", "text", "replays of 35 days with planted delays", default="3"),
    Argument("shift", "text", "minutes by which a departure may move", default="30"),
    Argument("parts", "text", "what to score: planner, arrivals, timetable", default="planner,arrivals,timetable"),
    Argument("seed", "text", "from which the random numbers come", default="1"),
)
PARTS = ("planner", "arrivals", "timetable")
REPLAYED, LEARNED = 35, 25
PLANNED = 0.1
QUICK = 0.05  # s


class Query(NamedTuple):
    """One journey to try: from where to where, and when (seconds of the day)."""

    origin: Place
    goal: Place
    depart: int


def evaluate(table: Table, options: Mapping[str, str], progress: Progress, each: Each = map) -> Report:
    """Score the parts that were asked for on one timetable."""
    network = network_of(orjson.loads(table.documents["gtfs"]))
    day = _day(network, options.get("date", ""))
    parts = [part.strip() for part in (options.get("parts") or ",".join(PARTS)).split(",")]
    if unknown := [part for part in parts if part not in PARTS]:
        raise InputError(f"--parts {unknown[0]!r} is not known; there are {', '.join(PARTS)}")
    seed = _number(options, "seed", 1)
    notes = [f"{day}: {network.trips_on(day)} of {network.trips} trips, {len(network.stops)} stops"]
    checks = [
        Check("stops", float(len(network.stops)), "1"),
        Check("trips_on_day", float(network.trips_on(day)), "1"),
    ]
    if "planner" in parts:
        checks += _planner(network, day, _number(options, "queries", 1000), seed, progress, each)
    if "arrivals" in parts:
        checks += _arrivals(network, day, _number(options, "replays", 3), seed, progress, each)
    if "timetable" in parts:
        found, said = _timetable(network, day, _number(options, "shift", 30))
        checks, notes = checks + found, notes + said
    return Report("buses", tuple(checks), network.calls, tuple(notes))


def _day(network: Network, said: str) -> date:
    try:
        day = date.fromisoformat(said) if said else network.busiest_day()
    except ValueError:
        raise InputError(f"--date {said!r} is no day; write it as 2019-04-01") from None
    if day is None or not network.trips_on(day):
        span = network.days()
        within = f"; the timetable is from {span[0]} to {span[1]}" if span else ""
        raise InputError(f"nothing runs on {day}{within}: give a day with --date")
    return day


def _number(options: Mapping[str, str], name: str, default: int) -> int:
    text = options.get(name) or str(default)
    if not text.isdigit():
        raise InputError(f"--{name} {text!r} is no whole number")
    return int(text)


def queries_of(day: Day, count: int, seed: int) -> list[Query]:
    """Random journeys: between two stops, some from beside them, at any time from 5 to 23 o'clock."""
    draw = np.random.default_rng(seed)
    found = []
    for number in range(count):
        here, there = draw.integers(0, len(day.stops), 2).tolist()
        beside = draw.normal(0.0, 0.002, 4) if number % 2 else np.zeros(4)
        origin = Place(float(day.lons[here] + beside[0]), float(day.lats[here] + beside[1]))
        goal = Place(float(day.lons[there] + beside[2]), float(day.lats[there] + beside[3]))
        found.append(Query(origin, goal, int(draw.integers(5 * 3600, 23 * 3600))))
    return found


def tried(nodes: Expanded, queries: list[Query]) -> list[int | None]:
    """What the search that tries everything finds for each query."""
    return [arrival(nodes, query.origin, query.goal, query.depart) for query in queries]


def _planner(network: Network, when: date, count: int, seed: int, progress: Progress, each: Each) -> list[Check]:
    day, nodes = day_of(network, when), expand(network, when)
    queries = queries_of(day, count, seed)
    seconds, found, rides = [], [], []
    for query in queries:
        began = time.perf_counter()
        journeys = soonest(day, query.origin, query.goal, query.depart)
        seconds.append(time.perf_counter() - began)
        found.append(journeys[-1].arrive if journeys else None)
        rides.append(len(journeys[-1].rides) if journeys else 0)
    parts = [queries[at : at + 25] for at in range(0, count, 25)]
    truth: list[int | None] = []
    for done, part in enumerate(each(partial(tried, nodes), parts), 1):
        truth += part
        progress(done, len(parts))
    same = sum(one == other for one, other in zip(found, truth, strict=True))
    return [
        Check("queries", float(count), "1"),
        Check("queries_with_a_journey", float(sum(one is not None for one in found)), "1"),
        Check("most_rides", float(max(rides, default=0)), "1"),
        Check("same_arrivals_as_trying_everything", same / max(count, 1), "1", 1.0),
        Check("search_median", float(np.median(seconds)), "s"),
        Check("search_p95", float(np.quantile(seconds, 0.95)), "s", QUICK, most=True),
    ]


def replay_scored(network: Network, first: date, seed: int) -> tuple[Scores, float]:
    """One replay: learned from its first days, scored on the days after; and the spread of the delays there (s)."""
    runs = replayed(network, first, REPLAYED, seed, 120)
    early, late = parted(runs, REPLAYED, LEARNED)
    offset = int(day_begins(first, network.zone).utcoffset().total_seconds())  # type: ignore[union-attr]
    model = learn(early, offset, seed)
    if model is None:
        raise InputError("the replay is too short to learn from; the timetable has too few trips on these days")
    delays = np.concatenate([run.delays for run in late])
    return score(model, late, seed), float(np.nanstd(delays))


def _arrivals(network: Network, day: date, count: int, seed: int, progress: Progress, each: Each) -> list[Check]:
    checks = []
    scored = each(partial(replay_scored, network, day), range(seed, seed + count))
    for number, (one, spread) in enumerate(scored, 1):
        progress(number, count)
        checks += [
            Check(f"replay_{number}_delays_spread", spread, "s"),
            Check(f"replay_{number}_schedule_plus_delay", one.naive, "s"),
            Check(f"replay_{number}_error", one.error, "s", one.naive, most=True),
            Check(f"replay_{number}_gain", 1.0 - one.error / one.naive, "1"),
            Check(f"replay_{number}_within_80_percent", one.covered, "1", (0.75, 0.85)),
        ]
    return checks


def _timetable(network: Network, day: date, shift: int) -> tuple[list[Check], list[str]]:
    flows = demand_of(network, day)
    problem = problem_of(network, day, [flows, flat(flows), turned(flows)], shift)
    found = propose(problem.lines)
    persons = sum(float(flow.by_hour.sum()) for flow in flows)
    least = least_possible(problem.lines, sums_of(problem.lines, [1.0, 0.0, 0.0]))
    moved = sum(int((a != b).sum()) for a, b in zip(problem.lines.starts, found.starts, strict=True))
    checks = [
        Check("waiting_today", found.today[0] / max(persons, 1e-9), "min"),
        Check("waiting_then", found.then[0] / max(persons, 1e-9), "min"),
        Check("less_waiting", found.gain, "1", PLANNED),
        Check("less_waiting_at_most", 1.0 - least / max(found.today[0], 1e-9), "1"),
        Check("waiting_even_demand", found.then[1] / max(found.today[1], 1e-9), "1", 1.0, most=True),
        Check("waiting_reversed_demand", found.then[2] / max(found.today[2], 1e-9), "1", 1.0, most=True),
        Check("trips_moved", float(moved), "1"),
        Check("vehicles", float(len(problem.lines.chains)), "1"),
    ]
    return checks, [f"{len(problem.lines.groups)} groups of people who wait, {persons:.0f} people on {DAY // 3600} h"]
