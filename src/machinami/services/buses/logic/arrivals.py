"""When will the vehicle be there? Learned from how late vehicles were before; else schedule plus present delay.

Along each stretch between two stops the delay usually grows or shrinks by so much at that hour; vehicles that passed
within the last hour say how it is today; the vehicle's own last stretches say how it fares; and a late vehicle catches
up a little. A regression weighs these. Ranges are the spread of what was missed on later days, by how far ahead it is.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from machinami.methods.regression import ridge, standard_of
from machinami.methods.series import Floats

HOUR = 3600
RECENT = 3600  # s within which another vehicle says how a stretch is now
FAITH = 6.0  # readings for which a stretch's own usual counts as much as what it is shrunk to
MOST = 900.0  # s that one stretch may add or take; more is a fault of the clock or a diversion
OWN = 4  # stretches behind it by which a vehicle's own way is judged
BINS = (120.0, 300.0, 600.0, 1200.0, 2400.0)  # s ahead at which the range changes
SHARE = 0.1  # outside the range on either side
LEAST_RUNS = 60
TOLD = 8  # stops ahead of each sampled one that are learned from, at growing distance
Stretch = tuple[str, str]


class RunPast(NamedTuple):
    """One trip as it went: its stops, the times by the timetable (seconds since 1970) and the delays (s, NaN where it
    was not seen)."""

    stops: tuple[str, ...]
    scheduled: Floats
    delays: Floats


class Estimate(NamedTuple):
    """The delay (s) with which a vehicle will be somewhere: the middle, and a range that holds it in four of five."""

    low: float
    middle: float
    high: float


class Ahead(NamedTuple):
    """What is known of the way ahead of a vehicle, by stop still to come: sums along the way, seconds."""

    usual: Floats
    recent: Floats
    seconds: Floats


@dataclass(frozen=True, slots=True)
class Model:
    """What was learned. usual: by stretch, how a delay changes on it, overall and by hour of the day. weights: of the
    signs, in their own measure. spread: low, middle and high of what was missed, by how far ahead (BINS). offset:
    seconds by which the hours of the place are before UTC."""

    usual: Mapping[Stretch, tuple[float, ...]]
    weights: tuple[float, ...]
    spread: tuple[tuple[float, float, float], ...]
    offset: int

    def change(self, stretch: Stretch, at: float) -> float:
        """How a delay usually changes on a stretch at a time."""
        known = self.usual.get(stretch)
        return 0.0 if known is None else known[int((at + self.offset) // HOUR) % 24]


class Recent:
    """What vehicles found on each stretch lately: how much more than usual their delay grew, by when they passed."""

    def __init__(self, model: Model, runs: Iterable[RunPast]) -> None:
        seen: dict[Stretch, list[tuple[float, float]]] = {}
        for run in runs:
            for place, stretch in enumerate(pairwise(run.stops)):
                change = run.delays[place + 1] - run.delays[place]
                if np.isfinite(change):
                    at = float(run.scheduled[place + 1] + run.delays[place + 1])
                    more = min(max(float(change), -MOST), MOST) - model.change(stretch, float(run.scheduled[place]))
                    seen.setdefault(stretch, []).append((at, more))
        self._times: dict[Stretch, list[float]] = {}
        self._sums: dict[Stretch, list[float]] = {}
        for stretch, rows in seen.items():
            rows.sort()
            self._times[stretch] = [at for at, _ in rows]
            self._sums[stretch] = [0.0, *np.cumsum([more for _, more in rows]).tolist()]

    def excess(self, stretch: Stretch, now: float) -> float:
        """How much more than usual a delay grew on a stretch within the last hour; 0 where nobody passed."""
        times = self._times.get(stretch)
        if times is None:
            return 0.0
        first, last = bisect_left(times, now - RECENT), bisect_right(times, now - 1e-6)
        if first >= last:
            return 0.0
        sums = self._sums[stretch]
        return (sums[last] - sums[first]) / (last - first + 1.0)  # one more, so that a single vehicle counts half


def ahead(model: Model, recent: Recent, run: RunPast, place: int, now: float) -> Ahead:
    """What is known of the way ahead of a vehicle that is at a place of its way."""
    usual, excess, seconds = [], [], []
    known, more = 0.0, 0.0
    for stretch, begin, end in zip(
        pairwise(run.stops[place:]), run.scheduled[place:-1].tolist(), run.scheduled[place + 1 :].tolist(), strict=True
    ):
        known += model.change(stretch, begin)
        more += recent.excess(stretch, now)
        usual.append(known)
        excess.append(more)
        seconds.append(end - float(run.scheduled[place]))
    return Ahead(np.array(usual), np.array(excess), np.array(seconds))


def own_way(model: Model, run: RunPast, place: int) -> float:
    """How much more than usual a vehicle's delay grew on the stretches just behind it."""
    total = 0.0
    for back in range(max(0, place - OWN), place):
        change = float(run.delays[back + 1] - run.delays[back])
        if np.isfinite(change):
            stretch = (run.stops[back], run.stops[back + 1])
            total += min(max(change, -MOST), MOST) - model.change(stretch, float(run.scheduled[back]))
    return total


