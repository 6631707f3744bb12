"""What of data that were there before they were marked as personal? They are sealed where they lie, a few at a time.

What is sealed already is left as it is, so that the work can be broken off and gone on with. In the log, in pages that
were let go, and in copies of the folder they stay as they were; from when on nothing plain was written is kept for the
account of an erasure.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial

from machinami.broker.shroud.cipher import is_sealed
from machinami.broker.shroud.opening import SHROUD, Closer, Opener
from machinami.foundation.instant import EPOCH, format_instant
from machinami.model.change import Change, Verb
from machinami.model.entity import Entity
from machinami.model.found import Instance
from machinami.model.principal import SYSTEM
from machinami.model.query import Page, Query, TemporalQuery, TypeIs
from machinami.store.protocol import TownStore, Transaction

SINCE = "since"  # the record that says from when on what is marked is sealed, by mark
_EVERY = Page(1 << 40)
_TURN = 100


async def since(store: TownStore) -> Mapping[str, datetime]:
    """From when on nothing plain is written of what is marked, by the mark; those with no data before are not there."""
    kept = (await store.records(SHROUD)).get(SINCE, {})
    return {mark: datetime.fromisoformat(at) for mark, at in kept.items() if at}


async def seal_what_was_there(store: TownStore, opener: Opener, now: datetime) -> int:
    """Seal what is marked and was written before; how many entities had something of it."""
    kept = (await store.records(SHROUD)).get(SINCE, {})
    todo = [mark for mark in opener.concerns.marks if mark.id not in kept]
    found: dict[str, int] = {}
    for mark in todo:
        found[mark.id] = 0
        for kind in [mark.type] if mark.type else await _types_with(store, mark.attribute):
            for entity_id in await _ids(store, kind):
                found[mark.id] += await _seal(store, opener, entity_id, now)
                if not found[mark.id] % _TURN:
                    await asyncio.sleep(0)
    if todo:
        done = {**kept, **{mark: format_instant(now) if count else "" for mark, count in found.items()}}
        await store.transact(lambda tx: tx.put_record(SHROUD, SINCE, done))
    return sum(found.values())


async def _types_with(store: TownStore, attribute: str) -> list[str]:
    return [summary.type for summary in await store.types() if attribute in summary.attributes]


async def _ids(store: TownStore, kind: str) -> Iterable[str]:
    """Those that are there, and those of which there is a past."""
    query = Query(types=TypeIs(kind))
    past = (await store.find_past(query, TemporalQuery(), _EVERY, EPOCH)).entities
    there = (await store.find(query, _EVERY, EPOCH)).entities
    return dict.fromkeys(one.id for one in (*there, *past))


async def _seal(store: TownStore, opener: Opener, entity_id: str, now: datetime) -> bool:
    past = await store.instances([entity_id], None, TemporalQuery())
    return await store.transact(partial(_seal_in, opener, entity_id, past, now))


def _seal_in(opener: Opener, entity_id: str, past: Iterable[Instance], now: datetime, tx: Transaction) -> bool:
    held = tx.get(entity_id)
    known = held or tx.recall(entity_id)
    if known is None:
        return False
    opener.types.update(known.types)
    plain = opener.entity(held) if held is not None else known
    closer = Closer(opener, None, None)
    concerns = opener.concerns.of(plain, {*plain.attributes, *(one.attribute for one in past)})
    sealed = False
    for one in past:
        name = one.value.instance_id
        if one.attribute in concerns and one.deleted_at is None and name is not None and not is_sealed(one.value):
            value = closer.instance(one.value, one.attribute, concerns[one.attribute], entity_id)
            told = Change(Verb.UPDATED, entity_id, known.types, None, None, (), now, SYSTEM.signature)
            sealed = tx.correct(entity_id, one.attribute, name, value, told) or sealed
    if held is not None and _is_open(held, concerns):
        after = closer.entity(plain)
        tx.write(Change(Verb.UPDATED, entity_id, held.types, held, after, (), now, SYSTEM.signature))
        sealed = True
    if sealed:
        opener.note(tx, known.types)
        opener.cipher.keys.settle_now()  # it takes the place of what can be read
    return sealed


def _is_open(held: Entity, concerns: Iterable[str]) -> bool:
    return any(not is_sealed(one) for name in concerns for one in held.attributes.get(name, ()))
