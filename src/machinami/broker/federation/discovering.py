"""Which types and attributes are in use here and at the sources? (ETSI GS CIM 009, 5.7.5 to 5.7.11)

Sources that offer the operation are asked, as 5.7.11 has it for a more accurate result; what they name beyond their
registration is not taken. What is in several places is counted in each: the counts are estimates.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from machinami.broker import discovery
from machinami.broker.discovery import AttributeSummary
from machinami.broker.federation.asking import Reach, named
from machinami.broker.federation.federation import Asked, Federation, Reply, together
from machinami.broker.federation.gathering import reaches_of
from machinami.broker.federation.passing import judged_after
from machinami.broker.federation.trigger import Trigger
from machinami.broker.sources import Source
from machinami.broker.town import Town
from machinami.foundation.errors import NotFound
from machinami.model.context import Context
from machinami.model.found import TypeSummary
from machinami.model.principal import Principal
from machinami.model.query import Query, TypeIs
from machinami.model.registration_matching import Specification
from machinami.model.subscription import EntitySelector

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks what of whom, in which town."""

    federation: Federation
    town: Town
    trigger: Trigger
    by: Principal


async def types(asking: Asking, details: bool) -> tuple[Sequence[TypeSummary], Sequence[str]]:
    """Every type in use (5.7.5), with the names of its attributes if `details` (5.7.6); and warnings."""
    operation = "retrieveEntityTypeDetails" if details else "retrieveEntityTypes"
    answers, warnings = await _ask(asking, Specification(lenient=True), operation, lambda _: "/types", details)
    told = [one for found, reply in answers for one in _types_of(found, reply)]
    return merged_types([*await discovery.types(asking.town, asking.by), *told]), warnings


async def type_info(asking: Asking, name: str) -> tuple[TypeSummary, Sequence[str]]:
    """One type in use with its attributes (5.7.7); and warnings. Raises NotFound."""
    wanted = Specification((EntitySelector(TypeIs(name)),), lenient=True)
    path = partial(_path, "/types", name)
    answers, warnings = await _ask(asking, wanted, "retrieveEntityTypeInfo", path, False)
    told = [one for found, reply in answers for one in _types_of(found, reply) if one.type == name]
    own = await _unless_missing(discovery.type_info(asking.town, name, asking.by), bool(told))
    return merged_types([*own, *told])[0], warnings


async def attributes(asking: Asking, details: bool) -> tuple[Sequence[AttributeSummary], Sequence[str]]:
    """Every attribute in use (5.7.8), with its types if `details` (5.7.9); and warnings."""
    operation = "retrieveAttrTypeDetails" if details else "retrieveAttrTypes"
    answers, warnings = await _ask(asking, Specification(lenient=True), operation, lambda _: "/attributes", details)
    told = [one for found, reply in answers for one in _attributes_of(found, reply)]
    return merged_attributes([*await discovery.attributes(asking.town, asking.by), *told]), warnings


async def attribute_info(asking: Asking, name: str) -> tuple[AttributeSummary, Sequence[str]]:
    """One attribute in use (5.7.10); and warnings. Raises NotFound."""
    wanted = Specification(attributes=frozenset((name,)), lenient=True)
    path = partial(_path, "/attributes", name)
    answers, warnings = await _ask(asking, wanted, "retrieveAttrTypeInfo", path, False)
    told = [one for found, reply in answers for one in _attributes_of(found, reply) if one.name == name]
    own = await _unless_missing(discovery.attribute_info(asking.town, name, asking.by), bool(told))
    return merged_attributes([*own, *told])[0], warnings


async def _unless_missing(finding: Awaitable[T], known: bool) -> list[T]:
    """What is here; nothing is no error where others know it."""
    try:
        return [await finding]
    except NotFound:
        if not known:
            raise
        return []


def _path(root: str, name: str, context: Context) -> str:
    return f"{root}/{context.compact(name)}"


async def _ask(
    asking: Asking, wanted: Specification, operation: str, path: Callable[[Context], str], details: bool
) -> tuple[list[tuple[Reach, Reply]], list[str]]:
    """The answers of the sources that offer the operation, and warnings. Who may not see everything has none asked:
    no source knows what they may see."""
    if judged_after(asking.town, Query(), asking.by) is not None:
        return [], []
    federation, town, trigger = asking.federation, asking.town, asking.trigger
    some, warnings = reaches_of(federation, town, wanted, frozenset((operation,)), trigger, frozenset())

    def question(context: Context) -> Asked:
        return Asked("GET", path(context), {"details": "true"} if details else {})

    def ask(source: Source) -> Awaitable[Reply]:
        return federation.ask(town, source, question, trigger)

    replies = await together([ask(source) for source, _ in some])
    warnings += [reply.warning for reply in replies if reply.warning is not None]
    return [(found, reply) for (_, found), reply in zip(some, replies, strict=True) if reply.done], warnings


