"""Which entities does a query find, as ids alone? For what goes through all of them, however many there are."""

from machinami.broker.town import Town
from machinami.foundation.errors import TooManyResults
from machinami.model.query import Query


async def every_id(town: Town, wanted: Query, most: int | None = None) -> list[str]:
    """The ids of all entities that match, in order of creation; whoever calls has asked whether that is allowed.

    Raises TooManyResults beyond `most`.
    """
    now = town.clock()
    page = await town.store.find_ids(wanted, now)
    found = list(page.ids)
    while page.after is not None and (most is None or len(found) <= most):
        page = await town.store.find_ids(wanted, now, page.after)
        found += page.ids
    if most is not None and len(found) > most:
        raise TooManyResults(f"The query finds more than {most} entities; ask for fewer")
    return found
