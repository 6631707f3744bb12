"""How does what a branch wrote come into the centre: all of it, in order, and nothing twice?

The number of the last write that came is kept in the same commit as the writes, so whichever side is killed, and
however often something is delivered, each write is done once.
"""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from machinami.broker.history import put_right
from machinami.broker.operations import Rule, expired, write_deletion, write_new, write_rule
from machinami.broker.town import Town
from machinami.broker.written import writing
from machinami.foundation.errors import Conflict
from machinami.model import patch
from machinami.model.attribute import Attribute
from machinami.model.change import Verb
from machinami.model.delivery import Delivered
from machinami.model.entity import Entity
from machinami.model.expansion import Fragment
from machinami.model.found import Instance
from machinami.model.never_kept import demand_attribute_keepable
from machinami.model.null import NULL
from machinami.model.principal import Principal
from machinami.model.query import TemporalQuery, TimeRelation
from machinami.store.protocol import Transaction

ARRIVED = "branch-arrived"
_NEAR = timedelta(microseconds=1)


def arrived(town: Town, branch: str) -> int:
    """The number of the last write of a branch that is here; 0 before the first."""
    kept = town.store.record(ARRIVED, branch)
    return 0 if kept is None else int(kept["seq"])


async def arrive(town: Town, branch: str, after: int, found: Sequence[Delivered], by: Principal) -> int:
    """Write what a branch delivers, as far as it is not here yet; the number of the last write that is here then.

    after: the number after which it begins. Raises Conflict where something before it is missing here, Forbidden.
    """
    reached = after
    for some in _by_what_they_need(found):
        meant = await _meant(town, some[0]) if some and arrived(town, branch) < some[0].seq else ()
        reached = await _arrive(town, branch, reached, some, meant, by)
    return reached


def _by_what_they_need(found: Sequence[Delivered]) -> list[Sequence[Delivered]]:
    """The writes in stretches: one that puts the past right begins another, as what it means must be here by then."""
    stretches: list[list[Delivered]] = [[]]
    for one in found:
        if any(part.was is not None for part in one.past) and stretches[-1]:
            stretches.append([])
        stretches[-1].append(one)
    return [*stretches]


async def _meant(town: Town, one: Delivered) -> Sequence[Instance | None]:
    """The instances here that were put right there, part by part; None for what is new, or not here."""
    return [None if part.was is None else await _same(town, one.entity.id, part.name, part.was) for part in one.past]


async def _same(town: Town, entity_id: str, name: str, was: Attribute) -> Instance | None:
    """What stands here for a reading there: of the same dataset and moment, by its value where there are several."""
    at = was.observed_at
    near = TemporalQuery() if at is None else TemporalQuery(TimeRelation.BETWEEN, at - _NEAR, at + _NEAR)
    rows = [
        one for one in await town.store.instances([entity_id], [name], near)
        if one.deleted_at is None and one.value.observed_at == at and one.value.dataset_id == was.dataset_id
    ]  # fmt: skip
    equal = [one for one in rows if one.value.value == was.value]
    found = equal or (rows if at is not None else [])
    return found[-1] if found else None


def _arrive(
    town: Town, branch: str, after: int, found: Sequence[Delivered], meant: Sequence[Instance | None], by: Principal
) -> Awaitable[int]:
    """Write a stretch in one commit. meant: what the first of it puts right."""
    now = town.clock()

    def work(tx: Transaction) -> int:
        kept = tx.get_record(ARRIVED, branch)
        last = 0 if kept is None else int(kept["seq"])
        if after > last:
            raise Conflict(f"What came last is number {last}; deliver what follows it", seq=last)
        reached = last
        for number, one in enumerate(found):
            if one.seq > last:
                _write(tx, one, now, by)
                _put_right(tx, one, () if number else meant, now, by)
                reached = max(reached, one.seq)
        if reached > last:
            tx.put_record(ARRIVED, branch, {"seq": reached, "at": now.timestamp()})
        return reached

    return writing(town, work, by)


def _put_right(tx: Transaction, one: Delivered, meant: Sequence[Instance | None], now: datetime, by: Principal) -> None:
    """Write what became of the past."""
    for number, part in enumerate(one.past):
        found = meant[number] if number < len(meant) else None
        if part.now is not None:
            demand_attribute_keepable(part.name, part.now)
        if found is not None:
            new = part.now and replace(
                part.now, created_at=found.value.created_at, modified_at=now, instance_id=found.value.instance_id
            )
            put_right(tx, found, new, part.present, now, by)
        elif part.now is not None:
            if tx.get(one.entity.id) is None and tx.recall(one.entity.id) is None:
                tx.remember(one.entity)
            late = replace(part.now, created_at=now, modified_at=now, instance_id=None)
            tx.add_history(Instance(one.entity.id, part.name, late))


def _write(tx: Transaction, one: Delivered, now: datetime, by: Principal) -> None:
    before = tx.get(one.entity.id)
    present = None if before is None or expired(before, now) else before
    if one.verb is Verb.DELETED:
        if present is not None:
            write_deletion(tx, present, now, by)
        return
    if one.past:
        return
    if present is None:
        write_new(tx, one.entity, now, by)
        return
    for name, dataset in one.gone:
        if present.get(name, dataset) is not None:
            write_rule(tx, present.id, _without(name, dataset), now, by)
    fresh: dict[str, tuple[Attribute, ...]] = {}
    for name, instances in one.entity.attributes.items():
        for instance in instances:
            if _is_late(present, name, instance):
                late = replace(instance, created_at=now, modified_at=now)
                tx.add_history(Instance(present.id, name, late))
            else:
                fresh[name] = (*fresh.get(name, ()), instance)
    scopes = () if one.scopes is None else one.scopes or (NULL,)
    if fresh or scopes or not set(one.entity.types) <= set(present.types):
        write_rule(tx, present.id, _appending(Fragment(one.entity.types, scopes, fresh)), now, by)


def _is_late(present: Entity, name: str, instance: Attribute) -> bool:
    """Whether the centre knows something that was observed later: then this one belongs to the past alone."""
    known = present.get(name, instance.dataset_id)
    if known is None or known.observed_at is None or instance.observed_at is None:
        return False
    return instance.observed_at < known.observed_at


def _without(name: str, dataset: str | None) -> Rule:
    return lambda entity, now: patch.without_attribute(entity, name, dataset, False, now)


def _appending(fragment: Fragment) -> Rule:
    return lambda entity, now: patch.appended(entity, fragment, True, now)
