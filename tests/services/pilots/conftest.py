"""The pages of the pilots in a town, and a pilot of which everything is settled."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services.visiting import Visit, visited

from machinami.model.vocabulary.circle import Pilot
from machinami.services.pilots import page

WHOLE = {
    "name": "ドローンで荷物を運ぶ", "hypothesis": "届くまでの時間が半分になる", "verify": "風の日\n山あいの通信",
    "not_needed": "昼の飛行（となり町で確認済み）", "indicator": "urn:ngsi-ld:KeyPerformanceIndicator:1",
    "comparison": "車で運んだ同じ月", "rule": "at_most", "bound": "30", "operator": "運送組合", "payer": "町",
    "acceptance": "説明会 2 回。音への心配が 3 件", "checked": "yes",
}  # fmt: skip


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Visit]:
    async with visited("machinami.services.pilots", tmp_path, page.routes, page.ADDRESS) as visit:
        yield visit


async def only_pilot(office: Visit) -> Pilot:
    """The one pilot of the town."""
    (found,) = await office.city.find(Pilot)
    return found
