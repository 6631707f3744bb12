"""What would a row let somebody see? Counted and shown before the row is made."""

from collections.abc import Sequence
from dataclasses import dataclass

from machinami.broker.policy import demand
from machinami.broker.town import Town
from machinami.model.entity import Entity
from machinami.model.explaining import principal_named
from machinami.model.guarding import guard_of, guarded, one_of
from machinami.model.matching import seen
from machinami.model.policy import Deed, Row, Whom
from machinami.model.policy_document import who_of
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.query import Page, Query

_FIRST = Page(1, 0, count=True)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a row would let be seen. count: how many entities have something that is seen by it; before: how many of
    these kinds those for whom it is see already; example: one as they would see it; personal: what of it (types and
    attributes, expanded) is marked as personal."""

    row: Row
    count: int
    before: int
    example: Entity | None
    personal: tuple[str, ...]


async def preview(town: Town, row: Row, rows: Sequence[Row], by: Principal) -> Preview:
    """What the row would let be seen besides these rows. Raises Forbidden for who is no administrator."""
    demand(town.policy, by, Deed.ADMINISTER)
    seeing = ANONYMOUS if row.whom is Whom.EVERYONE else principal_named(who_of(row))
    query, now = Query(types=one_of(row.types) if row.types else None), town.clock()
    found = await town.store.find(guarded(query, guard_of((row,), seeing, Deed.READ)), _FIRST, now)
    known = await town.store.find(guarded(query, guard_of(rows, seeing, Deed.READ)), _FIRST, now)
    whole = town.store.peek(found.entities[0].id) if found.entities else None
    guard = guard_of((*rows, row), seeing, Deed.READ)
    example = whole if whole is None or guard is None else seen(guard, whole)
    rights = town.policy.rights(by)
    if example is not None and rights is not None:  # who opens data to others sees no more of them than they may
        example = rights.seen(example)
    return Preview(row, found.count or 0, known.count or 0, example, await _personal(town, row))


async def _personal(town: Town, row: Row) -> tuple[str, ...]:
    """What is marked as personal of what the row names; of a row that names no attributes, of all there are."""
    marks = frozenset() if town.policy.law is None else town.policy.law.personal_marks
    if not marks:
        return ()
    found = marks.intersection(row.types)
    for summary in await town.store.types():
        if not row.types or summary.type in row.types:
            names = row.attributes or tuple(summary.attributes)
            found |= marks.intersection((summary.type, *names))
    return tuple(sorted(found))
