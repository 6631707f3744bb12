"""Where is a long evolution cut, so that a client can go on from there? (pure; ETSI GS CIM 009, 6.3.10)"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from machinami.broker.history import Past
from machinami.foundation.instant import format_instant
from machinami.model.found import Instance
from machinami.model.query import TemporalQuery, TimeRelation


@dataclass(frozen=True, slots=True)
class Cut:
    """The first and the last moment that an answer still holds."""

    oldest: datetime
    newest: datetime


def cut(pasts: Sequence[Past], temporal: TemporalQuery, limit: int) -> tuple[Sequence[Past], Cut | None]:
    """The evolutions up to `limit` instances of each attribute, and where they were cut (None: nowhere).

    Every attribute ends at the same moment, so that the next page begins there for all of them. With lastN the
    newest instances stay, else the oldest.
    """
    backwards = temporal.last_n is not None
    edges: list[datetime] = []
    for past in pasts:
        series: dict[str, list[datetime]] = defaultdict(list)
        for instance in past.instances:
            series[instance.attribute].append(moment(instance, temporal.property))
        for times in series.values():
            if len(times) > limit:
                times.sort(reverse=backwards)
                edges.append(times[limit - 1])
    if not edges:
        return pasts, None
    edge = max(edges) if backwards else min(edges)
    kept = [
        replace(past, instances=[i for i in past.instances if _within(moment(i, temporal.property), edge, backwards)])
        for past in pasts
    ]
    shown = [moment(instance, temporal.property) for past in kept for instance in past.instances]
    return kept, Cut(min(shown), max(shown))


def _within(at: datetime, edge: datetime, backwards: bool) -> bool:
    return at >= edge if backwards else at <= edge


def moment(instance: Instance, time_property: str) -> datetime:
    """The time of an instance by which it is asked for; when it was written where it has none."""
    value = instance.value
    at = {
        "observedAt": value.observed_at,
        "createdAt": value.created_at,
        "modifiedAt": value.modified_at,
        "deletedAt": instance.deleted_at,
    }[time_property]
    found = at or instance.deleted_at or value.modified_at or value.created_at
    if found is None:
        raise ValueError(f"an instance of {instance.attribute} has no time at all")
    return found


def content_range(where: Cut, temporal: TemporalQuery) -> str:
    """The Content-Range of a partial answer."""
    if temporal.last_n is not None:
        asked = {
            TimeRelation.BEFORE: temporal.time_at,
            TimeRelation.BETWEEN: temporal.end_time_at,
        }.get(temporal.relation or TimeRelation.AFTER)
        return f"DateTime {format_instant(asked or where.newest)}-{format_instant(where.oldest)}/{temporal.last_n}"
    begins = temporal.time_at if temporal.relation in (TimeRelation.AFTER, TimeRelation.BETWEEN) else None
    return f"DateTime {format_instant(begins or where.oldest)}-{format_instant(where.newest)}/*"
