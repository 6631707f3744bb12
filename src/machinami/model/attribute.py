"""What is one attribute of an entity: a Property, a Relationship or one of their six relatives?

One class for all eight kinds of ETSI GS CIM 009 (4.5.2, 4.5.3, 4.5.18, 4.5.20 to 4.5.24): they differ only in
the kind and in the shape of the value. Names are expanded IRIs throughout.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, cast

Attributes = Mapping[str, tuple["Attribute", ...]]
NO_ATTRIBUTES: Attributes = MappingProxyType({})


class Kind(StrEnum):
    """The eight kinds of attribute, by the name that `type` carries on the wire."""

    PROPERTY = "Property"
    RELATIONSHIP = "Relationship"
    GEO = "GeoProperty"
    LANGUAGE = "LanguageProperty"
    VOCAB = "VocabProperty"
    LIST = "ListProperty"
    LIST_RELATIONSHIP = "ListRelationship"
    JSON = "JsonProperty"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One instance of an attribute.

    value: Property: any JSON value; Relationship: an entity id or a tuple of ids; GeoProperty: a GeoJSON
    geometry; LanguageProperty: {language: text or list of texts}; VocabProperty: an expanded IRI or a tuple
    of them; ListProperty: a list in order; ListRelationship: a tuple of ids in order; JsonProperty: raw JSON.
    attributes: sub-attributes (properties of properties), expanded name -> instances.
    unit_code: UN/CEFACT code. object_type: expanded types of a relationship's target.
    value_type: datatype of a Property.
    """

    kind: Kind
    value: Any
    dataset_id: str | None = None
    observed_at: datetime | None = None
    unit_code: str | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    expires_at: datetime | None = None
    instance_id: str | None = None
    object_type: tuple[str, ...] = ()
    attributes: Attributes = field(default_factory=lambda: NO_ATTRIBUTES)
    value_type: str | None = None


class _Draft:
    """An attribute while it is being filled: the same slots, not yet frozen."""

    __slots__ = Attribute.__slots__


def attribute(
    kind: Kind,
    value: Any,
    dataset_id: str | None,
    observed_at: datetime | None,
    unit_code: str | None,
    created_at: datetime | None,
    modified_at: datetime | None,
    expires_at: datetime | None,
    instance_id: str | None,
    object_type: tuple[str, ...],
    attributes: Attributes,
    value_type: str | None = None,
) -> Attribute:
    """The same as Attribute(…), in a third of the time.

    A frozen dataclass fills each slot through object.__setattr__; a document of five attributes would spend
    more time there than in everything else. The draft has the same layout, so it can become the real thing.
    """
    draft: Any = _Draft()
    draft.kind = kind
    draft.value = value
    draft.dataset_id = dataset_id
    draft.observed_at = observed_at
    draft.unit_code = unit_code
    draft.created_at = created_at
    draft.modified_at = modified_at
    draft.expires_at = expires_at
    draft.instance_id = instance_id
    draft.object_type = object_type
    draft.attributes = attributes
    draft.value_type = value_type
    draft.__class__ = Attribute
    return cast(Attribute, draft)
