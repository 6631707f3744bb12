"""How does a town look, and who may change that? The look is a record of the town, so it moves with it."""

from machinami.broker.policy import demand
from machinami.broker.town import Town
from machinami.model.look import Look, read_look, write_look
from machinami.model.policy import Deed
from machinami.model.principal import Principal

RECORD, _CURRENT = "look", "current"


def look_of(town: Town) -> Look:
    """The look of a town."""
    return read_look(town.store.record(RECORD, _CURRENT))


async def choose_look(town: Town, look: Look, by: Principal) -> None:
    """Have a town look so. Raises Forbidden for who does not administer it."""
    demand(town.policy, by, Deed.ADMINISTER)
    record = write_look(look)
    await town.store.transact(lambda tx: tx.put_record(RECORD, _CURRENT, record))
    town.policy.note(by, "chose how the town looks")


def demand_look(town: Town, by: Principal) -> None:
    """Raise Forbidden unless who asks may choose how the town looks."""
    demand(town.policy, by, Deed.ADMINISTER)
