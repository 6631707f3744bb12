"""Do buses run in the simulated town, the same ones whoever asks, and late in the storm?"""

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np

from machinami.ingest.town.simulate import Town
from machinami.model.reading import Reading

ANCHOR = datetime(2026, 6, 30, 1, tzinfo=UTC)  # ten in the morning
TEN = timedelta(minutes=10)


@cache
def town() -> Town:
    return Town(3, ANCHOR, 10)


def buses(start: datetime, hours: float) -> list[Reading]:
    return list(town().fleet.told(start, start + timedelta(hours=hours), TEN))


def delays(start: datetime) -> list[float]:
    """The delays that buses tell of the stop just behind them, within an hour."""
    return [float(r.value[-1][2]) for r in buses(start, 1) if r.attribute == "delays" and isinstance(r.value, list)]


def test_two_lines_run_there_and_back() -> None:
    assert [pattern.id for pattern in town().fleet.network.patterns] == ["1-0", "1-1", "2-0", "2-1"]
    assert town().fleet.network.trips_on(ANCHOR.date()) > 80


def test_asking_in_slices_gives_the_same_buses() -> None:
    whole = buses(ANCHOR, 2)
    assert whole == [*buses(ANCHOR, 1), *buses(ANCHOR + timedelta(hours=1), 1)]


def test_buses_are_late_in_the_storm() -> None:
    storm, calm = delays(ANCHOR + timedelta(hours=3)), delays(ANCHOR + timedelta(days=1, hours=3))
    assert np.median(storm) > np.median(calm) + 180


def test_the_week_before_is_told_as_delays_at_stops() -> None:
    told = buses(ANCHOR - timedelta(days=1), 24)
    assert {reading.entity_type for reading in told} == {"TransitDelay"}
    assert len(told) > 400
    assert all(ANCHOR - timedelta(days=1) <= reading.observed_at < ANCHOR for reading in told)
