"""How do the parts of an entity from several sources become one? (ETSI GS CIM 009, 4.5.5.2, 4.5.5.3, 5.7.1.4)"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from machinami.model.attribute import Attribute
from machinami.model.entity import Entity

_NEVER = datetime.min.replace(tzinfo=UTC)


def assemble_entity(parts: Sequence[Entity], supplements: Sequence[Entity], now: datetime) -> Entity | None:
    """One entity of its parts; supplements (from auxiliary sources) only give attributes that no part has.

    Of two instances with the same datasetId the one observed later stands, else the one modified later, else the
    one that came first. What has expired is left out. None where nothing is left.
    """
    living = [part for part in map(_timely, parts) if _lives(part.expires_at, now)]
    added = [part for part in map(_timely, supplements) if _lives(part.expires_at, now)]
    every = [*living, *added]
    if not every:
        return None
    if len(every) == 1:
        return every[0]
    attributes: dict[str, tuple[Attribute, ...]] = {}
    for part in living:
        for name, instances in part.attributes.items():
            current = [each for each in instances if _lives(each.expires_at, now)]
            attributes[name] = _newest((*attributes.get(name, ()), *current)) if name in attributes else tuple(current)
    for part in added:
        for name, instances in part.attributes.items():
            attributes.setdefault(name, instances)
    return Entity(
        every[0].id,
        tuple(dict.fromkeys(name for part in every for name in part.types)),
        {name: instances for name, instances in attributes.items() if instances},
        tuple(dict.fromkeys(scope for part in every for scope in part.scopes)),
        min(filter(None, (part.created_at for part in every)), default=None),
        max(filter(None, (part.modified_at for part in every)), default=None),
        _expiry(every),
    )


def _lives(expires_at: datetime | None, now: datetime) -> bool:
    return expires_at is None or expires_at > now


def _timely(part: Entity) -> Entity:
    """The part with the expiry of the entity on its attributes, where theirs is later or missing (4.5.5.2)."""
    end = part.expires_at
    if end is None:
        return part
    timed = {name: tuple(_ending(each, end) for each in instances) for name, instances in part.attributes.items()}
    return replace(part, attributes=timed)


def _ending(instance: Attribute, end: datetime) -> Attribute:
    later = instance.expires_at is None or instance.expires_at > end
    return replace(instance, expires_at=end) if later else instance


def _newest(instances: Iterable[Attribute]) -> tuple[Attribute, ...]:
    """One instance for each dataset, the default instance first (4.5.5.3)."""
    found: dict[str | None, Attribute] = {}
    for instance in instances:
        present = found.get(instance.dataset_id)
        if present is None or _age(instance) > _age(present):
            found[instance.dataset_id] = instance
    return tuple(sorted(found.values(), key=lambda each: each.dataset_id is not None))


def _age(instance: Attribute) -> tuple[datetime, datetime]:
    return instance.observed_at or _NEVER, instance.modified_at or _NEVER


def _expiry(parts: Sequence[Entity]) -> datetime | None:
    ends = [part.expires_at for part in parts]
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None
