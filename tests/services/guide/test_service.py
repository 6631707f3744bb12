"""Are answers kept with who and when, and the diagnosis with its past?"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.services.housing import housed

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.kit.city import City
from machinami.model.vocabulary.office import Officer
from machinami.services.guide import service
from machinami.services.guide.logic.diagnosis import conclusion
from machinami.services.guide.model import StageDiagnosis

START = datetime(2026, 7, 1, 3, tzinfo=UTC)
BY = Officer("山田花子", "企画課長")


@dataclass
class Town:
    """A town with the guide, and the hand that moves its clock."""

    city: City
    now: datetime = START


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    held: list[Town] = []
    async with housed("machinami.services.guide", tmp_path, lambda: held[0].now if held else START) as (_, city):
        held.append(Town(city))
        yield held[0]


async def test_a_town_in_which_nobody_began_keeps_no_diagnosis_and_is_told_one(town: Town) -> None:
    await service.refresh(town.city, town.now)
    assert await town.city.find(StageDiagnosis) == []
    _, path, found = await service.diagnosis_of(town.city)
    told = conclusion(path, found, town.now)
    assert (told.stage, told.total) == ("start", 5)


async def test_the_diagnosis_is_kept_where_it_changed_and_has_a_past(town: Town) -> None:
    for question in ("aim_clear", "team_across"):
        await service.refresh(town.city, town.now)
        town.now += timedelta(hours=1)
        await service.answer(town.city, question, "yes", "", BY)
    await service.refresh(town.city, town.now)
    town.now += timedelta(hours=1)
    await service.refresh(town.city, town.now)
    entity = "urn:ngsi-ld:StageDiagnosis:book_2021"
    past = await town.city.history(StageDiagnosis, "reached", START - timedelta(days=1), town.now, [entity])
    assert [one.measured.value for one in past[entity]] == [1.0, 2.0]


async def test_an_answer_says_who_gave_it_and_when(town: Town) -> None:
    await service.answer(town.city, "aim_clear", "partly", "議会で説明した", BY)
    kept = (await service.answers_of(town.city))["aim_clear"]
    assert (kept.answer, kept.text, kept.decided_by, kept.role, kept.decided_at) == (
        "partly", "議会で説明した", "山田花子", "企画課長", START,
    )  # fmt: skip


async def test_what_is_no_question_or_no_answer_is_refused(town: Town) -> None:
    with pytest.raises(BadRequestData, match="question"):
        await service.answer(town.city, "nobody", "yes", "", BY)
    with pytest.raises(BadRequestData, match="yes, partly, no"):
        await service.answer(town.city, "aim_clear", "maybe", "", BY)


async def test_an_answer_is_taken_back_once(town: Town) -> None:
    await service.answer(town.city, "aim_clear", "yes", "", BY)
    await service.take_back(town.city, "aim_clear", BY)
    with pytest.raises(Conflict, match="Nothing"):
        await service.take_back(town.city, "aim_clear", BY)


async def test_the_town_goes_by_another_row_of_stages(town: Town) -> None:
    await town.city.set_setting("path", "draft_2020", "山田")
    _, path, found = await service.diagnosis_of(town.city)
    assert (path.id, len(found.progress)) == ("draft_2020", 4)
