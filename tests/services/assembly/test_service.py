"""The account on its page: for residents in short, for the assembly in full, and in a town in which nothing is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services.visiting import Visit, visited

from machinami.kit.words import LANGUAGES
from machinami.model.view import Measured, Ref, Words
from machinami.model.vocabulary.circle import ActionPlan, CostItem, Initiative, KeyPerformanceIndicator, Pilot
from machinami.services.assembly import page, service
from machinami.services.assembly.model import PlanAccount


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Visit]:
    async with visited("machinami.services.assembly", tmp_path, page.routes, page.ADDRESS) as visit:
        yield visit


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reader", page.READERS)
async def test_a_town_without_a_plan_says_what_to_do_first(hall: Visit, language: str, reader: str) -> None:
    assert 'class="empty"' in await hall.see(f"?view={reader}&lang={language}")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_promise_cost_effect_and_failure_stand_on_one_page(hall: Visit, language: str) -> None:
    kpi = KeyPerformanceIndicator(
        "urn:ngsi-ld:KeyPerformanceIndicator:1", Words(ja="歩数", en="Steps"), direction="up", unit="歩", baseline=5000,
        current=Measured(5600, hall.now), state="on_path", target={"kind": "value", "low": 6000},
    )  # fmt: skip
    work = Initiative(
        "urn:ngsi-ld:Initiative:1", Words(ja="歩くまち", en="Walking"), kpis=[kpi.id],
        stages=[{"stage": "pilot", "from": 2025, "to": 2025, "state": "done"},
                {"stage": "operation", "from": 2027, "to": 2030, "state": "planned"}],
    )  # fmt: skip
    await hall.put(
        kpi,
        work,
        ActionPlan("urn:ngsi-ld:ActionPlan:1", Words(ja="実行計画", en="The plan"), 1, initiatives=[work.id]),
        Pilot(
            "urn:ngsi-ld:Pilot:1", Words(ja="ドローン", en="Drones"), state="failed", lessons=Words(ja="風", en="wind")
        ),
        CostItem("urn:ngsi-ld:CostItem:1", year=2026, task="cloud", amount=1_234_567, ref_initiative=Ref(work.id)),
    )
    for reader in page.READERS:
        text = await hall.see(f"?view={reader}&lang={language}")
        for wanted in ("1,234,567", "5,600", "2027", "wind" if language == "en" else "風"):
            assert wanted in text
        assert ("5,000" in text) or ("5000" in text)


async def test_the_numbers_of_a_fiscal_year_are_kept_once(hall: Visit) -> None:
    await service.refresh(hall.city, hall.now)
    assert await hall.city.find(PlanAccount) == []
    await hall.put(
        CostItem("urn:ngsi-ld:CostItem:1", year=2026, amount=500), Pilot("urn:ngsi-ld:Pilot:1", state="failed")
    )
    await service.refresh(hall.city, hall.now)
    (kept,) = await hall.city.find(PlanAccount)
    assert (kept.year, kept.spent, kept.pilots_failed, kept.stages_due) == (2026, 500, 1, 0)


async def test_a_year_that_is_none_is_refused(hall: Visit) -> None:
    with pytest.raises(AssertionError, match="2000"):
        await hall.see("?year=abc")
