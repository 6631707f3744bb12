"""How does a file's past come into a town that is not running? Opens its folder and writes what is not there yet."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from machinami.app.clock import utc_now
from machinami.app.configuration import read
from machinami.app.keys import backend_of, ring_of
from machinami.app.person_keys import PersonKeyRing
from machinami.app.running import fresh_id
from machinami.broker import history
from machinami.broker.contexts import town_context
from machinami.broker.law import Law
from machinami.broker.legal_records import load_law
from machinami.broker.operations import peek
from machinami.broker.policy import Policy
from machinami.broker.shroud.shrouded import shrouded
from machinami.broker.town import DEFAULT_TOWN, Town
from machinami.foundation.errors import InUse, SettingsError, TenantNotFound
from machinami.ingest.csv.readings import Harvest, Series, said
from machinami.kit.city import Intake
from machinami.kit.installed import read_manifest
from machinami.model.principal import Principal
from machinami.model.query import TemporalQuery, TimeRelation
from machinami.model.reading import Reading

PACKAGE = "machinami.ingest.csv"
_BATCH = 2_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an import: readings written, known before with the same value, and known with another one."""

    written: int
    known: int
    different: int


@asynccontextmanager
async def town_in(folder: Path, name: str | None) -> AsyncIterator[Town]:
    """The town in a folder, for as long as the block lasts; nobody else has it meanwhile.

    Raises SettingsError where there is no such folder, InUse where a running town holds it, TenantNotFound for
    a town that is not there.
    """
    if not folder.is_dir():
        raise SettingsError(f"There is no folder {folder}; make one with: machinami init {folder}")
    settings = read(folder)
    backend, persons, law = backend_of(settings, ring_of(settings)), PersonKeyRing(settings), Law(utc_now)
    try:
        wanted = name or DEFAULT_TOWN
        there = await backend.towns()
        if wanted != DEFAULT_TOWN and wanted not in there:
            raise TenantNotFound(f"There is no town {wanted!r} in {folder}; there are: {', '.join(there) or 'none'}")
        store = await shrouded(await backend.open(wanted), law, persons.of(wanted))
        await load_law(law, store)
        yield Town(wanted, store, Policy(), utc_now, fresh_id, shroud=store)
    except InUse as error:
        raise InUse(f"{error.detail}, or send the data to the running town with --to URL", **error.facts) from error
    finally:
        await backend.close()
        persons.close()


async def bring_in(town: Town, found: Harvest, progress: Progress) -> Outcome:
    """Write a file's readings: the past into the history alone, the newest of each series as news.

    What the history has already at that moment is left as it is, so the same file can be brought in again, and an
    import that was broken off goes on where it stopped.
    """
    intake = Intake(town, read_manifest(PACKAGE, "ingest"))
    await intake.deliver([fact for fact in found.facts if not _is_known(town, fact)])
    rows: dict[str, list[int]] = {}
    for i, entity in enumerate(found.entities):
        rows.setdefault(entity, []).append(i)
    total = found.count()
    newest: list[Reading] = []
    written = known = different = 0
    for entity, indices in rows.items():
        for series in found.series:
            points = [(found.moments[i], series.values[i]) for i in indices if said(series.values[i])]
            there = await _known(town, entity, series.rule.attribute, [moment for moment, _ in points])
            fresh = [_reading(found, entity, series, *point) for point in points if point[0] not in there]
            same = sum(there.get(moment) == value for moment, value in points)
            known += same
            different += len(points) - len(fresh) - same
            newest += fresh[-1:]
            for start in range(0, len(fresh) - 1, _BATCH):
                await intake.deliver_past(fresh[start : min(start + _BATCH, len(fresh) - 1)])
                progress(written + known + different + min(start + _BATCH, len(fresh)), total)
            written += len(fresh)
            progress(written + known + different, total)
    await intake.deliver(sorted(newest, key=lambda reading: reading.observed_at))
    return Outcome(written, known, different)


def _reading(found: Harvest, entity: str, series: Series, moment: datetime, value: float | str) -> Reading:
    return Reading(entity, found.entity_type, series.rule.attribute, value, moment, series.rule.unit_code)


def _importer() -> Principal:
    return Principal("urn:machinami:source:csv", frozenset({"service"}))


def _is_known(town: Town, fact: Reading) -> bool:
    entity = peek(town, fact.entity_id, _importer())
    there = entity.get(town_context().expand(fact.attribute)) if entity is not None else None
    return there is not None and there.value == fact.value


async def _known(town: Town, entity: str, attribute: str, moments: Sequence[datetime]) -> Mapping[datetime, object]:
    """What the history has of a series at these times (ascending)."""
    if not moments:
        return {}
    span = TemporalQuery(TimeRelation.BETWEEN, moments[0], moments[-1] + timedelta(seconds=1), "observedAt")
    name = town_context().expand(attribute)
    there: dict[datetime, object] = {}
    for one in await history.instances(town, [entity], [name], span, _importer()):
        if one.value.observed_at is not None and one.value.dataset_id is None and one.deleted_at is None:
            there[one.value.observed_at] = one.value.value
    return there
