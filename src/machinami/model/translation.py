"""How does an entity document say the same in the words of another @context? (ETSI GS CIM 009, 4.3.6.6)

Names of types and attributes are exchanged, on every level; values stay as they are, except those that are names.
"""

from typing import Any

from machinami.model.context import Context
from machinami.model.names import RESERVED_TERMS

Json = dict[str, Any]

_HEAD = frozenset({"id", "@id", "scope", "@context", "createdAt", "modifiedAt", "deletedAt", "expiresAt"})
_TYPES = frozenset({"type", "@type"})
_NAMES = frozenset({"objectType", "valueType", "vocab"})


def translated_document(document: Json, own: Context, wanted: Context) -> Json:
    """The entity (or fragment of one) in the words of `wanted`."""
    if own is wanted:
        return document

    def name(text: Any) -> Any:
        if isinstance(text, list):
            return [name(each) for each in text]
        return wanted.compact(own.expand(text)) if isinstance(text, str) else text

    def attribute(body: Any) -> Any:
        if isinstance(body, list):
            return [attribute(each) for each in body]
        if not isinstance(body, dict) or "coordinates" in body:
            return body
        said: Json = {}
        for member, value in body.items():
            if member in _NAMES:
                said[member] = name(value)
            elif member in _TYPES or member in RESERVED_TERMS or member.startswith("@"):
                said[member] = value
            else:
                said[name(member)] = attribute(value)
        return said

    said: Json = {}
    for member, value in document.items():
        if member in _HEAD:
            said[member] = value
        elif member in _TYPES:
            said[member] = name(value)
        else:
            said[name(member)] = attribute(value)
    return said
