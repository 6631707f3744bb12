"""What will the river do, said from each time of a record, and how sure is it?"""

from typing import NamedTuple

import numpy as np

from machinami.methods.series import Floats, lagged
from machinami.services.flood.logic.features import describe
from machinami.services.flood.logic.hindsight import adapted, calm_share, known_errors
from machinami.services.flood.logic.members import regimes
from machinami.services.flood.logic.outlook import Outlook, TrainedModel, expected_error, rise
from machinami.services.flood.logic.record import Record, cleaned


class Hindcast(NamedTuple):
    """Forecasts issued at successive steps: level, and the ends of the 90 % interval (NaN: none possible)."""

    level: Floats
    low: Floats
    high: Floats


def hindcast(model: TrainedModel, outlook: Outlook, record: Record, begin: int) -> Hindcast:
    """Forecast from every step of the record from `begin` on, each from what was known by then."""
    steps = record.steps(outlook.hours)
    known = cleaned(record, model.columns)
    cases = describe(known, model.columns, model.scales, steps if outlook.coming else 0)
    rows = np.arange(begin, record.count)
    part = cases._replace(
        table=cases.table[rows],
        activity=cases.activity[rows],
        height=cases.height[rows],
        stir=cases.stir[rows],
    )
    learned = rise(outlook, part)
    spread = expected_error(outlook, part, learned)
    outcome = (lagged(record.level, -steps) - record.level)[rows]
    regime, day = regimes(part.stir), 86400 / record.step
    increment = learned * calm_share(learned / spread, outcome / spread, regime, outlook.calm, steps, day)
    increment += outlook.carry[regime] * known_errors(outcome - learned, np.arange(len(rows)), steps)
    band = adapted(outlook.band, regime, (outcome - increment) / spread, steps)
    level = record.level[rows]
    middle = level + increment
    return Hindcast(
        middle,
        np.minimum(middle, middle + band[:, 0] * spread),
        np.maximum(middle, middle + band[:, 1] * spread),
    )
