"""What does a branch tell its centre of one write? A document, complete enough to write it there again (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.model.attribute import Attribute
from machinami.model.change import Change, Verb
from machinami.model.compaction import compact_entity
from machinami.model.context import core
from machinami.model.entity import Entity
from machinami.model.expansion import expand_entity


@dataclass(frozen=True, slots=True)
class Delivered:
    """One write of a branch. seq: its number there; entity: with the attribute instances that it set; gone: those that
    it took away, as (name, dataset)."""

    seq: int
    verb: Verb
    entity: Entity
    gone: tuple[tuple[str, str | None], ...] = ()


def write_delivery(change: Change) -> dict[str, Any]:
    """A change of the log as a document; names are written out, so that no receiver needs a context."""
    found: dict[str, tuple[Attribute, ...]] = {}
    gone: list[list[str | None]] = []
    for part in change.attributes:
        if part.after is not None:
            found[part.name] = (*found.get(part.name, ()), part.after)
        elif part.before is not None and change.verb is Verb.UPDATED:
            gone.append([part.name, part.before.dataset_id])
    head = change.after or change.before
    scopes = () if head is None else head.scopes
    entity = Entity(change.entity_id, change.types, {} if change.verb is Verb.DELETED else found, scopes)
    told: dict[str, Any] = {"seq": change.seq, "verb": change.verb.value, "entity": compact_entity(entity, core())}
    return {**told, "gone": gone} if gone else told


def read_delivery(document: object) -> Delivered:
    """The write that a document tells of. Raises BadRequestData."""
    if not isinstance(document, Mapping) or not isinstance(document.get("entity"), Mapping):
        raise BadRequestData("A delivery is an object with seq, verb and entity")
    seq, verb, gone = document.get("seq"), document.get("verb"), document.get("gone", [])
    if type(seq) is not int or seq < 1 or verb not in {one.value for one in Verb} or not isinstance(gone, list):
        raise BadRequestData("A delivery has a seq from 1 on and a verb: created, updated or deleted")
    if not all(isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) for one in gone):
        raise BadRequestData("What is gone is told as [name, dataset]")
    names = tuple((str(one[0]), None if one[1] is None else str(one[1])) for one in gone)
    return Delivered(seq, Verb(verb), expand_entity(document["entity"], core()), names)
