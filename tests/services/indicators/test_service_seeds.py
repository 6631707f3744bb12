"""Do the KPI tables of the seeds load, gaps and all, and is each gap said?"""

from machinami.services.indicators import service
from machinami.services.indicators.logic.writing import cautions, read_definition
from machinami.services.indicators.model import STATES

from .conftest import BY, START, Office
from .seeds import forms
from .towns import CONTEXT


async def test_the_tables_of_the_seeds_load_with_their_gaps(office: Office) -> None:
    made = {}
    for form in forms():
        wanted, faults = read_definition(form, "", CONTEXT, ())
        assert faults == {}, form
        made[form["name_ja"]] = await service.make(office.city, wanted, BY)
    kpis = {kpi.id: kpi for kpi in [await office.indicator(kpi_id) for kpi_id in made.values()]}
    assert len(kpis) == 25
    assert {kpi.state for kpi in kpis.values()} == {"unmeasured"}
    ranges = [
        k.target_years for k in kpis.values() if k.target_years and k.target_years["from"] != k.target_years["to"]
    ]
    assert len(ranges) == 6
    assert sum(kpi.target_years is None for kpi in kpis.values()) == 8
    satisfied = kpis[made["取組の利用者の満足度（つくば）"]]
    assert satisfied.baseline is None
    assert "no_baseline" in cautions(service.definition_of(satisfied), CONTEXT)


async def test_a_measured_value_is_judged_wherever_the_tables_allow_it(office: Office) -> None:
    states = {}
    for form in forms():
        wanted, _ = read_definition(form, "", CONTEXT, ())
        kpi_id = await service.make(office.city, wanted, BY)
        await service.record(office.city, kpi_id, 85.0, START, BY, "x")
        states[form["name_ja"]] = (await office.indicator(kpi_id)).state
    assert set(states.values()) <= set(STATES)
    assert states["車をふだんの足にする人の割合（つくば）"] == "off_path"  # fiscal 2024 is over, and 85 > 83.5
    assert states["取組の利用者の満足度（つくば）"] == "reached"
    assert states["使いたい人の割合（すさみ）"] == "no_target"  # without a year nothing is on its way
    assert states["CO2 の削減量"] == "no_target"
