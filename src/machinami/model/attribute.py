"""What is one attribute of an entity: a Property, a Relationship or one of their six relatives?

One class for all eight kinds of ETSI GS CIM 009 (4.5.2, 4.5.3, 4.5.18, 4.5.20 to 4.5.24): they differ only in
the kind and in the shape of the value. Names are expanded IRIs throughout.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from machinami.foundation.value import value

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

    __hash__ = str.__hash__  # an enum's own is written in Python, and every table of kinds asks for it


@value
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
