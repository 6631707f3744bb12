"""What will this gauge say in the coming hours, or why can nothing be said?

Light: numpy only, so that forecasting every ten minutes never loads what training needs.
"""

from datetime import datetime

import numpy as np

from machinami.services.flood.logic.forecast import hindcast
from machinami.services.flood.logic.outlook import Outlook, TrainedModel
from machinami.services.flood.logic.record import Record
from machinami.services.flood.model import Absent, Forecast, HorizonForecast, Quality, Settings

REPLAY_DAYS = 10.0
"""The forecasts of the last ten days are made again, so that the interval follows how they turned out."""


def forecast(
    model: TrainedModel | None,
    record: Record | None,
    quality: Quality,
    now: datetime,
    settings: Settings,
    rain_known: bool = False,
    name: str = "",
) -> Forecast | Absent:
    """Forecast from the last reading of a record; `rain_known` says that it reaches into the future with rain.

    A rain forecast is not the rain: the answer lies between that of the outlook told of rain and that of
    the one not told, by the setting `rain_trust`.
    """
    if not quality.usable:
        return Absent(now, quality.state, quality.since, quality.minutes)
    if model is None:
        return Absent(now, "no_model")
    if record is None or not np.isfinite(record.level).any():
        return Absent(now, "no_readings")
    if record.step != model.step:
        return Absent(now, "too_short")
    last = int(np.flatnonzero(np.isfinite(record.level))[-1])
    horizons = []
    for dry in (outlook for outlook in model.outlooks if not outlook.coming):
        said = one_horizon(model, dry, record, last)
        wet = next((o for o in model.outlooks if o.coming and o.hours == dry.hours), None)
        if rain_known and wet is not None and last + record.steps(dry.hours) < record.rain.shape[1]:
            said = between(said, one_horizon(model, wet, record, last), settings.rain_trust)
        horizons.append(said)
    return Forecast(now, float(record.level[last]), tuple(horizons), rain_known, name)


def one_horizon(model: TrainedModel, outlook: Outlook, record: Record, last: int) -> HorizonForecast:
    """Return what one outlook says at step `last`, its interval tuned by the forecasts of the last days."""
    begin = max(0, last - record.steps(24 * REPLAY_DAYS))
    past = hindcast(model, outlook, record, begin)
    here = last - begin
    return HorizonForecast(outlook.hours, float(past.level[here]), float(past.low[here]), float(past.high[here]))


def between(dry: HorizonForecast, wet: HorizonForecast, trust: float) -> HorizonForecast:
    """Mix two forecasts; the interval spans from the lower to the higher mix, never crossing the level."""

    def mix(a: float, b: float) -> float:
        return (1.0 - trust) * a + trust * b

    level = mix(dry.level, wet.level)
    return HorizonForecast(
        dry.hours,
        level,
        min(level, mix(dry.low, min(dry.low, wet.low))),
        max(level, mix(dry.high, max(dry.high, wet.high))),
    )
