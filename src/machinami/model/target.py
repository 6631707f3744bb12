"""Which values does a path of a query lead to in an entity? (ETSI GS CIM 009, 4.9)"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from machinami.model.attribute import Attribute, Attributes, Kind
from machinami.model.core_terms import NAMESPACE
from machinami.model.entity import Entity
from machinami.model.query import Path

# (kind, value) of one attribute instance; members such as observedAt count as a Property
Target = tuple[Kind, Any]

_ENTITY_MEMBERS: Mapping[str, tuple[Kind, Callable[[Entity], Any]]] = {
    "@id": (Kind.PROPERTY, lambda e: e.id),
    "@type": (Kind.VOCAB, lambda e: e.types),
    NAMESPACE + "scope": (Kind.PROPERTY, lambda e: e.scopes or None),
    NAMESPACE + "createdAt": (Kind.PROPERTY, lambda e: e.created_at),
    NAMESPACE + "modifiedAt": (Kind.PROPERTY, lambda e: e.modified_at),
    NAMESPACE + "expiresAt": (Kind.PROPERTY, lambda e: e.expires_at),
}

_ATTRIBUTE_MEMBERS: Mapping[str, tuple[Kind, Callable[[Attribute], Any]]] = {
    NAMESPACE + "observedAt": (Kind.PROPERTY, lambda a: a.observed_at),
    NAMESPACE + "createdAt": (Kind.PROPERTY, lambda a: a.created_at),
    NAMESPACE + "modifiedAt": (Kind.PROPERTY, lambda a: a.modified_at),
    NAMESPACE + "expiresAt": (Kind.PROPERTY, lambda a: a.expires_at),
    NAMESPACE + "unitCode": (Kind.PROPERTY, lambda a: a.unit_code),
    NAMESPACE + "datasetId": (Kind.RELATIONSHIP, lambda a: a.dataset_id),
    NAMESPACE + "instanceId": (Kind.RELATIONSHIP, lambda a: a.instance_id),
    NAMESPACE + "hasObjectType": (Kind.VOCAB, lambda a: a.object_type or None),
}

TIMES = frozenset(NAMESPACE + name for name in ("observedAt", "createdAt", "modifiedAt", "expiresAt"))
ENTITY_MEMBERS = frozenset(_ENTITY_MEMBERS)


def targets(path: Path, entity: Entity, now: datetime) -> list[Target]:
    """The target of the path in every instance that has one; empty where the target element does not exist.

    Instances whose expiresAt has passed do not exist (4.22). The values of a LanguageProperty come as a list
    of its texts, or of those in the language that the trail names (exactly as written in the map).
    """
    names = path.names
    live = _live(entity.attributes.get(names[0], ()), now)
    if len(names) == 1:
        found = [(a.kind, a.value) for a in live] or _member(_ENTITY_MEMBERS, names[0], (entity,))
        return _cut(found, path.trail)
    for name in names[1:-1]:
        live = [sub for instance in live for sub in _live(instance.attributes.get(name, ()), now)]
    last = names[-1]
    subs = [sub for owner in live for sub in _live(owner.attributes.get(last, ()), now)]
    return _cut([(a.kind, a.value) for a in subs] or _member(_ATTRIBUTE_MEMBERS, last, live), path.trail)


def live_attributes(attributes: Attributes, name: str, now: datetime) -> list[Attribute]:
    """The instances of the named attribute that have not expired."""
    return _live(attributes.get(name, ()), now)


def _live(instances: Iterable[Attribute], now: datetime) -> list[Attribute]:
    return [a for a in instances if a.expires_at is None or a.expires_at > now]


def _member(table: Mapping[str, tuple[Kind, Callable[[Any], Any]]], name: str, owners: Iterable[Any]) -> list[Target]:
    if name not in table:
        return []
    kind, read = table[name]
    found = ((kind, read(owner)) for owner in owners)
    return [target for target in found if target[1] is not None]


def _cut(found: list[Target], trail: tuple[str, ...]) -> list[Target]:
    if not trail:
        return [(k, _texts(v, "*")) if k is Kind.LANGUAGE else (k, v) for k, v in found]
    return [target for kind, value in found for target in _follow(kind, value, trail)]


def _follow(kind: Kind, value: Any, trail: tuple[str, ...]) -> Iterable[Target]:
    if kind is Kind.LANGUAGE:
        texts = _texts(value, trail[0]) if len(trail) == 1 else []
        return ((kind, texts),) if texts else ()
    if kind in (Kind.PROPERTY, Kind.GEO, Kind.JSON):
        for member in trail:
            if not isinstance(value, Mapping) or member not in value:
                return ()
            value = value[member]
        return ((kind, value),)
    return ()


def _texts(value: Any, language: str) -> list[Any]:
    chosen = value.values() if language == "*" else [value[language]] if language in value else []
    return [text for part in chosen for text in (part if isinstance(part, list | tuple) else (part,))]
