"""What does a source say in its notification? (ETSI GS CIM 009, 5.3.1, 5.8.6)"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import parse_instant
from machinami.model.attribute import Attribute, Kind
from machinami.model.compaction import VERBATIM, compact_entity
from machinami.model.context import Context, core
from machinami.model.entity import Entity
from machinami.model.expansion import RELAYED, expand_entity
from machinami.model.null import NULL
from machinami.model.representation import Representation
from machinami.model.telling import Told

_IN_FULL = Representation(sys_attrs=True)
_DELETED = "deletedAt"


def read_entities(document: Mapping[str, Any], context: Context) -> list[Told]:
    """The entities that a notification tells of. Raises BadRequestData."""
    rows = document.get("data")
    if not isinstance(rows, list):
        raise BadRequestData("data must be a list of entities", member="data")
    return [_told(row, context) for row in rows]


def digest(told: Told) -> bytes:
    """What tells two tellings of the same apart from two things told."""
    document = compact_entity(told.entity, core(), _IN_FULL)
    return hashlib.blake2b(
        orjson.dumps([document, told.deleted_at], option=orjson.OPT_SORT_KEYS), digest_size=16
    ).digest()


def _told(row: Any, context: Context) -> Told:
    if not isinstance(row, dict):
        raise BadRequestData("data must be a list of entities", member="data")
    gone = parse_instant(row[_DELETED], _DELETED) if _DELETED in row else None
    marks: dict[str, list[dict[str, Any]]] = {}
    document = {name: _plain(context.expand(name), body, marks) for name, body in row.items() if name != _DELETED}
    entity = expand_entity(document, context, RELAYED)
    return Told(_marked(entity, marks), gone)


def _plain(name: str, body: Any, marks: dict[str, list[dict[str, Any]]]) -> Any:
    """The attribute without what a notification says besides (5.2.14): that goes among the marks."""
    if isinstance(body, list) and body and all(isinstance(each, dict) for each in body):
        return [_plain(name, each, marks) for each in body]
    if body == NULL:
        return {"type": Kind.PROPERTY.value, "value": NULL}
    if not isinstance(body, dict) or VERBATIM.keys().isdisjoint(body):
        return body
    said = {member: value for member, value in body.items() if member in VERBATIM}
    marks.setdefault(name, []).append({**said, "datasetId": body.get("datasetId")})
    return {member: value for member, value in body.items() if member not in VERBATIM}


def _marked(entity: Entity, marks: Mapping[str, Iterable[Mapping[str, Any]]]) -> Entity:
    if not marks:
        return entity
    attributes = dict(entity.attributes)
    for name, rows in marks.items():
        if name in attributes:
            said = {row["datasetId"]: row for row in rows}
            attributes[name] = tuple(_with(each, said.get(each.dataset_id, {})) for each in attributes[name])
    return replace(entity, attributes=attributes)


def _with(instance: Attribute, said: Mapping[str, Any]) -> Attribute:
    further = {VERBATIM[name]: (Attribute(Kind.PROPERTY, v),) for name, v in said.items() if name != "datasetId"}
    return replace(instance, attributes={**instance.attributes, **further})
