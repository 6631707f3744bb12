"""How is an entity written down to be kept? Compact JSON of entities, attribute instances and changes.

The shape is shared with the stores, which look into it with SQL. Members that are empty are left out.

    entity    {"i": id, "t": [types], "s": [scopes], "c": created, "m": modified, "x": expires,
               "a": {name: [instance, ...]}}
    instance  {"k": kind code, "v": value, "d": datasetId, "o": observedAt, "u": unitCode, "c": createdAt,
               "m": modifiedAt, "x": expiresAt, "n": instanceId, "ot": [object types], "a": sub-attributes,
               "vt": datatype of the value}
    change    {"v": verb code, "i": id, "t": [types], "a": entity after, or "p": what changes the entity before into
               it as a merge patch (RFC 7396), "d": [[name, before, after], ...], "at": moment, "by": principal,
               in "d" an instance that is in the entity before or after is written as its index there;
               without "d" it is the one instance of each attribute that is in "a" or "p", in this order}

Moments are text of one width in UTC, so that the order of the text is the order of time.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from machinami.model.attribute import NO_ATTRIBUTES, Attribute, Attributes, Kind
from machinami.model.change import AttributeChange, Change, Verb
from machinami.model.entity import Entity

Document = dict[str, Any]

KIND_CODES = {
    Kind.PROPERTY: "P",
    Kind.RELATIONSHIP: "R",
    Kind.GEO: "G",
    Kind.LANGUAGE: "L",
    Kind.VOCAB: "V",
    Kind.LIST: "S",
    Kind.LIST_RELATIONSHIP: "T",
    Kind.JSON: "J",
}
VERB_CODES = {Verb.CREATED: "c", Verb.UPDATED: "u", Verb.DELETED: "d"}
_KINDS = {code: kind for kind, code in KIND_CODES.items()}
_VERBS = {code: verb for verb, code in VERB_CODES.items()}
_TUPLES = frozenset("RVT")  # kinds whose many values are a tuple; JSON has lists only
_MOMENTS = 16_384
_NONE = (None,)


@lru_cache(_MOMENTS)
def moment_to_text(moment: datetime) -> str:
    """The moment as YYYY-MM-DDTHH:MM:SS.ffffffZ; cached, because one document repeats few moments often."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")[:26] + "Z"


@lru_cache(_MOMENTS)
def moment_from_text(text: str) -> datetime:
    """The moment that `moment_to_text` wrote."""
    return datetime.fromisoformat(text)


def attribute_to_document(instance: Attribute) -> Document:
    """One attribute instance, ready for JSON."""
    document = timeless_document(instance)
    if instance.observed_at is not None:
        document["o"] = moment_to_text(instance.observed_at)
    if instance.created_at is not None:
        document["c"] = moment_to_text(instance.created_at)
    if instance.modified_at is not None:
        document["m"] = moment_to_text(instance.modified_at)
    return document


def timeless_document(instance: Attribute) -> Document:
    """One attribute instance without observedAt, createdAt and modifiedAt, which are written apart."""
    value = instance.value
    document: Document = {
        "k": KIND_CODES[instance.kind],
        "v": list(value) if type(value) is tuple else value,
    }
    if instance.dataset_id is not None:
        document["d"] = instance.dataset_id
    if instance.unit_code is not None:
        document["u"] = instance.unit_code
    if instance.expires_at is not None:
        document["x"] = moment_to_text(instance.expires_at)
    if instance.instance_id is not None:
        document["n"] = instance.instance_id
    if instance.object_type:
        document["ot"] = list(instance.object_type)
    if instance.attributes:
        document["a"] = _attributes_to_document(instance.attributes)
    if instance.value_type is not None:
        document["vt"] = instance.value_type
    return document


