"""What does a write make of an entity? The rules of provision (ETSI GS CIM 009, 5.6.1 to 5.6.5, 5.6.17 to 5.6.19).

Each rule takes the entity as it is, what was sent, and the time; it gives the entity as it becomes and what changed.
An instance that a write names is modified by it even if its value stays; but the same observation sent twice
(the same content with the same observedAt) is one observation and changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from machinami.foundation.errors import BadRequestData, NotFound
from machinami.foundation.value import value
from machinami.model.attribute import NO_ATTRIBUTES, Attribute, Attributes, Kind
from machinami.model.change import AttributeChange
from machinami.model.entity import Entity
from machinami.model.expansion import Fragment
from machinami.model.merging import blended, completed, overlaid, reshaped
from machinami.model.names import SCOPE
from machinami.model.null import NO_MOMENT, NULL, Absent
from machinami.model.reading import Reading
from machinami.model.renewal import begun, renewed


@dataclass(frozen=True, slots=True)
class NotUpdated:
    """An attribute that a write left as it was (expanded name), and why."""

    name: str
    reason: str


@value
class Patched:
    """What a write came to. updated: expanded names of the attributes that it reached."""

    entity: Entity
    changes: Sequence[AttributeChange]
    updated: tuple[str, ...] = ()
    not_updated: tuple[NotUpdated, ...] = ()


def created(entity: Entity, now: datetime) -> Patched:
    """A new entity (5.6.1)."""
    plain = begun(entity, now)
    if plain is not None:
        return Patched(plain.after, plain, plain.plain.shape.names)
    attributes: dict[str, tuple[Attribute, ...]] = {}
    changes: list[AttributeChange] = []
    for name, instances in entity.attributes.items():
        if len(instances) == 1:
            after = completed(name, instances[0], now)
            attributes[name] = (after,)
            changes.append(AttributeChange(name, None, after))
        else:
            attributes[name] = several = tuple([completed(name, instance, now) for instance in instances])
            changes += [AttributeChange(name, None, after) for after in several]
    made = Entity(entity.id, entity.types, attributes, entity.scopes, now, now, entity.expires_at)
    return Patched(made, tuple(changes), tuple(attributes))


def appended(entity: Entity, fragment: Fragment, overwrite: bool, now: datetime) -> Patched:
    """Attributes added; those that exist are replaced if `overwrite`, else left and reported (5.6.3)."""
    revision = _Revision(entity, now)
    for name, instances in fragment.attributes.items():
        for instance in instances:
            old = revision.find(name, instance.dataset_id)
            if old is None or overwrite:
                revision.put(name, instance, old)
            else:
                revision.leave(name, "it exists already and was not to be overwritten")
    scopes = fragment.scopes
    if scopes and not overwrite:
        scopes = tuple(dict.fromkeys(entity.scopes + scopes))
    return revision.done(fragment.types, scopes, fragment.expires_at)


def updated(entity: Entity, fragment: Fragment, now: datetime) -> Patched:
    """Attributes replaced or added, and removed where the fragment says NULL (5.6.2, 5.5.8)."""
    revision = _Revision(entity, now)
    for name, instances in fragment.attributes.items():
        for instance in instances:
            old = revision.find(name, instance.dataset_id)
            if instance.value != NULL:
                revision.put(name, instance, old)
            elif old is not None:
                revision.drop(name, old)
            else:
                revision.leave(name, "it does not exist, so it cannot be removed")
    if fragment.scopes and not entity.scopes:
        revision.leave(SCOPE, "it does not exist, so it cannot be changed")
        return revision.done(fragment.types, (), fragment.expires_at)
    return revision.done(fragment.types, fragment.scopes, fragment.expires_at)


def partially_updated(entity: Entity, name: str, body: tuple[Attribute, ...], now: datetime) -> Patched:
    """Members of one attribute replaced, and removed where the body says NULL (5.6.4).

    Raises NotFound where there is no such instance, BadRequestData where the kind would change.
    """
    revision = _Revision(entity, now)
    for part in body:
        old = revision.demand(name, part.dataset_id)
        if part.value == NULL:
            revision.drop(name, old)
            continue
        if part.kind is not old.kind and part.value is not Absent.UNTYPED:
            raise BadRequestData(
                f"{name} is a {old.kind.value} and cannot become a {part.kind.value} by a partial update; "
                "replace the attribute instead",
                where=name,
            )
        revision.set(name, overlaid(name, old, part, now), old)
    return revision.done()


def replaced(entity: Entity, new: Entity, now: datetime) -> Patched:
    """Another entity in its place; only createdAt stays (5.6.18)."""
    plain = renewed(entity, new, now)
    if plain is not None:
        return Patched(plain.after, plain, plain.plain.shape.names)
    attributes: dict[str, tuple[Attribute, ...]] = {}
    changes: list[AttributeChange] = []
    before = entity.attributes
    for name, instances in new.attributes.items():
        known = before.get(name, ())
        if len(instances) == 1 and len(known) == 1:  # by far the most: no instance is looked for among others
            instance, old = instances[0], known[0]
            if instance.dataset_id == old.dataset_id:
                after = completed(name, instance, now, old)
                if old.modified_at != now or not _identical(old, after):
                    changes.append(AttributeChange(name, old, after))
                attributes[name] = (after,)
                continue
        made = []
        for instance in instances:
            found = _of_dataset(known, instance.dataset_id)
            after = completed(name, instance, now, found)
            if found is None or found.modified_at != now or not _identical(found, after):
                changes.append(AttributeChange(name, found, after))
            made.append(after)
        attributes[name] = tuple(made)
    for name, known in before.items():
        present = attributes.get(name, ())
        if len(known) == 1 and present and known[0].dataset_id == present[0].dataset_id:
            continue
        changes += [AttributeChange(name, i, None) for i in known if _of_dataset(present, i.dataset_id) is None]
    result = Entity(entity.id, new.types, attributes, new.scopes, entity.created_at, now, new.expires_at)
    return Patched(result, tuple(changes), tuple(attributes))


def replaced_attribute(entity: Entity, name: str, body: tuple[Attribute, ...], now: datetime) -> Patched:
    """One attribute replaced, instance by instance (5.6.19). Raises NotFound where there is no such instance."""
    revision = _Revision(entity, now)
    for instance in body:
        revision.put(name, instance, revision.demand(name, instance.dataset_id))
    return revision.done()


def merged(
    entity: Entity,
    fragment: Fragment,
    now: datetime,
    observed_at: datetime | None = None,
    lang: str | None = None,
) -> Patched:
    """A fragment merged in to any depth (5.6.17, 5.5.12).

    observed_at: common time for attributes that had one; lang: common language for texts (5.6.17.4).
    """
    revision = _Revision(entity, now)
    for name, instances in fragment.attributes.items():
        for part in instances:
            old = revision.find(name, part.dataset_id)
            if part.value == NULL:
                if old is not None:
                    revision.drop(name, old)
                continue
            if old is None:
                revision.set(name, completed(name, part, now, merging=True), None)
                continue
            if name in fragment.bare:
                part = reshaped(name, old, part, lang)
            after = blended(name, old, part, now, observed_at)
            if after is None:
                revision.drop(name, old)
            else:
                revision.set(name, after, old)
    return revision.done(fragment.types, fragment.scopes, fragment.expires_at)


def without_attribute(entity: Entity, name: str, dataset_id: str | None, every: bool, now: datetime) -> Patched:
    """One instance of an attribute removed, or every one of them; or the scope (5.6.5). Raises NotFound."""
    revision = _Revision(entity, now)
    if name == SCOPE:
        if not entity.scopes:
            raise NotFound(f"{entity.id} has no scope", attribute=name)
        return revision.done(scopes=(NULL,))
    instances = entity.attributes.get(name, ())
    if every and instances:
        for instance in instances:
            revision.drop(name, instance)
    else:
        revision.drop(name, revision.demand(name, dataset_id))
    return revision.done()


def without_attributes(entity: Entity, names: Iterable[str], now: datetime) -> Patched:
    """Every instance of these attributes removed (5.6.21)."""
    revision = _Revision(entity, now)
    for name in names:
        for instance in entity.attributes[name]:
            revision.drop(name, instance)
    return revision.done()


def without_expired(entity: Entity, now: datetime) -> Patched:
    """Every instance removed whose expiresAt has passed (4.22)."""
    revision = _Revision(entity, now)
    for name, instances in entity.attributes.items():
        for instance in instances:
            if instance.expires_at is not None and instance.expires_at <= now:
                revision.drop(name, instance)
    return revision.done()


def difference(before: Entity | None, after: Entity | None) -> tuple[AttributeChange, ...]:
    """How the attributes of two entities differ, instance by instance; None: no entity."""
    old: Attributes = NO_ATTRIBUTES if before is None else before.attributes
    new: Attributes = NO_ATTRIBUTES if after is None else after.attributes
    changes = []
    for name in dict.fromkeys([*old, *new]):
        was = {instance.dataset_id: instance for instance in old.get(name, ())}
        now_is = {instance.dataset_id: instance for instance in new.get(name, ())}
        for dataset in dict.fromkeys([*was, *now_is]):
            one, other = was.get(dataset), now_is.get(dataset)
            if one is None or other is None or not _identical(one, other):
                changes.append(AttributeChange(name, one, other))
    return tuple(changes)


def attribute_of(reading: Reading) -> Attribute:
    """What one sensor said as an attribute instance."""
    kind = Kind(reading.kind)
    return Attribute(kind, reading.value, reading.dataset_id, reading.observed_at, reading.unit_code)


def alike(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal; unlike in Python, true is not 1."""
    if one is other:
        return True
    if type(one) is bool or type(other) is bool or one != other:
        return False
    if isinstance(one, list | tuple):
        return all(map(alike, one, other))
    return not isinstance(one, dict) or all(alike(value, other[name]) for name, value in one.items())


