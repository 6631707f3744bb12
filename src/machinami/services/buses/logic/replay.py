"""How would a day go, if delays were as planted? Invented runs by which arrival estimates are held to account.

The law is not that of the model: running times multiply (town-wide weather, congestion that wanders through districts,
the driver), waits at stops are gamma, departures are late by a mixture, early vehicles are held at some stops, and
a late vehicle begins its next trip late. Nothing adds up linearly, and nothing is Gaussian.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from machinami.methods.series import Floats
from machinami.model.transit import DAY, Network, Pattern, Run, day_begins, runs_of
from machinami.services.buses.logic.arrivals import RunPast

CELL = 0.02  # degrees: about two kilometres
STEP = 600  # s between two states of congestion
STORMS = 0.15  # of all days
HELD = 7  # every so many stops, a vehicle that is early waits


class Sky(NamedTuple):
    """What weighs on one day: slowness of all traffic by step of ten minutes, and of each district on top of it."""

    town: Floats
    cells: Floats


def replayed(network: Network, first: date, days: int, seed: int, most_runs: int = 400) -> list[RunPast]:
    """The runs of some days in order of time, with delays as planted; of each day at most so many, on whole blocks of
    the same patterns."""
    draw = np.random.default_rng(seed)
    cells, slow = _districts(network, draw)
    chosen = _chosen(network, first, most_runs, draw)
    found: list[RunPast] = []
    for number in range(days):
        day = first + timedelta(days=number)
        sky = _sky(draw, max(cells.values()) + 1)
        begins = day_begins(day, network.zone).timestamp()
        ended: dict[str, tuple[float, float]] = {}
        runs = sorted((run for run in runs_of(network, day) if run.pattern in chosen), key=lambda run: run.start)
        for run in runs:
            if run.start < 0:
                continue  # told by the day before
            pattern = network.patterns[run.pattern]
            left = ended.get(run.trip.block) if run.trip.block else None
            late = max(0.0, left[0] + left[1] + 60.0 - run.start) if left else 0.0
            delays = _driven(pattern, run, sky, cells, slow, late, draw)
            end = run.start + pattern.profiles[run.trip.profile].arrive[-1]
            ended[run.trip.block] = (end, float(delays[-1]))
            depart = np.array(pattern.profiles[run.trip.profile].depart, dtype=np.float64)
            seen = delays + draw.normal(0.0, 8.0, len(delays))
            seen[draw.random(len(seen)) < 0.03] = np.nan
            found.append(RunPast(pattern.stops, begins + run.start + depart, seen))
    return found


def _districts(network: Network, draw: np.random.Generator) -> tuple[dict[str, int], Floats]:
    """The district of each stop, and how much each feels the rush hours."""
    names: dict[tuple[int, int], int] = {}
    cells = {}
    for stop in network.stops.values():
        key = (int(stop.lon / CELL), int(stop.lat / CELL))
        cells[stop.id] = names.setdefault(key, len(names))
    return cells, np.asarray(draw.gamma(2.0, 0.12, len(names)))


def _chosen(network: Network, day: date, most: int, draw: np.random.Generator) -> frozenset[int]:
    counts: dict[int, int] = {}
    for run in runs_of(network, day):
        counts[run.pattern] = counts.get(run.pattern, 0) + 1
    chosen, total = set(), 0
    for number in draw.permutation(sorted(counts)).tolist():
        if total < most:
            chosen.add(number)
            total += counts[number]
    return frozenset(chosen)


def _sky(draw: np.random.Generator, cells: int) -> Sky:
    steps = 2 * DAY // STEP
    town = np.full(steps, draw.lognormal(0.0, 0.06))
    if draw.random() < STORMS:
        begin = int(draw.integers(steps // 8, steps // 2))
        town[begin : begin + int(draw.integers(12, 42))] *= 1.0 + draw.gamma(3.0, 0.1)
    walk = np.zeros((steps, cells))
    for step in range(1, steps):
        walk[step] = 0.93 * walk[step - 1] + draw.standard_t(4, cells) * 0.045
    return Sky(town, np.exp(walk))


def _rush(seconds: float) -> float:
    hour = seconds / 3600.0
    return float(np.exp(-(((hour - 8.2) / 1.1) ** 2)) + 0.8 * np.exp(-(((hour - 17.4) / 1.5) ** 2)))


def _driven(
    pattern: Pattern, run: Run, sky: Sky, cells: dict[str, int], slow: Floats, late: float, draw: np.random.Generator
) -> Floats:
    profile = pattern.profiles[run.trip.profile]
    driver = draw.lognormal(0.0, 0.05)
    mixed = draw.random()
    late += draw.exponential(40.0) if mixed < 0.8 else draw.exponential(240.0) if mixed < 0.95 else 0.0
    now = run.start + late
    delays = [late]
    for place in range(1, len(pattern.stops)):
        planned = profile.arrive[place] - profile.depart[place - 1]
        step = min(int(now // STEP), len(sky.town) - 1)
        cell = cells[pattern.stops[place]]
        factor = sky.town[step] * sky.cells[step, cell] * driver * (0.9 + slow[cell] * _rush(now))
        wait = draw.gamma(1.6, 5.0) * (1.0 + 0.6 * _rush(now))
        now += float(planned * factor + wait)
        due = run.start + profile.depart[place]
        if place % HELD == 0 and now < due:
            now = due
        delays.append(now - due)
    return np.array(delays)


def parted(runs: Sequence[RunPast], days: int, learned: int) -> tuple[list[RunPast], list[RunPast]]:
    """The runs of the first days, to learn from, and those of the days after, by the time they began."""
    first = min(float(run.scheduled[0]) for run in runs)
    edge = first + learned * DAY - 3 * 3600
    return [run for run in runs if run.scheduled[0] < edge], [run for run in runs if run.scheduled[0] >= edge]
