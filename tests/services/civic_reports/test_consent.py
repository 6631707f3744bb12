"""Where a reporter is reached is kept on their consent alone, and goes with it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.approving import approve
from tests.fakes.person_keys import PersonKeysInMemory
from tests.fakes.roads import RecordedRoads
from tests.services.housing import housed

from machinami.app.declaring import mark_personal
from machinami.broker import consents, forgetting
from machinami.broker.contexts import town_context
from machinami.broker.private import kind_of
from machinami.broker.town import Town
from machinami.kit.city import City, manifest_rows, service_principal
from machinami.kit.consenting import person
from machinami.model.principal import Principal, Role
from machinami.model.starting_policy import starting_rows
from machinami.model.view import Point
from machinami.services.civic_reports import service
from machinami.services.civic_reports.book import office, reception, reporters
from machinami.services.civic_reports.book.reception import Draft
from machinami.services.civic_reports.model import Report
from machinami.services.civic_reports.service import CONTACTS, PACKAGE, PURPOSE, reporter_of

NOW = datetime(2026, 6, 30, 3, tzinfo=UTC)
SECRET = "a" * 24
CONTACT = {"email": "hanako@example.jp"}
PLACE = Point(137.41, 34.81)
ADMINISTRATOR = Principal("urn:person:head", frozenset({Role.ADMINISTRATOR}), None, None, 2, 2)


class Guarded:
    """A town with administrators, in which the data of the service are marked."""

    def __init__(self, town: Town, city: City, roads: RecordedRoads) -> None:
        self.town, self.city, self.roads = town, city, roads

    async def publish(self) -> None:
        """Have the town's board approve the purpose, and the town publish it."""
        types = [town_context().expand(row.data.type) for row in self.city.manifest.personal]
        await approve(self.town, PURPOSE, [f"program:{service_principal(self.city.manifest).id}"], types)
        await self.city.consenting(PURPOSE).publish(ADMINISTRATOR)

    async def report(self, agrees: bool = True) -> Report:
        """Hand in a report with an address."""
        draft = Draft("road", "道路に穴", "ja", PLACE, contact=CONTACT, agrees=agrees)
        return await reception.hand_in(self.city, draft, SECRET)

    async def contacts(self) -> list[str]:
        """The reports with a contact."""
        return list(await self.city.at_reception().private_rows(CONTACTS))


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Guarded]:
    roads = RecordedRoads()
    async with housed(PACKAGE, tmp_path, lambda: NOW, PersonKeysInMemory(), roads) as (town, city):
        town.policy.set_rows(starting_rows())
        town.policy.lend(manifest_rows(city.manifest))
        await mark_personal(town, [city.manifest])
        yield Guarded(town, city, roads)


async def test_no_contact_is_kept_before_the_town_may_ask_for_it_or_without_a_yes(guarded: Guarded) -> None:
    assert not reception.takes_contacts(guarded.city)
    await guarded.report()
    assert await guarded.contacts() == []
    await guarded.publish()
    assert reception.takes_contacts(guarded.city)
    await guarded.report(agrees=False)
    assert await guarded.contacts() == []
    report = await guarded.report()
    assert await guarded.contacts() == [report.id]
    (given,) = consents.of_person(guarded.town, reporter_of(report.id), person(reporter_of(report.id)))
    assert given.terms.purpose == PURPOSE


async def test_who_withdraws_the_consent_is_sent_nothing_and_is_forgotten(guarded: Guarded) -> None:
    await guarded.publish()
    report = await guarded.report()
    subject = reporter_of(report.id)
    await service.owe_letter(guarded.city, report)
    await guarded.city.consenting(PURPOSE).withdraw(subject)
    await service.refresh(guarded.city, NOW)
    assert guarded.roads.letters == []
    assert await guarded.contacts() == []


async def test_who_consents_is_sent_the_answer(guarded: Guarded) -> None:
    await guarded.publish()
    await service.owe_letter(guarded.city, await guarded.report())
    await service.refresh(guarded.city, NOW)
    assert [one.to for one in guarded.roads.letters] == [CONTACT["email"]]


async def test_an_address_lies_sealed(guarded: Guarded) -> None:
    await guarded.publish()
    report = await guarded.report()
    kept = await guarded.town.store.records(kind_of("civic_reports", CONTACTS))
    assert CONTACT["email"] not in str(kept)
    assert (await guarded.city.at_reception().private_rows(CONTACTS))[report.id]["email"] == CONTACT["email"]


async def test_what_is_erased_of_a_person_takes_their_address_along(guarded: Guarded) -> None:
    await guarded.publish()
    report = await guarded.report()
    subject = reporter_of(report.id)
    await forgetting.ask(guarded.town, subject, person(subject), "they asked")
    assert await guarded.contacts() == []
    await service.refresh(guarded.city, NOW)
    assert await guarded.city.at_reception().private_rows(CONTACTS) == {}


async def test_taking_the_report_back_ends_the_consent(guarded: Guarded) -> None:
    await guarded.publish()
    report = await guarded.report()
    await reporters.withdraw(guarded.city, SECRET)
    assert not guarded.city.consenting(PURPOSE).holds(reporter_of(report.id))
    assert await guarded.contacts() == []
    assert await office.contact_of(guarded.city, report) == {}
