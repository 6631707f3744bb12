"""Which entities does a query find, as ids alone? For what goes through all of them, however many there are."""

from machinami.broker.seen import reading
from machinami.broker.town import Town
from machinami.foundation.errors import TooManyResults
from machinami.model.principal import Principal
from machinami.model.query import Query


async def every_id(town: Town, wanted: Query, by: Principal, most: int | None = None) -> list[str]:
    """The ids of all entities that match, as far as who asks may see them, in order of creation.

    Raises TooManyResults beyond `most`, Forbidden where nothing may be read.
    """
    store, now = reading(town, by), town.clock()
    page = await store.find_ids(wanted, now)
    found = list(page.ids)
    while page.after is not None and (most is None or len(found) <= most):
        page = await store.find_ids(wanted, now, page.after)
        found += page.ids
    if most is not None and len(found) > most:
        raise TooManyResults(f"The query finds more than {most} entities; ask for fewer")
    return found
