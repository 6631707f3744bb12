"""What is kept in the town, said for pages: types, entities, their past, and how a bad reading is put right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from machinami.broker import discovery, history, operations
from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.foundation.instant import parse_instant
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.query import Page, Query, TemporalQuery, TimeRelation, TypeIs

SEARCHED = 5_000
"""So many entities of a type are looked through by name; beyond that, search by the start of an id."""


@dataclass(frozen=True, slots=True)
class Correction:
    """How a reading was put right: what it was, why, by whom, when."""

    original: object
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """One attribute of an entity, in short names: what it says, in which unit, as of when, how good."""

    name: str
    kind: str
    value: object
    unit: str | None
    observed_at: datetime | None
    modified_at: datetime | None
    quality: str = ""
    correction: Correction | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One entity in short names."""

    id: str
    type: str
    name: Mapping[str, str]
    changed: datetime | None
    facts: Sequence[Fact] = ()


@dataclass(frozen=True, slots=True)
class PastValue:
    """One past value of an attribute, and how it was put right if it was."""

    at: datetime
    value: object
    unit: str | None
    instance: str | None
    correction: Correction | None = None


class Register:
    """The pages' view of one town: reading for everyone, correcting for a named officer."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._context = town_context()

    async def types(self) -> list[tuple[str, int]]:
        """Every type in use with its number of entities."""
        found = await discovery.types(self._town, ANONYMOUS)
        return sorted((self._context.compact(one.type), one.entity_count) for one in found)

    async def items(self, type_name: str, search: str, offset: int, limit: int) -> tuple[list[Item], int]:
        """One page of the entities of a type whose id or name holds the search text, and how many there are."""
        query = Query(types=TypeIs(self._context.expand(type_name)))
        if not search:
            found = await operations.query(self._town, query, Page(limit, offset, count=True), ANONYMOUS)
            return [self._item(entity) for entity in found.entities], found.count or 0
        found = await operations.query(self._town, query, Page(SEARCHED, 0), ANONYMOUS)
        wanted = search.casefold()
        named = [self._item(entity) for entity in found.entities]
        kept = [i for i in named if wanted in i.id.casefold() or any(wanted in n.casefold() for n in i.name.values())]
        return kept[offset : offset + limit], len(kept)

    def item(self, entity_id: str) -> Item:
        """One entity with its attributes. Raises NotFound."""
        entity = operations.retrieve(self._town, entity_id, ANONYMOUS)
        facts = [self._fact(name, one) for name, many in entity.attributes.items() for one in many]
        return replace(self._item(entity), facts=sorted(facts, key=lambda fact: fact.name))

    async def past(self, entity_id: str, attribute: str, until: datetime, span: timedelta) -> list[PastValue]:
        """Past values of an attribute (short name), in order of time."""
        wanted = TemporalQuery(TimeRelation.BETWEEN, until - span, until, "observedAt")
        name = self._context.expand(attribute)
        found = await history.instances(self._town, [entity_id], [name], wanted, ANONYMOUS)
        return [
            PastValue(one.value.observed_at, one.value.value, one.value.unit_code, one.value.instance_id, _correction(one.value))
            for one in found
            if one.value.observed_at is not None and one.deleted_at is None
        ]  # fmt: skip

    async def correct(
        self, entity_id: str, attribute: str, instance: str, value: float | None, reason: str, who: str, role: str
    ) -> None:
        """Put a reading right, or mark it as missing (None). Raises NotFound."""
        by = Principal(f"urn:machinami:officer:{quote(who)}", frozenset({"officer"}))
        said = f"{reason}（{role} {who}）"
        await history.correct(self._town, entity_id, self._context.expand(attribute), instance, value, said, by)

    async def simulated(self) -> bool:
        """Whether any entity of this town says that it is simulated."""
        simulated = self._context.expand("simulated")
        return any(simulated in one.attributes for one in await discovery.types(self._town, ANONYMOUS))

    def _item(self, entity: Entity) -> Item:
        name = entity.get(self._context.expand("name"))
        said = {} if name is None else name.value if name.kind is Kind.LANGUAGE else {"ja": str(name.value)}
        kind = self._context.compact(entity.types[0]) if entity.types else ""
        return Item(entity.id, kind, said, entity.modified_at or entity.created_at)

    def _fact(self, name: str, one: Attribute) -> Fact:
        quality = one.attributes.get(self._context.expand("quality"))
        value = self._context.compact(str(one.value)) if one.kind is Kind.VOCAB else one.value
        return Fact(
            self._context.compact(name),
            one.kind.value,
            value,
            one.unit_code,
            one.observed_at,
            one.modified_at,
            str(quality[0].value) if quality else "",
            _correction(one),
        )


def _correction(one: Attribute) -> Correction | None:
    note = one.attributes.get(history.CORRECTION)
    if not note or not isinstance(note[0].value, dict):
        return None
    kept = note[0].value
    return Correction(kept["from"], kept["reason"], kept["by"], parse_instant(kept["at"]))
