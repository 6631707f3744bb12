"""What does a branch tell its centre of one write? A document, complete enough to write it there again (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.model.attribute import Attribute
from machinami.model.change import AttributeChange, Change, Verb
from machinami.model.compaction import compact_entity
from machinami.model.context import core
from machinami.model.document import attribute_from_document, attribute_to_document
from machinami.model.entity import Entity
from machinami.model.expansion import expand_entity
from machinami.model.town_terms import CORRECTION


@dataclass(frozen=True, slots=True)
class Delivered:
    """One write of a branch. seq: its number there; entity: with the attribute instances that it set; gone: those that
    it took away, as (name, dataset); past: what it changed of the past; scopes: those that the entity has from then on,
    None where they stayed."""

    seq: int
    verb: Verb
    entity: Entity
    gone: tuple[tuple[str, str | None], ...] = ()
    past: tuple["Past", ...] = ()
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """A reading of the past that came late (was is None), was put right, or was taken away (now is None). present:
    whether it was the present one that was told wrongly, so that the entity is put right, too."""

    name: str
    was: Attribute | None
    now: Attribute | None
    present: bool = False


def past_of(change: Change) -> tuple[Past, ...]:
    """What a change of the log did to the past; nothing where it is a write as most are."""
    if change.verb is not Verb.UPDATED:
        return ()
    is_past = change.after is None
    if not is_past and not any(map(_is_correction, change.attributes)):
        return ()
    return tuple(Past(one.name, one.before, one.after, not is_past) for one in change.attributes)


def _is_correction(part: AttributeChange) -> bool:
    if part.before is None or part.after is None:
        return False
    noted = part.after.attributes.get(CORRECTION)
    return noted is not None and noted != part.before.attributes.get(CORRECTION)


def write_delivery(change: Change) -> dict[str, Any]:
    """A change of the log as a document; names are written out, so that no receiver needs a context."""
    found: dict[str, tuple[Attribute, ...]] = {}
    gone: list[list[str | None]] = []
    past = past_of(change)
    for part in () if past else change.attributes:
        if part.after is not None:
            found[part.name] = (*found.get(part.name, ()), part.after)
        elif part.before is not None and change.verb is Verb.UPDATED:
            gone.append([part.name, part.before.dataset_id])
    head = change.after or change.before
    scopes = () if head is None else head.scopes
    entity = Entity(change.entity_id, change.types, {} if change.verb is Verb.DELETED else found, scopes)
    told: dict[str, Any] = {"seq": change.seq, "verb": change.verb.value, "entity": compact_entity(entity, core())}
    if past:
        told["past"] = [[one.name, _written(one.was), _written(one.now), one.present] for one in past]
    if change.before is not None and change.after is not None and change.before.scopes != change.after.scopes:
        told["scopes"] = list(change.after.scopes)
    return {**told, "gone": gone} if gone else told


def _written(instance: Attribute | None) -> Any:
    """An instance with all that it says: also that there is no value, which no NGSI-LD document can."""
    return None if instance is None else attribute_to_document(instance)


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
    scopes = document.get("scopes")
    if scopes is not None and not (isinstance(scopes, list) and all(isinstance(one, str) for one in scopes)):
        raise BadRequestData("Scopes are told as a list of texts")
    entity = expand_entity(document["entity"], core())
    kept = None if scopes is None else tuple(scopes)
    return Delivered(seq, Verb(verb), entity, names, _read_past(document.get("past", [])), kept)


def _read_past(rows: object) -> tuple[Past, ...]:
    wrong = BadRequestData("What became of the past is told as [name, before, after, present]")
    if not isinstance(rows, list) or not all(isinstance(one, list) and len(one) == 4 for one in rows):
        raise wrong
    if not all(isinstance(one[0], str) and isinstance(one[3], bool) for one in rows):
        raise wrong
    try:
        return tuple(Past(name, _read(was), _read(now), present) for name, was, now, present in rows)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise wrong from error


def _read(document: Mapping[str, Any] | None) -> Attribute | None:
    return None if document is None else attribute_from_document(document)
