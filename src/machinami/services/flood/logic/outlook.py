"""What is a trained forecaster, and what does it say about one horizon?"""

from typing import NamedTuple

import numpy as np

from machinami.methods.series import Floats
from machinami.services.flood.logic.features import Cases, Scales
from machinami.services.flood.logic.members import Member, increment, regimes
from machinami.services.flood.logic.record import Column

TAIL = 0.04
"""Share left outside each end in calibration: less than 5 %, because the next flood differs from those seen."""
MOST_STIR = 20.0


class Outlook(NamedTuple):
    """The forecaster of one horizon.

    weights: (regimes, members); spread: coefficients of the expected absolute error; band: (regimes, 2), the
    outer quantiles of error / spread; calm: the mean square of forecast / spread on a calm river; carry: (regimes,),
    the share of the last known error that comes again. `coming` says that rain up to the horizon must be given.
    """

    hours: float
    coming: bool
    members: tuple[Member, ...]
    weights: Floats
    spread: Floats
    band: Floats
    calm: float
    carry: Floats

    @classmethod
    def persistence(cls, hours: float, coming: bool, scales: Scales) -> "Outlook":
        """Return the forecaster that says: it stays as it is."""
        band = np.tile(np.array([-2.0, 2.0]), (3, 1))
        spread = np.array([scales.mean_step, 1.0, 0.0, 0.0])
        return cls(hours, coming, (), np.zeros((3, 0)), spread, band, 0.0, np.zeros(3))


class TrainedModel(NamedTuple):
    """Everything learned about one river: sizes, use of columns, one outlook per horizon and rain knowledge."""

    step: int
    columns: tuple[Column, ...]
    scales: Scales
    outlooks: tuple[Outlook, ...]


def mixed(weights: Floats, forecasts: Floats, stir: Floats) -> Floats:
    """Mix members' forecasts (n, m) with the weights of each row's regime."""
    return np.asarray((weights[regimes(stir)] * forecasts).sum(axis=1))


def rise(outlook: Outlook, cases: Cases) -> Floats:
    """Return the forecast increment of the level for every case."""
    if not outlook.members:
        return np.zeros(len(cases.table))
    said = np.column_stack([increment(member, cases) for member in outlook.members])
    return mixed(outlook.weights, said, cases.stir)


def spread_design(cases: Cases, forecast: Floats) -> Floats:
    """Return what the expected error is explained by: a constant, activity, the forecast itself, stir."""
    stir = np.minimum(cases.stir, MOST_STIR)
    return np.column_stack([np.ones(len(forecast)), cases.activity, np.abs(forecast), stir])


def expected_error(outlook: Outlook, cases: Cases, forecast: Floats) -> Floats:
    """Return the expected absolute error of each forecast."""
    return np.maximum(spread_design(cases, forecast) @ outlook.spread, 1e-12)
