"""What will this gauge say in the coming hours?

Light: numpy only, so that forecasting every ten minutes never loads what training needs.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from machinami.model.expectation import Step
from machinami.services.flood.logic.forecast import hindcast
from machinami.services.flood.logic.gathering import Series, gather
from machinami.services.flood.logic.outlook import Outlook, TrainedModel
from machinami.services.flood.logic.record import Record
from machinami.services.flood.logic.stored import from_bytes

REPLAY_DAYS = 10.0
"""The forecasts of the last days are made again, so that the next follows how they turned out."""
NOTHING = Series([], [])
read_model = lru_cache(maxsize=32)(from_bytes)


class Task(NamedTuple):
    """All that a forecast for one gauge needs. coming: forecast rain (mm) in each hour from `coming_from` (s) on."""

    gauge: str
    model: bytes
    level: Series
    coming: tuple[float, ...] = ()
    coming_from: int = 0


def forecast_all(
    tasks: Sequence[Task], rain: Mapping[str, Series], rain_trust: float
) -> dict[str, tuple[datetime, tuple[Step, ...]]]:
    """Forecast several gauges: by gauge id, the time of the last reading and the steps said from there."""
    found = {}
    for task in tasks:
        model = read_model(task.model)
        known = {column.name: rain.get(column.name, NOTHING) for column in model.columns}
        record = gather(task.level, known, model.step, task.coming, task.coming_from)
        steps = () if record is None else forecast(model, record, bool(task.coming), rain_trust)
        if steps:
            found[task.gauge] = (datetime.fromtimestamp(task.level.seconds[-1], UTC), steps)
    return found


def forecast(model: TrainedModel, record: Record, rain_known: bool, rain_trust: float) -> tuple[Step, ...]:
    """Forecast from the last reading of a record; `rain_known` says that it reaches into the future with rain.

    A rain forecast is not the rain: the answer lies between that of the outlook told of rain and that of
    the one not told, by `rain_trust` (0 to 1). Empty where the record does not fit the model.
    """
    if record.step != model.step or len(record.rain) != len(model.columns) or not np.isfinite(record.level).any():
        return ()
    last = int(np.flatnonzero(np.isfinite(record.level))[-1])
    steps = []
    for dry in (outlook for outlook in model.outlooks if not outlook.coming):
        said = one_horizon(model, dry, record, last)
        wet = next((o for o in model.outlooks if o.coming and o.hours == dry.hours), None)
        if rain_known and wet is not None and last + record.steps(dry.hours) < record.rain.shape[1]:
            said = between(said, one_horizon(model, wet, record, last), rain_trust)
        steps.append(said)
    return tuple(step for step in steps if np.isfinite([step.low, step.middle, step.high]).all())


def one_horizon(model: TrainedModel, outlook: Outlook, record: Record, last: int) -> Step:
    """Return what one outlook says at step `last`, its interval tuned by the forecasts of the last days."""
    begin = max(0, last - record.steps(24 * REPLAY_DAYS))
    past = hindcast(model, outlook, record, begin)
    here = last - begin
    issued = datetime.fromtimestamp(record.start + last * record.step, UTC)
    at = issued + timedelta(hours=outlook.hours)
    return Step(at, float(past.low[here]), float(past.level[here]), float(past.high[here]))


def between(dry: Step, wet: Step, trust: float) -> Step:
    """Mix two forecasts; the interval spans from the lower to the higher mix, never crossing the level."""

    def mix(a: float, b: float) -> float:
        return (1.0 - trust) * a + trust * b

    middle = mix(dry.middle, wet.middle)
    low, high = mix(dry.low, min(dry.low, wet.low)), mix(dry.high, max(dry.high, wet.high))
    return Step(dry.at, min(middle, low), middle, max(middle, high))
