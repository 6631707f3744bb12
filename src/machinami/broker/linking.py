"""Which entity does a relationship lead to? Looked up for one answer, with a bound on its size (5.7.1, 5.7.2)."""

from machinami.broker.operations import expired
from machinami.broker.seen import linked_in
from machinami.broker.town import Town
from machinami.foundation.errors import TooManyResults
from machinami.model.entity import Entity
from machinami.model.linking import Find
from machinami.model.principal import Principal

MOST = 5_000  # entities looked up for one answer: the ways through a graph can be many more than its entities


def finder(town: Town, by: Principal) -> Find:
    """Finds linked entities for one answer. What it gives raises TooManyResults when too many are asked for."""
    linked = linked_in(town, by)
    now = town.clock()
    left = MOST

    def find(entity_id: str) -> Entity | None:
        nonlocal left
        left -= 1
        if left < 0:
            raise TooManyResults(f"More than {MOST} linked entities would be shown; ask for fewer levels or entities")
        entity = linked(entity_id)
        return None if entity is None or expired(entity, now) else entity

    return find