def signs(way: Ahead, delay: float, own: float) -> Floats:
    """The signs from which the change of a delay is told, one row for each stop ahead, in seconds."""
    far = np.minimum(way.seconds / HOUR, 1.0)
    late, early = max(delay, 0.0), min(delay, 0.0)
    columns = [way.usual, way.recent, way.recent * far, late * far, late * np.sqrt(far), early * far]
    columns += [early * np.sqrt(far), own * far, own * np.sqrt(far), 60.0 * far]
    return np.stack(columns, axis=1)


def estimates(model: Model | None, recent: Recent | None, run: RunPast, place: int, now: float) -> list[Estimate]:
    """How late a vehicle will be at each stop ahead, which was last seen at a place of its way.

    Without a model: as late as it is now, and no range is said (all three are the same).
    """
    delay = float(run.delays[place])
    count = len(run.stops) - place - 1
    if model is None or recent is None or count < 1:
        return [Estimate(delay, delay, delay)] * count
    way = ahead(model, recent, run, place, now)
    change = signs(way, delay, own_way(model, run, place)) @ np.array(model.weights)
    found = []
    for number, seconds in enumerate(way.seconds.tolist()):
        low, middle, high = model.spread[bisect_left(BINS, seconds)]
        base = delay + float(change[number])
        found.append(Estimate(base + low, base + middle, base + high))
    return found


