"""What does a document from outside say? From JSON in any of its forms to an Entity with expanded names.

Normalized, concise (ETSI GS CIM 009, 4.5.2.3 and its relatives) and simplified (4.5.4) documents are all read by
one walk: an attribute that names its type is read by that type, any other by the member that it has, and what has
none of those members is a bare value. The readers of values are in `values`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.foundation.value import value
from machinami.model import core_terms
from machinami.model.attribute import NO_ATTRIBUTES, Attribute, Attributes, Kind
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.heads import read_scopes, read_types
from machinami.model.names import HEAD_MEMBERS, RESERVED_TERMS
from machinami.model.null import NO_MOMENT, NULL, Absent, Nulls
from machinami.model.plain import plain_entity
from machinami.model.plain_reading import read_plain
from machinami.model.shapes import read_common
from machinami.model.values import (
    MEMBERS,
    READERS,
    check_json,
    is_geometry,
    read_geometry,
    read_moment,
    read_text,
    read_uri,
    wrong,
)

SEALED = frozenset(("entityIdSealed", "entityTypeSealed"))  # members of ngsildproof that are plain text (4.5.2.2)
_PLACES = tuple(core_terms.NAMESPACE + name for name in ("location", "observationSpace", "operationSpace"))
_PROOF = "ngsildproof"
_RARE = frozenset(("scope", "expiresAt", _PROOF))
_KINDS = {kind.value: kind for kind in Kind}
_KIND_OF_MEMBER = {MEMBERS[kind]: kind for kind in reversed(Kind)}  # "value" means Property, not GeoProperty
_TARGETS = frozenset((Kind.RELATIONSHIP, Kind.LIST_RELATIONSHIP))
_MEASURES = frozenset((Kind.PROPERTY, Kind.GEO, Kind.LIST))
_SCALARS = frozenset((float, int, bool))
# looked up once: before Python 3.12 an enum's member costs as much as reading a value
_PROPERTY, _GEO = Kind.PROPERTY, Kind.GEO
_TYPED = Absent.TYPED
_MAX_DEPTH = 10
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Intake:
    """How to read a document.

    nulls: where NULL may stand; other than FORBIDDEN, attributes may also come without their value.
    several: an attribute may have several instances of one dataset, as temporal entities have (4.5.6).
    deletions: NULL may be the value of an instance, which says that it was deleted then (4.5.7); its deletedAt
    becomes the modifiedAt of the instance.
    simplified: every attribute is a bare value (4.5.4), whatever members an object has.
    system: believe createdAt, modifiedAt and instanceId, as from another broker; else they are ignored.
    """

    nulls: Nulls = Nulls.FORBIDDEN
    several: bool = False
    simplified: bool = False
    system: bool = False
    deletions: bool = False


ENTITY = Intake()
UPDATE = Intake(Nulls.MEMBERS)
MERGE = Intake(Nulls.INSIDE)
TEMPORAL = Intake(several=True, deletions=True)
INSTANCE = Intake(several=True)
PEER = Intake(system=True)
PAST_OF_PEER = Intake(several=True, system=True, deletions=True)
RELAYED = Intake(system=True, deletions=True)  # a notification also says what was deleted (5.8.6)


@value
class Fragment:
    """Part of an entity (5.4): what to change. Empty members change nothing.

    scopes: (NULL,) removes them; expires_at: NO_MOMENT removes it. bare: names of the attributes that came as
    bare values, so that their kind is a guess.
    """

    types: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    attributes: Attributes = field(default_factory=lambda: NO_ATTRIBUTES)
    expires_at: datetime | None = None
    bare: frozenset[str] = frozenset()
    id: str | None = None


def expand_entity(document: Mapping[str, Any], context: Context, intake: Intake = ENTITY) -> Entity:
    """The entity that a document describes (4.5.1). Raises BadRequestData with the place and the right form."""
    _check_object(document, "the entity")
    entity_id = read_uri(document.get("id", document.get("@id")), "id")
    if entity_id == NULL:
        raise wrong("id", f"{NULL} stands for nothing (5.5.4)", "give the entity an id of its own")
    types = read_types(document.get("type", document.get("@type")), context)
    if intake is ENTITY and _RARE.isdisjoint(document):
        plain = read_plain(document, _named(document, context))
        if plain is not None:
            return plain_entity(entity_id, types, plain, None, None)
    walk = _Walk(context, intake)
    attributes = walk.attributes(document)
    created = modified = None
    if intake.system:
        created, modified = (walk.moment(document, name, "") for name in ("createdAt", "modifiedAt"))
    scopes = read_scopes(document["scope"], intake.nulls) if "scope" in document else ()
    return Entity(entity_id, types, attributes, scopes, created, modified, walk.moment(document, "expiresAt", ""))


def expand_fragment(document: Mapping[str, Any], context: Context, intake: Intake = UPDATE) -> Fragment:
    """The fragment of an entity that a document describes (5.4); id, type and scope may be missing."""
    _check_object(document, "the fragment")
    walk = _Walk(context, intake)
    entity_id = document.get("id", document.get("@id"))
    types = document.get("type", document.get("@type"))
    return Fragment(
        () if types is None else read_types(types, context),
        read_scopes(document["scope"], intake.nulls) if "scope" in document else (),
        walk.attributes(document),
        walk.moment(document, "expiresAt", ""),
        frozenset(walk.bare),
        None if entity_id is None else read_uri(entity_id, "id"),
    )


def expand_attribute(name: str, body: Any, context: Context, intake: Intake = ENTITY) -> tuple[Attribute, ...]:
    """The instances of one attribute that a body describes (5.6.4, 5.6.19), the default instance first."""
    context.attribute(name)
    walk = _Walk(context, intake)
    if isinstance(body, dict):
        body = {member: inner for member, inner in body.items() if member != "@context"}
        if intake.nulls is not Nulls.FORBIDDEN and "type" not in body and walk.kind_of_members(body) is None:
            return (walk.instance(name, body, Kind.PROPERTY, Absent.UNTYPED, 0),)
    return walk.instances(name, body, 0)


class _Walk:
    """One walk through a document."""

    __slots__ = ("_context", "_fragment", "_guessed", "_intake", "_nulls", "_nulls_above", "bare")

    def __init__(self, context: Context, intake: Intake) -> None:
        self._context = context
        self._intake = intake
        self._nulls = intake.nulls
        self._nulls_above = Nulls.MEMBERS if intake.deletions else intake.nulls
        self._fragment = intake.nulls is not Nulls.FORBIDDEN
        self._guessed = False
        self.bare: set[str] = set()

    def attributes(self, document: Mapping[str, Any]) -> dict[str, tuple[Attribute, ...]]:
        """The attributes of an entity."""
        found: dict[str, tuple[Attribute, ...]] = {}
        plain = not self._intake.simplified
        for name, iri in _named(document, self._context):
            body = document[name]
            if plain and type(body) is dict:
                instance = read_common(name, body)
                if instance is not None:
                    found[iri] = (instance,)
                    continue
            self._guessed = False
            found[iri] = self.instances(name, body, 0)
            if self._guessed:
                self.bare.add(iri)
        _check_places(found)
        if _PROOF in document:
            _check_proof(found[self._context.attribute(_PROOF)])
        return found

    def instances(self, where: str, body: Any, depth: int) -> tuple[Attribute, ...]:
        """The instances of one attribute."""
        if type(body) is dict:
            stated = body.get("type")
            if type(stated) is str and stated in _KINDS and not self._intake.simplified:
                return (self.instance(where, body, _KINDS[stated], _TYPED, depth),)
            if len(body) == 1 and isinstance(body.get("dataset"), dict):
                return self._datasets(where, body["dataset"], depth)
            return (self._undeclared(where, body, depth),)
        if type(body) is list and not self._intake.simplified and any(map(self._is_instance, body)):
            return self._listed(where, body, depth)
        return (self._bare(where, body, depth),)

    def _listed(self, where: str, bodies: list[Any], depth: int) -> tuple[Attribute, ...]:
        found: list[Attribute] = []
        for index, body in enumerate(bodies):
            here = f"{where}[{index}]"
            _check_object(body, here)
            found.extend(self.instances(here, body, depth))
        if not self._intake.several:
            datasets = [instance.dataset_id for instance in found]
            for index, dataset in enumerate(datasets):
                if dataset in datasets[:index]:
                    which = f"the dataset {dataset}" if dataset else "no datasetId"
                    raise wrong(f"{where}[{index}]", f"this is the second instance with {which}", "give one")
            found.sort(key=lambda instance: instance.dataset_id is not None)
        return tuple(found)

    def _datasets(self, where: str, datasets: dict[str, Any], depth: int) -> tuple[Attribute, ...]:
        # the simplified form of several instances (4.5.4): {"dataset": {"@none": value, "urn:…": value}}
        found = []
        for dataset, body in datasets.items():
            here = f"{where}.dataset.{dataset}"
            plain = self._undeclared(here, body, depth) if type(body) is dict else self._bare(here, body, depth)
            identified = None if dataset == "@none" else read_uri(dataset, here)
            found.append(Attribute(plain.kind, plain.value, identified, *_NOTHING_ELSE))
        self._guessed = depth == 0
        found.sort(key=lambda instance: instance.dataset_id is not None)
        return tuple(found)

    def _is_instance(self, body: Any) -> bool:
        if type(body) is not dict:
            return False
        return "datasetId" in body or self.kind_of_members(body) is not None or body.get("type") in _KINDS

    def kind_of_members(self, body: dict[str, Any]) -> Kind | None:
        """The kind that an attribute without type has by its members (concise forms); None if there is none."""
        for member, kind in _KIND_OF_MEMBER.items():
            if member in body:
                return Kind.GEO if kind is Kind.PROPERTY and is_geometry(body[member]) else kind
        return None

    def _undeclared(self, where: str, body: dict[str, Any], depth: int) -> Attribute:
        """An attribute as an object whose type is not one of the eight words."""
        if is_geometry(body):
            return self._bare(where, body, depth)
        kind = self.kind_of_members(body)
        if self._intake.simplified:
            if len(body) == 1 and kind in (Kind.LANGUAGE, Kind.VOCAB, Kind.JSON):
                return self.instance(where, body, kind, Absent.UNTYPED, depth)
            return self._bare(where, body, depth)
        if "type" in body or "@type" in body:
            stated = body.get("type", body.get("@type"))
            iri = self._context.expand(stated) if isinstance(stated, str) else ""
            known = _KINDS.get(iri.removeprefix(core_terms.NAMESPACE))
            if known is None or not iri.startswith(core_terms.NAMESPACE):
                right = f'use one of {", ".join(_KINDS)}, or wrap a value that is an object as {{"value": …}}'
                raise wrong(f"{where}.type", f"{stated!r} is not a type of attribute", right)
            return self.instance(where, body, known, Absent.TYPED, depth)
        if kind is not None:
            return self.instance(where, body, kind, Absent.UNTYPED, depth)
        if not RESERVED_TERMS.isdisjoint(body):
            return self.instance(where, body, Kind.PROPERTY, Absent.UNTYPED, depth)
        return self._bare(where, body, depth)

    def _bare(self, where: str, value: Any, depth: int) -> Attribute:
        self._guessed = depth == 0
        if is_geometry(value):
            checked = read_geometry(value, where, self._context, self._nulls)
            return Attribute(Kind.GEO, checked, None, *_NOTHING_ELSE)
        if not (self._fragment and value == NULL):
            check_json(value, where, self._nulls)
        return Attribute(Kind.PROPERTY, value, None, *_NOTHING_ELSE)

    def instance(self, where: str, body: dict[str, Any], kind: Kind, absent: Absent, depth: int) -> Attribute:
        """One instance whose kind is known; absent: what stands for its value in a fragment without one."""
        carrier = MEMBERS[kind]
        value = body.get(carrier, _MISSING)
        if value is _MISSING:
            if not self._fragment:
                raise wrong(where, f"a {kind.value} needs the member {carrier}", f'add "{carrier}": …')
            value = absent
        elif kind is not _PROPERTY or type(value) not in _SCALARS:
            nulls = self._nulls if depth else self._nulls_above
            value = READERS[kind](value, f"{where}.{carrier}", self._context, nulls)
        read = ("type" in body) + (carrier in body)
        observed = unit = dataset = None
        if "observedAt" in body:
            read += 1
            observed = self.moment(body, "observedAt", where)
        if "unitCode" in body and kind in _MEASURES:
            read += 1
            unit = read_text(body["unitCode"], f"{where}.unitCode")
        if "datasetId" in body:
            read += 1
            dataset = _dataset(body["datasetId"], f"{where}.datasetId")
        if read == len(body):
            return Attribute(kind, value, dataset, observed, unit, None, None, None, None, (), NO_ATTRIBUTES)
        known = ("type", carrier, "observedAt", "datasetId", "unitCode" if kind in _MEASURES else "type")
        rest = {member: inner for member, inner in body.items() if member not in known}
        return Attribute(kind, value, dataset, observed, unit, *self._rest(where, rest, kind, depth))

    def _rest(self, where: str, rest: dict[str, Any], kind: Kind, depth: int) -> tuple[Any, ...]:
        """The less frequent members, and the sub-attributes."""
        if depth >= _MAX_DEPTH:
            raise wrong(where, f"attributes are nested deeper than {_MAX_DEPTH} levels", "make it flatter")
        created = modified = expires = named = datatype = None
        targets: tuple[str, ...] = ()
        below: dict[str, tuple[Attribute, ...]] = {}
        for member, inner in rest.items():
            here = f"{where}.{member}"
            if member == "expiresAt":
                expires = self.moment(rest, member, where)
            elif member in ("createdAt", "modifiedAt", "instanceId", "deletedAt"):
                continue
            elif member == "objectType" and kind in _TARGETS:
                targets = (NULL,) if self._fragment and inner == NULL else read_types(inner, self._context, here)
            elif member == "valueType" and kind is Kind.LANGUAGE and inner == "langString":
                continue  # what a LanguageProperty is without saying so (5.2.32)
            elif member == "valueType" and kind is Kind.PROPERTY:
                datatype = NULL if self._fragment and inner == NULL else self._context.expand(read_text(inner, here))
            elif member in SEALED and where.endswith(_PROOF):
                name = core_terms.NAMESPACE + member
                below[name] = (Attribute(Kind.PROPERTY, read_text(inner, here), None, *_NOTHING_ELSE),)
            elif member in RESERVED_TERMS or member in SEALED or member.startswith("@"):
                raise wrong(here, f"a {kind.value} cannot have the member {member}", "remove it")
            else:
                below[self._context.attribute(member)] = self.instances(here, inner, depth + 1)
        if self._intake.system:
            created = self.moment(rest, "createdAt", where)
            modified = self.moment(rest, "modifiedAt", where)
            named = read_uri(rest["instanceId"], f"{where}.instanceId") if "instanceId" in rest else None
        if self._intake.deletions and not depth and ("deletedAt" in rest or not self._intake.system):
            modified = self.moment(rest, "deletedAt", where)
        return created, modified, expires, named, targets, below or NO_ATTRIBUTES, datatype

    def moment(self, body: Mapping[str, Any], member: str, where: str) -> datetime | None:
        """The moment of a member, None without it, NO_MOMENT if a fragment removes it."""
        text = body.get(member, _MISSING)
        if text is _MISSING:
            return None
        if text == NULL and self._fragment:
            return NO_MOMENT
        return read_moment(text, f"{where}.{member}" if where else member)


# what follows kind, value and datasetId in an attribute that is nothing but a value
_NOTHING_ELSE: Any = (None, None, None, None, None, None, (), NO_ATTRIBUTES)


def _check_object(document: object, where: str) -> None:
    if type(document) is not dict and not isinstance(document, Mapping):
        raise BadRequestData(f"{where} is {document!r:.60}, but must be a JSON object {{…}}", where=where)


def _named(document: Mapping[str, Any], context: Context) -> Iterable[tuple[str, str]]:
    """The attributes of a document by name, each with its IRI. Raises BadRequestData when it comes to a wrong one."""
    known = context.attributes(tuple(document))
    return known if known is not None else _named_one_by_one(document, context)


def _named_one_by_one(document: Mapping[str, Any], context: Context) -> Iterator[tuple[str, str]]:
    found: set[str] = set()
    for name in document:
        if name not in HEAD_MEMBERS:
            iri = context.attribute(name)
            if iri in found:
                raise wrong(name, f"this is the second attribute with the name {iri}", "give one of them")
            found.add(iri)
            yield name, iri


def _check_places(found: Attributes) -> None:
    """Refuse places that are no GeoProperties (4.7.1)."""
    for name in _PLACES:
        for instance in found.get(name, ()):
            if instance.kind is not _GEO and instance.value != NULL and type(instance.value) is not Absent:
                right = 'write it as {"type": "GeoProperty", "value": {"type": "Point", "coordinates": […]}}'
                raise wrong(name, "this attribute is a GeoProperty", right)


def _check_proof(instances: tuple[Attribute, ...]) -> None:
    """Refuse a proof that is no object (4.5.2.2)."""
    for instance in instances:
        if not isinstance(instance.value, dict | Absent) and instance.value != NULL:
            raise wrong("ngsildproof.value", "this is no proof", "give the object of W3C Data Integrity")


def _dataset(value: object, where: str) -> str | None:
    if value == "@none":
        return None
    if value == NULL:
        raise wrong(where, "a datasetId cannot be removed", "delete the instance and add it anew")
    return read_uri(value, where)
