"""What stands in the closed months of a town's folder? Read from its files, whether the town runs or not."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from machinami.app.configuration import read
from machinami.app.keys import files_of, ring_of
from machinami.broker.closed_months import ClosedMonths
from machinami.broker.contexts import town_context
from machinami.broker.town import DEFAULT_TOWN
from machinami.foundation.errors import SettingsError
from machinami.foundation.instant import from_micros
from machinami.store.parquet import Row, to_parquet

Kept = Row
"""A reading as it stands in a file."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which readings: of this type, entity, attribute (short names or IRIs; empty: any), and of months from one to
    another (2026-05; empty: any)."""

    type: str = ""
    entity: str = ""
    attribute: str = ""
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading as it came."""

    entity: str
    type: str
    attribute: str
    dataset: str
    at: datetime
    number: float
    unit: str


async def archived(folder: Path, town: str | None, wanted: Wanted) -> AsyncIterator[Kept]:
    """The readings, month by month. Raises SettingsError where there is no such town, StoreUnavailable where its files
    cannot be read."""
    name = town or DEFAULT_TOWN
    if not (folder / "towns" / name).is_dir():
        raise SettingsError(f"There is no town {name!r} in {folder}")
    settings = read(folder)
    months, is_wanted = ClosedMonths(files_of(settings, ring_of(settings), name)), _filter(wanted)
    for file in await months.names():
        if (not wanted.since or file[:7] >= wanted.since) and (not wanted.until or file[:7] <= wanted.until):
            for row in await months.read(file):
                if is_wanted(row):
                    yield row


def reading(row: Row) -> Reading:
    """A row with short names and a moment."""
    context = town_context()
    entity, kind, attribute, dataset, at, number, unit, _ = row
    return Reading(entity, context.compact(kind), context.compact(attribute), dataset, from_micros(at), number, unit)


def as_parquet(rows: list[Row]) -> bytes:
    """The rows in one file, for other programs."""
    return to_parquet(rows)


def _filter(wanted: Wanted) -> Callable[[Row], bool]:
    expand = town_context().expand
    kind, attribute = (expand(name) if name else "" for name in (wanted.type, wanted.attribute))

    def is_wanted(row: Row) -> bool:
        return (
            (not kind or row[1] == kind)
            and (not wanted.entity or row[0] == wanted.entity)
            and (not attribute or row[2] == attribute)
        )

    return is_wanted
