"""What does the City handle do with attributes that are gone, with turns, and with work for another process?"""

import os
from dataclasses import fields

import pytest
from tests.services.flood.conftest import GAUGE, River, river

from machinami.foundation.errors import Forbidden
from machinami.model.town_terms import TERMS
from machinami.model.view import Measured, attribute_name
from machinami.model.vocabulary import circle
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


async def test_a_service_takes_what_people_hand_in_only_where_it_says_so(river: River) -> None:
    with pytest.raises(Forbidden, match="hand in"):
        river.city.at_reception()


async def test_a_service_looks_at_no_type_that_it_does_not_declare(river: River) -> None:
    await river.stand()
    assert [one.id for one in await river.city.entities("RiverGauge")] == [GAUGE]
    found = river.city.peek(GAUGE)
    assert found is not None
    assert found.id == GAUGE
    assert river.city.sees("RiverGauge")
    with pytest.raises(Forbidden, match="reads Walker"):
        await river.city.entities("Walker")
    with pytest.raises(Forbidden, match="writes Walker"):
        river.city.may_write("Walker")


def test_every_word_of_the_circle_is_a_term_of_the_town() -> None:
    views = [view for view in vars(circle).values() if isinstance(getattr(view, "TYPE", None), str)]
    words = {
        attribute_name(field.name) for view in views for field in fields(view) if field.name not in ("id", "location")
    }
    assert len(views) >= 10
    assert words | {view.TYPE for view in views} <= TERMS.keys()
