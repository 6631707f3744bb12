"""How do entities become bytes, with as little work as possible? Each is rendered once and served many times.

The store gives the same Entity object as long as it has not changed, so the object itself tells whether what was
rendered is still true.
"""

from collections import OrderedDict
from collections.abc import Iterable

import orjson

from machinami.apis.ngsild.face import context_member
from machinami.apis.ngsild.parameters import View
from machinami.model.compaction import Json, compact_entity
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.kept_form import compact_document
from machinami.model.sealed import sealed_document

_BYTES = 64_000_000
_FORMS = 8
_OVERHEAD = 300  # bytes that an entry takes beside what was rendered


class Rendered:
    """Rendered entities, bounded by their bytes; the least used go first."""

    def __init__(self, limit: int = _BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._entries: OrderedDict[str, tuple[Entity, dict[View, bytes]]] = OrderedDict()

    def entity(self, entity: Entity, view: View) -> bytes:
        """The entity as JSON without @context."""
        entry = self._entries.get(entity.id)
        if entry is not None and entry[0] is entity:
            found = entry[1].get(view)
            if found is not None:
                self._entries.move_to_end(entity.id)
                return found
        else:
            self._forget(entity.id)
            entry = (entity, {})
            self._entries[entity.id] = entry
        rendered = orjson.dumps(_written(entity, view))
        if len(entry[1]) >= _FORMS:  # contexts and forms come from outside
            self._size -= sum(map(len, entry[1].values())) + _OVERHEAD * len(entry[1])
            entry[1].clear()
        entry[1][view] = rendered
        self._size += len(rendered) + _OVERHEAD
        while self._size > self._limit and len(self._entries) > 1:
            self._forget(next(iter(self._entries)))
        return rendered

    def _forget(self, entity_id: str) -> None:
        entry = self._entries.pop(entity_id, None)
        if entry is not None:
            self._size -= sum(map(len, entry[1].values())) + _OVERHEAD * len(entry[1])


def _written(entity: Entity, view: View) -> Json:
    document = sealed_document(entity)
    written = compact_document(document, view.context, view.representation) if document is not None else None
    return written if written is not None else compact_entity(entity, view.context, view.representation)


def with_context(rendered: bytes, context: Context) -> bytes:
    """A rendered JSON object with its @context (application/ld+json)."""
    member = b'"@context":' + orjson.dumps(context_member(context))
    return rendered[:-1] + (b"," if len(rendered) > 2 else b"") + member + b"}"


def array(rendered: Iterable[bytes]) -> bytes:
    """Rendered JSON values as one JSON array."""
    return b"[" + b",".join(rendered) + b"]"
