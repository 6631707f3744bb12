"""How do files of a branch's services come into the centre? As they are there, and never in the place of another's."""

from machinami.broker import filing
from machinami.broker.policy import demand
from machinami.broker.town import Town
from machinami.foundation.errors import Conflict
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.store.files import checked_name

FILES = "branch-file"


async def take_file(town: Town, branch: str, owner: str, name: str, content: bytes, by: Principal) -> None:
    """Keep a file that a branch delivers. Raises Conflict where one is there that it did not deliver."""
    demand(town.policy, by, Deed.CREATE, Deed.CHANGE)
    place = f"{branch}/{owner}/{checked_name(name)}"
    if town.store.record(FILES, place) is None:
        if town.files is not None and name in await town.files.names(owner):
            raise Conflict(f"There is a file {owner}/{name} already, which this branch did not deliver")
        await town.store.transact(lambda tx: tx.put_record(FILES, place, {"at": town.clock().timestamp()}))
    await filing.put(town, owner, name, content, by)


async def drop_file(town: Town, branch: str, owner: str, name: str, by: Principal) -> None:
    """Destroy a file that a branch delivered, as it did there; nothing where it delivered none of that name."""
    demand(town.policy, by, Deed.CREATE, Deed.CHANGE)
    place = f"{branch}/{owner}/{name}"
    if town.store.record(FILES, place) is not None:
        await filing.drop(town, owner, name, by)
        await town.store.transact(lambda tx: tx.delete_record(FILES, place))
