"""What does a service keep for itself alone? Small records in its own drawer, in no face of the broker."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from machinami.broker.policy import WRITES, demand
from machinami.broker.town import Town
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.store.protocol import Transaction

T = TypeVar("T")
_KIND = "private"


class Drawer:
    """The private records of one service within one transaction: what is put in becomes durable together."""

    def __init__(self, tx: Transaction, owner: str) -> None:
        self._tx = tx
        self._owner = owner

    def get(self, shelf: str, key: str) -> dict[str, Any] | None:
        """A record as this work sees it now."""
        return self._tx.get_record(kind_of(self._owner, shelf), key)

    def put(self, shelf: str, key: str, value: dict[str, Any]) -> None:
        """Keep a record."""
        self._tx.put_record(kind_of(self._owner, shelf), key, value)

    def drop(self, shelf: str, key: str) -> bool:
        """Remove a record; False if there was none."""
        return self._tx.delete_record(kind_of(self._owner, shelf), key)


def change(town: Town, owner: str, work: Callable[[Drawer], T], by: Principal) -> Awaitable[T]:
    """Run the work over the drawer of `owner` in one transaction; one that raises leaves no trace."""
    demand(town.policy, by, *WRITES, Deed.ADMINISTER)
    return town.store.transact(lambda tx: work(Drawer(tx, owner)))


async def rows(town: Town, owner: str, shelf: str, by: Principal) -> dict[str, dict[str, Any]]:
    """All records of one shelf by key."""
    demand(town.policy, by, Deed.READ)
    return await town.store.records(kind_of(owner, shelf))


def kind_of(owner: str, shelf: str) -> str:
    """The kind under which the records of a shelf are kept."""
    return f"{_KIND}/{owner}/{shelf}"
