"""Which rows has a town's policy, how do they come and go, and why may somebody do something?

The rows are records of the town, one each; that a town is protected is a record too, so that a town from which the
last row was taken is closed, not open.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from machinami.broker.policy import Policy, demand
from machinami.broker.town import Town
from machinami.foundation.errors import AlreadyExists, BadRequestData, Conflict, NotFound
from machinami.model.policy import Deed, Row, Whom, is_assured, is_for, key_types
from machinami.model.policy_document import read_row, sentence, write_row
from machinami.model.principal import Principal, Role
from machinami.model.starting_policy import starting_rows
from machinami.store.protocol import TownStore, Transaction

RECORD, STATE = "policy", "policy-state"
_PROTECTED = "protected"


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


async def allow(town: Town, row: Row, by: Principal) -> None:
    """Add a row. Raises AlreadyExists."""
    demand(town.policy, by, Deed.ADMINISTER)
    if any(row.id == one.id for one in listed(town, by)):
        raise AlreadyExists(f"There is a row {row.id} already; withdraw it first")
    await town.store.transact(lambda tx: tx.put_record(RECORD, row.id, write_row(row)))
    town.policy.note(by, f"allowed: {sentence(row)} ({row.id})")
    await _renew(town)


async def withdraw(town: Town, row_id: str, by: Principal) -> Row:
    """Take a row away. Raises NotFound; Conflict where nobody could administer the town any more."""
    demand(town.policy, by, Deed.ADMINISTER)
    kept = {row.id: row for row in town.policy.kept or ()}
    if row_id not in kept:
        if any(row.id == row_id for row in town.policy.derived):
            raise Conflict(f"The row {row_id} follows from the manifest of a service; remove the service instead")
        raise NotFound(f"There is no row {row_id} in the policy of this town")
    left = [row for row in kept.values() if row.id != row_id]
    if not town.policy.is_open and not any(Deed.ADMINISTER in row.deeds for row in left):
        raise Conflict(f"Without the row {row_id} nobody could administer this town; allow another one first")
    await town.store.transact(lambda tx: tx.delete_record(RECORD, row_id))
    town.policy.note(by, f"withdrew: {sentence(kept[row_id])} ({row_id})")
    await _renew(town)
    return kept[row_id]


async def _renew(town: Town) -> None:
    if not town.policy.is_open:
        await load(town.policy, town.store)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a deed is allowed or not: the row that allows it, or what each row that is near to it lacks."""

    deed: Deed
    row: Row | None
    lacking: Sequence[tuple[Row, str]] = ()


def principal_named(text: str) -> Principal:
    """Somebody to ask about: `everyone`, `role:officer`, `person:ID`, `program:ID`, as surely known as can be."""
    whom, _, name = text.partition(":")
    sure = Principal("anonymous", identity_assurance=3, authentication_assurance=3)
    if text == Whom.EVERYONE:
        return replace(sure, identity_assurance=0, authentication_assurance=0)
    if whom == Whom.ROLE:
        if name not in set(Role):
            raise BadRequestData(f"{name!r} is no role; the roles are {', '.join(Role)}")
        return replace(sure, id=f"somebody who is {name}", roles=frozenset({name}))
    if whom in (Whom.PERSON, Whom.PROGRAM) and name:
        return replace(sure, id=name)
    raise BadRequestData(f"{text[:100]!r} names nobody; write everyone, role:officer, person:ID or program:ID")


def explain(rows: Sequence[Row], by: Principal, deed: Deed, kind: str, attribute: str | None = None) -> Reason:
    """Why somebody may do something to entities of a type (expanded), or to one attribute of them."""
    lacking: list[tuple[Row, str]] = []
    partly: Row | None = None
    for row in rows:
        if deed not in row.deeds or (row.types and kind not in row.types):
            continue
        fault = _lack(row, by, deed, kind, attribute)
        if fault is not None:
            lacking.append((row, fault))
        elif not (row.scopes or row.area):
            return Reason(deed, row)
        else:
            partly = partly or row
    return Reason(deed, partly, () if partly else lacking)


def _lack(row: Row, by: Principal, deed: Deed, kind: str, attribute: str | None) -> str | None:
    """What is missing for the row to allow it; None where it does."""
    limited = key_types(by, deed)
    if limited is not None and kind not in limited:
        return "the key has no scope for it"
    if row.purpose is not None and row.purpose != by.purpose:
        return f"it is for the purpose {row.purpose!r} alone"
    if not is_for(row, by):
        return "it is for somebody else"
    if not is_assured(row, by):
        return f"it needs IAL {row.identity_assurance}, AAL {row.authentication_assurance}"
    if attribute is not None and row.attributes and attribute not in row.attributes:
        return "it names other attributes"
    return None
