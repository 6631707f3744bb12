"""Does the service live on consent: nothing without one, everything for its purpose alone, gone when withdrawn?"""

from datetime import timedelta

import pytest
from tests.approving import approve

from machinami.app.declaring import HOUSE, consent_of_invented, mark_personal, practise
from machinami.broker import consents, operations
from machinami.broker.contexts import town_context
from machinami.foundation.errors import BadRequestData
from machinami.kit.archive import Archive
from machinami.kit.city import Intake, manifest_rows, service_principal
from machinami.kit.consenting import person
from machinami.kit.installed import load, read_manifest
from machinami.model.policy import Row
from machinami.model.principal import Principal, Role
from machinami.model.query import Page, Query, TypeIs
from machinami.model.reading import Reading
from machinami.model.starting_policy import starting_rows
from machinami.services.health_points import service
from machinami.services.health_points.logic.bookings import LEAVING
from machinami.services.health_points.logic.days import day_id
from machinami.services.health_points.logic.joining import PURPOSE, NotTakingPart
from machinami.services.health_points.model import StepCount, Walker, WalkingKpi

from .conftest import Streets

OFFICER = Principal("urn:person:officer", frozenset({Role.OFFICER}), None, None, 2, 2)
ADMINISTRATOR = Principal("urn:person:head", frozenset({Role.ADMINISTRATOR}), None, None, 2, 2)


@pytest.fixture
async def guarded(streets: Streets) -> Streets:
    """The same town with administrators: its data are marked, its purpose is published."""
    return await guard(streets)


async def guard(streets: Streets) -> Streets:
    """Let the town have administrators."""
    source = read_manifest("machinami.ingest.town", "ingest")
    lent: list[Row] = [*manifest_rows(streets.city.manifest), *manifest_rows(source)]
    streets.town.policy.set_rows(starting_rows())
    streets.town.policy.lend(lent)
    await mark_personal(streets.town, [streets.city.manifest])
    return streets


async def published(streets: Streets) -> None:
    """Have the town's board approve the purpose, and the town publish it."""
    program, expand = service_principal(streets.city.manifest).id, town_context().expand
    types = [expand(row.data.type) for row in streets.city.manifest.personal]
    await approve(streets.town, PURPOSE, [f"program:{program}"], types)
    await streets.city.consenting(PURPOSE).publish(ADMINISTRATOR)


async def seen(streets: Streets, by: Principal, kind: str = "StepCount") -> int:
    """How many entities of a type somebody is given."""
    query = Query(types=TypeIs(town_context().expand(kind)))
    return len((await operations.query(streets.town, query, Page(100, 0), by)).entities)


async def test_nobody_can_join_before_the_town_has_published_what_for(guarded: Streets) -> None:
    with pytest.raises(BadRequestData, match="has not published the purpose"):
        await guarded.join()
    await published(guarded)
    walker = await guarded.join()
    assert guarded.city.consenting(PURPOSE).holds(walker.id)


async def test_steps_are_given_for_the_purpose_alone(guarded: Streets) -> None:
    await published(guarded)
    walker = await guarded.join()
    yesterday = guarded.today - timedelta(days=1)
    assert (await guarded.walk(walker, yesterday, 6_500)).points_due == 6
    program = service_principal(guarded.city.manifest)
    assert await seen(guarded, Principal(program.id, program.roles, PURPOSE)) == 1
    assert await seen(guarded, program) == 0
    assert await seen(guarded, Principal(program.id, program.roles, "advertising")) == 0
    for other in (OFFICER, ADMINISTRATOR):
        assert await seen(guarded, other) == 0
        assert await seen(guarded, other, "Walker") == 0
    stranger = Principal("urn:machinami:service:flood", frozenset({Role.SERVICE}), PURPOSE)
    assert await seen(guarded, stranger) == 0


async def test_the_consent_is_a_record_of_who_what_and_until_when(guarded: Streets) -> None:
    await published(guarded)
    walker = await guarded.join()
    (given,) = consents.of_person(guarded.town, walker.id, person(walker.id))
    assert (given.terms.purpose, given.terms.text, given.terms.language) == (PURPOSE, "1", "ja")
    assert given.terms.recipients == ("program:urn:machinami:service:health_points",)
    assert {name.rpartition("/")[2] for name in given.terms.types} == {"StepCount", "Walker"}
    assert given.subject == walker.id


