"""What is known of one river, on a regular grid of times, and which of it can be believed?"""

from dataclasses import dataclass, replace

import numpy as np

from machinami.methods.series import Floats

RAIN_ZEROS = 0.3
"""A column is rain when it is never negative and at least this share of it is exactly nothing."""
RAIN_CEILING = 6.0
"""Rain above this many times its own 99.9th wet percentile is a broken gauge."""


@dataclass(frozen=True, slots=True)
class Record:
    """Level (n,) in the river's own unit and explanatory columns (m, n), from `start` every `step` seconds.

    `rain[i]` is what fell (or was measured) in the step that ends at time i. NaN means not measured. The
    columns may reach beyond the last level: that is a rain forecast.
    """

    start: int
    step: int
    level: Floats
    rain: Floats
    names: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Return the number of steps."""
        return len(self.level)

    def steps(self, hours: float) -> int:
        """Return how many steps `hours` make, at least one."""
        return max(1, round(hours * 3600 / self.step))

    def until(self, end: int) -> "Record":
        """Return the record of the first `end` steps."""
        return replace(self, level=self.level[:end], rain=self.rain[:, :end])

    def span(self, begin: int, end: int) -> "Record":
        """Return the record of the steps from `begin` until before `end`."""
        return replace(
            self,
            start=self.start + begin * self.step,
            level=self.level[begin:end],
            rain=self.rain[:, begin:end],
        )


@dataclass(frozen=True, slots=True)
class Column:
    """How one explanatory column is used: as rain (added up) or as a signal (compared with its past)."""

    name: str
    kind: str
    ceiling: float


def judge_columns(record: Record) -> tuple[Column, ...]:
    """Tell rain from other signals by range: never below 0, mostly exactly 0 (else it is a signal)."""
    judged = []
    for position in range(len(record.rain)):
        values = record.rain[position]
        known = values[np.isfinite(values)]
        name = record.names[position] if position < len(record.names) else str(position)
        wet = known[known > 0]
        rainy = known.size > 0 and (known < 0).mean() < 0.01 and (known == 0).mean() >= RAIN_ZEROS
        if rainy:
            ceiling = RAIN_CEILING * float(np.quantile(wet, 0.99)) if wet.size else np.inf
            judged.append(Column(name, "rain", ceiling))
        else:
            judged.append(Column(name, "signal", np.inf))
    return tuple(judged)


def cleaned(record: Record, columns: tuple[Column, ...]) -> Record:
    """Take out what a column cannot have measured: negative rain, rain far above its ceiling."""
    rain = record.rain.copy()
    for position, column in enumerate(columns):
        if column.kind == "rain":
            values = rain[position]
            rain[position] = np.where((values < 0) | (values > column.ceiling), np.nan, values)
    return replace(record, rain=rain)
