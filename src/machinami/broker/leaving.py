"""How does a person have erased all that a town holds about them, under whichever of their names? (APPI 35, 98)

What is held on their consent alone, or on nothing that was recorded, goes with its past. What a recorded ground is
about stays until that ground ends, and what is about somebody else too stays; both are said.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from machinami.broker import consents
from machinami.broker.erasure import Going, accounts, carry_out
from machinami.broker.forgetting import always
from machinami.broker.holdings import Held, held
from machinami.broker.legal_records import law_of
from machinami.broker.persons import as_person, demand_desk, names_of
from machinami.broker.private import SCOPE as KEPT_PRIVATELY
from machinami.broker.shroud.concerning import scope_of
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Conflict, Forbidden, NotFound
from machinami.model.consent import IN_FORCE, Consent
from machinami.model.erasure import Kept
from machinami.model.legal import LegalClass
from machinami.model.principal import Principal

OTHERS = "it is about others too"


@dataclass(frozen=True, slots=True)
class Part:
    """How many entities of a type, or of how many an attribute (empty: the whole of them)."""

    type: str
    attribute: str
    count: int


@dataclass(frozen=True, slots=True)
class Staying:
    """How many entities of a type stay, and why."""

    count: int
    kept: Kept


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go and what would stay, by type; and the consents that would end with it."""

    names: tuple[str, ...]
    going: tuple[Held, ...]
    staying: tuple[Staying, ...]
    consents: tuple[Consent, ...]

    @property
    def parts(self) -> list[Part]:
        """What would go, type by type."""
        counted = Counter((one.type, name) for one in self.going for name in one.attributes or ("",))
        return [Part(kind, name, number) for (kind, name), number in sorted(counted.items())]


async def plan(town: Town, by: Principal, types: Collection[str] | None = None) -> Plan:
    """What erasing would come to. types: of these alone (expanded); None: of all. Raises SignInRequired, Forbidden."""
    return await plan_for(town, await names_of(town, by), types)


async def plan_for(town: Town, names: Sequence[str], types: Collection[str] | None = None) -> Plan:
    """What erasing all that is held under these names would come to. The caller sees to it that who asks may know."""
    law = law_of(town)
    found = [one for one in await held(town, names) if types is None or one.type in types]
    ending = [
        one
        for name in names
        for one in law.of(name)
        if one.state in IN_FORCE and (types is None or not set(one.terms.types).isdisjoint(types))
    ]
    going = [one for one in found if not one.grounds and not one.others]
    return Plan(tuple(names), tuple(going), tuple(_staying(found)), tuple(ending))


def _staying(found: Iterable[Held]) -> list[Staying]:
    counted: Counter[Kept] = Counter()
    for one in found:
        for ground in one.grounds:
            counted[Kept(one.type, f"{ground.basis}, {ground.id}: {ground.reason}", ground.end)] += 1
        if one.others and not one.grounds:
            counted[Kept(one.type, OTHERS)] += 1
    return [Staying(number, kept) for kept, number in sorted(counted.items(), key=lambda row: row[0].what)]


async def leave(town: Town, by: Principal, types: Collection[str] | None = None) -> dict[str, Any]:
    """Withdraw the consents and erase what nothing else keeps; the account of it."""
    wanted = await plan(town, by, types)
    for one in wanted.consents:
        await consents.withdraw(town, one.id, as_person(one.subject))
    return await _carry_out(town, wanted, types, by, by.id, "the person asked for it")


async def leave_at_desk(
    town: Town, names: Sequence[str], by: Principal, proof: str, types: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """The same for somebody who stands at a desk; proof: how they showed there that it is their will.

    Name by name, so that no account tells which names are one person's; where nothing is there under any of them, one
    account says so. Raises Forbidden for oneself and for who may not help, BadRequestData without a proof, Conflict in
    a town that does not seal.
    """
    demand_desk(town, by)
    if by.id in names:
        raise Forbidden("Nobody stands at the desk before themselves", principal=by.id)
    if not proof.strip():
        raise BadRequestData("Say how the person showed that it is their will", member="proof")
    if town.shroud is None:
        raise Conflict("This town does not seal what is personal: delete the entities one by one")
    keys, made = town.shroud.cipher.keys, list[dict[str, Any]]()
    for name in names:
        wanted = await plan_for(town, [name], types)
        for one in wanted.consents:
            await consents.withdraw(town, one.id, by, proof)
        is_last = name == names[-1] and not made
        if is_last or wanted.going or wanted.consents or (types is None and keys.find(name)):
            made.append(await _carry_out(town, wanted, types, by, name, f"asked for at a desk; {proof}"))
    return made


async def _carry_out(
    town: Town, wanted: Plan, types: Collection[str] | None, by: Principal, person: str, reason: str
) -> dict[str, Any]:
    marks = [mark for mark in law_of(town).marks.values() if mark.legal is LegalClass.PERSONAL]
    going = Going()
    for item in wanted.going:
        if item.attributes:
            going.attributes[item.entity.id] = list(item.attributes)
        else:
            going.ids.append(item.entity.id)
        going.places |= {(scope_of(mark), item.name) for mark in marks if mark.is_about(item.entity)}
    if types is None:  # what was deleted before may lie in copies still; keys that are needed are not destroyed
        scopes = {KEPT_PRIVATELY, *map(scope_of, marks)}
        going.places |= {(scope, name) for scope in scopes for name in wanted.names}
    kept = [one.kept for one in wanted.staying] + always(town, person)
    return await carry_out(town, going, kept, by, reason)


async def own_accounts(town: Town, by: Principal) -> list[dict[str, Any]]:
    """The accounts of all that was erased of who asks, also because a consent ended; the last one first."""
    found = {one["id"]: one for name in await names_of(town, by) for one in await accounts(town, name)}
    return sorted(found.values(), key=lambda one: (one["at"], one["id"]), reverse=True)


async def own_account(town: Town, account_id: str, by: Principal) -> dict[str, Any]:
    """One of these. Raises NotFound."""
    for one in await own_accounts(town, by):
        if one["id"] == account_id:
            return one
    raise NotFound("There is no such account of yours")
