"""Can the figures by which services are judged be computed, as far as they say that they can?"""

from importlib.resources import files

import pytest

from machinami.kit.installed import read_manifest
from machinami.kit.manifest import Kpi
from machinami.services.indicators.logic.formula import parse_formula

from .towns import CONTEXT

OURS = sorted(path.name for path in files("machinami.services").iterdir() if path.joinpath("manifest.toml").is_file())
KPIS = [(name, kpi) for name in OURS for kpi in read_manifest(f"machinami.services.{name}").kpis]


@pytest.mark.parametrize(("service", "kpi"), KPIS, ids=lambda value: value if isinstance(value, str) else value.id)
def test_a_figure_of_a_service_is_a_formula_or_a_rule_of_counting(service: str, kpi: Kpi) -> None:
    assert kpi.counting is not None
    if kpi.formula:
        parse_formula(kpi.formula, CONTEXT)


def test_most_figures_are_formulas() -> None:
    assert sum(bool(kpi.formula) for _, kpi in KPIS) / len(KPIS) > 0.6
