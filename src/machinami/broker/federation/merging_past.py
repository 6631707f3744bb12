"""How do the instances that several places have of one past become one series? (ETSI GS CIM 009, 4.5.5, 5.7.3.4)"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby

from machinami.model.found import Instance, Series
from machinami.model.query import TemporalQuery
from machinami.model.temporal_form import time_of
from machinami.store.timeline import asked_time, is_meant, order_time

_NEVER = datetime.min.replace(tzinfo=UTC)


def merge_past(parts: Iterable[Instance], supplements: Iterable[Instance], temporal: TemporalQuery) -> list[Series]:
    """The series of one entity, those instances that the temporal query means, in order of attribute and time.

    Of two instances of one dataset at one moment the one modified later stands, else the one that came first.
    supplements (from auxiliary sources) only give an instance for a moment of which nothing else is known.
    """
    found: dict[Hashable, Instance] = {}
    for one in parts:
        if _is_within(one, temporal):
            slot = _slot(one, temporal)
            present = found.get(slot)
            if present is None or _age(one) > _age(present):
                found[slot] = one
    moments = {(one.attribute, time_of(one, temporal.property)) for one in found.values()}
    for one in supplements:
        if _is_within(one, temporal) and (one.attribute, time_of(one, temporal.property)) not in moments:
            found.setdefault(_slot(one, temporal), one)
    return _series(list(found.values()), temporal)


def _is_within(one: Instance, temporal: TemporalQuery) -> bool:
    """Whether the query means the instance; where a source does not say the time asked for, it is believed."""
    return is_meant(one, replace(temporal, relation=None) if asked_time(one, temporal.property) is None else temporal)


def _slot(one: Instance, temporal: TemporalQuery) -> Hashable:
    return one.attribute, one.value.dataset_id, time_of(one, temporal.property), one.deleted_at is not None


def _age(one: Instance) -> datetime:
    return one.value.modified_at or _NEVER


def _series(instances: Sequence[Instance], temporal: TemporalQuery) -> list[Series]:
    ordered = sorted(instances, key=lambda one: (one.attribute, order_time(one, temporal.property)))
    found = []
    for name, group in groupby(ordered, lambda one: one.attribute):
        every = list(group)
        kept = every if temporal.last_n is None else every[-temporal.last_n :]
        found.append(Series(kept[0].entity_id, name, kept))
    return found
