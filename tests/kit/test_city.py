"""What does the City handle do with attributes that are gone, with turns, and with work for another process?"""

import os

from tests.services.flood.conftest import GAUGE, River, river

from machinami.model.view import Measured
from machinami.model.vocabulary.water import RiverGauge
from machinami.services.flood.model import GaugeThresholds

__all__ = ["river"]


async def test_publishing_a_whole_view_removes_what_it_leaves_out_and_nothing_else(river: River) -> None:
    await river.stand()
    view = GaugeThresholds(GAUGE, attention_level=Measured(0.9, river.now, "MTR"))
    await river.city.publish(view, whole=True)
    (gauge,) = await river.city.find(RiverGauge)
    assert (gauge.attention_level, gauge.danger_level) == (0.9, None)
    assert gauge.name is not None


async def test_publishing_a_part_leaves_the_rest_as_it_is(river: River) -> None:
    await river.stand()
    await river.city.publish(GaugeThresholds(GAUGE, attention_level=Measured(0.9, river.now, "MTR")))
    (gauge,) = await river.city.find(RiverGauge)
    assert (gauge.attention_level, gauge.danger_level) == (0.9, 2.0)


async def test_work_named_by_its_address_is_done_in_another_process(river: River) -> None:
    assert await river.city.compute_at("os:getpid") != os.getpid()
    assert await river.city.compute_at("os:getenv", "OPENBLAS_NUM_THREADS") == "1"


async def test_a_kept_artefact_comes_back_by_its_name(river: River) -> None:
    await river.city.keep_artefact("a", {"model": "x"})
    await river.city.keep_artefact("b", {"model": "y"})
    assert await river.city.artefact("a") == {"model": "x"}
    assert await river.city.artefact("c") is None
