"""Which operations go beyond this broker, and how? One row for each (ETSI GS CIM 009, 4.20)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from machinami.apis.ngsild import batch, entities
from machinami.apis.ngsild.face import Face
from machinami.apis.ngsild.parameters import Paging
from machinami.apis.ngsild.rendering import Rendered
from machinami.apis.ngsild.shared_batches import BatchKind, SharedBatches
from machinami.apis.ngsild.shared_discovery import SharedDiscovery
from machinami.apis.ngsild.shared_purging import SharedPurging
from machinami.apis.ngsild.shared_reading import SharedReading
from machinami.apis.ngsild.shared_temporal import SharedTemporal
from machinami.apis.ngsild.shared_writing import Kind, SharedWriting
from machinami.apis.ngsild.sharing import Shared, shared
from machinami.apis.ngsild.temporal import Temporal
from machinami.kit.http import Route

_ONE, _ATTRS, _NAMED = "/entities/{id}", "/entities/{id}/attrs", "/entities/{id}/attrs/{attribute}"
_BATCH, _PAST = "/entityOperations", "/temporal"


def shared_routes(rows: Iterable[Route], face: Face, rendered: Rendered, paging: Paging) -> list[Route]:
    """The routes, with those operations shared that sources can take part in."""
    table = _table(face, rendered, paging)
    found = []
    for row in rows:
        beyond = table.get((row.method, row.path))
        found.append(row if beyond is None else replace(row, handler=shared(face, row.handler, beyond)))
    return found


def _table(face: Face, rendered: Rendered, paging: Paging) -> Mapping[tuple[str, str], Shared]:
    past = SharedTemporal(face, Temporal(face, paging), paging.instances)
    reading, writing, batches = SharedReading(face, rendered, paging), SharedWriting(face), SharedBatches(face)
    change = entities.CHANGE
    whole, attribute = writing.whole, writing.attribute
    table: dict[tuple[str, str], Shared] = {
        ("GET", _ONE): reading.retrieve,
        ("GET", "/entities"): reading.query,
        ("POST", f"{_BATCH}/query"): reading.post_query,
        ("GET", f"{_PAST}/entities"): past.query,
        ("GET", f"{_PAST}/entities/{{id}}"): past.retrieve,
        ("POST", f"{_PAST}/entityOperations/query"): past.post_query,
        ("DELETE", "/entities"): SharedPurging(face).purge,
        ("POST", "/entities"): partial(whole, Kind("createEntity", entities.WRITE, creates=True)),
        ("PUT", _ONE): partial(whole, Kind("replaceEntity", change, if_held=True)),
        ("PATCH", _ONE): partial(whole, Kind("mergeEntity", entities.MERGE_BY)),
        ("DELETE", _ONE): partial(writing.removal, Kind("deleteEntity", change, if_held=True)),
        ("POST", _ATTRS): partial(whole, Kind("appendAttrs", entities.APPEND, True)),
        ("PATCH", _ATTRS): partial(whole, Kind("updateEntity", change, True)),
        ("PATCH", _NAMED): partial(attribute, Kind("updateAttrs", change, True)),
        ("PUT", _NAMED): partial(attribute, Kind("replaceAttrs", change, True)),
        ("DELETE", _NAMED): partial(attribute, Kind("deleteAttrs", entities.REMOVE, True)),
    }
    kinds = SharedDiscovery(face)
    table["GET", "/types"], table["GET", "/types/{type}"] = kinds.types, kinds.type_info
    table["GET", "/attributes"], table["GET", "/attributes/{attribute}"] = kinds.attributes, kinds.attribute_info
    for kind in _batch_kinds():
        table["POST", f"{_BATCH}/{kind.path}"] = partial(batches.entities, kind)
    removal = BatchKind("deleteBatch", "delete", batch.LOCAL, "deleteEntity", "DELETE")
    table["POST", f"{_BATCH}/delete"] = partial(batches.ids, removal)
    return table


def _batch_kinds() -> Iterable[BatchKind]:
    yield BatchKind("createBatch", "create", batch.LOCAL, "createEntity", "POST", "", True, True)
    yield BatchKind("upsertBatch", "upsert", batch.OPTIONS, "replaceEntity", "PUT")
    yield BatchKind("updateBatch", "update", batch.OPTIONS, "appendAttrs", "POST", "/attrs")
    yield BatchKind("mergeBatch", "merge", batch.MERGE_OPTIONS, "mergeEntity", "PATCH")
