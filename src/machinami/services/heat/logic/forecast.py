"""How hot will it be some hours from now? Ridge regression on what was, here and around, from same hour yesterday.

For each place and each hour of the day that is asked for: how it will differ from that hour a day before. What
explains it is the same for all: today's way at the place, and how other places depart from their usual, since weather
travels. One summer is too short to choose how strongly a regression shall be held back, so solutions from weak to
strong are averaged. The errors on each later quarter of the record, of models that learned from what was before it,
tell the interval, which from then on follows what is missed; where those on the second half are no smaller than those
of the better of "as it is now" and "as yesterday at that hour", the model is not to be used.
"""

from typing import NamedTuple

import numpy as np

from machinami.methods.interval_tracking import Tracker, widths
from machinami.methods.regression import Standard, ridge_from, standard_of, standardised
from machinami.methods.scorecard import Each
from machinami.methods.series import Floats, lagged
from machinami.methods.verification import Flags
from machinami.services.heat.logic.panel import DAY, Panel, usual, yesterday

PENALTIES = (0.1, 0.3, 1.0, 3.0)
HOURS_BESIDE = 3  # hours of the day on either side that are learned from together with the one asked for
NEIGHBOURS = 12
WEEK = 7 * DAY
FEWEST = 28 * DAY
CUT = 4.0  # spreads beyond which an explanation counts no more
OUTER = 0.05  # of the errors, on either side of a 90 % interval
YEAR = 365.2425 * DAY


class Model(NamedTuple):
    """What was learned for one place and one time ahead: a row for each hour of the day that is asked for.

    errors: the ends of the errors of the rehearsal; width: by how much the interval was to be multiplied at its end;
    learned: from how many hours.
    """

    place: str
    ahead: int
    around: tuple[int, ...]
    standards: tuple[Standard, ...]
    weights: Floats
    middles: Floats
    errors: tuple[float, float]
    used: bool
    gain: float
    width: float
    learned: int


class Said(NamedTuple):
    """A forecast for each hour: °C in the middle, and the ends of a 90 % interval."""

    middle: Floats
    low: Floats
    high: Floats


class Task(NamedTuple):
    """One place and one time ahead to learn for."""

    panel: Panel
    place: int
    ahead: int


def learn(panel: Panel, ahead: int, each: Each = map) -> list[Model]:
    """Learn to say the WBGT `ahead` hours later, at every place with four weeks to learn from."""
    changes = [_change(panel, place, ahead) for place in range(len(panel.places))]
    tasks = [Task(panel, place, ahead) for place, change in enumerate(changes) if np.isfinite(change).sum() >= FEWEST]
    return list(each(learn_place, tasks))


def learn_place(task: Task) -> Model:
    """Learn for one place, and rehearse on the later parts of its record what would have been learned before."""
    panel, place, ahead = task
    target = _change(panel, place, ahead)
    around = neighbours(panel, place, target)
    table, asked = explanations(panel, place, ahead, around), _asked(panel, ahead)
    missed = np.full(panel.hours, np.nan)
    for quarter in range(1, 4):
        fit = _fitted(table, target, _quarters(target) < quarter, asked)
        now = _quarters(target) == quarter
        missed[now] = (target - _applied(table, asked, fit))[now]
    late = np.where(_quarters(target) >= 2, missed, np.nan)
    naive = np.where(np.isfinite(late), naive_misses(panel, place, ahead), np.nan)
    gain = 1.0 - float(np.nanmean(np.abs(late)) / np.nanmean(np.abs(naive), axis=1).min())
    low, high = np.nanquantile(missed, [OUTER, 1 - OUTER])
    fit = _fitted(table, target, np.ones(panel.hours, dtype=bool), asked)
    width = float(widths(Tracker(float(low), float(high), 2 * OUTER), missed, 1.0, ahead)[-1])
    ends = (float(low), float(high))
    return Model(panel.places[place], ahead, around, *fit, ends, gain > 0, gain, width, panel.hours)


def _change(panel: Panel, place: int, ahead: int) -> Floats:
    return lagged(panel.values[:, place], -ahead) - yesterday(panel, place, ahead)


def say(model: Model, panel: Panel) -> Said:
    """Say at each hour of the panel what will be `model.ahead` hours later; NaN where too little is known."""
    place = panel.places.index(model.place)
    before = yesterday(panel, place, model.ahead)
    table = explanations(panel, place, model.ahead, model.around)
    asked = _asked(panel, model.ahead)
    middle = before + _applied(table, asked, (model.standards, model.weights, model.middles))
    missed = lagged(panel.values[:, place], -model.ahead) - middle
    missed[: max(model.learned - model.ahead, 0)] = np.nan  # what was learned from says nothing of how far it misses
    wide = widths(Tracker(*model.errors, 2 * OUTER), missed, model.width, model.ahead)
    return Said(middle, middle + wide * model.errors[0], middle + wide * model.errors[1])


