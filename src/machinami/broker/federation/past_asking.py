"""What is a source asked when the past is wanted, and how is a long past read to its end? (5.7.3.4, 5.7.4.4, 6.3.10)"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from machinami.broker.federation.asking import PAGE, Reach, attributes, filters, lasting, selection
from machinami.broker.federation.federation import Asked
from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import format_instant, parse_instant
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.found import Instance
from machinami.model.query import Query, TemporalQuery, TimeRelation

RETRIEVING = frozenset(("retrieveTemporal",))
QUERYING_PAST = frozenset(("queryTemporal",))
MAPPING_PAST = "createEntityMapQueryTemporal"
_RANGE = re.compile(r"\S+\s+(\d{4}-[^/]*?(?:Z|[+]\d\d:\d\d))-(\d{4}-[^/]*)/(\S+)\Z")


@dataclass(frozen=True, slots=True)
class Told:
    """What one place says of the past of one entity: its head, and instances in the order given."""

    head: Entity
    instances: Sequence[Instance]


def past_retrieval(found: Reach, entity_id: str, temporal: TemporalQuery, context: Context) -> Asked:
    """The request for the past of one entity."""
    arguments = {**attributes(found, context), **time_arguments(temporal), "options": "sysAttrs"}
    return Asked("GET", f"/temporal/entities/{entity_id}", arguments)


def past_query(found: Reach, wanted: Query, temporal: TemporalQuery, offset: int, context: Context) -> Asked:
    """The request for the past of many entities. Its filters are those of `wanted`."""
    arguments = {
        **selection(found.infos, wanted, context),
        **attributes(found, context),
        **filters(wanted, context),
        **time_arguments(temporal),
        "options": "sysAttrs",
        "limit": str(PAGE),
    }
    if offset:
        arguments["offset"] = str(offset)
    return Asked("GET", "/temporal/entities", arguments)


def past_mapping(
    found: Reach, wanted: Query, temporal: TemporalQuery, lifetime: timedelta | None, context: Context
) -> Asked:
    """The request for a map of the entities whose past a source knows (5.14.5.4)."""
    arguments = {
        **selection(found.infos, wanted, context),
        **attributes(found, context),
        **filters(wanted, context),
        **time_arguments(replace(temporal, last_n=None)),
        **lasting(lifetime),
    }
    return Asked("GET", "/temporal/entityMaps", arguments)


def time_arguments(temporal: TemporalQuery) -> Mapping[str, str]:
    """The parameters of a temporal query (4.11)."""
    times = {"timeAt": temporal.time_at, "endTimeAt": temporal.end_time_at}
    said = {name: format_instant(at) for name, at in times.items() if at is not None}
    if temporal.relation is not None:
        said["timerel"] = temporal.relation.value
    if temporal.property != "observedAt":
        said["timeproperty"] = temporal.property
    if temporal.last_n is not None:
        said["lastN"] = str(temporal.last_n)
    return said


def rest_of(temporal: TemporalQuery, span: str) -> TemporalQuery | None:
    """What to ask next after an answer that held only a part, as its Content-Range says; None where it says nothing
    that could be gone on from. The moment at which the answer ended is asked for again, as it may hold more."""
    found = _RANGE.match(span)
    if found is None:
        return None
    try:
        edge = parse_instant(found[2], "Content-Range")
    except BadRequestData:
        return None
    if temporal.last_n is not None:  # backwards
        if temporal.relation in (TimeRelation.AFTER, TimeRelation.BETWEEN):
            return replace(temporal, relation=TimeRelation.BETWEEN, end_time_at=edge)
        return replace(temporal, relation=TimeRelation.BEFORE, time_at=edge)
    if temporal.relation is TimeRelation.BEFORE:
        return replace(temporal, relation=TimeRelation.BETWEEN, time_at=edge, end_time_at=temporal.time_at)
    relation = TimeRelation.BETWEEN if temporal.relation is TimeRelation.BETWEEN else TimeRelation.AFTER
    return replace(temporal, relation=relation, time_at=edge)
