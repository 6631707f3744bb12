"""What will this gauge say in the coming hours?

Light: numpy only, so that forecasting every ten minutes never loads what training needs.
"""

from datetime import UTC, datetime, timedelta

import numpy as np

from machinami.services.flood.logic.forecast import hindcast
from machinami.services.flood.logic.outlook import Outlook, TrainedModel
from machinami.services.flood.logic.record import Record
from machinami.services.flood.model import Step

REPLAY_DAYS = 10.0
"""The forecasts of the last ten days are made again, so that the interval follows how they turned out."""


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
