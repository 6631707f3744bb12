"""What stands in the closed months of a town's folder? Read from its files, whether the town runs or not."""

from collections.abc import AsyncIterator
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
from machinami.store.parquet import Chosen, Row, gathering


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


async def archived(folder: Path, town: str | None, wanted: Wanted) -> AsyncIterator[Row]:
    """The readings, month by month. Raises SettingsError where there is no such town, StoreUnavailable where its files
    cannot be read."""
    months = _months(folder, town)
    for name in await _names(months, wanted):
        async for row in months.read(name, _chosen(wanted)):
            yield row


async def as_parquet(folder: Path, town: str | None, wanted: Wanted) -> tuple[bytes, int]:
    """The readings in one file, for other programs, and how many they are. Raises as `archived` does."""
    months = _months(folder, town)
    with gathering() as found:
        for name in await _names(months, wanted):
            content = await months.content(name)
            if content is not None:
                found.add(content, _chosen(wanted))
        return found.written()


def reading(row: Row) -> Reading:
    """A row with short names and a moment."""
    context = town_context()
    entity, kind, attribute, dataset, at, number, unit, _ = row
    return Reading(entity, context.compact(kind), context.compact(attribute), dataset, from_micros(at), number, unit)


def _months(folder: Path, town: str | None) -> ClosedMonths:
    name = town or DEFAULT_TOWN
    if not (folder / "towns" / name).is_dir():
        raise SettingsError(f"There is no town {name!r} in {folder}")
    settings = read(folder)
    return ClosedMonths(files_of(settings, ring_of(settings), name))


async def _names(months: ClosedMonths, wanted: Wanted) -> list[str]:
    return [
        name
        for name in await months.names()
        if (not wanted.since or name[:7] >= wanted.since) and (not wanted.until or name[:7] <= wanted.until)
    ]


def _chosen(wanted: Wanted) -> Chosen:
    expand = town_context().expand
    kind, attribute = (expand(name) if name else "" for name in (wanted.type, wanted.attribute))
    return Chosen(wanted.entity, kind, attribute)
