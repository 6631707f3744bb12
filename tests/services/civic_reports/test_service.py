"""Does the service keep what it may, and no more, when reports are handed in?"""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.services.civic_reports.pictures import street
from tests.services.housing import housed

from machinami.foundation.errors import BadRequestData, NotFound, TooManyRequests
from machinami.model.view import Point
from machinami.services.civic_reports import service
from machinami.services.civic_reports.book import reception, reporters
from machinami.services.civic_reports.book.reception import Draft
from machinami.services.civic_reports.model import Intake, Report
from machinami.services.civic_reports.service import PACKAGE

NOW = datetime(2026, 6, 30, 3, tzinfo=UTC)
SECRET = "a" * 24
DRAFT = Draft("streetlight", "街灯が消えています", "ja", Point(137.41, 34.81))


async def test_a_town_without_anything_has_its_usual_categories_and_nothing_to_do(tmp_path: Path) -> None:
    async with housed(PACKAGE, tmp_path, lambda: NOW) as (town, city):
        await service.refresh(city, NOW)
        assert await town.store.changes(0, 10) == []
        known = await service.categories(city)
        assert [one.category_code for one in known][:2] == ["road", "streetlight"]
        assert all(one.name and one.department_id and one.days for one in known)
        assert (await service.held(city)).reports == []


async def test_no_more_is_taken_when_too_much_waits_for_an_officer(tmp_path: Path) -> None:
    async with housed(PACKAGE, tmp_path, lambda: NOW) as (_, city):
        await city.set_setting("most_waiting", 10, "x")
        for number in range(10):
            await reception.hand_in(city, DRAFT, f"{number:024d}")
        with pytest.raises(TooManyRequests) as refused:
            await reception.hand_in(city, DRAFT, SECRET)
        assert refused.value.facts["reception"] == "waiting"
        assert len(await city.find(Report)) == 10
        assert len({one.report_id for one in await city.find(Report)}) == 10


async def test_what_is_refused_leaves_no_file_behind(tmp_path: Path) -> None:
    async with housed(PACKAGE, tmp_path, lambda: NOW) as (_, city):
        for photos in ([street()] * 4, [street(), b"no photo"], [b""]):
            with pytest.raises(BadRequestData):
                await reception.hand_in(city, Draft("road", "x", "ja", Point(1, 1), photos=photos), SECRET)
        assert await city.files.names() == []
        assert await city.find(Report) == []


async def test_photos_are_kept_as_files_and_not_in_the_log(tmp_path: Path) -> None:
    async with housed(PACKAGE, tmp_path, lambda: NOW) as (town, city):
        await reception.hand_in(city, Draft("road", "", "ja", Point(1, 1), photos=[street()]), SECRET)
        (intake,) = await city.find(Intake)
        (photo,) = intake.photos or []
        assert photo["state"] == "waiting"
        assert max(photo["width"], photo["height"]) <= 1600
        assert len(str(await town.store.changes(0, 100))) < 20_000
        assert sorted(one.name for one in (tmp_path / "towns" / "default" / "files" / "civic_reports").iterdir()) == [
            f"{photo['name']}-large.jpg", f"{photo['name']}-small.jpg",
        ]  # fmt: skip


async def test_a_secret_opens_its_own_report_alone(tmp_path: Path) -> None:
    async with housed(PACKAGE, tmp_path, lambda: NOW) as (_, city):
        first = await reception.hand_in(city, DRAFT, SECRET)
        await reception.hand_in(city, DRAFT, "b" * 24)
        assert (await reporters.mine(city, SECRET)).report.id == first.id
        for wrong in ("", "c" * 24, "a" * 23, "a" * 65):
            with pytest.raises(NotFound):
                await reporters.mine(city, wrong)