def usual_of(runs: Iterable[RunPast], offset: int) -> dict[Stretch, tuple[float, ...]]:
    """How delays change on each stretch by hour of the day: shrunk to the stretch's mean, and that to none."""
    sums: dict[Stretch, list[Floats]] = {}
    for run in runs:
        changes = np.clip(np.diff(run.delays), -MOST, MOST)
        hours = ((run.scheduled[:-1] + offset) // HOUR).astype(int) % 24
        for stretch, change, hour in zip(pairwise(run.stops), changes.tolist(), hours.tolist(), strict=True):
            if change == change:
                held = sums.setdefault(stretch, [np.zeros(24), np.zeros(24)])
                held[0][hour] += change
                held[1][hour] += 1
    found = {}
    for stretch, (total, count) in sums.items():
        mean = total.sum() / (count.sum() + FAITH)
        found[stretch] = tuple(((total + FAITH * mean) / (count + FAITH)).tolist())
    return found


def samples(model: Model, runs: Sequence[RunPast], seed: int) -> tuple[Floats, Floats, Floats]:
    """What could be told, and what came of it: signs, change of delay, seconds ahead. A few places of each run."""
    draw = np.random.default_rng(seed)
    recent = Recent(model, runs)
    tables, targets, seconds = [np.zeros((0, 10))], [np.zeros(0)], [np.zeros(0)]
    for run in runs:
        seen = np.flatnonzero(np.isfinite(run.delays[:-1]))
        for place in draw.choice(seen, size=min(3, len(seen)), replace=False).tolist():
            delay = float(run.delays[place])
            way = ahead(model, recent, run, place, float(run.scheduled[place]) + delay)
            steps = np.unique(np.round(np.geomspace(1, len(way.seconds), TOLD)).astype(int)) - 1
            steps = steps[np.isfinite(run.delays[place + 1 :][steps])]
            tables.append(signs(way, delay, own_way(model, run, place))[steps])
            targets.append(run.delays[place + 1 :][steps] - delay)
            seconds.append(way.seconds[steps])
    return np.concatenate(tables), np.concatenate(targets), np.concatenate(seconds)


def learn(runs: Sequence[RunPast], offset: int, seed: int = 0) -> Model | None:
    """Learn from runs in order of time; None where there are too few.

    What is usual comes from the first half, how signs weigh from the second quarter but one, and the spread from the
    last quarter, so that no part is judged on what it was learned from. What is usual is then brought up to date.
    """
    if len(runs) < LEAST_RUNS:
        return None
    half, late = len(runs) // 2, len(runs) * 3 // 4
    bare = Model(usual_of(runs[:half], offset), (), (), offset)
    table, target, _ = samples(bare, runs[half:late], seed)
    if len(target) < LEAST_RUNS:
        return None
    standard = standard_of(table)
    scale = np.where(standard.spread > 0, standard.spread, 1.0)
    weights = ridge(table / scale, np.clip(target, -2 * MOST, 2 * MOST), 1e-3) / scale
    table, target, seconds = samples(bare, runs[late:], seed + 1)
    spread = spread_of(target - table @ weights, seconds)
    return Model(usual_of(runs, offset), tuple(weights.tolist()), spread, offset)


def spread_of(missed: Floats, seconds: Floats) -> tuple[tuple[float, float, float], ...]:
    """The low, middle and high of what was missed, by how far ahead it was said."""
    bins = np.searchsorted(BINS, seconds)
    found: list[tuple[float, float, float]] = []
    for number in range(len(BINS) + 1):
        here = missed[bins == number]
        if len(here) < 20:
            found.append(found[-1] if found else (-120.0, 0.0, 120.0))
        else:
            low, middle, high = np.quantile(here, (SHARE, 0.5, 1 - SHARE)).tolist()
            found.append((low, middle, high))
    return tuple(found)


class Scores(NamedTuple):
    """How good estimates were: mean absolute errors (s) of the model and of schedule plus present delay, the share
    within the range, and how many there were."""

    error: float
    naive: float
    covered: float
    tried: int


def score(model: Model, runs: Sequence[RunPast], seed: int = 0) -> Scores:
    """Hold a model against runs that it has not seen."""
    table, target, seconds = samples(model, runs, seed)
    if not len(target):
        return Scores(float("nan"), float("nan"), float("nan"), 0)
    bins = np.searchsorted(BINS, seconds)
    spread = np.array(model.spread)[bins]
    missed = target - table @ np.array(model.weights)
    within = (missed >= spread[:, 0]) & (missed <= spread[:, 2])
    error = float(np.abs(missed - spread[:, 1]).mean())
    return Scores(error, float(np.abs(target).mean()), float(within.mean()), len(target))


def as_document(model: Model) -> dict[str, Any]:
    """A model as JSON values."""
    usual = [[*stretch, [round(one, 1) for one in by_hour]] for stretch, by_hour in model.usual.items()]
    return {"usual": usual, "weights": list(model.weights), "spread": list(model.spread), "offset": model.offset}


def model_of(document: Mapping[str, Any]) -> Model:
    """A model from its JSON values."""
    usual = {(str(one), str(other)): tuple(by_hour) for one, other, by_hour in document["usual"]}
    spread = tuple((float(low), float(middle), float(high)) for low, middle, high in document["spread"])
    return Model(usual, tuple(document["weights"]), spread, int(document["offset"]))
