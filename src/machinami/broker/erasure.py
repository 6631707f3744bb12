"""How are entities erased, so that neither they nor their past are there any more?

What the log says of them goes when the log is trimmed (`log_days`); what lies in a backup, with the backup.
"""

from collections.abc import Awaitable, Sequence

from machinami.broker.operations import write_deletion
from machinami.broker.policy import demand_whole
from machinami.broker.town import Town
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.store.protocol import Transaction


def erase(
    town: Town, kind: str, entity_ids: Sequence[str], by: Principal, is_their_wish: bool = False
) -> Awaitable[int]:
    """Delete those of the entities that are of a type (expanded) with their whole evolution, in one transaction; how
    many there were.

    Who asks must be one who may delete all of the type; whether they may still see what goes does not matter, as
    erasing follows a consent that has ended. is_their_wish: the entities are about who asks, and the caller saw to
    that; no row is needed then. Raises Forbidden.
    """
    if not is_their_wish:
        demand_whole(town.policy, by, Deed.DELETE, (kind,))
    now = town.clock()

    def work(tx: Transaction) -> int:
        found = 0
        for entity_id in entity_ids:
            before = tx.get(entity_id)
            known = before or tx.recall(entity_id)
            if known is None or kind not in known.types:
                continue
            if before is not None:
                write_deletion(tx, before, now, by)
                found += 1
            tx.remove_history(entity_id)
        return found

    return town.store.transact(work)
