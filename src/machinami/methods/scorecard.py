"""How does a method present its scores, and what must it be given to be scored?

The contract between `machinami evaluate NAME` and the `evaluate` module of the service NAME. Such a module has

    ARGUMENTS: tuple[Argument, ...]         which columns and options it wants; the command line asks for them
    evaluate(table: Table, options: Mapping[str, str], progress: Progress, each: Each) -> Report
    WITHOUT_TABLE = True                    where it wants no table: then no file and no columns are asked for
    TABLE_OPTIONAL = True                   where it can do without one: the file and its columns may be left out

The command line reads the file, picks the columns and passes numbers: a service never sees a file. `each` is
`map`, or one that spreads calls over processes; what it is given must be importable and picklable.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from machinami.methods.series import Floats

Progress = Callable[[int, int], None]
"""Told how much is done, and of how much."""
Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]


class Table(NamedTuple):
    """Parsed columns: times in seconds since 1970 (ascending, distinct), and for each role its columns.

    `columns["rain"]` maps column names to values (n,), NaN where missing, in the order given; where a folder of tables
    was given, those of one place each, a single column has one entry for each place, by its name. `documents` are the
    files of a folder that was asked for, by their path within it, and single files by the name of their argument.
    """

    seconds: NDArray[np.int64]
    columns: dict[str, dict[str, Floats]]
    documents: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Argument:
    """One option of an evaluation: one column of the file, several of them, a text, a folder of documents whose names
    are as `pattern` says, or a file that the service reads itself, or elections: a .pb file of Pabulib or a folder of
    them, each as a JSON document; or a timetable by GTFS, as a JSON document (model.transit_document); or a table of
    service requests (311), as JSON rows."""

    name: str
    kind: Literal["column", "columns", "text", "folder", "file", "polls", "gtfs", "requests"]
    help: str
    required: bool = False
    default: str = ""
    pattern: str = "*.json"


@dataclass(frozen=True, slots=True)
class Check:
    """One score; `bar` is the least that passes, a (least, most) pair, or None; `most` turns it round."""

    name: str
    value: float | None
    unit: str
    bar: float | tuple[float, float] | None = None
    most: bool = False

    @property
    def passed(self) -> bool | None:
        """Return whether the bar is met; None where there is no bar or no value."""
        if self.bar is None or self.value is None or not np.isfinite(self.value):
            return None
        if isinstance(self.bar, tuple):
            return self.bar[0] <= self.value <= self.bar[1]
        return self.value <= self.bar if self.most else self.value >= self.bar

    def as_json(self) -> dict[str, Any]:
        """Return the check as JSON values; a value that could not be had is null."""
        known = self.value is not None and bool(np.isfinite(self.value))
        return {
            "name": self.name,
            "value": self.value if known else None,
            "bar": list(self.bar) if isinstance(self.bar, tuple) else self.bar,
            "unit": self.unit,
            "passed": self.passed,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All scores of a service over a table of `rows` rows; `notes` say what was done with the data."""

    service: str
    checks: tuple[Check, ...]
    rows: int
    notes: tuple[str, ...] = ()
