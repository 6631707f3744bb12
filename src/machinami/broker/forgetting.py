"""How does a person have the town forget what it holds about them, and what are they told of what stays? (APPI 35, 98)

What is held on their consent alone, or on nothing that was recorded, goes with its past. What a recorded ground is
about stays until that ground ends, and what is about somebody else too stays; both are said.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from machinami.broker import consents
from machinami.broker.erasure import erase
from machinami.broker.holdings import Held, held
from machinami.broker.legal_records import law_of
from machinami.broker.operations import write_rule
from machinami.broker.persons import as_person, demand_person, names_of
from machinami.broker.town import Town
from machinami.foundation.errors import NotFound
from machinami.model import patch
from machinami.model.consent import IN_FORCE, Consent
from machinami.model.forgotten import Forgotten, Gone, Kept
from machinami.model.identity.record import read, write
from machinami.model.principal import Principal
from machinami.store.protocol import Transaction

_KIND = "erasure-report"


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go and what would stay, by type; and the consents that would end with it."""

    names: tuple[str, ...]
    going: tuple[Held, ...]
    kept: tuple[Kept, ...]
    consents: tuple[Consent, ...]

    @property
    def gone(self) -> tuple[Gone, ...]:
        """What would go, in rows of the report."""
        counted = Counter((one.type, name) for one in self.going for name in one.attributes or ("",))
        return tuple(Gone(kind, number, name) for (kind, name), number in sorted(counted.items()))


async def plan(town: Town, by: Principal, types: Collection[str] | None = None) -> Plan:
    """What forgetting would come to. types: of these alone (expanded); None: of all."""
    names = await names_of(town, by)
    found = [one for one in await held(town, names) if types is None or one.type in types]
    going = [one for one in found if not one.grounds and not one.others]
    law = law_of(town)
    ending = [
        one
        for name in names
        for one in law.of(name)
        if one.state in IN_FORCE and (types is None or not set(one.terms.types).isdisjoint(types))
    ]
    return Plan(tuple(names), tuple(going), _kept(found), tuple(ending))


def _kept(found: Iterable[Held]) -> tuple[Kept, ...]:
    counted: Counter[tuple[str, str]] = Counter()
    grounds = {ground.id: ground for one in found for ground in one.grounds}
    for one in found:
        for ground in one.grounds:
            counted[one.type, ground.id] += 1
        if one.others and not one.grounds:
            counted[one.type, ""] += 1
    rows = []
    for (kind, ground_id), number in sorted(counted.items()):
        because = grounds.get(ground_id)
        rows.append(
            Kept(kind, number)
            if because is None
            else Kept(kind, number, because.id, because.basis.value, because.reason, because.end)
        )
    return tuple(rows)


async def forget(town: Town, by: Principal, types: Collection[str] | None = None) -> Forgotten:
    """Withdraw the consents and erase what nothing else keeps; the report of it, which is kept."""
    wanted = await plan(town, by, types)
    for one in wanted.consents:
        await consents.withdraw(town, one.id, as_person(one.subject))
    whole: dict[str, list[str]] = {}
    for item in wanted.going:
        if item.attributes:
            await town.store.transact(partial(_without, item, town, by))
        else:
            whole.setdefault(item.type, []).append(item.entity.id)
    for kind, ids in whole.items():
        await erase(town, kind, ids, by, is_their_wish=True)
    report = Forgotten(
        f"urn:ngsi-ld:ErasureReport:{town.new_id()}", town.clock(), by.id, wanted.names, wanted.gone, wanted.kept,
        tuple(one.id for one in wanted.consents),
    )  # fmt: skip
    await town.store.transact(lambda tx: tx.put_record(_KIND, report.id, write(report)))
    erased = sum(one.count for one in report.gone)
    town.policy.note(by, f"had {erased} entities about them erased", people=list(report.subjects))
    return report


def _without(item: Held, town: Town, by: Principal, tx: Transaction) -> None:
    """Erase attributes, and their past, of an entity that is not about the person as a whole."""
    if tx.get(item.entity.id) is not None:
        write_rule(
            tx, item.entity.id, lambda held, at: patch.without_attributes(held, item.attributes, at), town.clock(), by
        )
    for name in item.attributes:
        tx.remove_history(item.entity.id, name)


async def reports(town: Town, by: Principal) -> Sequence[Forgotten]:
    """The reports of who asks, the last first."""
    demand_person(by)
    found = [read(Forgotten, one) for one in (await town.store.records(_KIND)).values() if one["by"] == by.id]
    return sorted(found, key=lambda one: one.at, reverse=True)


async def report(town: Town, report_id: str, by: Principal) -> Forgotten:
    """One of these. Raises NotFound."""
    for one in await reports(town, by):
        if one.id == report_id:
            return one
    raise NotFound("There is no such report of yours")
