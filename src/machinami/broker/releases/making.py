"""How is a release made and checked? Nothing goes out by that.

What it was made of is kept as names that mean nothing without the town's secret, so that a later release can be held
against every earlier one.
"""

from collections.abc import Sequence
from dataclasses import replace

from machinami.broker.releases import ledger
from machinami.broker.releases.demanded import demand_groups, least_group
from machinami.broker.releases.earlier import Work, earlier_than, told_otherwise
from machinami.broker.releases.gathering import demand_sound, gathered, grounds_for
from machinami.broker.releases.shelf import MEMBERS, STATE, TABLE, VERSION, demand_may, may_make
from machinami.broker.releases.version import Description, State, Version, key_of, write_block
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Conflict
from machinami.methods.anonymity import noisy
from machinami.methods.anonymity.made import Block, Made, Unit, remark
from machinami.methods.anonymity.plan import Method, faults
from machinami.model.identity.record import read, write
from machinami.model.principal import Principal
from machinami.store.protocol import Transaction

MAKING, NOISE = "machinami.methods.anonymity.making", "machinami.kit.noise"  # computed elsewhere, by name
_SECRET = "secret"
_MOST_PEOPLE = 200_000
_MOST_VERSIONS = 500


async def prepare(town: Town, description: Description, by: Principal, work: Work) -> Version:
    """Make a version and check it; nothing goes out by that. Whether it may is its state: prepared or refused.

    Raises BadRequestData, Forbidden; NotApproved where its groups are smaller than what was approved; Conflict where
    the budget for noise is used up.
    """
    demand_may(town, by, may_make, "make releases")
    for where, fault in faults(description.plan):
        raise BadRequestData(f"This release cannot be: {where}: {fault}", member=where)
    demand_sound(description.source)
    demand_groups(town, description)
    grounds = grounds_for(town, description.source)
    began = await _begin(town, description, by, grounds, work)
    units, simulated = await gathered(town, description, await _secret(town, work), work.zone)
    if len(units) > _MOST_PEOPLE:
        raise BadRequestData(f"{len(units)} people are more than {_MOST_PEOPLE} at once; take a shorter time")
    ground = ", ".join(grounds) or "nothing of it is personal"
    town.policy.note(by, f"read {len(units)} units of {description.source.group} for release {began.name}: {ground}")
    made = await _made(town, description, units, work)
    state = State.PREPARED if made.is_safe else State.REFUSED
    done = replace(
        began, state=state, header=made.header, rows=made.rows, withheld=made.withheld, remarks=made.remarks,
        simulated=simulated,
    )  # fmt: skip
    kept = await town.store.transact(lambda tx: _keep(tx, done, made.blocks))
    town.policy.note(by, f"made release {kept.name}: {kept.state}")
    return kept


async def _begin(town: Town, description: Description, by: Principal, grounds: tuple[str, ...], work: Work) -> Version:
    """Number the version; where noise is wanted, take it from the budget. A version that was begun and not finished is
    gone on with: nobody has seen anything of it."""
    now = town.clock()

    def begin(tx: Transaction) -> Version:
        last = (tx.get_record(STATE, f"last/{description.id}") or {}).get("number", 0)
        record = tx.get_record(VERSION, key_of(description.id, last)) if last else None
        if record is not None and record["state"] == State.BEGUN:
            begun = read(Version, record)
            if begun.description == description:
                return begun
        if last >= _MOST_VERSIONS:
            raise Conflict(f"A release has {_MOST_VERSIONS} versions at most; give the next one another id")
        made = Version(description, last + 1, State.BEGUN, by.id, now, grounds=grounds)
        if description.plan.method is Method.NOISE:
            group, epsilon = description.source.group, description.plan.epsilon
            ledger.take(tx, group, made.name, epsilon, now.astimezone(work.zone))
            tx.put_record(VERSION, made.key, write(made))
            tx.put_record(STATE, f"last/{description.id}", {"number": made.number})
        return made

    return await town.store.transact(begin)


def _keep(tx: Transaction, version: Version, blocks: Sequence[Block]) -> Version:
    """Keep what was made, once: noise is drawn for a version only once, whoever asked for it meanwhile."""
    known = tx.get_record(VERSION, version.key)
    if known is not None and known["state"] != State.BEGUN:
        if version.description.plan.method is Method.NOISE:
            return read(Version, known)
        last = (tx.get_record(STATE, f"last/{version.description.id}") or {}).get("number", 0)
        version = replace(version, number=last + 1)
    tx.put_record(VERSION, version.key, write(replace(version, rows=())))
    tx.put_record(STATE, f"last/{version.description.id}", {"number": version.number})
    if version.state is State.PREPARED:
        tx.put_record(TABLE, version.key, {"rows": version.rows})
        if blocks:
            tx.put_record(MEMBERS, version.key, {"blocks": [write_block(block) for block in blocks]})
    return version


async def _made(town: Town, description: Description, units: Sequence[Unit], work: Work) -> Made:
    plan = description.plan
    try:
        if plan.method is Method.NOISE:
            made = await _made_noisy(description, units, work, least_group(town, description))
            return await _beside(town, description, made)
        earlier, clashes, _ = await earlier_than(town, description)
        if clashes:
            return Made((), (), 0, clashes, ())
        made = await work.run(f"{MAKING}:make", plan, list(units), description.source.period, earlier)
        return await _beside(town, description, made)
    except ValueError as error:
        raise BadRequestData(f"This release cannot be made: {error}") from error


async def _beside(town: Town, description: Description, made: Made) -> Made:
    """With what it has to say of noise beside tables: who decides is to know of both."""
    others = await told_otherwise(town, description)
    if not others:
        return made
    return replace(made, remarks=(*made.remarks, remark("beside", None, others=", ".join(others))))


async def _made_noisy(description: Description, units: Sequence[Unit], work: Work, least: int) -> Made:
    plan = description.plan
    cells, sums = noisy.totals(plan, units)
    scales = noisy.scales(plan)
    moves = noisy.moves(plan)
    try:
        drawn = await work.run(f"{NOISE}:draw", sums, scales, moves)
        errors = await work.run(f"{NOISE}:errors", scales)
    except ModuleNotFoundError as missing:
        raise Conflict(
            "Noise is drawn by the library OpenDP, which is not installed here: pip install 'machinami[privacy]'"
        ) from missing
    return noisy.make_noisy(plan, cells, drawn, errors, least)


async def _secret(town: Town, work: Work) -> bytes:
    """By what people are named within releases; made at the first need."""
    fresh = work.chance(32).hex()

    def take(tx: Transaction) -> str:
        known = tx.get_record(STATE, _SECRET)
        if known is None:
            tx.put_record(STATE, _SECRET, {"key": fresh})
            return fresh
        return str(known["key"])

    return bytes.fromhex(await town.store.transact(take))
