"""What does an entity look like outside? From an Entity to JSON in the form and with the names somebody wants.

Normalized, concise (ETSI GS CIM 009, 4.5.2.3 and its relatives), simplified (4.5.4) and GeoJSON (4.5.16, 4.5.17).
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from machinami.foundation.instant import format_instant
from machinami.model import core_terms
from machinami.model.attribute import Attribute, Kind
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.expansion import SEALED
from machinami.model.linking import LINKING, Links
from machinami.model.names import LOCATION, RESERVED_TERMS
from machinami.model.null import NULL
from machinami.model.representation import NONE, NORMALIZED, Representation, best_language
from machinami.model.values import MEMBERS, is_geometry

Json = dict[str, Any]

_TYPES = {kind: kind.value for kind in Kind}
_CHANGES = "deletedAt previousValue previousObject previousLanguageMap previousVocab previousJson".split()
_CHANGES += ["previousValueList", "previousObjectList"]  # what notifications say besides (5.2.14)
# Members that are written as they are: sub-attributes inside, no attributes outside.
VERBATIM = {member: core_terms.NAMESPACE + member for member in (*SEALED, *_CHANGES)}
_VERBATIM_NAMES = frozenset(VERBATIM.values())
_PLAIN = frozenset((Kind.PROPERTY, Kind.GEO))
_WRAPPED = frozenset((Kind.LANGUAGE, Kind.VOCAB, Kind.JSON))  # simplified: an object around the value (4.5.4)
_SPOKEN = RESERVED_TERMS | {"type", "@type", "dataset"}  # members by which an object is read as an attribute
_MOMENTS = 16_384

moment_text = lru_cache(_MOMENTS)(format_instant)


def compact_entity(
    entity: Entity, context: Context, representation: Representation = NORMALIZED, links: Links | None = None
) -> Json:
    """The entity as JSON without @context.

    links: where its relationships lead to, if linked entities are to stand inside them (4.5.23.2).
    """
    document: Json = {}
    compact = context.compact
    if representation.pick is None and representation.omit is None:
        document["id"] = entity.id
        document["type"] = compact(entity.types[0]) if len(entity.types) == 1 else _all(compact, entity.types)
        shows_all = not representation.attrs
        if entity.scopes:
            document["scope"] = _one_or_list(entity.scopes)
    else:
        _write_picked_head(document, entity, context, representation)
        shows_all = False
    if representation.sys_attrs:
        _write_moment(document, "createdAt", entity.created_at)
        _write_moment(document, "modifiedAt", entity.modified_at)
        _write_moment(document, "expiresAt", entity.expires_at)
    writer = _Writer(context, representation, None if links is None else links.leaving(entity.id))
    for name, instances in entity.attributes.items():
        if shows_all or representation.shows_attribute(name):
            shown = writer.attribute(name, instances)
            if shown is not None:
                document[compact(name)] = shown
    return document


def compact_attribute(
    name: str,
    instances: tuple[Attribute, ...],
    context: Context,
    representation: Representation = NORMALIZED,
    links: Links | None = None,
) -> Any:
    """The instances of one attribute as JSON; None if none of them is in the wanted datasets."""
    return attribute_writer(context, representation, links)(name, instances)


def attribute_writer(
    context: Context, representation: Representation = NORMALIZED, links: Links | None = None
) -> Callable[[str, tuple[Attribute, ...]], Any]:
    """The same as a function of name and instances: for whoever has many to write."""
    return _Writer(context, representation, links).attribute


def to_feature(
    entity: Entity,
    context: Context,
    representation: Representation = NORMALIZED,
    geometry_property: str = LOCATION,
    links: Links | None = None,
) -> Json:
    """The entity as a GeoJSON Feature (4.5.16.2, 4.5.17.1); its geometry is null where there is none."""
    properties = compact_entity(entity, context, representation, links)
    properties.pop("id", None)
    geometry = None
    found = entity.attributes.get(geometry_property, ())
    if representation.datasets is not None:
        found = tuple(i for i in found if (i.dataset_id or NONE) in representation.datasets)
        chosen = found[0] if found else None
    else:
        chosen = next((i for i in found if i.dataset_id is None), None)
    if chosen is not None and is_geometry(chosen.value):
        geometry = chosen.value
    return {"id": entity.id, "type": "Feature", "geometry": geometry, "properties": properties}


class _Writer:
    """Writes attribute instances for one context and representation."""

    __slots__ = (
        "_compact",
        "_concise",
        "_context",
        "_datasets",
        "_lang",
        "_links",
        "_representation",
        "_simple",
        "_sys_attrs",
        "_write",
    )

    def __init__(self, context: Context, representation: Representation, links: Links | None) -> None:
        self._context = context
        self._compact = context.compact
        self._representation = representation
        self._concise = representation.form == "concise"
        self._simple = representation.form == "simplified"
        self._sys_attrs = representation.sys_attrs
        self._lang = representation.lang
        self._datasets = representation.datasets
        self._links = links
        self._write = self.simplified if self._simple else self.instance

    def attribute(self, name: str, instances: tuple[Attribute, ...]) -> Any:
        """The instances of one attribute; None if none of them is in the wanted datasets."""
        if self._datasets is not None:
            instances = tuple([i for i in instances if (i.dataset_id or NONE) in self._datasets])
            if not instances:
                return None
        if len(instances) == 1:
            return self._write(name, instances[0])
        if self._simple:
            return {"dataset": {i.dataset_id or NONE: self._write(name, i) for i in instances}}
        return [self.instance(name, i, alone=False) for i in instances]

    def instance(self, name: str, instance: Attribute, alone: bool = True) -> Any:
        """One instance, normalized or concise. alone: it may be a bare value, which one of several may not."""
        kind = instance.kind
        if self._lang is not None and kind is Kind.LANGUAGE and instance.value != NULL:
            return self._chosen_language(name, instance)
        value = instance.value if kind in _PLAIN else self.value(instance)
        return self._object(name, instance, _TYPES[kind], MEMBERS[kind], value, alone=alone)

    def _chosen_language(self, name: str, instance: Attribute) -> Json:
        tag = best_language(self._lang or "", instance.value)
        document: Json = self._object(name, instance, "Property", "value", instance.value[tag], reduces=False)
        document["lang"] = tag
        return document

    def _object(
        self,
        name: str,
        instance: Attribute,
        kind: str,
        carrier: str,
        value: Any,
        reduces: bool = True,
        alone: bool = True,
    ) -> Any:
        document: Json = {carrier: value} if self._concise else {"type": kind, carrier: value}
        if instance.observed_at is not None:
            document["observedAt"] = moment_text(instance.observed_at)
        if instance.unit_code is not None:
            document["unitCode"] = instance.unit_code
        if instance.dataset_id is not None:
            document["datasetId"] = instance.dataset_id
        if instance.object_type:
            document["objectType"] = _one_or_list(_all(self._compact, instance.object_type))
        if instance.value_type is not None:
            document["valueType"] = self._compact(instance.value_type)
        if self._sys_attrs:
            _write_moment(document, "createdAt", instance.created_at)
            _write_moment(document, "modifiedAt", instance.modified_at)
            _write_moment(document, "expiresAt", instance.expires_at)
        if self._links is not None and instance.kind in LINKING:
            self._write_linked(document, name, instance)
        if instance.attributes:
            self._write_below(document, instance)
        if self._concise and reduces:
            if alone and len(document) == 1 and _is_terse(instance):
                return value
            if instance.kind is Kind.PROPERTY and is_geometry(value):
                document["type"] = kind  # otherwise the value would make it a GeoProperty (4.5.2.3)
        return document

    def _write_below(self, document: Json, instance: Attribute) -> None:
        for name, instances in instance.attributes.items():
            if name in _VERBATIM_NAMES:
                document[name.removeprefix(core_terms.NAMESPACE)] = instances[0].value
                continue
            alone = len(instances) == 1
            written = [self.instance(name, each, alone) for each in instances]
            document[self._compact(name)] = written[0] if alone else written

    def value(self, instance: Attribute) -> Any:
        """The value as its member carries it."""
        kind, value = instance.kind, instance.value
        if kind in _PLAIN:
            return value
        if value == NULL:
            return _written_null(kind)
        if kind is Kind.VOCAB:
            return self._compact(value) if type(value) is str else _all(self._compact, value)
        if kind is Kind.LIST_RELATIONSHIP:
            return list(value) if self._concise else [{"object": target} for target in value]
        return list(value) if type(value) is tuple else value

    def simplified(self, name: str, instance: Attribute) -> Any:
        """One instance, simplified (4.5.4)."""
        kind, value = instance.kind, instance.value
        if kind in _PLAIN:
            return value
        if kind in _WRAPPED:
            if kind is Kind.LANGUAGE and self._lang is not None and value != NULL:
                return value[best_language(self._lang, value)]
            return {MEMBERS[kind]: self.value(instance)}
        if self._links is not None and kind in LINKING:
            found = self._linked(name, instance)
            if found:
                return [found.get(target, target) for target in value] if type(value) is tuple else found[value]
        return list(value) if type(value) is tuple else value

    def _write_linked(self, document: Json, name: str, instance: Attribute) -> None:
        found = list(self._linked(name, instance).values())
        if found:
            if instance.kind is Kind.LIST_RELATIONSHIP:
                document["entityList"] = found
            else:
                document["entity"] = found[0] if type(instance.value) is str else found

    def _linked(self, name: str, instance: Attribute) -> dict[str, Json]:
        if self._links is None:
            return {}
        targets = (instance.value,) if type(instance.value) is str else instance.value
        below = self._representation.below(name)
        found = {}
        for target in targets:
            entity = self._links.entity(target)
            if entity is not None:
                found[target] = compact_entity(entity, self._context, below, self._links.deeper())
        return found


def _written_null(kind: Kind) -> Any:
    """How each kind says that it was deleted (4.5.0)."""
    if kind is Kind.LANGUAGE:
        return {NONE: NULL}
    return [NULL] if kind in (Kind.LIST, Kind.LIST_RELATIONSHIP) else NULL


def _is_terse(instance: Attribute) -> bool:
    """Whether the bare value would be read back as the same attribute (4.5.2.3, 4.7.3)."""
    kind, value = instance.kind, instance.value
    if kind is Kind.GEO:
        return is_geometry(value)
    if kind is not Kind.PROPERTY:
        return False
    if type(value) is dict:
        return _SPOKEN.isdisjoint(value)
    return type(value) is not list or not any(type(item) is dict for item in value)


def _write_picked_head(document: Json, entity: Entity, context: Context, representation: Representation) -> None:
    if representation.shows("id"):
        document["id"] = entity.id
    if representation.shows("type"):
        document["type"] = _one_or_list(_all(context.compact, entity.types))
    if entity.scopes and representation.shows("scope"):
        document["scope"] = _one_or_list(entity.scopes)


def _write_moment(document: Json, member: str, moment: datetime | None) -> None:
    if moment is not None:
        document[member] = moment_text(moment)


def _all(compact: Callable[[str], str], names: Iterable[str]) -> list[str]:
    return [compact(name) for name in names]


def _one_or_list(values: Iterable[str]) -> Any:
    listed = list(values)
    return listed[0] if len(listed) == 1 else listed
