"""What is a source asked when entities are wanted? Never more than its registration covers (4.3.6.1, 5.7.2.4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from machinami.broker.federation.federation import Asked, Question
from machinami.model import parse
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.matching import has_types
from machinami.model.query import Query, TypeAny, TypeIs, TypeSelection
from machinami.model.registration import EntityInfo, Registration, RegistrationInfo
from machinami.model.registration_matching import Specification, covers, matches_entity_info, may_have
from machinami.model.write_scope import format_geo, format_scope
from machinami.model.write_types import format_types

READING = frozenset(("retrieveEntity", "queryEntity", "queryBatch"))
QUERYING = frozenset(("queryEntity", "queryBatch"))
MAPPING = "createEntityMapQueryEntity"
PAGE = 100
_SYSTEM = {"options": "sysAttrs"}


@dataclass(frozen=True, slots=True)
class Reach:
    """The part of a registration that matches a request: its infos; names: the only attributes, None: all."""

    registration: Registration
    infos: tuple[RegistrationInfo, ...]
    names: frozenset[str] | None

    def of(self, entity: Entity) -> Entity | None:
        """What of an entity that the source gave it may give; None if it may not give this one (4.3.6.1)."""
        infos = self.covering(entity)
        if not infos:
            return None
        names = named(infos)
        return entity if names is None else entity.keeping(names)

    def covering(self, entity: Entity) -> list[RegistrationInfo]:
        """The parts of the registration that cover the entity."""
        return [info for info in self.infos if covers(info, entity.id, entity.types)]

    def may_have(self, entity_id: str) -> bool:
        """Whether an entity of this id may come from there."""
        return any(
            not info.entities or any(may_have(entity, entity_id) for entity in info.entities) for info in self.infos
        )


def named(infos: Sequence[RegistrationInfo]) -> frozenset[str] | None:
    """The only attributes that these parts of a registration cover together; None: all."""
    if not all(info.attributes for info in infos):
        return None
    return frozenset(name for info in infos for name in info.attributes)


def reach(registration: Registration, shown: frozenset[str], infos: Sequence[RegistrationInfo]) -> Reach:
    """The reach of a registration whose matching infos these are. shown: the attributes that are wanted; none: all."""
    every = named(infos)
    if every is None:
        return Reach(registration, tuple(infos), shown or None)
    return Reach(registration, tuple(infos), every & shown or every)


def retrieval(found: Reach, entity_id: str, types: TypeSelection | None, context: Context) -> Asked:
    """The request for one entity, by the best operation that the source offers (4.20)."""
    operations = found.registration.operations
    if "retrieveEntity" in operations:
        arguments = {**attributes(found, context), **_SYSTEM}
        return Asked("GET", f"/entities/{entity_id}", arguments)
    return query(found, Query(types=types, ids=(entity_id,)), 0, False, context)


def query(found: Reach, wanted: Query, offset: int, paged: bool, context: Context) -> Asked:
    """The request for many entities. Its filters are those of `wanted`."""
    chosen = selection(found.infos, wanted, context)
    arguments = {**chosen, **attributes(found, context), **filters(wanted, context), **_SYSTEM}
    if paged:
        arguments["limit"] = str(PAGE)
        if offset:
            arguments["offset"] = str(offset)
    if "queryEntity" in found.registration.operations:
        return Asked("GET", "/entities", arguments)
    return Asked("POST", "/entityOperations/query", _head(arguments), _query_document(arguments, wanted, context), True)


def mapping(found: Reach, wanted: Query, lifetime: timedelta | None, context: Context) -> Asked:
    """The request for a map of the entities that a source has (5.14.4.4)."""
    arguments = {**selection(found.infos, wanted, context), **attributes(found, context), **filters(wanted, context)}
    return Asked("GET", "/entityMaps", {**arguments, **lasting(lifetime)})


def lasting(lifetime: timedelta | None) -> Mapping[str, str]:
    """The parameter that says how long a map is wanted (6.34.3.1)."""
    return {} if lifetime is None else {"entityMapLifetime": f"PT{max(1, int(lifetime.total_seconds()))}S"}


def following(question: Question, location: str | None) -> Question:
    """The question, with the map that the source made for those asked before (5.7.2.4); None: it made none."""
    if location is None:
        return question
    return lambda context: replace(question(context), fields={"NGSILD-EntityMap": location})


def attributes(found: Reach, context: Context) -> Mapping[str, str]:
    """The parameter that names the attributes wanted."""
    if found.names is None:
        return {}
    return {"attrs": ",".join(sorted(map(context.compact, found.names)))}


def selection(infos: Iterable[RegistrationInfo], wanted: Query, context: Context) -> dict[str, str]:
    """The parameters that say which entities are wanted: none that is not registered (4.3.6.1)."""
    entities: list[EntityInfo] | None = []
    for info in infos:
        entities = None if entities is None or not info.entities else [*entities, *info.entities]
    arguments: dict[str, str] = {}
    types = wanted.types if entities is None else narrowed_types(wanted.types, entities)
    if types is not None:
        arguments["type"] = format_types(types, context)
    ids = _ids(wanted, entities)
    if ids:
        arguments["id"] = ",".join(ids)
    elif wanted.id_pattern is not None:
        arguments["idPattern"] = wanted.id_pattern
    elif entities is not None and len(entities) == 1 and entities[0].id_pattern is not None and not wanted.ids:
        arguments["idPattern"] = entities[0].id_pattern
    return arguments


def narrowed_types(wanted: TypeSelection | None, entities: Sequence[EntityInfo]) -> TypeSelection | None:
    """The types to ask for: those wanted that are registered; all registered ones where none is wanted."""
    if wanted is None:
        names = tuple(dict.fromkeys(entity.types[0] for entity in entities if entity.types))
        if not names or not all(entity.types for entity in entities):
            return None
        return TypeIs(names[0]) if len(names) == 1 else TypeAny(tuple(map(TypeIs, names)))
    if isinstance(wanted, TypeAny):
        parts = tuple(part for part in wanted.parts if any(not e.types or has_types(part, e.types) for e in entities))
        if parts:
            return parts[0] if len(parts) == 1 else TypeAny(parts)
    return wanted


def _ids(wanted: Query, entities: Sequence[EntityInfo] | None) -> tuple[str, ...]:
    if entities is None:
        return wanted.ids
    if wanted.ids:
        return tuple(one for one in wanted.ids if any(may_have(entity, one) for entity in entities))
    ids = [entity.id for entity in entities]
    return tuple(dict.fromkeys(one for one in ids if one is not None)) if None not in ids else ()


def filters(wanted: Query, context: Context) -> dict[str, str]:
    """The parameters of q, scopeQ and the geo-query."""
    arguments: dict[str, str] = {}
    if wanted.q is not None:
        arguments["q"] = parse.format_q(wanted.q, context)
    if wanted.scope is not None:
        arguments["scopeQ"] = format_scope(wanted.scope)
    if wanted.geo is not None:
        arguments.update(format_geo(wanted.geo, context))
    return arguments


def _head(arguments: Mapping[str, str]) -> Mapping[str, str]:
    return {name: arguments[name] for name in ("options", "limit", "offset") if name in arguments}


def _query_document(arguments: Mapping[str, str], wanted: Query, context: Context) -> dict[str, object]:
    """The Query (5.2.23) that says the same as the parameters."""
    selector = {name: arguments[name] for name in ("type", "idPattern") if name in arguments}
    ids = arguments["id"].split(",") if "id" in arguments else []
    document: dict[str, object] = {"type": "Query"}
    if selector or ids:
        document["entities"] = [{"id": one, **selector} for one in ids] if ids else [selector]
    document.update({name: arguments[name] for name in ("q", "scopeQ") if name in arguments})
    if "attrs" in arguments:
        document["attrs"] = arguments["attrs"].split(",")
    if wanted.geo is not None:
        told = format_geo(wanted.geo, context)
        document["geoQ"] = {**told, "coordinates": wanted.geo.geometry["coordinates"]}
    return document


def narrowed(wanted: Query, split: bool) -> Query:
    """What is asked of each source: where entities may be split among sources, the filters come later (5.7.2.4)."""
    if not split:
        return wanted
    return replace(wanted, attrs=(), q=None, geo=None, scope=None, order=(), guard=None)


def matching(registration: Registration, wanted: Specification) -> list[RegistrationInfo]:
    """The parts of a registration that match, each with only those of its entities that do."""
    found = []
    for info in registration.information:
        if wanted.attributes and info.attributes and info.attributes.isdisjoint(wanted.attributes):
            continue
        if not info.entities or not wanted.entities:
            found.append(info)
            continue
        entities = tuple(e for e in info.entities if any(matches_entity_info(e, s) for s in wanted.entities))
        if entities:
            found.append(replace(info, entities=entities))
    return found
