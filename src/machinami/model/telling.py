"""What does a notification show of a change? The entity as it is, what is gone, and what it was before.

ETSI GS CIM 009, 5.8.6 and 5.2.14 (showChanges). Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from machinami.foundation.instant import format_instant
from machinami.model.attribute import Attribute, Kind
from machinami.model.change import AttributeChange, Change
from machinami.model.compaction import VERBATIM, compact_attribute
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.null import NULL
from machinami.model.subscription import Subscription
from machinami.model.values import MEMBERS

Instance = tuple[str, str | None]  # the name of an attribute and its datasetId

_PREVIOUS = {kind: "previous" + member[0].upper() + member[1:] for kind, member in MEMBERS.items()}


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to tell of one entity: as it is, or was when it was deleted, and by which changes it came so."""

    entity: Entity
    deleted_at: datetime | None = None
    changes: Sequence[Change] = ()
    at: datetime | None = None


def told(changes: Sequence[Change]) -> Told | None:
    """What several changes of one entity come to, in order; None where nothing is known of it."""
    last = changes[-1]
    if last.after is not None:
        return Told(last.after, None, changes, last.at)
    return None if last.before is None else Told(last.before, last.at, changes, last.at)


def _merged(changes: Sequence[Change]) -> dict[Instance, AttributeChange]:
    """Each instance that changed, as it was before the first change and is after the last."""
    changed: dict[Instance, AttributeChange] = {}
    for change in changes:
        for part in change.attributes:
            instance = part.after or part.before
            if instance is not None:
                key = (part.name, instance.dataset_id)
                changed[key] = replace(part, before=changed[key].before) if key in changed else part
    return changed


def _is_plain(what: Told) -> bool:
    """Whether nothing is gone: by far the most changes, so that they must cost nothing here."""
    if what.deleted_at is not None:
        return False
    for change in what.changes:
        for part in change.attributes:
            if part.after is None:
                return False
    return True


def shown(what: Told, subscription: Subscription, context: Context) -> Entity:
    """The entity as the subscriber is to see it: with what is deleted marked as such, and what it was before."""
    wish = subscription.notification
    if not wish.show_changes and _is_plain(what):
        return what.entity
    if not what.changes:  # another broker has told it, and said what is gone and what was before
        return (
            what.entity
            if what.deleted_at is None or wish.show_changes
            else replace(what.entity, attributes={}, scopes=())
        )
    changed = _merged(what.changes)
    gone = {key: part for key, part in changed.items() if part.after is None and part.before is not None}
    if what.deleted_at is not None:
        if not wish.show_changes:
            gone = _watched(gone, subscription)
        marks = _marks(gone, what, subscription, context)
        return replace(what.entity, attributes=marks, scopes=())
    attributes = {**what.entity.attributes}
    if wish.show_changes:
        for (name, dataset_id), part in changed.items():
            attributes[name] = tuple(
                _with_previous(name, each, part, context) if each.dataset_id == dataset_id else each
                for each in attributes.get(name, ())
            )
    for name, marked in _marks(gone, what, subscription, context).items():
        present = what.entity.attributes.get(name, ())
        attributes[name] = present + marked if present else _as_one(marked, subscription)
    return replace(what.entity, attributes={name: instances for name, instances in attributes.items() if instances})


def _as_one(marks: tuple[Attribute, ...], subscription: Subscription) -> tuple[Attribute, ...]:
    """Of an attribute that is gone as a whole it is said once, where that says all that is wanted."""
    if len(marks) == 1 or subscription.notification.show_changes or subscription.datasets is not None:
        return marks
    return (replace(marks[0], dataset_id=None),)


def _watched(gone: Mapping[Instance, AttributeChange], subscription: Subscription) -> dict[Instance, AttributeChange]:
    """The attributes of a deleted entity to be told of: those whose deletion is what the subscriber waits for."""
    if "entityDeleted" in subscription.triggers:
        return {}
    watched = subscription.watched_attributes
    return {key: part for key, part in gone.items() if not watched or key[0] in watched}


def _marks(
    gone: Mapping[Instance, AttributeChange], what: Told, subscription: Subscription, context: Context
) -> dict[str, tuple[Attribute, ...]]:
    """For each deleted instance, one that says so: its value is urn:ngsi-ld:null."""
    wish = subscription.notification
    found: dict[str, tuple[Attribute, ...]] = {}
    for (name, dataset_id), part in gone.items():
        before = part.before
        if before is None:
            continue
        further = dict(_previous(name, before, context)) if wish.show_changes else {}
        if wish.sys_attrs and what.at is not None:
            further[VERBATIM["deletedAt"]] = (Attribute(Kind.PROPERTY, format_instant(what.at)),)
        # Where nothing else is to be said of it, the bare URI is enough; in the normalized form it has its kind.
        bare = not further and dataset_id is None and wish.form != "normalized"
        kind = Kind.PROPERTY if bare or wish.form == "simplified" else before.kind
        times = (before.created_at, before.modified_at)
        mark = Attribute(kind, NULL, dataset_id, None, None, *times, attributes=further)
        found[name] = (*found.get(name, ()), mark)
    return found


def _with_previous(name: str, instance: Attribute, part: AttributeChange, context: Context) -> Attribute:
    if part.before is None or part.after is None:
        return instance
    return replace(instance, attributes={**instance.attributes, **_previous(name, part.before, context)})


def _previous(name: str, before: Attribute, context: Context) -> Mapping[str, tuple[Attribute, ...]]:
    bare = compact_attribute(name, (Attribute(before.kind, before.value),), context)
    member = VERBATIM[_PREVIOUS[before.kind]]
    return {member: (Attribute(Kind.PROPERTY, bare[MEMBERS[before.kind]]),)}