def naive_misses(panel: Panel, place: int, ahead: int) -> Floats:
    """Return the errors of "as it is now" and of "as yesterday at that hour", (2, hours), where both are known."""
    values = panel.values[:, place]
    later = lagged(values, -ahead)
    both = np.stack([later - values, later - yesterday(panel, place, ahead)])
    return np.where(np.isfinite(both).all(axis=0), both, np.nan)


def explanations(panel: Panel, place: int, ahead: int, around: tuple[int, ...]) -> Floats:
    """What explains a change from yesterday, (hours, columns): the place's own way, the season, the places around."""
    own = panel.values[:, place]
    before = yesterday(panel, place, ahead)
    day, week = usual(panel.values, DAY), usual(panel.values, WEEK)
    quarter = usual(panel.values, DAY // 4)
    turn = 2 * np.pi * ((np.arange(panel.hours) + ahead) * 1.0 + panel.start / 3600) / YEAR
    lows, highs = _range(own)
    ways = [own, *(lagged(own, hours) for hours in (1, 2, 3, 6, 12))]
    days = [lagged(before, DAY * back) for back in (1, 2)]
    means = [day[:, place], usual(panel.values, 3 * DAY)[:, place], week[:, place], lows, highs]
    columns = [column - before for column in (*ways, *days, *means)]
    columns += [day[:, place] - lagged(day[:, place], DAY), own - lagged(own, DAY), np.cos(turn), np.sin(turn)]
    for other in around:
        departs = day[:, other] - week[:, other]
        turned = quarter[:, other] - lagged(quarter[:, other], DAY)
        columns += [departs, turned, day[:, other] - day[:, place]]
    return np.stack(columns, axis=1)


def neighbours(panel: Panel, place: int, target: Floats) -> tuple[int, ...]:
    """The places whose departure from their usual goes most with what is to be said, at most `NEIGHBOURS`."""
    departs = usual(panel.values, DAY) - usual(panel.values, WEEK)
    others = [other for other in range(len(panel.places)) if other != place]
    found = {other: abs(_going_together(departs[:, other], target)) for other in others}
    return tuple(sorted(sorted(others, key=lambda other: -found[other])[:NEIGHBOURS]))


def _going_together(one: Floats, other: Floats) -> float:
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < FEWEST or np.ptp(one[both]) == 0 or np.ptp(other[both]) == 0:
        return 0.0
    return float(np.corrcoef(one[both], other[both])[0, 1])


def _range(values: Floats) -> tuple[Floats, Floats]:
    """Lowest and highest of the last day."""
    past = np.stack([lagged(values, hours) for hours in range(DAY)])
    none = np.isnan(past).all(axis=0)
    lows = np.where(none, np.nan, np.fmin.reduce(past, axis=0))
    return lows, np.where(none, np.nan, np.fmax.reduce(past, axis=0))


def _asked(panel: Panel, ahead: int) -> Floats:
    """The hour of the day (UTC) that is asked for at each hour."""
    return (np.arange(panel.hours, dtype=np.float64) + ahead + panel.start // 3600) % DAY


Fit = tuple[tuple[Standard, ...], Floats, Floats]


def _fitted(table: Floats, target: Floats, allowed: Flags, asked: Floats) -> Fit:
    standards, weights, middles = [], [], []
    known = np.isfinite(target) & allowed
    for hour in range(DAY):
        apart = np.minimum((asked - hour) % DAY, (hour - asked) % DAY)
        rows = known & (apart <= HOURS_BESIDE)
        standard = standard_of(table[rows])
        middle = float(target[rows].mean()) if rows.any() else 0.0
        scaled = standardised(table[rows], standard, CUT)
        gram, moment, count = scaled.T @ scaled, scaled.T @ (target[rows] - middle), int(rows.sum())
        standards.append(standard)
        weights.append(np.mean([ridge_from(gram, moment, count, penalty) for penalty in PENALTIES], axis=0))
        middles.append(middle)
    return tuple(standards), np.stack(weights), np.array(middles)


def _applied(table: Floats, asked: Floats, fit: Fit) -> Floats:
    standards, weights, middles = fit
    found = np.full(len(table), np.nan)
    for hour in range(DAY):
        rows = asked == hour
        found[rows] = middles[hour] + standardised(table[rows], standards[hour], CUT) @ weights[hour]
    return found


def _quarters(target: Floats) -> Floats:
    """To which quarter (0 to 3) of all that is known each hour belongs."""
    known = np.cumsum(np.isfinite(target))
    return np.asarray(np.minimum(np.floor(4.0 * np.maximum(known - 1, 0) / known[-1]), 3.0))
