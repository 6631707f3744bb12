"""How is an entity at hand without being taken apart? As its JSON, opened when somebody first looks inside.

Of the entities that are read, few are looked into: most are counted, cached, or written out as they are. A sealed
entity is an Entity in all it says; it takes a third of the memory, and none of the time.
"""

from collections.abc import Collection
from threading import Lock
from typing import Any

import orjson

from machinami.foundation.errors import StoreUnavailable
from machinami.foundation.remembered import remembered
from machinami.model.document import Document, entity_from_document
from machinami.model.entity import Entity
from machinami.model.opened import note_opened
from machinami.model.plain import plain_document

_MOST_TYPES = 1_024  # lists of types that were read
_LOCK = Lock()  # the reading threads share entities with the event loop
_EXPIRES, _TYPES, _ATTRIBUTES = b'"x":', b'"t":[', b'"a":{'  # within a text a quotation mark has a backslash before it
_SLOTS: dict[str, Any] = {name: Entity.__dict__[name] for name in ("types", "attributes", "created_at", "modified_at")}
_KEPT: Any = Entity.__dict__["scopes"]  # the slot that holds the JSON
_set = object.__setattr__
_kept = _KEPT.__get__


def _look(name: str) -> Any:
    slot = _SLOTS.get(name, _KEPT)

    def look(self: Entity) -> Any:
        _open(self)
        return slot.__get__(self)

    return property(look)


class _Sealed(Entity):
    """An entity of which the JSON is kept in the slot of the scopes; once opened it is an Entity like others.

    It has no slot more than an Entity, as only then can it become one.
    """

    __slots__ = ()

    types = property(lambda self: _types(self))
    attributes = _look("attributes")
    scopes = _look("scopes")
    created_at = _look("created_at")
    modified_at = _look("modified_at")

    def __eq__(self, other: object) -> bool:
        _open(self)
        return self == other

    __hash__ = Entity.__hash__


def seal(entity_id: str, doc: bytes) -> Entity:
    """The entity of this id from the JSON that `entity_to_document` describes.

    One that expires is opened at once, so that a sealed one never does.
    """
    if doc.find(_EXPIRES, 0, doc.find(_ATTRIBUTES)) >= 0:
        return entity_from_document(orjson.loads(doc))
    sealed = _Sealed.__new__(_Sealed)
    _set(sealed, "id", entity_id)
    _set(sealed, "expires_at", None)
    _KEPT.__set__(sealed, doc)
    return sealed


def is_sealed(entity: Entity) -> bool:
    """Whether nobody has looked into the entity."""
    return type(entity) is _Sealed


def sealed_document(entity: Entity) -> Document | None:
    """What the entity's JSON says, as long as it is sealed or plain. It is not to be changed."""
    if type(entity) is not _Sealed:
        return plain_document(entity)
    doc = _kept(entity)
    return _loaded(entity.id, doc) if type(doc) is bytes else None


def sealed_types(entity: Entity) -> bytes | None:
    """What the JSON of a sealed entity says of its types, as it stands there; None where that is not plain to see."""
    if type(entity) is not _Sealed:
        return None
    doc = _kept(entity)
    if type(doc) is not bytes:
        return None
    start = doc.find(_TYPES, 0, doc.find(_ATTRIBUTES))
    end = doc.find(b"]", start)
    # a bracket within a name: what stands before it does not end as a text does
    return doc[start:end] if 0 <= start < end and doc[end - 1 : end] == b'"' else None


def _types(sealed: Entity) -> Any:
    """The types, for which nothing else need be opened where they are plain to see; they are looked for once."""
    slot = _SLOTS["types"]
    try:
        return slot.__get__(sealed)
    except AttributeError:
        types = sealed_types(sealed)
    if types is None:
        _open(sealed)
    else:
        slot.__set__(sealed, _read_types(types))
    return slot.__get__(sealed)


@remembered(_MOST_TYPES)
def _read_types(text: bytes) -> tuple[str, ...]:
    return tuple(orjson.loads(text[_TYPES.index(b"[") :] + b"]"))


def excerpt(entity: Entity, names: Collection[str]) -> Entity:
    """The entity as far as these attributes go; one that is sealed stays so, and an open one is given as it is."""
    document = sealed_document(entity)
    if document is None:
        return entity
    attributes = document["a"]
    return entity_from_document({**document, "a": {name: attributes[name] for name in names if name in attributes}})


def _read(entity_id: str, doc: bytes) -> Entity:
    document = _loaded(entity_id, doc)
    try:
        return entity_from_document(document)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _unreadable(entity_id) from error


def _loaded(entity_id: str, doc: bytes) -> Document:
    try:
        document: Document = orjson.loads(doc)
    except orjson.JSONDecodeError as error:
        raise _unreadable(entity_id) from error
    return document


def _unreadable(entity_id: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"What is kept of {entity_id} cannot be read: its file is damaged; stop the town and run machinami repair "
        "--mend, or restore a copy",
        entity=entity_id,
    )


def _open(sealed: Entity) -> None:
    with _LOCK:
        doc = _kept(sealed)
        if type(doc) is not bytes:
            return  # another thread was faster
        entity = _read(sealed.id, doc)
        for name, slot in _SLOTS.items():
            slot.__set__(sealed, getattr(entity, name))
        _KEPT.__set__(sealed, entity.scopes)
        _set(sealed, "__class__", Entity)
        note_opened(len(doc))
