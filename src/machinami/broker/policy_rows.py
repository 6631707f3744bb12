"""Which rows has a town's policy, and how do they come and go?

The rows are records of the town, one each; that a town is protected is a record too, so that a town from which the
last row was taken is closed, not open.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from machinami.broker.policy import Policy, demand
from machinami.broker.town import Town
from machinami.foundation.errors import AlreadyExists, BadRequestData, Conflict, NotFound
from machinami.foundation.instant import format_instant
from machinami.model.policy import Deed, Row
from machinami.model.policy_document import read_row, sentence, write_row
from machinami.model.principal import Principal
from machinami.model.starting_policy import starting_rows
from machinami.store.protocol import TownStore, Transaction

RECORD, STATE, TURNS = "policy", "policy-state", "policy-turn"
_PROTECTED = "protected"
_LONGEST = 100  # letters of the name of a row


async def load(policy: Policy, store: TownStore) -> None:
    """Give the policy the rows that the town keeps; none where the town is open."""
    state = await store.records(STATE)
    if _PROTECTED in state:
        kept = await store.records(RECORD)
        policy.set_rows(tuple(read_row(document) for document in kept.values()))


async def protect(town: Town) -> None:
    """Have the town protected from now on, with the rows of a new town besides its own. Done once, it stays."""
    if not town.policy.is_open:
        return
    if _PROTECTED in await town.store.records(STATE):  # it is, and was only not asked yet
        await load(town.policy, town.store)
        return
    present = await town.store.records(RECORD)
    rows = [row for row in starting_rows() if row.id not in present]

    def work(tx: Transaction) -> None:
        tx.put_record(STATE, _PROTECTED, {"since": town.clock().isoformat()})
        for row in rows:
            tx.put_record(RECORD, row.id, write_row(row))

    await town.store.transact(work)
    await load(town.policy, town.store)


def listed(town: Town, by: Principal) -> Sequence[Row]:
    """The rows, those that follow from manifests last. Raises Forbidden for who is no administrator."""
    demand(town.policy, by, Deed.ADMINISTER)
    return (*(town.policy.kept or ()), *town.policy.derived)


async def prospective(town: Town, by: Principal) -> Sequence[Row]:
    """The rows of a protected town; of an open one those with which its protection would begin."""
    if not town.policy.is_open:
        return listed(town, by)
    own = tuple(read_row(document) for document in (await town.store.records(RECORD)).values())
    return (*own, *(row for row in starting_rows() if row.id not in {one.id for one in own}))


def marked(town: Town, by: Principal) -> Sequence[str]:
    """The types and attributes (expanded) that are marked as personal, also of an open town."""
    demand(town.policy, by, Deed.ADMINISTER)
    return sorted(() if town.policy.law is None else town.policy.law.personal_marks)


async def allow(town: Town, row: Row, by: Principal) -> None:
    """Add a row. Raises AlreadyExists."""
    demand(town.policy, by, Deed.ADMINISTER)
    if not (0 < len(row.id) <= _LONGEST and row.id.isprintable()):
        raise BadRequestData(f"A row has a name of 1 to {_LONGEST} letters, not {row.id[:40]!r}", member="id")
    if any(row.id == one.id for one in listed(town, by)):
        raise AlreadyExists(f"There is a row {row.id} already; withdraw it first")
    done = turn(town, by, allowed=write_row(row))

    def work(tx: Transaction) -> None:
        tx.put_record(RECORD, row.id, write_row(row))
        tx.put_record(TURNS, *done)

    await town.store.transact(work)
    town.policy.note(by, f"allowed: {sentence(row)} ({row.id})", allowed=write_row(row))
    await _renew(town)


async def withdraw(town: Town, row_id: str, by: Principal) -> Row:
    """Take a row away. Raises NotFound; Conflict where nobody could administer the town any more."""
    demand(town.policy, by, Deed.ADMINISTER)
    kept = {row.id: row for row in await prospective(town, by) if not row.derived}
    if row_id not in kept:
        if any(row.id == row_id for row in town.policy.derived):
            raise Conflict(f"The row {row_id} follows from the manifest of a service; remove the service instead")
        raise NotFound(f"There is no row {row_id} in the policy of this town")
    left = [row for row in kept.values() if row.id != row_id]
    if not town.policy.is_open and not any(Deed.ADMINISTER in row.deeds for row in left):
        raise Conflict(f"Without the row {row_id} nobody could administer this town; allow another one first")
    done = turn(town, by, withdrew=write_row(kept[row_id]))

    def work(tx: Transaction) -> None:
        tx.delete_record(RECORD, row_id)
        tx.put_record(TURNS, *done)

    await town.store.transact(work)
    town.policy.note(by, f"withdrew: {sentence(kept[row_id])} ({row_id})", withdrew=write_row(kept[row_id]))
    await _renew(town)
    return kept[row_id]


async def turns(town: Town, by: Principal) -> Sequence[Mapping[str, Any]]:
    """How the policy was changed, the last change first: at, who, and allowed, withdrew (rows) or personal (names).
    The record of who did what tells the same; this is at hand however much else that holds."""
    demand(town.policy, by, Deed.ADMINISTER)
    kept = await town.store.records(TURNS)
    return [kept[key] for key in sorted(kept, reverse=True)]


def turn(town: Town, by: Principal, **what: Any) -> tuple[str, dict[str, Any]]:
    """The key and the record of a change."""
    at = format_instant(town.clock())
    return f"{at} {town.new_id()}", {"at": at, "who": by.id, **what}


async def _renew(town: Town) -> None:
    if not town.policy.is_open:
        await load(town.policy, town.store)
