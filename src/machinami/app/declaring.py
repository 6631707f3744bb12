"""How does a town come to know which data of its services are personal? By their manifests, when it starts."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from machinami.app.simulated_board import pass_board
from machinami.broker import legal_records
from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.kit.applying import drafts
from machinami.kit.city import service_principal
from machinami.kit.consenting import Consenting
from machinami.kit.installed import Service
from machinami.kit.manifest import Manifest
from machinami.model.ethics.proposal import Proposal
from machinami.model.legal import Basis, Ground, LegalClass, Mark
from machinami.model.policy import Whom
from machinami.model.principal import Principal, Role
from machinami.model.reading import Reading

HOUSE = Principal("urn:machinami:app", frozenset({Role.ADMINISTRATOR}), None, None, 3, 3)
"""Who marks what a manifest declares: the installation itself, as whoever installed the service."""
INVENTED = Ground(
    "invented-people",
    Basis.OWN_USE,
    Whom.PROGRAM,
    "urn:machinami:source:town",
    "The people of the simulated town do not exist; this source makes their data.",
    datetime.max.replace(tzinfo=UTC),
)


async def declare(town: Town, services: Sequence[Service], is_simulated: bool = False) -> None:
    """Have a town know what its services say to be personal, before any of it is read or written."""
    manifests = [service.manifest for service in services]
    await mark_personal(town, manifests)
    if is_simulated:
        await practise(town, services)


async def mark_personal(town: Town, manifests: Iterable[Manifest]) -> None:
    """Mark what the manifests declare to be personal, as far as the town says nothing of it yet.

    From then on the door gives it to nobody but on a consent or another recorded ground.
    """
    expand, known = town_context().expand, {mark.id for mark in legal_records.law_of(town).marks.values()}
    for manifest in manifests:
        for row in manifest.personal:
            subject = expand(row.subject) if row.subject else ""
            mark = Mark(LegalClass(row.legal), expand(row.data.type), "", subject)
            if mark.id not in known:
                await legal_records.put_mark(town, mark, HOUSE)


def drafted(services: Iterable[Service], now: datetime) -> list[Proposal]:
    """What the services would apply for to the ethics board."""
    each = ((service.package, service.manifest) for service in services)
    return [
        draft for package, manifest in each for draft in drafts(package, manifest, service_principal(manifest).id, now)
    ]


async def practise(town: Town, services: Sequence[Service]) -> None:
    """Have a simulated town ask for consent: an invented board approves, its purposes are published, and the source of
    its people may make them.

    A real town publishes its purposes itself, after whoever decides there has decided on them.
    """
    types: set[str] = set()
    await pass_board(town, drafted(services, town.clock()), HOUSE)
    for manifest in (service.manifest for service in services):
        types |= {town_context().expand(row.data.type) for row in manifest.personal}
        for purpose in dict.fromkeys(row.id for row in manifest.personal if row.id):
            asked = Consenting(town, manifest, service_principal(manifest), purpose)
            if asked.published is None and asked.approval is not None:
                await asked.publish(HOUSE)
    if types and INVENTED.id not in {ground.id for ground in legal_records.law_of(town).grounds.values()}:
        until = town.clock() + timedelta(days=3_650)
        await legal_records.put_ground(town, replace(INVENTED, until=until, types=tuple(sorted(types))), HOUSE)


async def consent_of_invented(town: Town, manifests: Sequence[Manifest], readings: Sequence[Reading]) -> None:
    """Have invented people consent, so that a simulated town shows what a real one does with consents."""
    for manifest in manifests:
        for row in manifest.personal:
            if row.id and not row.subject:
                asked = Consenting(town, manifest, service_principal(manifest), row.id)
                for subject in dict.fromkeys(r.entity_id for r in readings if r.entity_type == row.data.type):
                    if asked.is_asked and asked.published and asked.approval and not asked.holds(subject):
                        await asked.give(subject, "ja")
