"""How are data about people erased, so that they cannot be read anywhere any more, and what account is given of it?

What there is goes at once, with its past. Then the keys that sealed it are destroyed, as far as nothing else needs
them: so the log, outboxes and copies of the folder go with it. What is to be done is kept with the deletion, and is
brought to its end after a crash. The account tells what went, what is kept and why, and where it can still be read.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from machinami.broker.operations import write_deletion
from machinami.broker.policy import demand_whole
from machinami.broker.shroud.cipher import is_sealed
from machinami.broker.shroud.concerning import scope_of
from machinami.broker.shroud.resealing import since
from machinami.broker.town import Town
from machinami.foundation.instant import EPOCH
from machinami.model.change import Change, Verb
from machinami.model.entity import Entity
from machinami.model.erasure import Erased, Erasure, Kept, erasure_document
from machinami.model.found import Instance
from machinami.model.patch import difference
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.query import TemporalQuery
from machinami.store.protocol import Transaction

ERASURE, PENDING = "erasure", "erasure-pending"
_EVER = TemporalQuery()
_AT_ONCE = 200  # entities of one transaction

Place = tuple[str, str]  # a scope and a person
Closed = Sequence[tuple[str, Sequence[str]]]  # an entity, and which attributes of it; none named: all


class Count(int):
    """How many entities there were, with the account of their erasure."""

    account: Mapping[str, Any]

    @classmethod
    def of(cls, number: int, account: Mapping[str, Any]) -> "Count":
        """A number with its account."""
        made = cls(number)
        made.account = account
        return made


@dataclass(slots=True)
class Going:
    """What is to go: entities as a whole (kind: those of this type), or attributes of them, by name.

    places: whose keys seal it, in which scopes.
    """

    kind: str | None = None
    ids: list[str] = field(default_factory=list)
    attributes: dict[str, list[str]] = field(default_factory=dict)
    places: set[Place] = field(default_factory=set)
    erased: list[Erased] = field(default_factory=list)
    was_plain: int = 0
    found: int = 0


async def erase(town: Town, kind: str, entity_ids: Sequence[str], by: Principal, reason: str = "") -> Count:
    """Delete those of the entities that are of a type (expanded) with their whole evolution; how many there were, with
    the account of it.

    Who asks must be one who may delete all of the type; whether they may still see what goes does not matter, as
    erasing follows a consent that has ended. Raises Forbidden.
    """
    demand_whole(town.policy, by, Deed.DELETE, (kind,))
    going = Going(kind, list(dict.fromkeys(entity_ids)))
    document = await carry_out(town, going, (), by, reason)
    return Count.of(going.found, document)


async def carry_out(town: Town, going: Going, kept: Sequence[Kept], by: Principal, reason: str) -> dict[str, Any]:
    """Have it go, destroy the keys, and keep the account."""
    await _look_at(town, going)
    at, erasure_id = town.clock(), f"urn:machinami:erasure:{town.new_id()}"
    people = tuple(sorted({person for _, person in going.places}))
    made = Erasure(erasure_id, at, by.id, reason, people, tuple(going.erased), tuple(kept), is_done=False)
    made = replace(made, was_plain=going.was_plain, is_sealing=town.shroud is not None)
    for start in range(0, len(going.ids), _AT_ONCE):
        await town.store.transact(partial(_delete, town, going, going.ids[start : start + _AT_ONCE], made, by))
    await town.store.transact(partial(_take_all_off, going, made, by))
    if not (going.found or going.erased or going.places):
        await town.store.transact(lambda tx: tx.delete_record(PENDING, made.id))
        return erasure_document(replace(made, is_done=True))
    return await _finish(town, made, going.places, _closed(going), by)


def _closed(going: Going) -> Closed:
    """What is to go from the closed months: entities as a whole, or attributes of them."""
    return [*((entity_id, ()) for entity_id in going.ids), *going.attributes.items()]


def _delete(town: Town, going: Going, ids: Iterable[str], made: Erasure, by: Principal, tx: Transaction) -> None:
    for entity_id in ids:
        before = tx.get(entity_id)
        known = before or tx.recall(entity_id)
        if known is None or going.kind not in (None, *known.types):
            continue
        if town.shroud is not None:
            going.places |= town.shroud.whereabouts.places(known)
        if before is not None:
            write_deletion(tx, before, made.at, by)
            going.found += 1
        tx.remove_history(entity_id)
    _note(going, made, tx)


def _take_all_off(going: Going, made: Erasure, by: Principal, tx: Transaction) -> None:
    for entity_id, names in going.attributes.items():
        _take_off(tx, entity_id, names, made.at, by)
    _note(going, made, tx)


def _note(going: Going, made: Erasure, tx: Transaction) -> None:
    """What is still to be done, kept together with what is done."""
    places = sorted(map(list, going.places))
    document = erasure_document(made)
    closed = [[entity_id, list(names)] for entity_id, names in _closed(going)]
    record = {"document": document, "was_plain": made.was_plain, "places": places, "closed": closed}
    tx.put_record(PENDING, made.id, record)


def _take_off(tx: Transaction, entity_id: str, names: Sequence[str], now: datetime, by: Principal) -> None:
    """Take attributes off an entity, with their past."""
    before = tx.get(entity_id)
    if before is not None and not before.attributes.keys().isdisjoint(names):
        left = {name: value for name, value in before.attributes.items() if name not in names}
        after = replace(before, attributes=left, modified_at=now)
        parts = difference(before, after)
        tx.write(Change(Verb.UPDATED, entity_id, before.types, before, after, parts, now, by.signature))
    for name in names:
        tx.remove_history(entity_id, name)


async def _look_at(town: Town, going: Going) -> None:
    """What goes: how much, from when to when, whose keys seal it, and whether any of it was never sealed."""
    sums: dict[tuple[str, str], list[Any]] = defaultdict(lambda: [0, 0, None, None])
    for entity_id in going.ids:
        entity = town.store.peek(entity_id)
        known = entity or town.store.recall(entity_id)
        if known is not None and going.kind in (None, *known.types):
            past = await _past(town, known, None, going)
            _add(sums[known.types[0] if known.types else "", ""], entity is not None, past)
            if town.shroud is not None:
                going.places |= town.shroud.whereabouts.places(known)
                keys = town.shroud.cipher.keys  # what has named nobody is sealed with a key of its own
                going.places |= {(scope, known.id) for scope in known.types if keys.find(known.id, scope)}
    for entity_id, names in going.attributes.items():
        entity = town.store.peek(entity_id)
        if entity is not None:
            for name in names:
                past = await _past(town, entity, [name], going)
                _add(sums[entity.types[0], name], True, past)
    for (kind, name), (entities, past_values, first, last) in sorted(sums.items()):
        going.erased.append(Erased(kind, entities, past_values, first, last, name))


async def _past(town: Town, entity: Entity, names: Sequence[str] | None, going: Going) -> Sequence[Instance]:
    store = town.store if town.shroud is None else town.shroud.at_rest
    past = await store.instances([entity.id], names, _EVER)
    if town.shroud is not None:
        meant = {one.attribute for one in past} | set(entity.attributes)
        personal = town.shroud.concerns.of(entity, meant if names is None else names)
        plain_until = max((await since(store)).values(), default=EPOCH)
        told = [one for one in past if one.attribute in personal and one.deleted_at is None]
        going.was_plain += sum(_was_plain(one, plain_until) for one in told)
    return past


def _was_plain(one: Instance, since: datetime) -> bool:
    """Whether a value was ever written as it is; since: what came before was."""
    written = one.value.modified_at or one.value.created_at or one.value.observed_at
    return not is_sealed(one.value) or written is None or written <= since


def _add(row: list[Any], there: bool, past: Sequence[Instance]) -> None:
    row[0] += there
    row[1] += len(past)
    moments = [one.value.observed_at or one.value.modified_at or one.value.created_at for one in past]
    known = [one for one in (*moments, row[2], row[3]) if one is not None and one > EPOCH]
    if known:
        row[2], row[3] = min(known), max(known)


async def _finish(town: Town, made: Erasure, places: Iterable[Place], closed: Closed, by: Principal) -> dict[str, Any]:
    """Take it out of the closed months, destroy the keys that nothing else needs, and keep the account where it is
    shown, noted in the chained record."""
    for entity_id, names in closed:
        await town.months.forget(entity_id, names or None)
    made = replace(made, is_done=True)
    if town.shroud is not None:
        shroud, keys = town.shroud, town.shroud.cipher.keys
        gone, remaining = 0, 0
        for scope, person in sorted(places):
            if await shroud.whereabouts.count(scope, person):
                remaining += 1
            else:
                gone += keys.destroy(keys.find(person, scope))
        if gone:
            shroud.forget()
        at = town.clock() if gone else None
        made = replace(made, keys=gone, keys_at=at, remaining=remaining, apart=keys.apart)
    document = erasure_document(made)

    def work(tx: Transaction) -> None:
        tx.put_record(ERASURE, made.id, document)
        tx.delete_record(PENDING, made.id)

    await town.store.transact(work)
    told = f"erased {sum(one.entities for one in made.erased)} entities: {made.id}"
    town.policy.note(by, told, entity=made.people[0] if len(made.people) == 1 else None, digest=document["digest"])
    return document


async def finish_pending(town: Town) -> int:
    """Bring to their end the erasures that a crash broke off: what they name is gone, and its keys go now; how many."""
    pending = await town.store.records(PENDING)
    for erasure_id, kept in pending.items():
        document = kept["document"]
        made = Erasure(
            erasure_id,
            datetime.fromisoformat(document["at"]),
            document["by"],
            document["reason"],
            tuple(document["people"]),
            tuple(_read_erased(one) for one in document["erased"]),
            tuple(_read_kept(one) for one in document["kept"]),
            was_plain=kept["was_plain"],
            is_sealing=town.shroud is not None,
        )
        places = [(scope, person) for scope, person in kept["places"]]
        await _finish(town, made, places, kept.get("closed", ()), Principal(document["by"]))
    return len(pending)


def _read_erased(said: Mapping[str, Any]) -> Erased:
    first, last = (datetime.fromisoformat(said[name]) if name in said else None for name in ("first", "last"))
    return Erased(said["type"], said["entities"], said["past"], first, last, said.get("attribute", ""))


def _read_kept(said: Mapping[str, Any]) -> Kept:
    return Kept(said["what"], said["ground"], datetime.fromisoformat(said["until"]) if "until" in said else None)


async def about(town: Town, person: str, scopes: Iterable[str] | None = None) -> Going:
    """What there is about a person, in these scopes (types, or attributes that are marked wherever they are) or all."""
    going = Going()
    if town.shroud is None:
        return going
    wanted = None if scopes is None else set(scopes)
    marks = {scope_of(mark): mark for mark in reversed(town.shroud.concerns.marks)}
    for scope, ids in (await town.shroud.whereabouts.of(person)).items():
        if wanted is not None and scope not in wanted:
            continue
        mark = marks[scope]
        going.places.add((scope, person))
        if mark.attribute:
            for entity_id in sorted(ids):
                going.attributes.setdefault(entity_id, []).append(mark.attribute)
        else:
            going.ids += sorted(ids)
    if not going.ids and not going.attributes:  # what was deleted before may lie in copies still
        scoped = marks if wanted is None else wanted
        going.places |= {(s, person) for s in scoped if town.shroud.cipher.keys.find(person, s)}
    return going


async def accounts(town: Town, person: str | None = None) -> list[dict[str, Any]]:
    """The accounts of erasures, of one person or of all, the last one first."""
    every = (await town.store.records(ERASURE)).values()
    found = [one for one in every if person is None or person in one["people"]]
    return sorted(found, key=lambda one: (one["at"], one["id"]), reverse=True)
