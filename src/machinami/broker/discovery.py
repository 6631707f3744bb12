"""Which types and attributes are in use? (ETSI GS CIM 009, 5.7.5 to 5.7.10)"""

from dataclasses import dataclass, replace

from machinami.broker.seen import reading
from machinami.broker.town import Town
from machinami.foundation.errors import NotFound
from machinami.model.found import TypeSummary
from machinami.model.principal import Principal
from machinami.model.query import Page, Query


@dataclass(frozen=True, slots=True)
class AttributeSummary:
    """An attribute in use: IRI, on how many entities, the kinds it has, the types that have it."""

    name: str
    count: int
    kinds: tuple[str, ...]
    types: tuple[str, ...]


async def types(town: Town, by: Principal) -> list[TypeSummary]:
    """Every type in use, in order of its IRI."""
    return sorted(await reading(town, by).types(), key=lambda summary: summary.type)


async def type_info(town: Town, name: str, by: Principal) -> TypeSummary:
    """One type in use. Raises NotFound."""
    for summary in await types(town, by):
        if summary.type == name:
            return summary
    raise NotFound(f"No entity of type {name} is here", type_=name)


async def attributes(town: Town, by: Principal) -> list[AttributeSummary]:
    """Every attribute in use, in order of its IRI."""
    counts: dict[str, int] = {}
    kinds: dict[str, set[str]] = {}
    owners: dict[str, set[str]] = {}
    for summary in await types(town, by):
        for name, by_kind in summary.attributes.items():
            counts[name] = counts.get(name, 0) + sum(by_kind.values())
            kinds.setdefault(name, set()).update(by_kind)
            owners.setdefault(name, set()).add(summary.type)
    return [
        AttributeSummary(name, counts[name], tuple(sorted(kinds[name])), tuple(sorted(owners[name])))
        for name in sorted(counts)
    ]


async def attribute_info(town: Town, name: str, by: Principal) -> AttributeSummary:
    """One attribute in use. Raises NotFound."""
    for summary in await attributes(town, by):
        if summary.name == name:
            return summary if len(summary.types) == 1 else replace(summary, count=await _holders(town, name, by))
    raise NotFound(f"No entity with the attribute {name} is here", attribute=name)


async def _holders(town: Town, name: str, by: Principal) -> int:
    """How many entities have an attribute: each counted once, of however many types it is (4.6.2)."""
    found = await reading(town, by).find(Query(attrs=(name,)), Page(0, count=True), town.clock())
    return found.count or 0
