"""What does the store show to who asks? Its reading side, cut to the town's policy.

What may not be read is as if it were not there, in every answer: entities, pages, counts, histories, types in use.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from machinami.broker.policy import Rights
from machinami.broker.town import Town
from machinami.foundation.errors import StepUpRequired
from machinami.model.change import AttributeChange, Change, Verb
from machinami.model.entity import Entity
from machinami.model.found import Bucket, Found, IdPage, Instance, Series, TypeSummary
from machinami.model.guarding import guarded, guarded_past
from machinami.model.matching import Linked
from machinami.model.names import SCOPE
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.query import Duration, Page, Query, TemporalQuery, TypeIs
from machinami.model.sight import NOTHING, Sight, Span
from machinami.model.telling import Told
from machinami.store.protocol import TownStore
from machinami.store.timeline import span_of

_PAGE = 1_000


def reading(town: Town, by: Principal) -> "TownStore | Seen":
    """The town's data as who asks may read them: the store itself in an open town, and for who may read all of it.

    Raises Forbidden where nothing at all may be read.
    """
    rights = town.policy.rights(by)
    if rights is None or rights.reads_all:
        return town.store
    if not rights.may(Deed.READ):
        raise rights.refusal(Deed.READ)
    return Seen(town.store, rights, town.clock)


def peeked(town: Town, entity_id: str, by: Principal) -> Entity | None:
    """One entity as who asks may read it, at once: what is asked for most, and so without anything in between.

    Raises as `reading` does.
    """
    rights = town.policy.rights(by)
    entity = town.store.peek(entity_id)
    if rights is None or rights.reads_all or (entity is not None and rights.clears(entity)):
        return entity
    if not rights.may(Deed.READ):
        raise rights.refusal(Deed.READ)
    return None if entity is None else _judged(entity, rights)


def _judged(entity: Entity, rights: Rights) -> Entity | None:
    """An entity that was asked for by its id, as far as it may be read; that it is given is noted."""
    if rights.clears(entity):
        return entity
    found = rights.seen(entity)
    if found is None:
        refusal = rights.refusal(Deed.READ, entity=entity)
        if isinstance(refusal, StepUpRequired):
            raise refusal
        return None
    rights.note_read((found,))
    return found


def linked_in(town: Town, by: Principal) -> Linked:
    """Finds single entities as who asks may read them, without a refusal: what is hidden is not there."""
    rights = town.policy.rights(by)
    return town.store.peek if rights is None else Seen(town.store, rights, town.clock).linked


class Seen:
    """The store as one who asks may read it."""

    __slots__ = ("_clock", "_rights", "_store")

    def __init__(self, store: TownStore, rights: Rights, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._rights = rights
        self._clock = clock

    def peek(self, entity_id: str) -> Entity | None:
        """The entity, at once."""
        entity = self._store.peek(entity_id)
        return None if entity is None else _judged(entity, self._rights)

    def linked(self, entity_id: str) -> Entity | None:
        """An entity that another one leads to; one that is hidden leads nowhere."""
        entity = self._store.peek(entity_id)
        return None if entity is None else self._rights.seen(entity)

    def recall(self, entity_id: str) -> Entity | None:
        """What is known of an entity that has a past and is not there, at once."""
        return self._head(self._store.recall(entity_id))

    async def find(self, query: Query, page: Page, now: datetime) -> Found:
        """The entities that match."""
        rights = self._rights
        if rights.finds_clear(query):
            return await self._store.find(query, page, now)
        found = await self._store.find(guarded(query, rights.guard(Deed.READ)), page, now)
        rights.note_read(found.entities)
        return found

    async def find_ids(self, query: Query, now: datetime, after: int | None = None) -> IdPage:
        """The ids of the entities that match."""
        return await self._store.find_ids(guarded(query, self._rights.guard(Deed.READ)), now, after)

    async def find_past(self, query: Query, temporal: TemporalQuery, page: Page, now: datetime) -> Found:
        """The entities whose history satisfies the query."""
        rights = self._rights
        found = await self._store.find_past(guarded_past(query, rights.guard(Deed.READ)), temporal, page, now)
        rights.note_read(found.entities)
        return found

    async def instances(
        self,
        entity_ids: Sequence[str],
        attributes: Sequence[str] | None,
        temporal: TemporalQuery,
        limit: int | None = None,
    ) -> Sequence[Instance]:
        """Instances of the history."""
        if self._is_clear(entity_ids):
            clear = await self._store.instances(entity_ids, attributes, temporal, limit)
            self._note_names(clear)
            return clear
        found: list[Instance] = []
        for ids, names, hidden in self._parts(entity_ids, attributes, span_of(temporal)):
            past = await self._store.instances(ids, names, temporal, limit)
            found += [one for one in past if one.attribute not in hidden] if hidden else past
        self._note_past(found)
        return found

    async def series(
        self,
        entity_ids: Sequence[str],
        attributes: Sequence[str] | None,
        temporal: TemporalQuery,
        limit: int | None = None,
    ) -> Sequence[Series]:
        """What `instances` gives, attribute by attribute."""
        if self._is_clear(entity_ids):
            clear = await self._store.series(entity_ids, attributes, temporal, limit)
            self._note_names(clear)
            return clear
        found: list[Series] = []
        for ids, names, hidden in self._parts(entity_ids, attributes, span_of(temporal)):
            past = await self._store.series(ids, names, temporal, limit)
            found += [one for one in past if one.attribute not in hidden] if hidden else past
        self._note_past(found)
        return found

    async def aggregate(
        self,
        entity_id: str,
        attribute: str,
        temporal: TemporalQuery,
        methods: Sequence[str],
        period: Duration | None,
    ) -> Sequence[Bucket]:
        """Aggregates by period."""
        sight = self._sight(entity_id, span_of(temporal))
        if sight is None or not (attribute == SCOPE or sight.shows(attribute)):
            return ()
        self._note_past([Series(entity_id, attribute)])
        return await self._store.aggregate(entity_id, attribute, temporal, methods, period)

    def _is_clear(self, entity_ids: Sequence[str]) -> bool:
        """Whether the types of these entities say by themselves that all of their past may be read as it is."""
        for entity_id in entity_ids:
            entity = self._store.peek(entity_id) or self._store.recall(entity_id)
            if entity is None or not self._rights.clears(entity):
                return False
        return True

    def _note_names(self, read: Sequence[Instance | Series]) -> None:
        """Account for past values of what is not marked: an attribute may be called as a marked one is."""
        witness = self._rights.witness
        if witness is not None and not witness.marks.isdisjoint([one.attribute for one in read]):
            self._note_past(read)

    def _note_past(self, read: Sequence[Instance | Series]) -> None:
        """Account for past values that are given: of which entities, and which attributes."""
        rights = self._rights
        if rights.witness is None or not rights.witness.marks:
            return
        names = defaultdict[str, dict[str, None]](dict)
        for one in read:
            names[one.entity_id][one.attribute] = None
        for entity_id, found in names.items():
            known = self._store.peek(entity_id) or self._store.recall(entity_id)
            rights.witness.remembered(rights.by, entity_id, () if known is None else known.types, list(found))

    async def types(self) -> Sequence[TypeSummary]:
        """The types in use with their attributes, as far as they can be seen."""
        guard = self._rights.guard(Deed.READ)
        every = await self._store.types()
        if guard is None:
            return every
        found: list[TypeSummary] = []
        for summary in every:
            asked = guarded(Query(types=TypeIs(summary.type)), guard)
            if asked == Query(types=TypeIs(summary.type)):
                found.append(summary)
            elif (counted := await self._counted(summary.type, asked)).entity_count:
                found.append(counted)
        return found

    async def _counted(self, name: str, asked: Query) -> TypeSummary:
        """A type of which not all is seen, counted entity by entity."""
        attributes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        count = 0
        while True:
            found = (await self._store.find(asked, Page(_PAGE, count), self._clock())).entities
            count += len(found)
            for entity in found:
                for attribute, instances in entity.attributes.items():
                    for kind in {i.kind.value for i in instances}:
                        attributes[attribute][kind] += 1
            if len(found) < _PAGE:
                return TypeSummary(name, count, {a: dict(kinds) for a, kinds in sorted(attributes.items())})

    async def changes(self, after: int, limit: int) -> Sequence[Change]:
        """The log after a sequence number, cut to what may be seen."""
        changes = await self._store.changes(after, limit)
        return [cut for change in changes if (cut := cut_change(self._rights, change)) is not None]

    def _head(self, head: Entity | None) -> Entity | None:
        return None if head is None or self._rights.seen(head) is None else head

    def _sight(self, entity_id: str, span: Span) -> Sight | None:
        entity = self._store.peek(entity_id) or self._store.recall(entity_id)
        return None if entity is None else self._rights.sight(entity, span)

    def _parts(
        self, entity_ids: Sequence[str], attributes: Sequence[str] | None, span: Span
    ) -> Iterable[tuple[Sequence[str], Sequence[str] | None, frozenset[str]]]:
        """The entities with the attributes of each that may be seen, and those that may not, as many together as
        follow each other."""
        if self._rights.guard(Deed.READ) is None:
            yield entity_ids, attributes, NOTHING
            return
        ids: list[str] = []
        cut: tuple[Sequence[str] | None, frozenset[str]] = None, NOTHING
        for entity_id in dict.fromkeys(entity_ids):
            sight = self._sight(entity_id, span)
            if sight is None:
                continue
            visible = _cut(attributes, sight)
            if ids and visible != cut:
                yield ids, *cut
                ids = []
            ids.append(entity_id)
            cut = visible
        if ids:
            yield ids, *cut


def _cut(attributes: Sequence[str] | None, sight: Sight) -> tuple[Sequence[str] | None, frozenset[str]]:
    if sight.is_whole:
        return attributes, NOTHING
    if attributes is not None:
        return [name for name in attributes if name == SCOPE or sight.shows(name)], NOTHING
    return (None, sight.without) if sight.only is None else ((*sorted(sight.among(sight.only)), SCOPE), NOTHING)


def cut_change(rights: Rights, change: Change) -> Change | None:
    """The change as who asks may see it: none, where the entity is hidden or nothing that may be seen changed."""
    before = None if change.before is None else rights.seen(change.before)
    after = None if change.after is None else rights.seen(change.after)
    if after is None and (before is None or change.verb is not Verb.DELETED):
        return None
    if before is change.before and after is change.after:
        return change
    was = before.attributes.keys() if before is not None else NOTHING
    is_now = after.attributes.keys() if after is not None else NOTHING
    parts = (_cut_part(part, part.name in was, part.name in is_now) for part in change.attributes)
    return replace(change, before=before, after=after, attributes=tuple(part for part in parts if part is not None))


def _cut_part(part: AttributeChange, was: bool, is_now: bool) -> AttributeChange | None:
    """What changed of an attribute as who could see it before, and can see it now, may see it."""
    if (part.before is None or was) and (part.after is None or is_now):
        return part if was or is_now else None
    return replace(part, before=None) if part.after is not None and is_now else None


def cut_told(rights: Rights, what: Told) -> Told | None:
    """What there is to tell, as who asks may see it: nothing, where the entity is hidden or no change may be seen."""
    entity = rights.seen(what.entity)
    changes = [seen for change in what.changes if (seen := cut_change(rights, change)) is not None]
    if entity is None or (what.changes and not changes):
        return None
    return replace(what, entity=entity, changes=changes)
