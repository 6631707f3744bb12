"""A town with two shelters, a depot and what they hold, as the tests of its pages find it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services.visiting import Visit, visited

from machinami.model.view import Point, Words
from machinami.model.vocabulary.places import Shelter
from machinami.services.shelters.model import ReliefDepot
from machinami.services.shelters.page import ADDRESS, routes

SCHOOL, HALL, DEPOT = "urn:ngsi-ld:Shelter:school", "urn:ngsi-ld:Shelter:hall", "urn:ngsi-ld:ReliefDepot:store"


@pytest.fixture
async def bare(tmp_path: Path) -> AsyncIterator[Visit]:
    async with visited("machinami.services.shelters", tmp_path, routes, ADDRESS) as found:
        yield found


@pytest.fixture
async def visit(bare: Visit) -> Visit:
    await bare.put(
        Shelter(SCHOOL, Words(ja="川上小学校", en="Kawakami School"), Point(138.20, 35.00), 200),
        Shelter(HALL, Words(ja="浜の集会所", en="Beach Hall"), Point(138.25, 35.02), 80),
        ReliefDepot(DEPOT, Words(ja="町の倉庫", en="Town store"), Point(138.21, 35.00), 1, 2, 0),
    )
    return bare
