"""The pages of the partnership, seen by an officer over a real town, store and server; needs are put by hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services.visiting import Visit, visited

from machinami.broker import batch
from machinami.broker.contexts import town_context
from machinami.model.principal import SYSTEM
from machinami.model.view import Words, to_entity
from machinami.model.vocabulary.circle import CityNeed
from machinami.services.partnership import page
from machinami.services.partnership.book.matching import ADDRESS
from machinami.services.partnership.service import PACKAGE

BUS = CityNeed(
    "urn:ngsi-ld:CityNeed:bus", Words(ja="病院へ行くバスが少ない"), Words(ja="買い物の足もない"), state="open"
)
WALK = CityNeed("urn:ngsi-ld:CityNeed:walk", Words(ja="通学路が心配"), Words(ja="子どもの見守り"), state="open")


async def put_needs(visit: Visit, *needs: CityNeed) -> None:
    """What residents said, as the needs service would write it."""
    context = town_context()
    await batch.put_all(visit.town, [(to_entity(need, context), []) for need in needs], SYSTEM)


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Visit]:
    async with visited(PACKAGE, tmp_path, page.routes, ADDRESS) as found:
        yield found
