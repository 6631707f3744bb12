"""Are health points as right as they say? Documents, ledger, merging, doubts and estimates against known truths.

The documents are the published test data of the Open mHealth schemas, a folder that the command line has read; all
else is drawn by chance from fixed seeds, so that anyone gets the same figures.
"""

from collections.abc import Mapping

import numpy as np
import orjson

from machinami.foundation.errors import InputError
from machinami.methods.scorecard import Argument, Check, Each, Progress, Report, Table
from machinami.services.health_points.logic.drill import Drilled, drill
from machinami.services.health_points.logic.figures import median_interval
from machinami.services.health_points.logic.forms import faults
from machinami.services.health_points.logic.planted import CHEATS, Counted, Recovered, count_twice, is_noticed, recover
from machinami.services.health_points.logic.worth import yearly_yen

WITHOUT_TABLE = True
ARGUMENTS = (
    Argument("documents", "folder", "test data of Open mHealth: …/NAME/VERSION/shouldPass|shouldFail/*.json"),
    Argument("operations", "text", "random operations on the ledger", default="20000"),
    Argument("towns", "text", "invented towns in which an effect is planted", default="100"),
)
SEED = 2026
PLANTED_MINUTES = 20.0
DRILLS = 10
INVENTED_DAYS = 200
GUIDELINE_STEPS, GUIDELINE_YEN = 1_500.0, 35_000.0


def evaluate(table: Table, options: Mapping[str, str], progress: Progress, each: Each = map) -> Report:
    """Score the rules of the service."""
    operations, towns = (_count(options, name) for name in ("operations", "towns"))
    steps = DRILLS + towns
    drills: list[Drilled] = []
    for found in each(_drill, [(operations // DRILLS, SEED + n) for n in range(DRILLS)]):
        drills.append(found)
        progress(len(drills), steps)
    recovered: list[Recovered] = []
    for one in each(_recover, range(SEED, SEED + towns)):
        recovered.append(one)
        progress(DRILLS + len(recovered), steps)
    checks = [*_documents(table.documents), *_ledger(drills), *_effect(recovered), *_days(), *_figures()]
    return Report("health_points", tuple(checks), len(table.documents), _notes(table.documents))


def _count(options: Mapping[str, str], name: str) -> int:
    text = options.get(name, "")
    if not (text.isascii() and text.isdigit() and 10 <= int(text) <= 100_000_000):
        raise InputError(f"--{name} {text!r} is not a number from 10 on")
    return int(text)


def _drill(task: tuple[int, int]) -> Drilled:
    return drill(*task)


def _recover(seed: int) -> Recovered:
    return recover(seed, PLANTED_MINUTES)


def _documents(documents: Mapping[str, bytes]) -> list[Check]:
    judged = {path: _is_right(path, body) for path, body in documents.items()}
    known = [right for right in judged.values() if right is not None]
    walking = [r for p, r in judged.items() if r is not None and ("step-count" in p or "physical-activity" in p)]
    return [
        Check("documents_right", sum(known) / len(known) if known else None, "1", 1.0),
        Check("step_documents_right", sum(walking) / len(walking) if walking else None, "1", 1.0),
        Check("documents_judged", float(len(known)), "1"),
    ]


def _is_right(path: str, body: bytes) -> bool | None:
    """Whether a test document is judged as its folder says; None for a file that is none of them."""
    parts = path.split("/")
    if len(parts) < 4 or parts[-2] not in ("shouldPass", "shouldFail"):
        return None
    found = faults(orjson.loads(body), parts[-4], parts[-3])
    return bool(found) is (parts[-2] == "shouldFail")


def _ledger(drills: list[Drilled]) -> list[Check]:
    return [
        Check("ledger_breaches", float(sum(len(d.breaches) for d in drills)), "1", 0.0, most=True),
        Check("ledger_operations", float(sum(d.operations for d in drills)), "1"),
        Check("ledger_entries", float(sum(d.entries for d in drills)), "1"),
        Check("ledger_overtaken", float(sum(d.overtaken for d in drills)), "1"),
        Check("ledger_crashes", float(sum(d.crashes for d in drills)), "1"),
    ]


def _effect(recovered: list[Recovered]) -> list[Check]:
    minutes = np.array([one.minutes for one in recovered])
    return [
        Check("effect_coverage", sum(one.covers for one in recovered) / len(recovered), "1", 0.93),
        Check("effect_bias", float(minutes.mean() - PLANTED_MINUTES), "min", (-1.0, 1.0)),
        Check("effect_coverage_before_after", sum(one.naive_covers for one in recovered) / len(recovered), "1"),
        Check("guideline_error", abs(yearly_yen(GUIDELINE_STEPS) / GUIDELINE_YEN - 1), "1", 0.02, most=True),
    ]


def _days() -> list[Check]:
    days: list[Counted] = [count_twice(SEED + n) for n in range(INVENTED_DAYS)]
    walked = sum(day.walked for day in days)
    checks = [
        Check("merged_error", sum(abs(day.merged - day.walked) for day in days) / walked, "1", 0.05, most=True),
        Check("merged_above_truth", sum(day.merged > day.walked for day in days) / len(days), "1", 0.0, most=True),
        Check("summed_error", sum(abs(day.summed - day.walked) for day in days) / walked, "1"),
    ]
    for cheat in CHEATS:
        share = sum(is_noticed(SEED + n, cheat) for n in range(INVENTED_DAYS)) / INVENTED_DAYS
        checks.append(Check(f"noticed_{cheat}", share, "1", 0.9))
    clean = sum(is_noticed(SEED + n, "") for n in range(INVENTED_DAYS)) / INVENTED_DAYS
    return [*checks, Check("asked_without_cause", clean, "1", 0.02, most=True)]


def _figures() -> list[Check]:
    draws = np.random.default_rng(SEED)
    rounds, truth = 400, float(np.exp(8.7))
    hits = 0
    for _ in range(rounds):
        found = median_interval(draws.lognormal(8.7, 0.4, 40), draws)
        hits += found.low <= truth <= found.high
    return [Check("median_coverage", hits / rounds, "1", (0.90, 0.98))]


def _notes(documents: Mapping[str, bytes]) -> tuple[str, ...]:
    said = "effect_coverage: a planted +20 min lies in the 95 % interval; …_before_after: of the mere change"
    return (said,) if documents else (said, "no --documents were given, so no document was judged")
