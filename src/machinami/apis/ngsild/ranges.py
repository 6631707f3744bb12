"""Where is a long evolution cut, so that a client can go on from there? (pure; ETSI GS CIM 009, 6.3.10)"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from machinami.broker.history import Past
from machinami.foundation.instant import format_instant, from_micros, to_micros
from machinami.model.attribute import Kind
from machinami.model.found import Instance, Readings, Series
from machinami.model.query import TemporalQuery, TimeRelation
from machinami.model.temporal_form import time_of

# 6.3.10 writes DateTime; clients and the conformance suite, older than that word, compare with this one
_UNIT = "date-time"


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
    edges: list[int] = []
    for past in pasts:
        for series in past.series:
            if _size(series) > limit:
                edges.append(sorted(_moments(series, temporal.property), reverse=backwards)[limit - 1])
    if not edges:
        return pasts, None
    edge = max(edges) if backwards else min(edges)
    parts = [[_within(series, temporal.property, edge, backwards) for series in past.series] for past in pasts]
    kept = [replace(past, series=[series for series, _ in part]) for past, part in zip(pasts, parts, strict=True)]
    shown = [time for part in parts for _, times in part for time in times]
    return kept, Cut(from_micros(min(shown)), from_micros(max(shown)))


def _size(series: Series) -> int:
    return len(series.instances if series.readings is None else series.readings.moments)


def _moments(series: Series, time_property: str) -> Sequence[int]:
    if series.readings is not None:
        return series.readings.moments
    return [to_micros(moment(instance, time_property)) for instance in series.instances]


def _within(series: Series, time_property: str, edge: int, backwards: bool) -> tuple[Series, list[int]]:
    """The part of the series up to the edge, and its moments; of one that begins beyond it, that it is there."""
    times = _moments(series, time_property)
    kept = [place for place, at in enumerate(times) if (at >= edge if backwards else at <= edge)]
    left = [times[place] for place in kept]
    if not kept:
        kind = series.instances[0].value.kind if series.readings is None else Kind.PROPERTY
        return Series(series.entity_id, series.attribute, kind=kind), left
    if series.readings is None:
        return replace(series, instances=[series.instances[place] for place in kept]), left
    numbers = [series.readings.numbers[place] for place in kept]
    return replace(series, readings=Readings(left, numbers)), left


def moment(instance: Instance, time_property: str) -> datetime:
    """The time of an instance by which it is asked for; every instance that the store gives has one."""
    found = time_of(instance, time_property)
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
        return f"{_UNIT} {format_instant(asked or where.newest)}-{format_instant(where.oldest)}/{temporal.last_n}"
    begins = temporal.time_at if temporal.relation in (TimeRelation.AFTER, TimeRelation.BETWEEN) else None
    return f"{_UNIT} {format_instant(begins or where.oldest)}-{format_instant(where.newest)}/*"
