"""Does the simulated town begin with a broken street light of this morning, and older reports in every state?"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
import pytest

from machinami.ingest.town.street import ROWS, street
from machinami.ingest.town.terrain import terrain

ZONE = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize("hour", [0, 8, 22])
def test_the_lamp_is_told_this_morning_or_the_last_and_nothing_comes_from_the_future(hour: int) -> None:
    anchor = datetime(2026, 6, 30, hour, tzinfo=UTC)
    told = street(terrain(1), anchor, ZONE)
    asked = {one.entity_id: datetime.fromisoformat(str(one.value)) for one in told if one.attribute == "requestedAt"}
    lamp = next(at for entity, at in asked.items() if entity.endswith("-lamp"))
    assert anchor - timedelta(hours=25) < lamp <= anchor - timedelta(hours=1)
    assert 5 <= lamp.astimezone(ZONE).hour <= 7
    if anchor.astimezone(ZONE).hour >= 7:  # the storm is of the same day
        assert lamp.astimezone(ZONE).date() == anchor.astimezone(ZONE).date()
    assert all(at <= anchor for at in asked.values())
    assert all(datetime.fromisoformat(str(one.value)) <= anchor for one in told if one.attribute == "closedAt")
    assert {one.value for one in told if one.attribute == "state"} >= {
        "received",
        "assigned",
        "in_progress",
        "mended",
        "declined",
    }
    assert len({one.value for one in told if one.attribute == "reportId"}) == len(ROWS)
    assert orjson.dumps([one.value for one in told])  # plain values, which the town can keep
    assert all(one.value is True for one in told if one.attribute == "simulated")


def test_what_nobody_has_looked_at_says_nothing_to_everybody() -> None:
    told = street(terrain(1), datetime(2026, 6, 30, 8, tzinfo=UTC), ZONE)
    new = {one.entity_id for one in told if one.attribute == "state" and one.value == "received"}
    assert not [one for one in told if one.entity_id in new and one.attribute in ("text", "landmark")]
