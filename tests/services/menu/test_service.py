"""Are decisions about the menu kept with who, when and why?"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.services.housing import housed

from machinami.foundation.errors import BadRequestData
from machinami.kit.city import City
from machinami.model.vocabulary.office import Officer
from machinami.services.menu import service
from machinami.services.menu.logic.judging import choice_id

NOW = datetime(2026, 7, 1, 3, tzinfo=UTC)
BY = Officer("山田花子", "情報政策課長")


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    async with housed("machinami.services.menu", tmp_path, lambda: NOW) as (_, city):
        yield city


async def test_a_decision_says_who_made_it_when_and_why(city: City) -> None:
    await service.decide(city, "actuation", "not_needed", "動かす機器がない", BY)
    kept = (await service.choices_of(city))[choice_id("actuation")]
    assert (kept.state, kept.text, kept.decided_by, kept.role, kept.decided_at) == (
        "not_needed", "動かす機器がない", "山田花子", "情報政策課長", NOW,
    )  # fmt: skip


async def test_what_is_not_needed_says_why(city: City) -> None:
    with pytest.raises(BadRequestData, match="why"):
        await service.decide(city, "actuation", "not_needed", "", BY)


async def test_what_is_no_row_or_no_decision_is_refused(city: City) -> None:
    with pytest.raises(BadRequestData, match="no row"):
        await service.decide(city, "teleport", "selected", "", BY)
    with pytest.raises(BadRequestData, match="selected, planned, not_needed"):
        await service.decide(city, "actuation", "maybe", "", BY)


async def test_a_decision_is_taken_back(city: City) -> None:
    await service.decide(city, "actuation", "planned", "", BY)
    await service.undo(city, "actuation", BY)
    assert (await service.choices_of(city))[choice_id("actuation")].state == ""


async def test_running_it_changes_nothing(city: City) -> None:
    await service.decide(city, "actuation", "planned", "", BY)
    before = await service.choices_of(city)
    await service.refresh(city, NOW)
    assert await service.choices_of(city) == before
