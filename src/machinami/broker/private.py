"""What does a service keep for itself alone? Small records in its own drawer, in no face of the broker."""

from collections.abc import Callable
from typing import Any, TypeVar

from machinami.broker.policy import WRITES, demand
from machinami.broker.shroud.cipher import Cipher, place
from machinami.broker.town import Town
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.store.protocol import Transaction

T = TypeVar("T")
_KIND = "private"
SCOPE = "private"  # the scope of the keys that seal what is put in as about somebody


class Drawer:
    """The private records of one service within one transaction: what is put in becomes durable together."""

    def __init__(self, tx: Transaction, owner: str, cipher: Cipher | None = None) -> None:
        self._tx = tx
        self._owner = owner
        self._cipher = cipher

    def get(self, shelf: str, key: str) -> dict[str, Any] | None:
        """A record as this work sees it now; None also where it was about somebody who is erased."""
        kept = self._tx.get_record(kind_of(self._owner, shelf), key)
        return kept if kept is None else _opened(self._cipher, kind_of(self._owner, shelf), key, kept)

    def put(self, shelf: str, key: str, value: dict[str, Any], about: str = "") -> None:
        """Keep a record. about: a person, with whose key it is sealed, and with whom it is erased."""
        kind = kind_of(self._owner, shelf)
        if about and self._cipher is not None:
            made = self._cipher.keys.made
            value = self._cipher.close_record(value, place(kind, key), [about], SCOPE)
            if self._cipher.keys.made > made and self._tx.get_record(kind, key) is not None:
                self._cipher.keys.settle_now()  # it takes the place of what can be read
        self._tx.put_record(kind, key, value)

    def drop(self, shelf: str, key: str) -> bool:
        """Remove a record; False if there was none."""
        return self._tx.delete_record(kind_of(self._owner, shelf), key)


async def change(town: Town, owner: str, work: Callable[[Drawer], T], by: Principal) -> T:
    """Run the work over the drawer of `owner` in one transaction; one that raises leaves no trace."""
    demand(town.policy, by, *WRITES, Deed.ADMINISTER)
    cipher = None if town.shroud is None else town.shroud.cipher
    done = await town.store.transact(lambda tx: work(Drawer(tx, owner, cipher)))
    if town.shroud is not None:
        await town.shroud.settle()
    return done


async def rows(town: Town, owner: str, shelf: str, by: Principal) -> dict[str, dict[str, Any]]:
    """All records of one shelf by key."""
    demand(town.policy, by, Deed.READ)
    kind, cipher = kind_of(owner, shelf), None if town.shroud is None else town.shroud.cipher
    opened = {key: _opened(cipher, kind, key, one) for key, one in (await town.store.records(kind)).items()}
    return {key: one for key, one in opened.items() if one is not None}


def kind_of(owner: str, shelf: str) -> str:
    """The kind under which the records of a shelf are kept."""
    return f"{_KIND}/{owner}/{shelf}"


def _opened(cipher: Cipher | None, kind: str, key: str, kept: dict[str, Any]) -> dict[str, Any] | None:
    return kept if cipher is None else cipher.open_record(kept, place(kind, key))
