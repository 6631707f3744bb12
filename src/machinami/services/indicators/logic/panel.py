"""What do places have in common before a measure began? A table of places and times, as somebody else made it.

A trait is written `columns@years`, as `gdp@1981-1990`, `100*high+higher/none+high+higher@1964-1969` (the share of the
sums of two lists of columns) or `industry@1961-1969~2` (every second year): the mean over the years that are known.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats
from machinami.methods.synthetic_control import Case

_TRAIT = re.compile(
    r"(?:(?P<factor>\d+(?:\.\d+)?)\*)?(?P<top>[^@/*]+)(?:/(?P<bottom>[^@/*]+))?@(?P<first>\d{1,4})(?:-(?P<last>\d{1,4}))?(?:~(?P<step>\d{1,3}))?"
)
MISSING = ("", "NA", "NaN", "nan", "null")


@dataclass(frozen=True, slots=True)
class Panel:
    """Places in order of their names' first appearance, times in order, and (places, times) values of each column, NaN
    where not known."""

    places: tuple[str, ...]
    times: tuple[int, ...]
    columns: Mapping[str, Floats]

    def place(self, name: str) -> int:
        """Where a place stands. Raises InputError naming those there are."""
        if name not in self.places:
            raise InputError(f"There is no place {name!r}; there is: {', '.join(self.places)}")
        return self.places.index(name)

    def column(self, name: str) -> Floats:
        """The values of a column. Raises InputError naming those there are."""
        if name not in self.columns:
            raise InputError(f"There is no column of numbers {name!r}; there is: {', '.join(self.columns)}")
        return self.columns[name]


def read_panel(data: bytes, unit: str, time: str) -> Panel:
    """The panel of a CSV table with one row for each place and time. Raises InputError saying what it lacks."""
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError("The table is no CSV in UTF-8") from error
    names = list(rows[0]) if rows else []
    for name in (unit, time):
        if name not in names:
            raise InputError(f"The table has no column {name!r}; it has: {', '.join(names) or 'nothing'}")
    places = tuple(dict.fromkeys(row[unit] for row in rows))
    times = tuple(sorted({_time(row[time], time) for row in rows}))
    at = {(row[unit], _time(row[time], time)): row for row in rows}
    columns = {}
    for name in names:
        read = [[_number((at.get((place, year)) or {}).get(name)) for year in times] for place in places]
        if name not in (unit, time) and all(value is not None for row in read for value in row):
            columns[name] = np.array(read, float)
    return Panel(places, times, columns)


def traits_of(panel: Panel, text: str) -> tuple[list[str], Floats]:
    """The traits that a text names, with commas between, and their values (traits, places). Raises InputError."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    return names, np.array([_trait(panel, name) for name in names])


def case_of(panel: Panel, traits: Floats, outcome: str, years: Sequence[int], own: int, others: Sequence[int]) -> Case:
    """The case of one place among others, whose outcome of these years the mixture shall follow."""
    past = panel.column(outcome)[:, [panel.times.index(year) for year in years]]
    return Case(traits[:, own], traits[:, list(others)], past[own], past[list(others)].T)


def years_of(panel: Panel, text: str) -> list[int]:
    """The times that `FROM-TO` names, of those that the panel has. Raises InputError."""
    found = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?(?:~(\d{1,3}))?", text.strip())
    years = [] if found is None else _between(panel, found[1], found[2], found[3])
    if not years:
        raise InputError(f"{text!r} names no times of the table, which go from {panel.times[0]} to {panel.times[-1]}")
    return years


def _trait(panel: Panel, text: str) -> Floats:
    found = _TRAIT.fullmatch(text)
    if found is None:
        raise InputError(f"{text!r} is no trait; write one as gdp@1981-1990")
    years = [panel.times.index(y) for y in _between(panel, found["first"], found["last"], found["step"])]
    if not years:
        raise InputError(f"{text!r} names no times of the table, which go from {panel.times[0]} to {panel.times[-1]}")
    top, bottom = (
        None if part is None else sum(_mean(panel.column(name.strip())[:, years], text) for name in part.split("+"))
        for part in (found["top"], found["bottom"])
    )
    value = top if bottom is None else top / bottom  # type: ignore[operator]  # the first part is always there
    return np.asarray(float(found["factor"] or 1) * value)  # type: ignore[operator]  # the same


def _mean(values: Floats, text: str) -> Floats:
    known = np.isfinite(values)
    if not known.any(axis=1).all():
        raise InputError(f"{text!r} is not known of every place in these times; choose others, or leave places out")
    return np.asarray(np.where(known, values, 0.0).sum(axis=1) / known.sum(axis=1))


def _between(panel: Panel, first: str, last: str | None, step: str | None) -> list[int]:
    return [year for year in range(int(first), int(last or first) + 1, max(int(step or 1), 1)) if year in panel.times]


def _time(text: str, name: str) -> int:
    try:
        value = float(text)
    except ValueError:
        value = 0.5
    if value != int(value):
        raise InputError(f"{text!r} in the column {name!r} is no whole number, such as a year")
    return int(value)


def _number(text: str | None) -> float | None:
    """The number of a cell, NaN where it is not known, None for a text."""
    if text is None or text.strip() in MISSING:
        return float("nan")
    try:
        return float(text)
    except ValueError:
        return None
