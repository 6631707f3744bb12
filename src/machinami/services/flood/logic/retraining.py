"""What does the worker do when a gauge's model is to be learned anew? Learns, scores, and learns once more on all.

Heavy: runs in a worker process, takes and gives plain values and bytes.
"""

from datetime import datetime
from typing import NamedTuple

import numpy as np

from machinami.methods.series import lagged
from machinami.methods.verification import coverage, rmse
from machinami.services.flood.logic.forecast import hindcast
from machinami.services.flood.logic.outlook import Outlook, TrainedModel
from machinami.services.flood.logic.record import Record
from machinami.services.flood.logic.stored import from_bytes, to_bytes
from machinami.services.flood.logic.training import train
from machinami.services.flood.model import HorizonScore, Scores

HELD_OUT = 0.25
HOURS = (1.0, 2.0, 3.0, 6.0)


class Retrained(NamedTuple):
    """A model as bytes, its scores, and the incumbent's on the same held-out quarter (None without one)."""

    model: bytes
    scores: Scores
    incumbent: Scores | None


def retrain(record: Record, incumbent: bytes | None, now: datetime, seed: int = 7) -> Retrained:
    """Learn from the first three quarters, score on the last, then learn from all of it.

    The incumbent has seen part of the held-out quarter if it was trained lately; that favours it, so a
    candidate that still wins is better.
    """
    known = np.flatnonzero(np.isfinite(record.level))
    cut = int(known[int(len(known) * (1.0 - HELD_OUT))])
    coming = (False, True) if len(record.rain) else (False,)
    candidate = train(record.until(cut), HOURS, coming, seed)
    scores = scored(candidate, record, cut, now)
    old = None
    if incumbent is not None:
        model = from_bytes(incumbent)
        if model.step == record.step and len(model.columns) == len(record.rain):
            old = scored(model, record, cut, now)
    return Retrained(to_bytes(train(record, HOURS, coming, seed)), scores, old)


def scored(model: TrainedModel, record: Record, cut: int, now: datetime) -> Scores:
    """Score a model from step `cut` on."""
    rows = tuple(score_one(model, outlook, record, cut) for outlook in model.outlooks)
    return Scores(now, int(np.isfinite(record.level).sum()), rows)


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
