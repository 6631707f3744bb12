"""What may a service do? The City handle: everything a service needs, cut to what its manifest declares."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, TypeVar

from machinami.broker import batch, erasure, history, operations, private, records
from machinami.broker.contexts import town_context
from machinami.broker.policy import is_whole, shows
from machinami.broker.pseudonyms import pseudonyms_of
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Forbidden, SignInRequired
from machinami.kit.asides import leave_out
from machinami.kit.compute import Compute, call
from machinami.kit.consenting import Consenting
from machinami.kit.delivering import Intake as Intake
from machinami.kit.disaster import Disaster
from machinami.kit.drawer import Drawer
from machinami.kit.drills import as_exercise, is_earnest
from machinami.kit.filing import Filing
from machinami.kit.lending import demand_author, is_author
from machinami.kit.lending import manifest_rows as manifest_rows
from machinami.kit.lending import service_principal as service_principal
from machinami.kit.manifest import Manifest
from machinami.kit.moments import TOWN_ZONE
from machinami.kit.roads import NoRoads, Roads
from machinami.kit.viewing import VIEWER, WHENCE
from machinami.model.change import Change
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.policy import Deed
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.query import Condition, Page, Query, TemporalQuery, TimeRelation, TypeIs
from machinami.model.town_terms import CORRECTION
from machinami.model.view import Measured, View, attribute_names, from_entity, to_entity

V = TypeVar("V")
S = TypeVar("S")
_PAGE = 500
_SETTING_HISTORY = 200


@dataclass(frozen=True, slots=True)
class Past:
    """One past value of an attribute with the name by which it can be corrected, and its correction if there is one."""

    measured: Measured
    instance_id: str | None
    correction: Mapping[str, Any] | None = None


class City:
    """One service's handle on one town.

    Everything that it reads or writes must stand in the service's manifest; anything else is refused.
    """

    def __init__(
        self, town: Town, manifest: Manifest, compute: Compute, zone: str = TOWN_ZONE, roads: Roads | None = None
    ) -> None:
        self.manifest = manifest
        self.zone = zone
        """The town's time zone: by it a day begins and ends."""
        self.log = logging.getLogger(f"machinami.services.{manifest.id}")
        self._town = town
        self._compute = compute
        self._roads: Roads = roads or NoRoads()
        self._context = town_context()
        self._by = service_principal(manifest)
        self._for_itself = False
        self._counted: bool | None = None
        self._told = set[str]()
        self.turn = asyncio.Lock()
        """Held from reading to writing by whoever decides on what stands, so that no two decide at once."""

    def for_purpose(self, purpose: str) -> "City":
        """The same handle, reading and writing as the service itself for a purpose that its manifest declares, whoever
        looks at the page: the service answers for what it shows to whom. Raises Forbidden for any other purpose."""
        if not any(row.id == purpose for row in self.manifest.personal):
            what = f"{self.manifest.id} does not say in its manifest that it has the purpose {purpose!r}"
            raise Forbidden(what, purpose=purpose)
        bound = copy(self)
        bound._by = replace(self._by, purpose=purpose)
        bound._for_itself = True
        return bound

    def at_reception(self) -> "City":
        """The same handle, reading and writing as the service itself what somebody hands in who may write nothing (a
        report, a proposal): the service answers for what it takes and what it shows of it. Who handed it in is told to
        the account only where `publish` says so by its `by`, so that a service can keep people's names from it. What
        is handed in is counted: see `admit`.
        Raises Forbidden where the manifest does not say that it needs a reception."""
        self._demand_need("reception", "takes what people hand in")
        if self._counted is not None:
            return self
        bound = copy(self)
        bound._for_itself, bound._counted = True, False
        return bound

    def admit(self) -> None:
        """Count what is handed in here, once for this handle: before any work is done for it, or at the first that is
        written. Where nobody asks, in an open town, and for who may write all that the service writes, nothing is.
        Raises TooManyRequests where an address, or all strangers together, handed in enough for an hour."""
        address, by = WHENCE.get(), self.viewer
        if self._counted is not False or address is None or self._town.policy.is_open:
            return
        self._counted = True
        if by.id == ANONYMOUS.id:
            self._town.reception.admit_stranger(address, self.now(), Disaster(self._town).mode != "off")
        elif by.scopes is None and not is_author(self._town.policy, by, self.manifest):
            self._town.reception.admit_person(by.id, self.now())

    @property
    def files(self) -> Filing:
        """The service's own files. Raises Forbidden where its manifest needs none."""
        return Filing(self._town, self.manifest, self._by)

    def pseudonym(self, person: str) -> str:
        """The name by which this service knows a person: always the same, another one than any other service has, and
        none that leads back but through the door. Raises Conflict in a town without a key for pseudonyms."""
        return pseudonyms_of(self._town).of(self.manifest.id, person)

    def consenting(self, purpose: str) -> Consenting:
        """The consents to a purpose that the manifest declares."""
        return Consenting(self._town, self.manifest, self._by, purpose)

    @property
    def viewer(self) -> Principal:
        """Who looks at the page that is made; the service itself where none is."""
        return VIEWER.get() or self._by

    @property
    def _who(self) -> Principal:
        """Who reads and writes: the person for whom a page is made, else the service itself."""
        viewer = None if self._for_itself else VIEWER.get()
        return self._by if viewer is None or self._town.policy.is_open else viewer

    @property
    def town_name(self) -> str:
        """The town's name."""
        return self._town.name

    @property
    def is_open(self) -> bool:
        """Whether the town asks nobody who they are."""
        return self._town.policy.is_open

    def now(self) -> datetime:
        """The moment it is now, in UTC."""
        return self._town.clock()

    def new_id(self, type_name: str) -> str:
        """A fresh entity id for this type."""
        return f"urn:ngsi-ld:{type_name}:{self._town.new_id()}"

    async def find(self, view: type[V], query: Query | None = None) -> list[V]:
        """Every entity of the view's type (that matches the query), as views, in order of creation.

        An entity that does not fit the view is left out, and said so in the log and on the page: one bad row stops
        nobody.
        """
        kind = self._readable(view)
        entities = await self._entities(replace(query or Query(), types=TypeIs(self._context.expand(kind))))
        return [seen for entity in entities if (seen := self._seen(view, entity)) is not None]

    def _seen(self, view: type[V], entity: Entity) -> V | None:
        try:
            return from_entity(view, entity, self._context)
        except BadRequestData as error:
            if (told := str(error)) not in self._told:  # once, and not at each look
                self._told.add(told)
                self.log.warning("left out %s: %s", entity.id, told)
            leave_out(self._context.compact(entity.types[0]), error)
            return None

    @property
    def terms(self) -> Context:
        """The short names of the town, and what they stand for."""
        return self._context

    async def entities(self, kind: str, condition: Condition | None = None) -> list[Entity]:
        """Every entity of a type (short name, or expanded) for which a condition holds, as it is, in order of creation:
        for services that do not know beforehand what they will look at."""
        self._demand_read(self._context.compact(kind))
        return await self._entities(Query(types=TypeIs(self._context.expand(kind)), q=condition))

    def peek(self, entity_id: str) -> Entity | None:
        """One entity as it is; None if there is none, or if it is of a type that the service does not read."""
        found = operations.peek(self._town, entity_id, self._who)
        types = () if found is None else map(self._context.compact, found.types)
        return found if any(map(self.manifest.may_read, types)) else None

    async def get(self, view: type[V], entity_id: str) -> V | None:
        """One entity as a view; None if there is none, or none that fits."""
        self._readable(view)
        entity = operations.peek(self._town, entity_id, self._who)
        return None if entity is None else self._seen(view, entity)

    def shows(self, view: type[Any]) -> bool:
        """Whether who looks may see all that the view tells of every entity of its type: where not, that there is none
        means nothing, and must not be said."""
        names = [self._context.expand(name) for name in attribute_names(view)]
        return shows(self._town.policy, self._who, self._context.expand(self._readable(view)), names)

    def sees(self, kind: str) -> bool:
        """Whether who looks, or the service itself, may see every entity of a type (short name, or expanded) with all
        its attributes: else what is counted among them is no count."""
        return shows(self._town.policy, self._who, self._context.expand(self._demand_read(self._context.compact(kind))))

    def may_write(self, kind: str) -> bool:
        """Whether who looks, or the service itself, may make and change all of every entity of a type (short name):
        else a page need not offer it."""
        return self.may_decide(kind) and self._may(Deed.CREATE, kind)

    def may_decide(self, kind: str) -> bool:
        """Whether who looks, or the service itself, may change all of every entity of a type (short name) that stands,
        as a mayor may who adds none."""
        self._demand_written(kind)
        return self._may(Deed.CHANGE, kind)

    def _may(self, deed: Deed, kind: str) -> bool:
        return is_whole(self._town.policy, self._who, deed, self._context.expand(kind))

    def demand_shown(self, view: type[Any]) -> None:
        """Raise SignInRequired or Forbidden unless who looks may see all that the view tells of every entity of its
        type: for answers to programs, in which nothing would be taken for none."""
        if not self.shows(view):
            if self._who.id == ANONYMOUS.id:
                raise SignInRequired(f"{view.TYPE} is not open to everyone: say who you are")
            raise Forbidden(f"Not all of {view.TYPE} is open to {self._who.id}", principal=self._who.id)

    async def history(
        self,
        view: type[Any] | str,
        attribute: str,
        since: datetime,
        until: datetime,
        ids: Sequence[str] | None = None,
    ) -> dict[str, list[Past]]:
        """Past values of one measured attribute (short name), of a view or a type: entity id -> values in order."""
        kind = self._demand_read(view) if isinstance(view, str) else self._readable(view)
        if ids is None:
            ids = [e.id for e in await self._entities(Query(types=TypeIs(self._context.expand(kind))))]
        span = TemporalQuery(TimeRelation.BETWEEN, since, until, "observedAt")
        name = self._context.expand(attribute)
        series: dict[str, list[Past]] = {entity_id: [] for entity_id in ids}
        for one in await history.instances(self._town, list(ids), [name], span, self._who):
            instance = one.value
            if instance.observed_at is not None and isinstance(instance.value, int | float | None):
                note = instance.attributes.get(CORRECTION)
                measured = Measured(instance.value, instance.observed_at, instance.unit_code)
                series[one.entity_id].append(Past(measured, instance.instance_id, note[0].value if note else None))
        return series

    async def publish(self, *views: View, by: str | None = None, whole: bool = False) -> None:
        """Create or update the entities that the views describe: all of them, or none.

        Attributes that a view leaves None are left as they are; with `whole` they are removed, and attributes that
        the view does not know stay. by: the person on whose behalf this is done.
        """
        for view in views:
            self._demand_written(view.TYPE)
        self.admit()
        who = replace(self._who, on_behalf_of=by)
        told: Sequence[View] = views
        if any(map(is_earnest, views)) and Disaster(self._town).mode == "drill":
            told = as_exercise(views, lambda name: self._town.store.peek(name) is None)
        entities = [to_entity(view, self._context) for view in told]
        known = [[self._context.expand(name) for name in attribute_names(type(v))] if whole else [] for v in told]
        await batch.put_all(self._town, list(zip(entities, known, strict=True)), who)

    async def remove(self, view: type[Any], entity_id: str) -> None:
        """Delete an entity of a type that the service writes; its history stays."""
        self._demand_written(view.TYPE)
        await operations.delete(self._town, entity_id, self._who)

    async def erase(self, view: type[Any], entity_ids: Sequence[str]) -> erasure.Count:
        """Delete entities of a type that the service writes with all their past, and destroy the keys that sealed them
        if nothing else needs them; how many there were, with the `account` of it.

        This needs no consent: it is what follows from one having ended.
        """
        self._demand_written(view.TYPE)
        return await erasure.erase(self._town, self._context.expand(view.TYPE), entity_ids, self._who)

    async def private(self, work: Callable[[Drawer], V]) -> V:
        """Run the work over the service's own drawer (contacts, ledgers: what is no entity), in one transaction."""
        self._demand_need("private", "needs a private drawer")
        self.admit()
        return await private.change(self._town, self.manifest.id, work, self._by)

    async def private_rows(self, shelf: str) -> dict[str, dict[str, Any]]:
        """All records of one shelf of the service's own drawer, by key."""
        self._demand_need("private", "needs a private drawer")
        return await private.rows(self._town, self.manifest.id, shelf, self._by)

    def _demand_need(self, need: str, what: str) -> None:
        if need not in self.manifest.needs:
            raise Forbidden(f"{self.manifest.id} does not say in its manifest that it {what}")

    @property
    def roads(self) -> Roads:
        """The ways out of the town. Raises Forbidden where the manifest does not say that the service needs to send."""
        self._demand_need("send", "needs to send")
        return self._roads

    async def changes(self, after: int, limit: int = _PAGE) -> Sequence[Change]:
        """The log after a sequence number, of the types that the service reads."""
        changes = await history.changes(self._town, after, limit, self._who)
        return [c for c in changes if any(self.manifest.may_read(self._context.compact(t)) for t in c.types)]

    async def settings(self, kind: type[S]) -> S:
        """The service's settings: the manifest's defaults with what the town has set."""
        values = await self.setting_values()
        return kind(**{field.name: values[field.name] for field in fields(kind)})  # type: ignore[arg-type]

    async def setting_values(self) -> dict[str, Any]:
        """What each setting is now, by name."""
        kept = await records.record(self._town, records.SETTINGS, self.manifest.id, self._by) or {}
        return {s.name: kept.get(s.name, s.default) for s in self.manifest.settings}

    async def set_setting(self, name: str, value: Any, by: str, **said: Any) -> None:
        """Change one setting; who, what and whatever is said of it (why) stay in its history. Raises SettingsError,
        Forbidden.

        Whoever looks at a page may change one who may change all that the service writes: it would write by it.
        """
        setting = self.manifest.setting(name)
        setting.check(value)
        self.demand_author()
        now = self.now().isoformat()

        def rule(kept: dict[str, Any]) -> dict[str, Any]:
            before, past = kept.get(name, setting.default), kept.get("history", [])
            undone = said.get("undoes")
            if undone and any((one["name"], one.get("undoes")) == (name, undone) for one in past):
                return kept  # a button that was pressed twice
            row = {"name": name, "from": before, "to": value, "by": by, "at": now, **said}
            return {**kept, name: value, "history": [*past, row][-_SETTING_HISTORY:]}

        await records.change_record(self._town, records.SETTINGS, self.manifest.id, rule, self._by)
        self._town.policy.note(replace(self._who, on_behalf_of=by), f"set {self.manifest.id}: {name}")

    async def setting_history(self) -> list[dict[str, Any]]:
        """Who set what, when, from which value to which, in order of time."""
        kept = await records.record(self._town, records.SETTINGS, self.manifest.id, self._by) or {}
        return list(kept.get("history", []))

    async def artefact(self, name: str) -> dict[str, Any] | None:
        """A kept artefact of the service (a trained model as JSON); None if there is none."""
        return await records.record(self._town, self._shelf(name), name, self._by)

    async def keep_artefact(self, name: str, value: dict[str, Any]) -> None:
        """Keep an artefact of the service."""
        await records.change_record(self._town, self._shelf(name), name, lambda _: value, self._by)

    def _shelf(self, name: str) -> str:
        # One kind each: the records of a kind are read together, and a model may be large.
        return f"{records.ARTEFACT}/{self.manifest.id}/{name}"

    async def compute(self, function: Callable[..., V], *arguments: Any) -> V:
        """Run a heavy pure function in a worker process; the loop stays free."""
        return await self._compute.run(function, *arguments, patient=WHENCE.get() is None)

    async def compute_at(self, address: str, *arguments: Any) -> Any:
        """The same for a function named as "package.module:function": its module is imported in the worker alone."""
        return await self._compute.run(call, address, *arguments, patient=WHENCE.get() is None)

    def demand_author(self) -> None:
        """Raise SignInRequired or Forbidden unless who looks may create and change all that the service writes."""
        demand_author(self._town.policy, self._who, self.manifest)

    def is_author(self) -> bool:
        """Whether who looks may create and change all that the service writes."""
        return is_author(self._town.policy, self._who, self.manifest)

    def _readable(self, view: type[Any]) -> str:
        return self._demand_read(view.TYPE)

    def _demand_read(self, kind: str) -> str:
        if not self.manifest.may_read(kind):
            raise Forbidden(f"{self.manifest.id} does not say in its manifest that it reads {kind}", type_=kind)
        return kind

    def _demand_written(self, kind: str) -> None:
        if not self.manifest.may_write(kind):
            raise Forbidden(f"{self.manifest.id} does not say in its manifest that it writes {kind}", type_=kind)

    async def _entities(self, query: Query) -> list[Entity]:
        entities: list[Entity] = []
        while True:
            page = Page(_PAGE, len(entities))
            found = await operations.query(self._town, query, page, self._who)
            entities.extend(found.entities)
            if len(found.entities) < _PAGE:
                return entities
