"""What would a row let somebody see, counted and shown before it is made; and what residents need is opened at once."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from machinami.broker.policy import Rights, demand, shows
from machinami.broker.policy_rows import allow, listed
from machinami.broker.seen import Seen, linked_in
from machinami.broker.town import Town
from machinami.model.entity import Entity
from machinami.model.explaining import principal_named
from machinami.model.guarding import one_of
from machinami.model.opening import safety_rows
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
    """What the row would let be seen besides these rows; the example holds no more than who asks may see themselves.
    Raises Forbidden for who is no administrator."""
    demand(town.policy, by, Deed.ADMINISTER)
    seeing = ANONYMOUS if row.whom is Whom.EVERYONE else principal_named(who_of(row))
    law = town.policy.law
    by_row, by_rows, by_all = (Seen(town.store, Rights(some, seeing, None, law), town.clock) for some in (
        (row,), rows, (*rows, row)))  # fmt: skip
    query, now = Query(types=one_of(row.types) if row.types else None), town.clock()
    found, known = await by_row.find(query, _FIRST, now), await by_rows.find(query, _FIRST, now)
    own = linked_in(town, by)(found.entities[0].id) if found.entities else None
    shown = by_all.linked(own.id) if own is not None else None
    example = shown.keeping(own.attributes) if shown is not None and own is not None else None
    marks = await _personal(frozenset() if law is None else law.personal_marks, by_row, row)
    return Preview(row, found.count or 0, known.count or 0, example, marks)


async def open_safety(town: Town, by: Principal) -> None:
    """Open to everyone what residents need in a disaster, as far as it is not. Raises Forbidden for who is no
    administrator."""
    there = {row.id for row in listed(town, by)}
    for row in safety_rows():
        if row.id not in there:
            await allow(town, row, by)


def closed_to_strangers(town: Town) -> tuple[Row, ...]:
    """The rows of what residents need in a disaster that strangers do not see."""
    return tuple(row for row in safety_rows() if not shows(town.policy, ANONYMOUS, row.types[0], ()))


async def _personal(marks: Set[str], by_row: Seen, row: Row) -> tuple[str, ...]:
    """What is marked as personal of what the row names and of what is seen by it now."""
    found = set(marks & {*row.types, *row.attributes})
    for summary in await by_row.types() if marks else ():
        found |= marks & {summary.type, *summary.attributes}
    return tuple(sorted(found))