async def test_who_withdraws_is_gone_and_the_consent_has_ended(guarded: Streets) -> None:
    await published(guarded)
    walker = await guarded.join()
    yesterday = guarded.today - timedelta(days=1)
    await guarded.walk(walker, yesterday, 6_500)
    assert await service.withdraw(guarded.city, walker) == 1
    with pytest.raises(NotTakingPart):
        await service.walker_of(guarded.city, "key-one")
    (ended,) = consents.of_person(guarded.town, walker.id, person(walker.id))
    assert ended.state == "withdrawn"
    assert guarded.town.store.peek(walker.id) is None
    assert guarded.town.store.peek(day_id(walker.id, yesterday)) is None


async def test_a_consent_withdrawn_elsewhere_ends_the_service_for_its_person(guarded: Streets) -> None:
    await published(guarded)
    walker = await guarded.join()
    await guarded.walk(walker, guarded.today - timedelta(days=1), 6_500)
    await guarded.city.consenting(PURPOSE).withdraw(walker.id)
    with pytest.raises(NotTakingPart):
        await service.walker_of(guarded.city, "key-one")
    own = guarded.city.for_purpose(PURPOSE)
    assert (await own.find(StepCount), await own.find(Walker)) == ([], [])
    await service.refresh(guarded.city, guarded.now)
    assert guarded.town.store.peek(day_id(walker.id, guarded.today - timedelta(days=1))) is None
    assert guarded.town.store.peek(walker.id) is None


async def test_a_leaving_that_was_cut_off_is_brought_to_its_end(guarded: Streets) -> None:
    await published(guarded)
    walker = await guarded.join()
    await guarded.walk(walker, guarded.today - timedelta(days=1), 6_500)
    own = guarded.city.for_purpose(PURPOSE)
    row = {"walker": walker.id, "since": walker.joined_on}
    await own.private(lambda drawer: drawer.put(LEAVING, walker.id, row))
    await service.refresh(guarded.city, guarded.now)
    assert guarded.town.store.peek(walker.id) is None
    assert await own.private_rows(LEAVING) == {}


async def test_figures_are_told_of_no_smaller_group_than_the_board_approved(guarded: Streets) -> None:
    program, expand = service_principal(guarded.city.manifest).id, town_context().expand
    types = [expand(row.data.type) for row in guarded.city.manifest.personal]
    await approve(guarded.town, PURPOSE, [f"program:{program}"], types, group=12)
    await guarded.city.consenting(PURPOSE).publish(ADMINISTRATOR)
    for number in range(11):
        walker = await guarded.join(f"key-{number}")
        guarded.keys[walker.id] = f"key-{number}"
        for back in range(8, 0, -1):
            await guarded.walk(walker, guarded.today - timedelta(days=back), 4_000 + 300 * number + 50 * back)
    await service.refresh(guarded.city, guarded.now)

    told = await guarded.city.find(WalkingKpi)
    assert told
    assert all(one.suppressed and one.steps is None for one in told)  # of eleven, and twelve were approved


async def test_the_audit_is_shown_to_officers_and_to_no_resident(guarded: Streets) -> None:
    archive = Archive(guarded.town)
    resident = Principal("urn:person:resident", frozenset({Role.RESIDENT}), None, None, 2, 2)
    assert archive.shows("PointsAudit", OFFICER)
    assert not archive.shows("PointsAudit", resident)


async def test_a_purpose_that_is_not_declared_is_refused(guarded: Streets) -> None:
    with pytest.raises(Exception, match="does not say in its manifest"):
        guarded.city.for_purpose("advertising")


async def test_invented_people_consent_and_are_judged(guarded: Streets) -> None:
    manifests = [guarded.city.manifest]
    await practise(guarded.town, [load("machinami.services.health_points")])
    walker, yesterday = "urn:ngsi-ld:Walker:invented", guarded.today - timedelta(days=1)
    day = day_id(walker, yesterday)
    claims = [["phone", f"{yesterday}T00:00:00Z", f"{yesterday}T01:00:00Z", 4_200]]
    readings = [
        Reading(walker, "Walker", "ageBand", "65-74", guarded.now),
        Reading(walker, "Walker", "simulated", True, guarded.now),
        Reading(day, "StepCount", "refWalker", walker, guarded.now, None, "Relationship"),
        Reading(day, "StepCount", "day", yesterday.isoformat(), guarded.now),
        Reading(day, "StepCount", "claims", claims, guarded.now, None, "JsonProperty"),
    ]
    await consent_of_invented(guarded.town, manifests, readings)
    await Intake(guarded.town, read_manifest("machinami.ingest.town", "ingest")).deliver(readings)
    await service.refresh(guarded.city, guarded.now)
    journal, _ = await service.journal_of(guarded.city, walker)
    assert journal.usable(guarded.today) == 4
    assert HOUSE.id.startswith("urn:machinami:")
