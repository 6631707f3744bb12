"""When do transient entities and attributes go? As soon as they are looked for after their expiresAt (4.22).

What expires is deleted as any client would delete it, by the system: subscriptions hear of it, and the log says so.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from machinami.broker.operations import expired, write_deletion, write_rule
from machinami.broker.town import Town
from machinami.model.patch import without_expired
from machinami.model.principal import SYSTEM
from machinami.store.protocol import Transaction

SECONDS = 1.0  # between one look and the next: how long an attribute may outlive its expiresAt
_AT_ONCE = 500  # entities in one transaction: others get their turn in between


async def sweep(town: Town) -> int:
    """Delete what has expired by now. Returns the number of entities that were deleted or lost attributes."""
    now = town.clock()
    swept = 0
    while due := town.store.expiring(now, _AT_ONCE):
        done = await town.store.transact(partial(_delete_expired, due, now))
        swept += done
        if not done:
            break
    return swept


def _delete_expired(entity_ids: Sequence[str], now: datetime, tx: Transaction) -> int:
    done = 0
    for entity_id in entity_ids:
        entity = tx.get(entity_id)
        if entity is None:
            continue
        if expired(entity, now):
            write_deletion(tx, entity, now, SYSTEM)
            done += 1
        elif write_rule(tx, entity_id, without_expired, now, SYSTEM).changes:
            done += 1
    return done
