"""How well does the flood forecaster do on a river it is given, against the level simply staying as it is?

The rule is fixed. The first half of the record trains; the second half is four consecutive folds, each
forecast by a model trained on all before it (no outcome of the fold, or after, is in the training). Errors
are pooled over the four. `…_perfect_rain` is told the observed rain up to the horizon: an upper bound.
"""

import math
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from machinami.foundation.errors import InputError
from machinami.methods.scorecard import Argument, Check, Each, Progress, Report, Table
from machinami.methods.series import Floats, grid_over, lagged, on_grid, usual_step
from machinami.methods.verification import coverage, improvement, score_warnings
from machinami.services.flood.logic.forecast import hindcast
from machinami.services.flood.logic.record import Record, judge_columns
from machinami.services.flood.logic.training import train

ARGUMENTS = (
    Argument("level", "column", "column of the water level (or discharge), in any unit", required=True),
    Argument("rain", "columns", "columns of rain or of other explanations, by commas"),
    Argument("horizons", "text", "how far ahead, as 1h,2h,3h,6h or 90min", default="1h,2h,3h,6h"),
)
FOLDS = 4
FEWEST_ROWS = 1000
SEED = 7
EPISODE_GAP_HOURS = 6.0
FLOOD_QUANTILE = 0.98
BARS: dict[str, float | tuple[float, float]] = {
    "improvement_2h": 0.13,
    "improvement_3h": 0.11,
    "improvement_2h_perfect_rain": 0.28,
    "improvement_3h_perfect_rain": 0.30,
    "pod_3h": 0.9,
    "far_3h": 0.3,
}
WORST_FOLD_BAR = -0.05
COVERAGE_BAR = (0.85, 0.95)


class Task(NamedTuple):
    """One fold at one horizon, with or without future rain: all that a worker process needs."""

    record: Record
    begin: int
    hours: float
    coming: bool


class Outcome(NamedTuple):
    """What was forecast in a fold: level, low and high end of the 90 % interval for each issue step."""

    level: Floats
    low: Floats
    high: Floats


def evaluate(table: Table, options: Mapping[str, str], progress: Progress, each: Each = map) -> Report:
    """Score the forecaster on one river; InputError where the record or the horizons do not do."""
    record = record_of(table)
    hours = read_horizons(options.get("horizons", "1h,2h,3h,6h"), record.step)
    cuts = fold_cuts(record.level)
    rainy = len(record.rain) > 0
    wanted = [(h, c) for h in hours for c in ((False, True) if rainy else (False,))]
    tasks = [
        Task(record.until(min(record.count, end + record.steps(h))), begin, h, c)
        for h, c in wanted
        for begin, end in pairwise(cuts)
    ]
    outcomes = []
    for number, outcome in enumerate(each(forecast_fold, tasks), 1):
        outcomes.append(outcome)
        progress(number, len(tasks))
    checks: list[Check] = []
    for number, (h, c) in enumerate(wanted):
        checks += judge(record, cuts, h, c, outcomes[number * FOLDS : (number + 1) * FOLDS])
    return Report("flood", tuple(checks), len(table.seconds), notes_on(record))


def forecast_fold(task: Task) -> Outcome:
    """Train on all before the fold and forecast from each of its steps."""
    model = train(task.record.until(task.begin), (task.hours,), (task.coming,), SEED)
    past = hindcast(model, model.outlooks[0], task.record, task.begin)
    return Outcome(past.level, past.low, past.high)


def judge(record: Record, cuts: list[int], hours: float, coming: bool, outcomes: list[Outcome]) -> list[Check]:
    """Turn the four folds of one horizon into checks."""
    steps = record.steps(hours)
    later = lagged(record.level, -steps)
    naive = later - record.level
    said = {name: np.full(record.count, np.nan) for name in Outcome._fields}
    for (begin, end), outcome in zip(pairwise(cuts), outcomes, strict=True):
        for name in Outcome._fields:
            said[name][begin:end] = getattr(outcome, name)[: end - begin]
    errors = later - said["level"]
    label = f"{hours:g}h"
    suffix = "_perfect_rain" if coming else ""
    folds = [improvement(errors[a:b], naive[a:b]) for a, b in pairwise(cuts)]
    known = [value for value in folds if math.isfinite(value)]
    scored = np.where(np.isfinite(errors), naive, np.nan)
    name = f"improvement_{label}{suffix}"
    checks = [Check(name, improvement(errors, scored), "1", BARS.get(name))]
    covered = coverage(later, said["low"], said["high"])
    worst = min(known) if known else float("nan")
    checks.append(Check(f"coverage90_{label}{suffix}", covered, "1", COVERAGE_BAR))
    checks.append(Check(f"worst_fold_{label}{suffix}", worst, "1", WORST_FOLD_BAR))
    return checks + judge_warnings(record, cuts, steps, label + suffix, said["level"])


