"""Are the methods that judge a town's figures right? On truths that were planted, and on a panel that somebody brings.

With a table: which mixture of other places a place was like before a measure began, what came beside it afterwards, how
often other places depart as much, and the difference in differences. Without one: whether planted effects, changes and
seasons are found, and how often something is found where there is nothing.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from machinami.foundation.errors import InputError
from machinami.methods.difference_in_differences import difference_in_differences
from machinami.methods.scorecard import Argument, Check, Each, Progress, Report, Table
from machinami.methods.series import Floats
from machinami.methods.synthetic_control import Case, Mixture, effects, mixed, mixed_by, placebo_share
from machinami.services.indicators.logic.panel import Panel, case_of, read_panel, traits_of, years_of
from machinami.services.indicators.logic.planted import divided, null_share, recovered, seasonal, signalled

WITHOUT_TABLE = True
ARGUMENTS = (
    Argument("csv", "file", "a table with one row for each place and time, as CSV in UTF-8"),
    Argument("unit", "text", "column of the places"),
    Argument("time", "text", "column of the times: whole numbers, such as years"),
    Argument("outcome", "text", "column of what is judged"),
    Argument("treated", "text", "the place where the measure was, by name"),
    Argument("from", "text", "the first time at which the measure can have worked"),
    Argument("traits", "text", "what describes the places, as gdp@1981-1990,100*a/a+b@1964-1969 (else the outcome)"),
    Argument("fit", "text", "times over which the mixture shall follow the outcome, as 1960-1969 (else all before)"),
    Argument("train", "text", "traits of an earlier time, by which it is learned how important each one is"),
    Argument("without", "text", "places to leave out, with | between them"),
    Argument("placebos", "text", "whether every other place is taken for the treated one too: yes or no", default="no"),
    Argument("nulls", "text", "invented panels without any effect", default="40"),
)
SEED = 2026
ROUNDS = 200
NOMINAL = 0.1


def evaluate(table: Table, options: Mapping[str, str], progress: Progress, each: Each = map) -> Report:
    """Score the methods, on the table where one was given."""
    data = table.documents.get("csv")
    if data is None:
        return Report("indicators", tuple(_planted(_count(options), progress, each)), 0, _NOTES)
    for name in ("unit", "time", "outcome", "treated", "from"):
        if not options.get(name):
            raise InputError(f"--{name} is needed with --csv")
    panel = read_panel(data, options["unit"], options["time"])
    checks, notes = _compared(panel, options, progress, each)
    return Report("indicators", tuple(checks), len(panel.places) * len(panel.times), notes)


_NOTES = (
    "no --csv was given: planted truths alone. …_found: share of rounds; …_without_cause: share with nothing planted",
)


def _planted(nulls: int, progress: Progress, each: Each) -> list[Check]:
    seeds = range(SEED, SEED + ROUNDS)
    shares: list[float] = []
    for share in each(null_share, range(SEED, SEED + nulls)):
        shares.append(share)
        progress(len(shares), nulls + 1)
    gaps = [recovered(seed) for seed in seeds]
    chart = [signalled(seed) for seed in seeds]
    change = [divided(seed) for seed in seeds]
    season = [seasonal(seed) for seed in seeds]
    progress(nulls + 1, nulls + 1)
    return [
        Check("difference_coverage95", _mean([gap.covers for gap in gaps]), "1", (0.92, 0.98)),
        Check("difference_bias", _mean([gap.bias for gap in gaps]), "1", (-0.1, 0.1)),
        Check("drift_found_without_cause", _mean([gap.drifts for gap in gaps]), "1", (0.01, 0.1)),
        Check("placebo_size_at_10", _mean([share <= NOMINAL for share in shares]), "1", 0.2, most=True),
        Check("placebo_panels", float(nulls), "1"),
        Check("beyond_without_cause", _mean([one.false for one in chart]), "1", 0.01, most=True),
        Check("shift_found_within_8", _mean([one.found for one in chart]), "1", 0.9),
        Check("change_found_within_2", _mean([one.found for one in change]), "1", 0.9),
        Check("change_found_without_cause", _mean([one.false for one in change]), "1", 0.05, most=True),
        Check("seasons_found", _mean([one.found for one in season]), "1", 0.95),
        Check("seasons_found_without_cause", _mean([one.false for one in season]), "1", 0.05, most=True),
    ]


def _compared(
    panel: Panel, options: Mapping[str, str], progress: Progress, each: Each
) -> tuple[list[Check], tuple[str, ...]]:
    left_out = [panel.place(name.strip()) for name in options.get("without", "").split("|") if name.strip()]
    own, began = panel.place(options["treated"]), _began(panel, options["from"])
    others = [place for place in range(len(panel.places)) if place != own and place not in left_out]
    tasks = [_Task(panel, dict(options), began, own, tuple(others))]
    if options.get("placebos") == "yes":
        tasks += [_Task(panel, dict(options), began, one, tuple(o for o in others if o != one)) for one in others]
    found: list[_Compared] = []
    for one in each(_compare, tasks):
        found.append(one)
        progress(len(found), len(tasks))
    first = found[0]
    names = [panel.places[place] for place in others]
    checks = [Check(f"weight {name}", weight, "1") for name, weight in _told(names, first.mixture.weights)]
    checks += [
        Check("error_before", first.before, "1"),
        Check("error_after", first.after, "1"),
        Check("effect_mean", float(first.gaps[began:].mean()), "1"),
        Check("effect_last", float(first.gaps[-1]), "1"),
    ]
    if len(found) > 1:
        share = placebo_share(np.array([f.before for f in found]), np.array([f.after for f in found]))
        checks.append(Check("placebo_share", share, "1"))
    return checks + _difference(panel, options["outcome"], own, others, began), _said(panel, began, len(others))


class _Task(NamedTuple):
    """One place to be compared with a mixture of others; began: the first time of the measure, among all times."""

    panel: Panel
    options: dict[str, str]
    began: int
    own: int
    others: tuple[int, ...]


class _Compared(NamedTuple):
    """What came of it: the mixture, the gaps (times,) between the place and it, and their size before and after."""

    mixture: Mixture
    gaps: Floats
    before: float
    after: float


def _compare(task: _Task) -> _Compared:
    panel, options, began, own, others = task
    outcome, times = options["outcome"], panel.times
    years = years_of(panel, options["fit"]) if options.get("fit") else list(times[:began])
    usual = f"{outcome}@{times[0]}-{times[began - 1]}"
    case = _case(panel, options.get("traits") or usual, outcome, years, own, others)
    if options.get("train"):
        learned = mixed(_case(panel, options["train"], outcome, years, own, others))
        mixture = mixed_by(case, learned.importance)
    else:
        mixture = mixed(case)
    values = panel.column(outcome)
    gaps = effects(mixture, values[own], values[list(others)].T)
    before, after = (float(np.sqrt(np.mean(part**2))) for part in (gaps[:began], gaps[began:]))
    return _Compared(mixture, gaps, before, after)


def _case(panel: Panel, text: str, outcome: str, years: list[int], own: int, others: tuple[int, ...]) -> Case:
    names, traits = traits_of(panel, text)
    if not names:
        raise InputError("--traits and --train name at least one trait, as gdp@1981-1990")
    return case_of(panel, traits, outcome, years, own, others)


def _difference(panel: Panel, outcome: str, own: int, others: list[int], began: int) -> list[Check]:
    values = panel.column(outcome)[[own, *others]]
    treated = np.arange(len(values)) == 0
    found = difference_in_differences(values, treated, began)
    return [
        Check("difference_in_differences", found.effect.value, "1"),
        Check("drift_before", found.drift.value, "1"),
        Check("difference_with_drift_carried_on", found.carried, "1"),
    ]


def _told(names: list[str], weights: Floats) -> list[tuple[str, float]]:
    return sorted(((n, float(w)) for n, w in zip(names, weights, strict=True) if w >= 0.0005), key=lambda row: -row[1])


def _said(panel: Panel, began: int, others: int) -> tuple[str, ...]:
    place = f"{others} other places, {began} times before, {len(panel.times) - began} from the measure on"
    return place, "of one treated place the difference in differences has no interval: see the placebos"


def _began(panel: Panel, text: str) -> int:
    if not text.strip().isdigit() or int(text) not in panel.times[2:]:
        raise InputError(f"--from {text!r} is no time of the table with two times before it")
    return panel.times.index(int(text))


def _count(options: Mapping[str, str]) -> int:
    text = options.get("nulls", "")
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 10_000):
        raise InputError(f"--nulls {text!r} is not a number from 1 to 10000")
    return int(text)


def _mean(values: list[bool] | list[float]) -> float:
    return float(np.mean(np.array(values, float)))
