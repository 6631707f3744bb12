"""Is everything there that was acknowledged, once and whole? Looks into the store of a town that was killed."""

from pathlib import Path

from tests.faults.load import BATCH, Known, name

from machinami.broker.subscriptions import RECORD
from machinami.model.query import Page, Query, TemporalQuery, TypeIs
from machinami.store.conformance.acts import NOW
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.store.sqlite.town import SqliteTown

_WORDS = "https://uri.etsi.org/ngsi-ld/default-context/"


async def faults(folder: Path, known: Known) -> list[str]:
    """Sentences about what is missing, doubled, torn, or was never asked for; and about log, state and history."""
    backend = open_backend(folder, StoreSettings())
    try:
        town = await backend.open("default", create=False)
        found = await town.disagreements()
        numbers = [change.seq for change in await town.changes(0, 100_000_000)]
        if numbers != list(range(1, town.last_seq + 1)):
            found.append("the numbers of the log have gaps")
        found += [*await _presence(town, known), *await _updates(town, known)]
        return [*found, *(await _batches(town, known)), *(await _past(town, known))]
    finally:
        await backend.close()


async def _presence(town: SqliteTown, known: Known) -> list[str]:
    there = await town.find(Query(types=TypeIs(_WORDS + "Lamp")), Page(100_000_000), NOW)
    names = {entity.id for entity in there.entities} | set(await town.records(RECORD))
    found = []
    for what, is_there in known.sure.items():
        if what not in known.open and (what in names) != is_there:
            found.append(f"{what} is {'not ' if is_there else ''}there")
    asked = known.sure.keys() | known.open | {name("Subscription", "told")}
    return found + [f"{what} was never asked for" for what in names - asked]


async def _updates(town: SqliteTown, known: Known) -> list[str]:
    found = []
    for gauge, values in known.values.items():
        entity = town.peek(gauge)
        maybe = known.maybe[gauge]
        level = None if entity is None else entity.attributes[_WORDS + "level"][0].value
        if level != values[-1] and level not in maybe:
            found.append(f"{gauge} is at {level}, not at {values[-1]} or one of {sorted(maybe)}")
        held = [one.value.value for one in await town.instances([gauge], [_WORDS + "level"], TemporalQuery())]
        if len(held) != len(set(held)):
            found.append(f"the past of {gauge} holds something twice")
        found += [f"{gauge} never was {value}" for value in set(values) - set(held)]
        found += [f"{gauge} was {value}, which nobody asked for" for value in set(held) - set(values) - maybe]
        logged = [
            part.after.value
            for change in await town.changes(0, 100_000_000)
            if change.entity_id == gauge
            for part in change.attributes
            if part.after is not None
        ]
        if logged != sorted(set(logged)) or set(logged) != set(held):
            found.append(f"log and past of {gauge} differ, or the log is not in order")
    return found


async def _batches(town: SqliteTown, known: Known) -> list[str]:
    entities = [town.peek(name("Bin", number)) for number in range(BATCH)]
    if not known.batches:
        return []
    fills = {None if one is None else one.attributes[_WORDS + "fill"][0].value for one in entities}
    if len(fills) != 1:
        return [f"a batch is torn: {fills}"]
    fill = fills.pop()
    return [] if fill is not None and fill >= known.batches[-1] else [f"the batch {known.batches[-1]} is missing"]


async def _past(town: SqliteTown, known: Known) -> list[str]:
    found = []
    for what, values in known.past.items():
        held = [one.value.value for one in await town.instances([what], [_WORDS + "depth"], TemporalQuery())]
        if len(held) != len(set(held)):
            found.append(f"the past of {what} holds something twice")
        found += [f"the past of {what} lacks {value}" for value in set(values) - set(held)]
    return found