def _of_dataset(instances: tuple[Attribute, ...], dataset_id: str | None) -> Attribute | None:
    for instance in instances:
        if instance.dataset_id == dataset_id:
            return instance
    return None


def _identical(one: Attribute, other: Attribute) -> bool:
    if one is other:
        return True
    if one != other or not alike(one.value, other.value):
        return False
    return all(all(map(_identical, instances, other.attributes[name])) for name, instances in one.attributes.items())


def _same_observation(old: Attribute, new: Attribute) -> bool:
    if new.observed_at is None or new.observed_at != old.observed_at:
        return False
    return _identical(_unstamped(old), _unstamped(new))


def _unstamped(a: Attribute) -> Attribute:
    below: Attributes = NO_ATTRIBUTES
    if a.attributes:
        below = {name: tuple(map(_unstamped, instances)) for name, instances in a.attributes.items()}
    return Attribute(
        a.kind,
        a.value,
        a.dataset_id,
        a.observed_at,
        a.unit_code,
        None,
        None,
        a.expires_at,
        None,
        a.object_type,
        below,
        a.value_type,
    )


class _Revision:
    """One entity on its way to its next state."""

    __slots__ = ("_attributes", "_changes", "_entity", "_left", "_now", "_updated")

    def __init__(self, entity: Entity, now: datetime) -> None:
        self._entity = entity
        self._now = now
        self._attributes = dict(entity.attributes)
        self._changes: list[AttributeChange] = []
        self._updated: dict[str, None] = {}
        self._left: dict[str, NotUpdated] = {}

    def find(self, name: str, dataset_id: str | None) -> Attribute | None:
        return _of_dataset(self._attributes.get(name, ()), dataset_id)

    def demand(self, name: str, dataset_id: str | None) -> Attribute:
        found = self.find(name, dataset_id)
        if found is None:
            which = f"with the dataset {dataset_id}" if dataset_id else "without datasetId"
            raise NotFound(f"{self._entity.id} has no attribute {name} {which}", attribute=name)
        return found

    def put(self, name: str, new: Attribute, old: Attribute | None) -> None:
        """The instance as it was sent, in the place of the old one."""
        self.set(name, completed(name, new, self._now, old), old)

    def set(self, name: str, after: Attribute, old: Attribute | None) -> None:
        """The finished instance in the place of the old one."""
        self._updated[name] = None
        if old is None:
            known = self._attributes.get(name, ())
            self._attributes[name] = (after, *known) if after.dataset_id is None else (*known, after)
        elif _same_observation(old, after):
            return
        else:
            known = self._attributes[name]
            self._attributes[name] = (after,) if len(known) == 1 else tuple([after if i is old else i for i in known])
        self._changes.append(AttributeChange(name, old, after))

    def drop(self, name: str, old: Attribute) -> None:
        self._updated[name] = None
        rest = tuple([instance for instance in self._attributes[name] if instance is not old])
        if rest:
            self._attributes[name] = rest
        else:
            del self._attributes[name]
        self._changes.append(AttributeChange(name, old, None))

    def leave(self, name: str, reason: str) -> None:
        self._left[name] = NotUpdated(name, reason)

    def done(
        self, types: Iterable[str] = (), scopes: tuple[str, ...] = (), expires_at: datetime | None = None
    ) -> Patched:
        """The result, with types added (4.16), scopes replaced and the expiry set."""
        entity = self._entity
        all_types = tuple(dict.fromkeys([*entity.types, *types])) if types else entity.types
        new_scopes = entity.scopes if not scopes else () if scopes == (NULL,) else scopes
        expires = entity.expires_at if expires_at is None else None if expires_at is NO_MOMENT else expires_at
        same_head = (all_types, new_scopes, expires) == (entity.types, entity.scopes, entity.expires_at)
        if self._changes or not same_head:
            entity = Entity(entity.id, all_types, self._attributes, new_scopes, entity.created_at, self._now, expires)
        return Patched(entity, tuple(self._changes), tuple(self._updated), tuple(self._left.values()))
