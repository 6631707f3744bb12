"""What does the worker do when a gauge's model is to be learned anew? Learns, scores, and learns once more on all.

Heavy: runs in a worker process, takes and gives plain values and bytes. Nothing else imports this module.
"""

from collections.abc import Mapping

import numpy as np

from machinami.methods.series import lagged
from machinami.methods.verification import coverage, rmse
from machinami.services.flood.logic.forecast import hindcast
from machinami.services.flood.logic.gathering import Series, gather
from machinami.services.flood.logic.outlook import Outlook, TrainedModel
from machinami.services.flood.logic.promotion import average, useful
from machinami.services.flood.logic.record import Record
from machinami.services.flood.logic.stored import to_bytes
from machinami.services.flood.logic.training import RECIPES, train
from machinami.services.flood.model import HorizonScore, Retrained

HELD_OUT = 0.25
HOURS = (1.0, 2.0, 3.0, 6.0)
SEED = 7
QUICK = tuple(recipe for recipe in RECIPES if recipe.kind == "linear")
"""Recipes that are learned in a second or two; on the simulated rivers trees add little to them."""


def retrain(level: Series, rain: Mapping[str, Series], thorough: bool, improvement_needed: float) -> Retrained:
    """Learn from the first three quarters, score on the last, then learn the better of the ways from all of it.

    `thorough` also tries the recipes with trees, which take minutes. Forecasters that do not beat persistence on the
    held-out quarter are left out.
    """
    record = gather(level, rain)
    if record is None:
        return Retrained(b"", "", 0, (), ())
    known = np.flatnonzero(np.isfinite(record.level))
    cut = int(known[int(len(known) * (1.0 - HELD_OUT))])
    coming = (False, True) if len(record.rain) else (False,)
    ways = {"linear": QUICK, **({"linear and trees": RECIPES} if thorough else {})}
    tried = {}
    for name, recipes in ways.items():
        tried[name] = scored(train(record.until(cut), HOURS, coming, SEED, recipes), record, cut)
    best = max(tried, key=lambda name: average([s for s in tried[name] if not s.uses_rain]))
    used = useful(tried[best], improvement_needed)
    if not used:
        return Retrained(b"", best, len(known), tried[best], ())
    model = train(record, HOURS, coming, SEED, ways[best])
    kept = {(s.hours, s.uses_rain) for s in used}
    model = model._replace(outlooks=tuple(o for o in model.outlooks if (o.hours, o.coming) in kept))
    return Retrained(to_bytes(model), best, len(known), tried[best], tuple(used))


def scored(model: TrainedModel, record: Record, cut: int) -> tuple[HorizonScore, ...]:
    """Score a model from step `cut` on; horizons without a case are left out."""
    found = (score_one(model, outlook, record, cut) for outlook in model.outlooks)
    return tuple(score for score in found if score.cases)


def score_one(model: TrainedModel, outlook: Outlook, record: Record, cut: int) -> HorizonScore:
    """Score one horizon against persistence over the same times."""
    past = hindcast(model, outlook, record, cut)
    later = lagged(record.level, -record.steps(outlook.hours))[cut:]
    error = later - past.level
    naive = np.where(np.isfinite(error), later - record.level[cut:], np.nan)
    return HorizonScore(
        outlook.hours,
        outlook.coming,
        rmse(error),
        rmse(naive),
        coverage(later, past.low, past.high),
        int(np.isfinite(error).sum()),
    )