def judge_warnings(record: Record, cuts: list[int], steps: int, label: str, forecast: Floats) -> list[Check]:
    """Score warnings given when the forecast reaches the 98th percentile of the training half."""
    threshold = float(np.nanquantile(record.level[: cuts[0]], FLOOD_QUANTILE))
    warned = np.isfinite(forecast) & (forecast >= threshold)
    first, last = cuts[0], cuts[-1]
    found = score_warnings(
        record.level[first:last],
        warned[first:last],
        threshold,
        steps,
        steps,
        record.steps(EPISODE_GAP_HOURS),
    )
    return [
        Check(f"pod_{label}", found.detected, "1", BARS.get(f"pod_{label}")),
        Check(f"far_{label}", found.false, "1", BARS.get(f"far_{label}"), most=True),
        Check(f"lead_{label}", found.lead * record.step / 3600, "h"),
    ]


def record_of(table: Table) -> Record:
    """Put the parsed columns on the regular grid of their usual step."""
    if len(table.seconds) < FEWEST_ROWS:
        raise InputError(
            f"{len(table.seconds)} rows are too few to train and test on; give at least {FEWEST_ROWS}",
            rows=len(table.seconds),
        )
    step = usual_step(table.seconds)
    grid = grid_over(table.seconds, step)
    if grid.steps > 40 * len(table.seconds):
        raise InputError(
            f"the times span {grid.steps} steps of {step} s but only {len(table.seconds)} have rows; "
            "check the time column and its order of day and month"
        )
    (level,) = table.columns["level"].values()
    rain = table.columns.get("rain", {})
    placed = [on_grid(grid, table.seconds, values) for values in rain.values()]
    columns = np.stack(placed) if placed else np.zeros((0, grid.steps))
    placed_level = on_grid(grid, table.seconds, level)
    if np.isfinite(placed_level).sum() < FEWEST_ROWS:
        raise InputError(f"only {int(np.isfinite(placed_level).sum())} rows have a level; give at least {FEWEST_ROWS}")
    return Record(grid.start, step, placed_level, columns, tuple(rain))


def fold_cuts(level: Floats) -> list[int]:
    """Return where the four folds begin and the last ends; halves and folds hold equally many known levels."""
    known = np.flatnonzero(np.isfinite(level))
    half = len(known) // 2
    cuts = [int(known[half + number * (len(known) - half) // FOLDS]) for number in range(FOLDS)]
    return [*cuts, int(known[-1]) + 1]


def read_horizons(text: str, step: int) -> list[float]:
    """Read `1h,2h,90min` as hours; InputError for what is no length or no multiple of the step (s)."""
    hours = []
    for word in text.split(","):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(h|min|m)\s*", word)
        if found is None:
            raise InputError(f"horizon {word.strip()!r} is not a length of time; write 1h or 90min")
        length = float(found[1]) * (3600 if found[2] == "h" else 60)
        if length < step or length % step:
            raise InputError(
                f"horizon {word.strip()} is not a multiple of the record's step of {step // 60} min; "
                f"give {step / 3600:g}h, {2 * step / 3600:g}h, …"
            )
        hours.append(length / 3600)
    return hours


def notes_on(record: Record) -> tuple[str, ...]:
    """Say what was done with the columns and the gaps."""
    gaps = int((~np.isfinite(record.level)).sum())
    notes = [f"step {record.step // 60} min, {record.count} steps, {gaps} without a level"]
    for column in judge_columns(record):
        if column.kind != "rain":
            notes.append(f"{column.name} does not behave as rain (negative or seldom 0): used by its changes only")
    return tuple(notes)
