"""How does a timetable come into a town, running or not? As readings of what stands, the feed itself last."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from machinami.app.sending import Receiver
from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.foundation.instant import format_instant
from machinami.kit.city import Intake
from machinami.kit.installed import read_manifest
from machinami.model.reading import Reading

PACKAGE = "machinami.ingest.gtfs"
_PART = 500
_FORMS = {
    "Property": "value", "GeoProperty": "value", "LanguageProperty": "languageMap", "JsonProperty": "json",
    "Relationship": "object",
}  # fmt: skip


async def bring_timetable(town: Town, found: Sequence[Reading]) -> int:
    """Write a timetable into a town that is not running; how many entities it is."""
    intake = Intake(town, read_manifest(PACKAGE, "ingest"))
    rows = iter(found)
    while part := list(islice(rows, _PART)):
        await intake.deliver(part)
    return len({reading.entity_id for reading in found})


async def send_timetable(to: Receiver, found: Sequence[Reading]) -> int:
    """Send a timetable to a running town; how many entities it is."""
    entities = timetable_entities(found)
    for begin in range(0, len(entities), _PART):
        await to.take(entities[begin : begin + _PART])
    return len(entities)


def timetable_entities(found: Sequence[Reading]) -> list[dict[str, Any]]:
    """Readings as NGSI-LD entities, in the order in which each is first told. Names are written out as IRIs."""
    context = town_context()
    entities: dict[str, dict[str, Any]] = {}
    for reading in found:
        entity = entities.setdefault(
            reading.entity_id, {"id": reading.entity_id, "type": context.expand(reading.entity_type)}
        )
        name = reading.attribute if reading.attribute == "location" else context.expand(reading.attribute)
        at = format_instant(reading.observed_at)
        entity[name] = {"type": reading.kind, _FORMS[reading.kind]: reading.value, "observedAt": at}
    return list(entities.values())
