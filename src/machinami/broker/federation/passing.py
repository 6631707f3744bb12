"""Whose changes are passed on to sources, and what of a source's answer may be given to who asks?

A source does what this broker asks of it, so what is asked is judged here: nothing is passed on that who asks may not
do, and nothing is given that they may not read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from machinami.broker.history import Past
from machinami.broker.town import Town
from machinami.foundation.errors import Forbidden
from machinami.model.attribute import NO_ATTRIBUTES
from machinami.model.entity import Entity
from machinami.model.guarding import guarded
from machinami.model.policy import WRITING, Deed
from machinami.model.principal import Principal
from machinami.model.query import Query

_TELLING_NOTHING = ("delete", "purge")
_DEEDS = {
    "createEntity": (Deed.CREATE,),
    "createBatch": (Deed.CREATE,),
    "upsertBatch": (Deed.CREATE, Deed.CHANGE),
    "deleteEntity": (Deed.DELETE,),
    "deleteBatch": (Deed.DELETE,),
    "purgeEntity": (Deed.DELETE, Deed.CHANGE),
}


def demand_passing(
    town: Town,
    operations: Sequence[str],
    entity_id: str,
    types: Sequence[str] | None,
    attributes: Iterable[str],
    by: Principal,
) -> None:
    """Raise Forbidden unless who asks may have a change of an entity passed on.

    What is not known of an entity that is elsewhere (its types, its scopes, where it is) fulfils no condition.
    """
    rights = town.policy.rights(by)
    if rights is None:
        return
    entity = Entity(entity_id, tuple(types or ()))
    names = tuple(attributes)
    if rights.law is not None and not operations[0].startswith(_TELLING_NOTHING):
        here = None if types else town.store.peek(entity_id)
        if rights.law.keeps_here((here or entity).types, names):
            raise Forbidden(
                f"{entity_id} may be about a person: what has a legal class in this town is not passed on to others",
                principal=by.id,
            )
    for deed in _DEEDS.get(operations[0], (Deed.CHANGE,)):
        extent = rights.extent(deed, entity)
        if extent is None or not (extent.every or (names and extent.holds(names))):
            raise rights.refusal(deed, entity=entity)


def may_purge_beyond(town: Town, by: Principal) -> bool:
    """Whether a purge goes to sources too: only of who may let everything go."""
    rights = town.policy.rights(by)
    return rights is None or all(rights.guard(deed) is None for deed in WRITING)


def given(town: Town, entity: Entity, by: Principal) -> Entity | None:
    """What of an entity, put together from here and from sources, may be given."""
    rights = town.policy.rights(by)
    return entity if rights is None else rights.seen(entity)


def given_past(town: Town, past: Past, by: Principal) -> Past | None:
    """What of an evolution, put together from here and from sources, may be given."""
    if town.policy.is_open:
        return past
    attributes = {one.attribute: tuple(each.value for each in one.instances) for one in past.series}
    found = given(town, replace(past.entity, attributes=attributes), by)
    if found is None:
        return None
    series = [one for one in past.series if one.attribute in found.attributes]
    return Past(replace(found, attributes=NO_ATTRIBUTES), series)


def judged_after(town: Town, query: Query, by: Principal) -> Query | None:
    """The query by which answers of sources are judged here; None where sources may judge by themselves, as who asks
    sees all that the query is about. Else a source could be asked by a filter about what who asks may not see."""
    rights = town.policy.rights(by)
    if rights is None:
        return None
    bound = guarded(query, rights.guard(Deed.READ))
    return None if bound == query else replace(bound, guard=rights.guard(Deed.READ))
