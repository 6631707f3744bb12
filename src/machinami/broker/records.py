"""What does the town remember besides its entities? Small JSON records: settings of services, trained models."""

from collections.abc import Awaitable, Callable
from typing import Any

from machinami.broker.policy import WRITES, demand
from machinami.broker.town import Town
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.store.protocol import Transaction

SETTINGS = "settings"
ARTEFACT = "artefact"
SIMULATED = "simulated"
"""The sources of simulated data that have ever written here: a town that has one says so for good."""


async def record(town: Town, kind: str, key: str, by: Principal) -> dict[str, Any] | None:
    """The record under (kind, key); None if there is none."""
    demand(town.policy, by, Deed.READ)
    return (await town.store.records(kind)).get(key)


def change_record(
    town: Town, kind: str, key: str, rule: Callable[[dict[str, Any]], dict[str, Any]], by: Principal
) -> Awaitable[None]:
    """Replace a record by what the rule makes of it (of an empty one where there is none)."""
    demand(town.policy, by, *WRITES, Deed.ADMINISTER)

    def work(tx: Transaction) -> None:
        tx.put_record(kind, key, rule(tx.get_record(kind, key) or {}))

    return town.store.transact(work)


async def is_simulated(town: Town) -> bool:
    """Whether simulated data were ever written into this town's folder; everyone is told, whatever they may read."""
    return bool(await town.store.records(SIMULATED))


def note_simulated(tx: Transaction, by: Principal) -> None:
    """Note, in the transaction that writes them, that simulated data are in this town from now on."""
    if tx.get_record(SIMULATED, by.id) is None:
        tx.put_record(SIMULATED, by.id, {})
