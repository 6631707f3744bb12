"""What becomes of what somebody left to be done in their name, when they leave? It is the successor's."""

from dataclasses import replace

from machinami.broker import source_subscriptions, subscriptions
from machinami.broker.broker import Broker
from machinami.broker.notify import Outbox
from machinami.broker.source_subscriptions import SourceOutbox
from machinami.broker.town import Town
from machinami.model.principal import write_principal
from machinami.store.protocol import Transaction


async def hand_over(broker: Broker, leaver: str, heir: str) -> None:
    """Have the heir own the subscriptions of who leaves, in every town: they go on with what the heir may read."""
    for town in broker.towns:
        owned: list[tuple[str, Outbox | SourceOutbox]] = [
            (subscriptions.RECORD, box) for box in broker.notifier(town).outboxes if box.owner.id == leaver
        ]
        of_sources = broker.source_subscriptions.owned_by(town, leaver)
        owned += [(source_subscriptions.RECORD, box) for box in of_sources]
        for kind, box in owned:
            await _give(town, kind, box, heir)


async def _give(town: Town, kind: str, box: Outbox | SourceOutbox, heir: str) -> None:
    owner, name = replace(box.owner, id=heir), box.subscription.id

    def work(tx: Transaction) -> None:
        record = tx.get_record(kind, name)
        if record is not None:
            tx.put_record(kind, name, {**record, "owner": write_principal(owner)})

    await town.store.transact(work)
    box.owner = owner
