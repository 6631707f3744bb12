"""When is a gauge's model to be learned anew, and which of its forecasters are good enough to be used?"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import isfinite

from machinami.model.view import Ref
from machinami.model.vocabulary.water import RiverGauge
from machinami.services.flood.logic.gathering import Series
from machinami.services.flood.model import HorizonScore, ModelScore, Retrained, ScoreRow, state_id

OFTEN = timedelta(minutes=10)
SELDOM = timedelta(days=1)
PLENTY = 4_320
"""Rows (a month of ten minutes) after which more data change little within a day."""
FEWEST = 1_000
RECENT = timedelta(hours=6)
GROWN = 1.25
TOLD_HOURS = 2.0
"""By its forecasts of so far ahead a model is judged in one number."""


def due(last: ModelScore | None, now: datetime) -> bool:
    """Whether to look if a model should be learned: never yet, a day ago, or from few rows a while ago."""
    if last is None or last.trained_at is None:
        return True
    young = (last.rows or 0) < PLENTY
    return now - last.trained_at >= (OFTEN if young else SELDOM)


def worth_it(last: ModelScore | None, level: Series, now: datetime) -> bool:
    """Whether learning from these readings can be expected to bring something.

    Not while a long past is still being read in, nor for a gauge that ended: the last reading must be recent.
    """
    rows = len(level.seconds)
    if rows < FEWEST or now.timestamp() - level.seconds[-1] > RECENT.total_seconds():
        return False
    if last is None or last.trained_at is None:
        return True
    return rows >= GROWN * (last.rows or 0) or now - last.trained_at >= SELDOM


def useful(scores: Sequence[HorizonScore], improvement_needed: float) -> list[HorizonScore]:
    """The forecasters that beat "stays as it is" on the held-out tail by at least so much."""
    return [s for s in scores if isfinite(s.improvement) and s.improvement > improvement_needed]


def average(scores: Sequence[HorizonScore]) -> float:
    """The mean improvement over persistence; minus infinity where there is none."""
    known = [score.improvement for score in scores if isfinite(score.improvement)]
    return sum(known) / len(known) if known else float("-inf")


def score_of(gauge: RiverGauge, done: Retrained, now: datetime) -> ModelScore:
    """What came of learning, as an entity: both errors, side by side, whether or not the model is used."""
    used = {(score.hours, score.uses_rain) for score in done.used}
    rows: list[ScoreRow] = [
        {
            "hours": score.hours,
            "rain": "perfect" if score.uses_rain else "past",
            "model": round(score.rmse, 5),
            "persistence": round(score.persistence_rmse, 5),
            "coverage": round(score.coverage, 4),
            "cases": score.cases,
            "used": (score.hours, score.uses_rain) in used,
        }
        for score in done.scores
    ]
    told = [score for score in done.scores if score.hours == TOLD_HOURS and not score.uses_rain]
    return ModelScore(
        id=state_id("ModelScore", gauge.id),
        ref_gauge=Ref(gauge.id),
        model=done.name,
        trained_at=now,
        rows=done.rows,
        unit=gauge.water_level.unit if gauge.water_level else None,
        scores=rows,
        improvement=next((round(s.improvement, 4) for s in told if isfinite(s.improvement)), None),
        in_use=bool(done.model),
        simulated=gauge.simulated,
    )