# --- what sources tell


def _types_of(found: Reach, reply: Reply) -> Iterable[TypeSummary]:
    """The types that a source names: a list of names, rows, or one description."""
    context, rows = reply.context, reply.document
    if context is None:
        return
    if isinstance(rows, dict) and "typeList" in rows:
        rows = [{"typeName": name} for name in _texts(rows["typeList"])]
    allowed, names = _types(found), named(found.infos)
    for row in rows if isinstance(rows, list) else [rows]:
        name = _iri(row, "typeName", context)
        if name is None or (allowed is not None and name not in allowed):
            continue
        kinds: dict[str, dict[str, int]] = {context.expand(one): {} for one in _texts(row.get("attributeNames"))}
        details = row.get("attributeDetails")
        for each in details if isinstance(details, list) else ():
            attribute = _iri(each, "attributeName", context)
            if attribute is not None:
                kinds[attribute] = dict.fromkeys(_texts(each.get("attributeTypes")), 0)
        shown = {one: kinds[one] for one in kinds if names is None or one in names}
        yield TypeSummary(name, _number(row.get("entityCount")), shown)


def _attributes_of(found: Reach, reply: Reply) -> Iterable[AttributeSummary]:
    """The attributes that a source names."""
    context, rows = reply.context, reply.document
    if context is None:
        return
    if isinstance(rows, dict) and "attributeList" in rows:
        rows = [{"attributeName": name} for name in _texts(rows["attributeList"])]
    allowed, names = _types(found), named(found.infos)
    for row in rows if isinstance(rows, list) else [rows]:
        name = _iri(row, "attributeName", context)
        if name is None or (names is not None and name not in names):
            continue
        owners = [context.expand(one) for one in _texts(row.get("typeNames"))]
        owners = [one for one in owners if allowed is None or one in allowed]
        yield AttributeSummary(
            name, _number(row.get("attributeCount")), tuple(_texts(row.get("attributeTypes"))), tuple(owners)
        )


def _types(found: Reach) -> frozenset[str] | None:
    """The only types that a registration covers; None: any."""
    entities = [entity for info in found.infos for entity in info.entities]
    if not all(info.entities for info in found.infos) or not all(entity.types for entity in entities):
        return None
    return frozenset(name for entity in entities for name in entity.types)


def _iri(row: Any, member: str, context: Context) -> str | None:
    """What a row is about: by its id, or by its name in the words in which was asked."""
    if not isinstance(row, dict):
        return None
    for name, said in (("id", row.get("id")), (member, row.get(member))):
        if isinstance(said, str) and said:
            return said if name == "id" else context.expand(said)
    return None


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _number(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0


# --- together


def merged_types(every: Iterable[TypeSummary]) -> list[TypeSummary]:
    """Each type once, in order of its IRI, with what all know of it."""
    found: dict[str, TypeSummary] = {}
    for one in every:
        before = found.get(one.type)
        if before is None:
            found[one.type] = one
            continue
        kinds = {name: dict(counts) for name, counts in before.attributes.items()}
        for name, counts in one.attributes.items():
            mine = kinds.setdefault(name, {})
            for kind, count in counts.items():
                mine[kind] = mine.get(kind, 0) + count
        found[one.type] = TypeSummary(one.type, before.entity_count + one.entity_count, kinds)
    return [found[name] for name in sorted(found)]


def merged_attributes(every: Iterable[AttributeSummary]) -> list[AttributeSummary]:
    """Each attribute once, in order of its IRI, with what all know of it."""
    found: dict[str, AttributeSummary] = {}
    for one in every:
        before = found.get(one.name, AttributeSummary(one.name, 0, (), ()))
        kinds, owners = {*before.kinds, *one.kinds}, {*before.types, *one.types}
        count = before.count + one.count
        found[one.name] = AttributeSummary(one.name, count, tuple(sorted(kinds)), tuple(sorted(owners)))
    return [found[name] for name in sorted(found)]
