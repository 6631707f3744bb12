"""Does the library come into the town, once, and does a case begin a work of the plan?"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.services.housing import housed

from machinami.foundation.errors import NotFound
from machinami.kit.city import City
from machinami.model.view import Words
from machinami.model.vocabulary.circle import Initiative
from machinami.model.vocabulary.office import Officer
from machinami.services.cases import service
from machinami.services.cases.logic.reading import case_id
from machinami.services.cases.model import ReferenceCase

NOW = datetime(2026, 7, 1, 3, tzinfo=UTC)
BY = Officer("山田花子", "企画課長")


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    async with housed("machinami.services.cases", tmp_path, lambda: NOW) as (_, city):
        yield city


async def test_a_town_that_plans_nothing_yet_holds_no_cases(city: City) -> None:
    await service.refresh(city, NOW)
    assert await city.find(ReferenceCase) == []


async def test_the_library_becomes_entities_once_for_each_edition(city: City) -> None:
    await service.try_it(city, case_id("taki_six_towns"), False, BY)
    await service.refresh(city, NOW)
    found = await city.find(ReferenceCase)
    assert len(found) == len(service.library().cases)
    await service.refresh(city, NOW)
    assert await city.find(ReferenceCase) == found


async def test_before_it_has_run_the_cases_are_shown_all_the_same(city: City) -> None:
    assert len(await service.cases_of(city)) == len(service.library().cases)
    with pytest.raises(NotFound):
        await service.case_of(city, "urn:ngsi-ld:ReferenceCase:nowhere")


async def test_trying_a_case_begins_one_work_and_finds_it_again(city: City) -> None:
    first = await service.try_it(city, case_id("taki_six_towns"), False, BY)
    again = await service.try_it(city, case_id("taki_six_towns"), False, BY)
    assert first.id == again.id
    assert [one.state for one in await city.find(Initiative)] == ["proposed"]
    await city.publish(Initiative(first.id, state="ended"))
    assert (await service.try_it(city, case_id("taki_six_towns"), False, BY)).id != first.id


async def test_a_case_of_ones_own_is_withdrawn_and_shown_again(city: City) -> None:
    own = ReferenceCase("urn:ngsi-ld:ReferenceCase:own", name=Words(ja="夜市"), sources=["own"], state="shown")
    await city.publish(own)
    await service.turn(city, own.id, "withdrawn", BY)
    assert (await service.case_of(city, own.id)).state == "withdrawn"
    await service.turn(city, own.id, "shown", BY)
    kept = await service.case_of(city, own.id)
    assert (kept.state, kept.decided_by, kept.name) == ("shown", "山田花子", {"ja": "夜市"})
