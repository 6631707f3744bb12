"""How does what a branch wrote come into the centre: all of it, in order, and nothing twice?

The number of the last write that came is kept in the same commit as the writes, so whichever side is killed, and
however often something is delivered, each write is done once.
"""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import datetime

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
from machinami.model.principal import Principal
from machinami.store.protocol import Transaction

ARRIVED = "branch-arrived"


def arrived(town: Town, branch: str) -> int:
    """The number of the last write of a branch that is here; 0 before the first."""
    kept = town.store.record(ARRIVED, branch)
    return 0 if kept is None else int(kept["seq"])


def arrive(town: Town, branch: str, after: int, found: Sequence[Delivered], by: Principal) -> Awaitable[int]:
    """Write what a branch delivers, as far as it is not here yet; the number of the last write that is here then.

    after: the number after which it begins. Raises Conflict where something before it is missing here, Forbidden.
    """
    now = town.clock()

    def work(tx: Transaction) -> int:
        kept = tx.get_record(ARRIVED, branch)
        last = 0 if kept is None else int(kept["seq"])
        if after > last:
            raise Conflict(f"What came last is number {last}; deliver what follows it", seq=last)
        reached = last
        for one in found:
            if one.seq > last:
                _write(tx, one, now, by)
                reached = max(reached, one.seq)
        if reached > last:
            tx.put_record(ARRIVED, branch, {"seq": reached})
        return reached

    return writing(town, work, by)


def _write(tx: Transaction, one: Delivered, now: datetime, by: Principal) -> None:
    before = tx.get(one.entity.id)
    present = None if before is None or expired(before, now) else before
    if one.verb is Verb.DELETED:
        if present is not None:
            write_deletion(tx, present, now, by)
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
    if fresh:
        write_rule(tx, present.id, _appending(Fragment(attributes=fresh)), now, by)


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
