"""What does a town hold about a person, on which ground, and who was given it? As the person may see it: all of it."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace

from machinami.broker import history
from machinami.broker.audit import Audit, Place, Search, Trail
from machinami.broker.history import Past, Span
from machinami.broker.legal_records import law_of
from machinami.broker.persons import as_person, names_of
from machinami.broker.seen import linked_in
from machinami.broker.town import Town
from machinami.foundation.errors import NotFound
from machinami.model.consent import Consent, lets_see
from machinami.model.entity import Entity
from machinami.model.legal import Ground, LegalClass, Mark
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.query import AnyOf, Compare, Literal, Operator, Page, Path, Query, TemporalQuery, TypeIs
from machinami.model.veil import subjects_of

_PAGE = 1_000
_MOST_NAMED = 200  # attributes of one type that are looked through for the name of a person


@dataclass(frozen=True, slots=True)
class Held:
    """An entity that is about the person, whole or in some attributes. name: under which of their names it is kept.

    entity: as they may see it; without attributes where it is about others too who do not consent. attributes: those
    that are marked by themselves; none where the entity is as a whole. consents, grounds: on what it may be given at
    present. others: whether it is about somebody else too.
    """

    entity: Entity
    name: str
    attributes: tuple[str, ...]
    consents: tuple[Consent, ...]
    grounds: tuple[Ground, ...]
    others: bool

    @property
    def type(self) -> str:
        """Its first type, expanded."""
        return self.entity.types[0]


@dataclass(frozen=True, slots=True)
class Named:
    """How many entities of a type name the person and are not marked as about them."""

    type: str
    count: int


async def held(town: Town, names: Iterable[str]) -> list[Held]:
    """All that is marked as about somebody with these names, type by type; what changed last comes first. The caller
    sees to it that who asks has these names."""
    law = law_of(town)
    marks = [mark for mark in law.marks.values() if mark.legal is LegalClass.PERSONAL]
    found: dict[tuple[str, str], Held] = {}
    for name in names:
        for mark in marks:
            for kind in [mark.type] if mark.type else sorted(law.touched):
                for entity in await _about(town, mark, kind, name):
                    known = found.get((entity.id, name))
                    if known is None:
                        found[entity.id, name] = _held(town, entity, name, mark)
                    elif known.attributes:
                        found[entity.id, name] = _wider(known, mark)
    latest = sorted(found.values(), key=_changed, reverse=True)
    return sorted(latest, key=lambda one: one.type)


async def one_held(town: Town, entity_id: str, names: Sequence[str]) -> Held:
    """One entity that is about somebody with these names. Raises NotFound."""
    law = law_of(town)
    for name in names:
        entity = linked_in(town, as_person(name))(entity_id)
        marks = [] if entity is None else [one for one in law.marks.values() if _is_of(one, entity, name)]
        if entity is not None and marks:
            found = _held(town, entity, name, marks[0])
            for mark in marks[1:]:
                found = _wider(found, mark)
            return found
    raise NotFound("There is nothing of this id that is marked as about you")


async def past_of(town: Town, one: Held, newest: int) -> Past:
    """The newest past values of each attribute of what is held."""
    span = Span(None, TemporalQuery(property="modifiedAt", last_n=newest))
    past = await history.retrieve_past(town, one.entity.id, span, as_person(one.name))
    wanted = [series for series in past.series if not one.attributes or series.attribute in one.attributes]
    return replace(past, series=wanted)


async def named(town: Town, names: Sequence[str]) -> list[Named]:
    """What names somebody with these names, and is not marked as about them: that there is some, and how many; what it
    says is given as the rows of the policy allow."""
    law, found = law_of(town), []
    for summary in await town.store.types():
        kinds = [name for name, used in summary.attributes.items() if not used.keys().isdisjoint(_NAMING)]
        parts = [
            Compare(Path((name,)), Operator.EQUAL, tuple(map(Literal, names))) for name in sorted(kinds)[:_MOST_NAMED]
        ]
        if not parts:
            continue
        count = 0
        async for entity in _every(town, Query(types=TypeIs(summary.type), q=AnyOf(tuple(parts)))):
            about = [mark for mark in law.marks.values() if any(_is_of(mark, entity, name) for name in names)]
            count += not about and entity.types[0] == summary.type
        if count:
            found.append(Named(summary.type, count))
    return found


_NAMING = frozenset({"Relationship", "ListRelationship", "Property"})


async def reads(town: Town, audit: Audit, by: Principal, limit: int, before: Place | None = None) -> Trail:
    """Who was given what is about who asks, and what for; the last one first."""
    names = await names_of(town, by)
    return await audit.about(Search(did=Deed.READ), names, limit, before)


def _changed(one: Held) -> float:
    at = one.entity.modified_at or one.entity.created_at
    return 0.0 if at is None else at.timestamp()


def _is_of(mark: Mark, entity: Entity, name: str) -> bool:
    there = not mark.attribute or mark.attribute in entity.attributes
    return mark.legal is LegalClass.PERSONAL and mark.is_about(entity) and there and name in subjects_of(mark, entity)


async def _about(town: Town, mark: Mark, kind: str, name: str) -> list[Entity]:
    """The entities of a type that are about somebody by what a mark says, as they are in the store."""
    query = Query(types=TypeIs(kind), ids=(name,))
    if mark.subject:
        query = Query(types=TypeIs(kind), q=Compare(Path((mark.subject,)), Operator.EQUAL, (Literal(name),)))
    return [one async for one in _every(town, query) if _is_of(mark, one, name)]


async def _every(town: Town, query: Query) -> AsyncIterator[Entity]:
    at = 0
    while True:
        found = (await town.store.find(query, Page(_PAGE, at), town.clock())).entities
        for entity in found:
            yield entity
        at += len(found)
        if len(found) < _PAGE:
            return


def _held(town: Town, entity: Entity, name: str, mark: Mark) -> Held:
    law, now = law_of(town), town.clock()
    consents = [one for one in law.of(name) if one.holds(now) and lets_see(one.terms, entity, None) is not None]
    grounds = [one for one in law.grounds.values() if now < one.end and one.is_about(entity.types)]
    others = any(
        set(subjects_of(one, entity)) - {name}
        for one in law.marks.values()
        if one.legal is LegalClass.PERSONAL and one.is_about(entity)
    )
    attributes = (mark.attribute,) if mark.attribute else ()
    seen = linked_in(town, as_person(name))(entity.id) or Entity(entity.id, entity.types)
    return Held(seen, name, attributes, tuple(consents), tuple(grounds), others)


def _wider(one: Held, mark: Mark) -> Held:
    """The same, by one more mark: as a whole where the mark is about the whole."""
    if not mark.attribute or not one.attributes:
        return replace(one, attributes=())
    return replace(one, attributes=tuple(dict.fromkeys((*one.attributes, mark.attribute))))
