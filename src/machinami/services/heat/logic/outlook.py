"""What will be said of the coming hours, of every place, from all that was measured?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from machinami.methods.series import Floats
from machinami.services.heat.logic.forecast import Model, learn, naive_misses, say
from machinami.services.heat.logic.panel import DAY, Panel, panel_of, yesterday

AHEAD = (3, 6, 12, 24)
"""Hours ahead that are forecast."""
DIGITS = 1
Series = Mapping[str, tuple[Sequence[float], Sequence[float]]]


def outlook(series: Series) -> dict[str, list[dict[str, Any]]]:
    """Say for every place what its WBGT will be; places without a day of readings are left out.

    `series` holds (seconds since 1970, °C). Runs in a worker: learning from a summer takes some seconds a place.
    """
    panel = panel_of(series)
    rows: dict[str, list[dict[str, Any]]] = {}
    for ahead in AHEAD:
        models = {model.place: model for model in learn(panel, ahead)} if panel.hours else {}
        for number, place in enumerate(panel.places):
            row = _row(panel, number, ahead, models.get(place))
            if row:
                rows.setdefault(place, []).append(row)
    return rows


def _row(panel: Panel, number: int, ahead: int, model: Model | None) -> dict[str, Any] | None:
    """The last hour's forecast: the learned one where it is better, else as yesterday with the errors of that."""
    if model and model.used:
        said = say(model, panel)
        middle, low, high = (float(values[-1]) for values in said)
    else:
        middle = float(yesterday(panel, number, ahead)[-1]) if panel.hours >= DAY else float("nan")
        low, high = _ends(naive_misses(panel, number, ahead)[1])
        low, high = middle + low, middle + high
    if not np.isfinite(middle):
        return None
    gain = round(model.gain, 3) if model else None
    ends = {"low": round(low, DIGITS), "high": round(high, DIGITS)} if np.isfinite([low, high]).all() else {}
    return {"hours": ahead, "wbgt": round(middle, DIGITS), **ends, "gain": gain, "used": bool(model and model.used)}


def _ends(misses: Floats) -> tuple[float, float]:
    known = misses[np.isfinite(misses)]
    if len(known) < DAY:
        return float("nan"), float("nan")
    low, high = np.quantile(known, [0.05, 0.95])
    return float(low), float(high)


def is_due(issued: datetime | None, newest: datetime | None) -> bool:
    """Tell whether something was measured in a later hour than what was forecast from last."""
    if newest is None:
        return False
    return issued is None or newest.replace(minute=0, second=0, microsecond=0) > issued
