"""What does the town hold, seen by a person: types, entities, past values, corrections?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from machinami.broker import discovery, history, operations, registrations
from machinami.broker.contexts import town_context
from machinami.broker.policy import may_administer, shows
from machinami.broker.sources import Source
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Forbidden, SignInRequired
from machinami.kit.asides import leave_out
from machinami.model.attribute import Attribute
from machinami.model.compaction import compact_entity
from machinami.model.entity import Entity
from machinami.model.policy import Deed
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.query import Page, Query, TemporalQuery, TimeRelation, TypeIs
from machinami.model.registration_matching import Specification
from machinami.model.town_terms import CORRECTION
from machinami.model.view import from_entity

Standing = Literal["", "closed", "unopened"]
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class TypeRow:
    """A type in use: its short name, how many entities, the short names of their attributes."""

    name: str
    count: int
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another broker that the town may ask: its name, its address without what is secret in it, the short names of
    its types; whether asking it failed the last time (None: it was not asked yet), and when it did and did not."""

    name: str
    address: str
    types: tuple[str, ...]
    failing: bool | None
    last_success: datetime | None
    last_failure: datetime | None


@dataclass(frozen=True, slots=True)
class EntityPage:
    """One page of entities and how many there are in all."""

    entities: Sequence[Entity]
    count: int
    offset: int
    limit: int


@dataclass(frozen=True, slots=True)
class PastValue:
    """One past value: what, when, in which unit, the name by which it can be corrected, and its correction."""

    value: Any
    observed_at: datetime | None
    recorded_at: datetime | None
    unit: str | None
    instance_id: str | None
    correction: dict[str, Any] | None


class Archive:
    """Reading and mending the town's data by hand. `by` is always the person at the screen."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._context = town_context()

    def short(self, name: str) -> str:
        """The short name of an expanded one."""
        return self._context.compact(name)

    def shows(self, kind: str, by: Principal) -> bool:
        """Whether who looks may see something of every entity of a type (short name), so that none being there means
        something."""
        return shows(self._town.policy, by, self._context.expand(kind), ())

    def shows_whole(self, kind: str, by: Principal) -> bool:
        """Whether who looks may see every entity of a type (short name) with all its attributes."""
        return shows(self._town.policy, by, self._context.expand(kind))

    def shows_everything(self, by: Principal) -> bool:
        """Whether nothing is hidden from who looks."""
        rights = self._town.policy.rights(by)
        return rights is None or rights.guard(Deed.READ) is None

    def standing(self, by: Principal) -> Standing:
        """How who looks stands to the town: `closed` where they are nobody and nothing is open to everyone, `unopened`
        where they administer such a town; else nothing."""
        policy = self._town.policy
        stranger = policy.rights(ANONYMOUS)
        if stranger is None or stranger.may(Deed.READ):
            return ""
        if by.id == ANONYMOUS.id:
            return "closed"
        return "unopened" if may_administer(policy, by) else ""

    async def types(self, by: Principal) -> list[TypeRow]:
        """Every type in use, in order of its short name."""
        rows = [
            TypeRow(self.short(t.type), t.entity_count, tuple(sorted(self.short(name) for name in t.attributes)))
            for t in await discovery.types(self._town, by)
        ]
        return sorted(rows, key=lambda row: row.name)

    def neighbours(self, by: Principal) -> list[Neighbour]:
        """The other brokers that the town may ask, in order of their registration."""
        return [self._neighbour(source) for source in registrations.discover(self._town, Specification(), by)]

    def _neighbour(self, source: Source) -> Neighbour:
        registration = source.registration
        entities = (entity for info in registration.information for entity in info.entities)
        names = tuple(dict.fromkeys(self.short(name) for entity in entities for name in entity.types))
        parts = urlsplit(registration.endpoint)
        return Neighbour(
            str(registration.document.get("registrationName") or registration.id),
            f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
            names,
            source.failing if source.times_sent else None,
            source.last_success,
            source.last_failure,
        )

    async def entities(self, kind: str, search: str, offset: int, limit: int, by: Principal) -> EntityPage:
        """One page of the entities of a type (short name) whose id holds the searched text."""
        pattern = f".*{_literally(search)}.*" if search else None
        query = Query(types=TypeIs(self._context.expand(kind)), id_pattern=pattern)
        found = await operations.query(self._town, query, Page(limit, offset, count=True), by)
        return EntityPage(found.entities, found.count or 0, offset, limit)

    async def views(self, view: type[V], most: int, by: Principal) -> list[V]:
        """The entities of a view's type that who looks may see, so many at most; one that does not fit is left out, and
        none are there for whom nothing of it is open."""
        kind = self._context.expand(view.TYPE)  # type: ignore[attr-defined]  # every view has one
        try:
            found = await operations.query(self._town, Query(types=TypeIs(kind)), Page(most), by)
        except (SignInRequired, Forbidden):
            return []
        return [one for entity in found.entities if (one := self._seen(view, entity)) is not None]

    def _seen(self, view: type[V], entity: Entity) -> V | None:
        try:
            return from_entity(view, entity, self._context)
        except BadRequestData as error:
            leave_out(self._context.compact(entity.types[0]), error)
            return None

    def entity(self, entity_id: str, by: Principal) -> Entity:
        """One entity. Raises NotFound."""
        return operations.retrieve(self._town, entity_id, by)

    def document(self, entity: Entity) -> dict[str, Any]:
        """The entity as NGSI-LD with the town's short names."""
        return compact_entity(entity, self._context)

    async def past(
        self, entity_id: str, attribute: str, since: datetime, until: datetime, by: Principal
    ) -> list[PastValue]:
        """Past values of an attribute (short name) between two moments, in order of time."""
        span = TemporalQuery(TimeRelation.BETWEEN, since, until, "observedAt")
        name = self._context.expand(attribute)
        rows = await history.instances(self._town, [entity_id], [name], span, by)
        return [_past_value(row.value) for row in rows if row.deleted_at is None]

    async def correct(
        self, entity_id: str, attribute: str, instance_id: str, value: float | None, reason: str, by: Principal
    ) -> None:
        """Correct a past value, or mark it as missing (None). Raises BadRequestData without a reason."""
        if not reason.strip():
            raise BadRequestData("A correction needs a reason: say why the reading is wrong")
        name = self._context.expand(attribute)
        await history.correct(self._town, entity_id, name, instance_id, value, reason.strip(), by)


def _past_value(found: Attribute) -> PastValue:
    note = found.attributes.get(CORRECTION)
    correction = note[0].value if note else None
    return PastValue(found.value, found.observed_at, found.modified_at, found.unit_code, found.instance_id, correction)


def _literally(text: str) -> str:
    return "".join(f"\\{letter}" if letter in r".^$*+?{}[]\|()" else letter for letter in text)
