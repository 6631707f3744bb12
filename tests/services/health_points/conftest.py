"""A health points service over a real broker and store; its clock is set by hand."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.services.housing import housed

from machinami.broker.town import Town
from machinami.kit.city import City
from machinami.services.health_points import service
from machinami.services.health_points.logic.joining import Profile
from machinami.services.health_points.logic.reading import read
from machinami.services.health_points.model import StepCount, Walker

START = datetime(2026, 6, 30, 3, tzinfo=UTC)  # noon in Japan
ZONE = ZoneInfo("Asia/Tokyo")
PROFILE = Profile("65-74", "female", "みどり台")


def point(start: datetime, minutes: int, steps: Any, source: str = "phone", **header: Any) -> dict[str, Any]:
    """An Open mHealth data point of steps."""
    frame = {"start_date_time": start.isoformat(), "end_date_time": (start + timedelta(minutes=minutes)).isoformat()}
    provenance = {"source_name": source, **header}
    schema = {"namespace": "omh", "name": "step-count", "version": "3.0"}
    body = {"step_count": {"value": steps, "unit": "steps"}, "effective_time_frame": {"time_interval": frame}}
    return {"header": {"id": "x", "schema_id": schema, "acquisition_provenance": provenance}, "body": body}


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment of a day in town."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


@dataclass
class Streets:
    """A town with the service, and the hand that moves its clock."""

    town: Town
    city: City
    now: datetime = START
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return service.today(self.city, self.now)

    async def join(self, key: str = "key-one", profile: Profile = PROFILE) -> Walker:
        return await service.join(self.city, profile, key, "ja")

    async def walk(self, walker: Walker, day: date, steps: int, device: str = "", source: str = "phone") -> StepCount:
        """Hand in one day of steps, spread over ten hours."""
        return (await self.hand_in(walker, walking(day, steps, source), device))[0]

    async def hand_in(self, walker: Walker, documents: Sequence[Any], device: str = "") -> list[StepCount]:
        fresh = await service.walker_of(self.city, self.keys.get(walker.id, "key-one"))
        return await service.hand_in(self.city, fresh, read(list(documents), ZONE, device), device)

    async def points(self, walker: Walker) -> int:
        journal, _ = await service.journal_of(self.city, walker.id)
        return journal.usable(self.today)


def walking(day: date, steps: int, source: str = "phone") -> list[dict[str, Any]]:
    """Data points of a day's walking, one an hour, from eight in the morning, none like the other."""
    weights = [3, 5, 2, 4, 6, 1, 7, 3, 5, 4]
    given, points = 0, []
    for number, weight in enumerate(weights):
        share = steps * weight // sum(weights) if number < 9 else steps - given
        given += share
        points.append(point(at(day, 8 + number), 60, share, source))
    return points


@pytest.fixture
async def streets(tmp_path: Path) -> AsyncIterator[Streets]:
    held: list[Streets] = []

    def now() -> datetime:
        return held[0].now if held else START

    async with housed("machinami.services.health_points", tmp_path, now) as (town, city):
        held.append(Streets(town, city))
        yield held[0]
