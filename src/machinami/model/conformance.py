"""How is an entity said to who understands an earlier version of NGSI-LD only? (pure; ETSI GS CIM 009, 4.3.6.8)

Works on documents, in the normalized and the concise form and in those of the past; what is not there in an earlier
version is left out or said in the plainer way that it has. A document that needs no change is given back itself.
"""

import re
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
Version = tuple[int, int]

CURRENT: Version = (1, 9)
OLDEST: Version = (1, 0)
_SEVERAL: Version = (1, 3)  # of types, and of instances apart by datasetId
_SCOPED: Version = (1, 4)
_LINKED: Version = (1, 8)
_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})\Z", re.ASCII)

# kind -> since when, what it was before, and how the members of its value are called there
_KINDS: Mapping[str, tuple[Version, str, Mapping[str, str]]] = {
    "LanguageProperty": (_SCOPED, "Property", {"languageMap": "value", "languageMaps": "values"}),
    "VocabProperty": (_LINKED, "Property", {"vocab": "value", "vocabs": "values"}),
    "JsonProperty": (_LINKED, "Property", {"json": "value", "jsons": "values"}),
    "ListProperty": (_LINKED, "Property", {"valueList": "value", "valueLists": "values"}),
    "ListRelationship": (_LINKED, "Relationship", {"objectList": "object", "objectLists": "objects"}),
}
_KIND_OF = {member: kind for kind, (_, _, members) in _KINDS.items() for member in members}
_MEMBERS: Mapping[str, Version] = {
    "expiresAt": CURRENT,
    "valueType": CURRENT,
    "objectType": _LINKED,
    "datasetId": _SEVERAL,
    "observedAt": _SEVERAL,
    "unitCode": _SEVERAL,
}
_PLAIN = frozenset({"value", "object", "values", "objects", *_KIND_OF})
_ATTRIBUTE_TYPES = frozenset({"Property", "GeoProperty", "Relationship", *_KINDS})
_HEAD = frozenset({"id", "type", "@context", "scope", "createdAt", "modifiedAt", "deletedAt"})


def read_version(text: str) -> Version | None:
    """The version that a text such as 1.5 names, None if it names none."""
    found = _VERSION.match(text)
    return (int(found[1]), int(found[2])) if found else None


def conformant(wanted: Version) -> Version | None:
    """The version that what is written for this wish conforms to; None for a version that never was."""
    return None if wanted < OLDEST else min(wanted, CURRENT)


def conformed(entity: Json, version: Version) -> Json:
    """The entity as a document of a version (Table 4.3.6.8-1)."""
    if version >= CURRENT:
        return entity
    said: Json = {}
    for name, value in entity.items():
        if name == "expiresAt" or (name == "scope" and version < _SCOPED):
            continue
        if name == "type" and isinstance(value, list) and value and version < _SEVERAL:
            said[name] = value[0]
        else:
            said[name] = value if name in _HEAD else _attribute(value, version)
    return entity if said == entity else said


def conformed_body(document: Json, version: Version) -> Json:
    """What is sent to change an entity, as of a version: a fragment of it, or one attribute."""
    return (
        _instance(document, version)
        if "id" not in document and _is_instance(document)
        else conformed(document, version)
    )


def _attribute(value: Any, version: Version) -> Any:
    """One attribute, with all its instances, or with one where several cannot be said (notes 2 and 3)."""
    if isinstance(value, list) and value and all(map(_is_instance, value)):
        if version >= _SEVERAL:
            return [_instance(each, version) for each in value]
        return _of_one_dataset(value, version)
    return _instance(value, version) if _is_instance(value) else value


def _of_one_dataset(instances: list[Json], version: Version) -> Any:
    """The default instance, else the first; of a past, all those of that dataset."""
    chosen = None if any("datasetId" not in each for each in instances) else instances[0].get("datasetId")
    kept = [_instance(each, version) for each in instances if each.get("datasetId") == chosen]
    is_past = len([each for each in instances if each.get("datasetId") == chosen]) > 1
    return kept if is_past else kept[0]


def _is_instance(value: Any) -> bool:
    return isinstance(value, dict) and (value.get("type") in _ATTRIBUTE_TYPES or not _PLAIN.isdisjoint(value))


def _instance(instance: Json, version: Version) -> Json:
    """One instance of an attribute (Tables 4.3.6.8-2 and 4.3.6.8-3)."""
    kind = instance.get("type") or next((_KIND_OF[name] for name in instance if name in _KIND_OF), "")
    since, before, renamed = _KINDS.get(kind, (OLDEST, kind, {}))
    if version >= since:
        renamed = {}
    said: Json = {}
    for name, value in instance.items():
        if name in _MEMBERS and version < _MEMBERS[name]:
            continue
        if name == "type" and version < since:
            said[name] = before
        elif name in renamed:
            said[renamed[name]] = _objects(value) if before == "Relationship" else value
        elif name == "entity" and isinstance(value, dict):
            said[name] = conformed(value, version)
        else:
            said[name] = value if name in _PLAIN else _attribute(value, version)
    return said


def _objects(listed: Any) -> Any:
    """The objects of a ListRelationship as those of a Relationship: URIs."""
    if isinstance(listed, list):
        return [_objects(each) for each in listed]
    return listed["object"] if isinstance(listed, dict) and "object" in listed else listed
