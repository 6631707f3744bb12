"""What files does a service keep in its town? Its own alone, within the town's quota, by the one door."""

from machinami.broker.policy import demand
from machinami.broker.town import Town
from machinami.foundation.errors import StoreUnavailable
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.store.files import Files


async def put(town: Town, owner: str, name: str, content: bytes, by: Principal) -> None:
    """Keep a file of a service. Raises QuotaExceeded, BadRequestData for what is no name."""
    demand(town.policy, by, Deed.CREATE, Deed.CHANGE)
    town.meter.demand_room()
    await _files(town).put(owner, name, content)


async def get(town: Town, owner: str, name: str, by: Principal) -> bytes | None:
    """A file of a service; None if there is none."""
    demand(town.policy, by, Deed.READ)
    return await _files(town).get(owner, name)


async def drop(town: Town, owner: str, name: str, by: Principal) -> bool:
    """Destroy a file of a service; False if there was none."""
    demand(town.policy, by, Deed.CREATE, Deed.CHANGE)
    return await _files(town).drop(owner, name)


async def names(town: Town, owner: str, by: Principal) -> list[str]:
    """The names of a service's files."""
    demand(town.policy, by, Deed.READ)
    return await _files(town).names(owner)


def _files(town: Town) -> Files:
    if town.files is None:
        raise StoreUnavailable("This town has no place for files")
    return town.files
