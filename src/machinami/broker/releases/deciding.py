"""Who lets a release go out, and how is it taken back? Another person than who made it, with a reason."""

from collections.abc import Sequence
from dataclasses import replace

from machinami.broker.releases.demanded import demand_told
from machinami.broker.releases.earlier import Work, earlier_than
from machinami.broker.releases.gathering import grounds_for
from machinami.broker.releases.making import MAKING
from machinami.broker.releases.shelf import (
    MEMBERS,
    OUT_COUNT,
    STATE,
    TABLE,
    VERSION,
    demand_may,
    demand_reason,
    known_version,
    may_decide,
    may_make,
)
from machinami.broker.releases.version import State, Version, read_block
from machinami.broker.town import Town
from machinami.foundation.errors import Conflict, Forbidden
from machinami.methods.anonymity.made import Remark
from machinami.methods.anonymity.plan import Method
from machinami.model.identity.record import read, write
from machinami.model.principal import Principal
from machinami.store.protocol import Transaction


async def publish(town: Town, release: str, number: int, reason: str, by: Principal, work: Work) -> Version:
    """Publish a version that another person had made, after it was held against all that went out meanwhile.

    Raises Forbidden for who made it; NotApproved where an approval demands greater groups by now; Conflict where it is
    not prepared, or cannot go out any more.
    """
    demand_may(town, by, may_decide, "publish releases")
    found = _waiting(town, release, number)
    if found.made_by == by.id:
        raise Forbidden(
            "Whoever had a release made does not publish it: ask a colleague to look at it", principal=by.id
        )
    demand_reason(reason)
    grounds_for(town, found.description.source)
    demand_told(town, found, (town.store.record(TABLE, found.key) or {"rows": ()})["rows"])
    out = await _checked(town, found, work)
    now = town.clock()

    def work_on(tx: Transaction) -> Version:
        known = _still(tx, found, State.PREPARED)
        if (tx.get_record(STATE, OUT_COUNT) or {}).get("number", 0) != out:
            raise Conflict("Another release was published at this moment; look at this one again, then publish it")
        done = replace(known, state=State.PUBLISHED, decided_by=by.id, decided_at=now, reason=reason.strip())
        tx.put_record(VERSION, done.key, write(done))
        tx.put_record(STATE, OUT_COUNT, {"number": out + 1})
        return done

    done = await town.store.transact(work_on)
    town.policy.note(by, f"published release {done.name}: {done.reason}")
    return done


async def _checked(town: Town, found: Version, work: Work) -> int:
    """Hold a version against all that is out, also what came after it was made; how many that are."""
    out = int((town.store.record(STATE, OUT_COUNT) or {}).get("number", 0))
    description = found.description
    if description.plan.method is Method.NOISE:
        return out
    earlier, clashes, _ = await earlier_than(town, description)
    kept = town.store.record(MEMBERS, found.key)
    blocks = [read_block(record) for record in (kept or {"blocks": ()})["blocks"]]
    checked: Sequence[Remark] = clashes or await work.run(f"{MAKING}:compare", blocks, earlier, description.plan)
    if all(one.passed is not False for one in checked):
        return out
    refused = replace(found, state=State.REFUSED, remarks=(*found.remarks, *checked))
    await town.store.transact(lambda tx: _refuse(tx, refused))
    raise Conflict(
        "Together with what was published since it was made, this release would show single people; see its account",
        release=found.name,
    )


def _refuse(tx: Transaction, version: Version) -> None:
    _still(tx, version, State.PREPARED)
    tx.put_record(VERSION, version.key, write(version))
    _forget(tx, version.key)


async def decline(town: Town, release: str, number: int, reason: str, by: Principal) -> Version:
    """Say that a version is not published, and why; who had it made may take it back."""
    demand_may(town, by, may_make, "decline releases")
    demand_reason(reason)
    found, now = _waiting(town, release, number), town.clock()

    def work_on(tx: Transaction) -> Version:
        known = _still(tx, found, State.PREPARED)
        done = replace(known, state=State.DECLINED, decided_by=by.id, decided_at=now, reason=reason.strip())
        tx.put_record(VERSION, done.key, write(done))
        _forget(tx, done.key)
        return done

    done = await town.store.transact(work_on)
    town.policy.note(by, f"declined release {done.name}: {done.reason}")
    return done


async def withdraw(town: Town, release: str, number: int, reason: str, by: Principal) -> Version:
    """Take a published version back: its table goes, and it counts for later checks, as others may have kept it."""
    demand_may(town, by, may_make, "withdraw releases")
    demand_reason(reason)
    found, now = known_version(town, release, number), town.clock()
    if found.state is not State.PUBLISHED:
        raise Conflict(f"{found.name} is {found.state}; only what is published can be withdrawn")

    def work_on(tx: Transaction) -> Version:
        known = _still(tx, found, State.PUBLISHED)
        done = replace(known, state=State.WITHDRAWN, withdrawn_by=by.id, withdrawn_at=now, withdrawn_for=reason.strip())
        tx.put_record(VERSION, done.key, write(done))
        tx.delete_record(TABLE, done.key)
        return done

    done = await town.store.transact(work_on)
    town.policy.note(by, f"withdrew release {done.name}: {done.withdrawn_for}")
    return done


def _waiting(town: Town, release: str, number: int) -> Version:
    found = known_version(town, release, number)
    if found.state is not State.PREPARED:
        raise Conflict(f"{found.name} is {found.state}, and waits for no decision")
    return found


def _still(tx: Transaction, version: Version, state: State) -> Version:
    record = tx.get_record(VERSION, version.key)
    if record is None or record["state"] != state:
        raise Conflict(f"{version.name} was decided on at this moment by somebody else")
    return read(Version, record)


def _forget(tx: Transaction, key: str) -> None:
    """Let go of who is in what did not go out."""
    tx.delete_record(MEMBERS, key)
    tx.delete_record(TABLE, key)
