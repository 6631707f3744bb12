"""Which instances of a history does a temporal query mean, and in which order?

The meaning that every store's temporal queries have (ETSI GS CIM 009, 4.11). An instance lies on its timeline at
observedAt, else at modifiedAt or createdAt; the mark of a deletion at deletedAt. A query with a relation means
the instances that have the time it asks about, within its range; one without a relation means all of them. Of
these it means those of the datasets that it names, if it names any (4.5.5).
"""

from collections.abc import Sequence
from datetime import datetime

from machinami.foundation.instant import EPOCH, to_micros
from machinami.model.attribute import Attribute, Kind
from machinami.model.found import Instance, Readings
from machinami.model.query import TemporalQuery, TimeRelation
from machinami.model.representation import NONE
from machinami.model.sight import Span

EARLIEST = -(1 << 62)
LATEST = 1 << 62


def place_in_time(instance: Instance) -> datetime:
    """Where the instance lies on its timeline; the beginning of 1970 if it has no time at all."""
    value = instance.value
    return instance.deleted_at or value.observed_at or value.modified_at or value.created_at or EPOCH


def asked_time(instance: Instance, timeproperty: str) -> datetime | None:
    """The time of the instance that the timeproperty names, if it has one.

    The mark of a deletion has an observedAt only where the deletion itself was observed then.
    """
    if timeproperty == "deletedAt":
        return instance.deleted_at
    if timeproperty == "observedAt":
        observed = instance.value.observed_at
        return observed if instance.deleted_at in (None, observed) else None
    return instance.value.modified_at if timeproperty == "modifiedAt" else instance.value.created_at


def bounds(temporal: TemporalQuery) -> tuple[int, int]:
    """First and last microsecond of the range: after and between include their start, before and between exclude
    their end (4.11)."""
    at = to_micros(temporal.time_at) if temporal.time_at is not None else 0
    if temporal.relation is TimeRelation.BEFORE:
        return EARLIEST, at - 1
    if temporal.relation is TimeRelation.AFTER:
        return at, LATEST
    if temporal.relation is TimeRelation.BETWEEN and temporal.end_time_at is not None:
        return at, to_micros(temporal.end_time_at) - 1
    return EARLIEST, LATEST


def span_of(temporal: TemporalQuery) -> Span:
    """The time of observation within which all lies that the query means; all times where it asks for another one."""
    return Span(*(bounds(temporal) if temporal.property == "observedAt" else (EARLIEST, LATEST)))


def is_meant(instance: Instance, temporal: TemporalQuery) -> bool:
    """Whether the temporal query means this instance."""
    if temporal.datasets is not None and (instance.value.dataset_id or NONE) not in temporal.datasets:
        return False
    asked = asked_time(instance, temporal.property)
    if temporal.relation is None:
        return asked is not None or temporal.property != "deletedAt"
    low, high = bounds(temporal)
    return asked is not None and low <= to_micros(asked) <= high


def order_time(instance: Instance, timeproperty: str) -> datetime:
    """By which time the instances of an answer are ordered: the one asked about, where there is one."""
    if timeproperty in ("createdAt", "modifiedAt"):
        return asked_time(instance, timeproperty) or place_in_time(instance)
    return place_in_time(instance)


def readings(instances: Sequence[Instance], timeproperty: str) -> Readings | None:
    """The instances in columns; None where one of them is more than a plain reading."""
    moments: list[int] = []
    for instance in instances:
        value = instance.value
        at = asked_time(instance, timeproperty) or value.modified_at or value.created_at
        if at is None or instance.deleted_at is not None or not _is_plain(value):
            return None
        moments.append(to_micros(at))
    return Readings(moments, [instance.value.value for instance in instances])


def _is_plain(value: Attribute) -> bool:
    return (
        value.kind is Kind.PROPERTY
        and type(value.value) in (int, float)
        and value.dataset_id is None
        and value.expires_at is None
        and value.value_type is None
        and not value.attributes
    )
