"""Are drone plans near the proved optima, do the days until a shortage hold, is sharing fair, are heads foreseen?

Head counts are a CSV of any place: --csv (a table of one row a moment, or a folder of one for each place) with --time
and --persons, or --counts, a folder of files of one moment each whose names hold it. The rule is fixed: at each moment
it is told what is expected, by what was known then (machinami.methods.head_count.look_ahead); its error 7 days later is
compared with that of carrying the last count forward.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from machinami.foundation.errors import InputError
from machinami.methods.fair_allocation import Sharing, pro_rata, share_by_need, share_fairly
from machinami.methods.flying_sidekicks import Task, fly_and_drive
from machinami.methods.head_count import DAY, look_ahead
from machinami.methods.scorecard import Argument, Check, Each, Progress, Report, Table
from machinami.methods.series import Floats
from machinami.methods.sidekick_check import faults_of
from machinami.services.shelters.logic.brute import equals, small
from machinami.services.shelters.logic.counts import counts_of
from machinami.services.shelters.logic.planted import SCARCE, Cover, coverage, settlements
from machinami.services.shelters.logic.sidekicks import RESULTS, proved_of, task_of

TABLE_OPTIONAL = True
ARGUMENTS = (
    Argument("persons", "column", "column of the heads; --csv may be a folder: its places are added up"),
    Argument(
        "counts", "folder", "one CSV file for each moment, which stands in its name (2024-01-09-1800)", pattern="*.csv"
    ),
    Argument("heads", "text", "how the column of the heads begins, with --counts", default="人数"),
    Argument("ahead", "text", "days ahead", default="7"),
    Argument("plans", "folder", "truck-and-drone problems of Murray & Raj with results.csv", pattern="*.csv"),
    Argument("every", "text", "score every so many of the problems", default="1"),
    Argument("planted", "text", "simulated cases: of stocks and of settlements (0: none)", default="400"),
    Argument("seed", "text", "seed of what is simulated", default="1"),
)
GAP, COVER, FAIRER, BETTER = 0.02, (0.75, 0.85), 0.2, 0.1
SMALL = 40
WIDTHS = (40, 100)


def evaluate(table: Table, options: Mapping[str, str], progress: Progress, each: Each = map) -> Report:
    """Score whatever was given, and what is simulated."""
    checks: list[Check] = []
    notes: list[str] = []
    rows = len(table.seconds)
    documents = table.documents
    if RESULTS in documents or any(name.startswith("tbl_vehicles") for name in documents):
        checks += _plans(documents, _whole(options, "every", 1), progress, each)
    counted = _heads(table, options)
    if counted is not None:
        rows = max(rows, len(counted[0]))
        checks += _foreseen(*counted, float(_whole(options, "ahead", 7)))
    cases, seed = _whole(options, "planted", 400), _whole(options, "seed", 1)
    if cases:
        checks += _planted(cases, seed, each)
        notes.append("stocks and settlements are simulated, seeded: no place is real")
    if not checks:
        raise InputError("give --plans, --counts, or --csv with --time and --persons, or let --planted be more than 0")
    return Report("shelters", tuple(checks), rows, tuple(notes))


def _whole(options: Mapping[str, str], name: str, otherwise: int) -> int:
    text = options.get(name) or str(otherwise)
    if not (text.isascii() and text.isdigit()):
        raise InputError(f"--{name} is a whole number, not {text!r}")
    return int(text)


class Tried(NamedTuple):
    """What was found for one problem: seconds, and what is wrong with it."""

    seconds: float
    faults: Sequence[str]


def try_plan(task: Task) -> Tried:
    """Search for the tour of one problem, and check it."""
    tour = fly_and_drive(task, WIDTHS)
    return Tried(tour.seconds, faults_of(task, tour))


def _plans(documents: Mapping[str, bytes], every: int, progress: Progress, each: Each) -> list[Check]:
    proved = proved_of(documents)[:: max(every, 1)]
    gaps: list[float] = []
    faulty = 0
    for number, (one, found) in enumerate(
        zip(proved, each(try_plan, [task_of(documents, p) for p in proved]), strict=True)
    ):
        progress(number + 1, len(proved))
        gaps.append(found.seconds / one.seconds - 1.0)
        faulty += bool(found.faults)
    return [
        Check("mean_gap_to_optimum", float(np.mean(gaps)), "1", GAP, most=True),
        Check("largest_gap_to_optimum", max(gaps), "1"),
        Check("optimum_reached", float(np.mean([gap < 1e-6 for gap in gaps])), "1"),
        Check("plans_infeasible", float(faulty), "1", 0.0, most=True),
        Check("plans_scored", float(len(gaps)), "1"),
    ]


def _heads(table: Table, options: Mapping[str, str]) -> tuple[Floats, Floats] | None:
    if table.columns.get("persons"):
        values = np.array(list(table.columns["persons"].values()))
        whole = np.isfinite(values).all(axis=0)
        return table.seconds[whole].astype(float), values[:, whole].sum(axis=0)
    files = {n: data for n, data in table.documents.items() if not n.startswith("tbl_") and "/tbl_" not in n}
    files.pop(RESULTS, None)
    return counts_of(files, options.get("heads") or "人数") if files else None


def _foreseen(seconds: Floats, counts: Floats, days: float) -> list[Check]:
    said = look_ahead(seconds, counts, days * DAY)
    known = [n for n, one in enumerate(said) if one.at <= seconds[-1]]
    if len(known) < 10:
        raise InputError(f"the counts must go on for longer than {days:g} days after at least ten of them")
    came = np.interp([said[n].at for n in known], seconds, counts)
    missed = np.abs(np.array([said[n].persons for n in known]) - came)
    carried = np.abs(counts[known] - came)
    later = slice(len(known) // 2, None)
    name = f"head_count_{days:g}d"
    return [
        Check(f"{name}_improvement", 1.0 - float(missed.mean() / carried.mean()), "1", BETTER),
        Check(f"{name}_improvement_second_half", 1.0 - float(missed[later].mean() / carried[later].mean()), "1"),
        Check(f"{name}_mae", float(missed.mean()), "persons"),
        Check(f"{name}_mae_carried", float(carried.mean()), "persons"),
        Check(f"{name}_origins", float(len(known)), "1"),
    ]


def _cover(task: tuple[int, int, bool]) -> Cover:
    return coverage(*task)


def _planted(cases: int, seed: int, each: Each) -> list[Check]:
    known, other = each(_cover, [(seed, cases, False), (seed, cases, True)])
    return [
        Check("stock_coverage80", known.inside / known.cases, "1", COVER),
        Check("stock_coverage80_other_law", other.inside / other.cases, "1", COVER),
        Check("stock_interval_width", known.width, "d"),
        *_shared(list(settlements(seed, max(cases // 10, 1))), ""),
        *_shared(list(settlements(seed, max(cases // 10, 1), SCARCE)), "_scarce"),
        Check("allocation_equals_brute_force", float(np.mean([equals(task) for task in small(seed, SMALL)])), "1", 1.0),
    ]


def _shared(tasks: Sequence[Sharing], setting: str) -> list[Check]:
    """How the worst-off place fares, beside what is done without a computer."""
    found = [share_fairly(task, 2) for task in tasks]
    fair, plain, again = (
        np.array([one.worst for one in shares]) for shares in (found, map(pro_rata, tasks), map(share_by_need, tasks))
    )
    return [
        Check(f"worst_unmet_versus_pro_rata{setting}", 1.0 - float(fair.mean() / plain.mean()), "1", FAIRER),
        Check(f"worst_unmet_versus_shared_again{setting}", 1.0 - float(fair.mean() / again.mean()), "1"),
        Check(f"worst_unmet{setting}", float(fair.mean()), "1"),
        Check(f"worst_unmet_pro_rata{setting}", float(plain.mean()), "1"),
        Check(f"worst_unmet_never_worse{setting}", float((fair - again).max()), "1", 1e-6, most=True),
        Check(f"worst_unmet_proved{setting}", float(np.mean([one.proved for one in found])), "1"),
    ]