def attribute_from_document(document: Mapping[str, Any]) -> Attribute:
    """The attribute instance that `attribute_to_document` wrote."""
    get = document.get
    code, value = document["k"], document["v"]
    observed, created, modified, expires = get("o"), get("c"), get("m"), get("x")
    types, below = get("ot"), get("a")
    return Attribute(
        _KINDS[code],
        tuple(value) if type(value) is list and code in _TUPLES else value,
        get("d"),
        observed and moment_from_text(observed),
        get("u"),
        created and moment_from_text(created),
        modified and moment_from_text(modified),
        expires and moment_from_text(expires),
        get("n"),
        tuple(types) if types else (),
        _attributes_from_document(below) if below else NO_ATTRIBUTES,
        get("vt"),
    )


def _attributes_to_document(attributes: Attributes) -> Document:
    return {name: [attribute_to_document(i) for i in instances] for name, instances in attributes.items()}


def _attributes_from_document(document: Mapping[str, Any]) -> Attributes:
    return {
        name: (attribute_from_document(instances[0]),)
        if len(instances) == 1
        else tuple([attribute_from_document(i) for i in instances])
        for name, instances in document.items()
    }


def entity_to_document(entity: Entity) -> Document:
    """The entity, ready for JSON."""
    document = head_to_document(entity)
    document["a"] = _attributes_to_document(entity.attributes)
    return document


def head_to_document(entity: Entity) -> Document:
    """What an entity is besides its attributes, ready for JSON."""
    document: Document = {"i": entity.id, "t": list(entity.types)}
    if entity.scopes:
        document["s"] = list(entity.scopes)
    if entity.created_at is not None:
        document["c"] = moment_to_text(entity.created_at)
    if entity.modified_at is not None:
        document["m"] = moment_to_text(entity.modified_at)
    if entity.expires_at is not None:
        document["x"] = moment_to_text(entity.expires_at)
    return document


def entity_from_document(document: Mapping[str, Any]) -> Entity:
    """The entity that `entity_to_document` wrote."""
    return _entity(document, _attributes_from_document(document["a"]))


def _entity(document: Mapping[str, Any], attributes: Attributes) -> Entity:
    get = document.get
    created, modified, expires = get("c"), get("m"), get("x")
    return Entity(
        document["i"],
        tuple(document["t"]),
        attributes,
        tuple(get("s", ())),
        created and moment_from_text(created),
        modified and moment_from_text(modified),
        expires and moment_from_text(expires),
    )


def change_from_document(document: Mapping[str, Any], was: Mapping[str, Any] | None, seq: int) -> Change:
    """The change that was written down under this number; was: the document of the entity before."""
    before = None if was is None else entity_from_document(was)
    after = None
    if "a" in document:
        after = entity_from_document(document["a"])
    elif "p" in document and was is not None and before is not None:
        after = _patched(was, before, document["p"])
    old = NO_ATTRIBUTES if before is None else before.attributes
    new = NO_ATTRIBUTES if after is None else after.attributes
    if "d" in document:
        attributes = tuple(
            AttributeChange(name, _referred(one, old.get(name, ())), _referred(other, new.get(name, ())))
            for name, one, other in document["d"]
        )
    else:
        names = (document.get("a") or document.get("p") or {"a": ()})["a"]
        attributes = tuple(AttributeChange(n, old.get(n, _NONE)[0], new.get(n, _NONE)[0]) for n in names)
    return Change(
        _VERBS[document["v"]],
        document["i"],
        tuple(document["t"]),
        before,
        after,
        attributes,
        moment_from_text(document["at"]),
        document["by"],
        seq,
    )


def _patched(was: Mapping[str, Any], before: Entity, patch: Mapping[str, Any]) -> Entity:
    """The entity with a merge patch laid over it; attributes that are not in it are the same objects."""
    changed = patch["a"]
    attributes = {**before.attributes, **_attributes_from_document({n: i for n, i in changed.items() if i is not None})}
    for name, instances in changed.items():
        if instances is None:
            del attributes[name]
    return _entity({name: member for name, member in {**was, **patch}.items() if member is not None}, attributes)


def _referred(reference: Any, among: tuple[Attribute, ...]) -> Attribute | None:
    if reference is None:
        return None
    return among[reference] if type(reference) is int else attribute_from_document(reference)
