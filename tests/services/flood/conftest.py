"""A flood service over a real broker and store, fed by a simulated town or by hand; its clock is set by hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.services.housing import housed

from machinami.broker.town import Town
from machinami.ingest.town.simulate import Town as SimulatedTown
from machinami.kit.city import City, Intake
from machinami.kit.installed import read_manifest
from machinami.model.reading import Reading
from machinami.services.flood import service
from machinami.services.flood.model import FloodMonitoring, FloodProposal

START = datetime(2026, 6, 30, 0, tzinfo=UTC)
GAUGE = "urn:ngsi-ld:RiverGauge:bridge"
MARKS = {"attentionLevel": 1.0, "evacuationJudgementLevel": 1.5, "dangerLevel": 2.0, "bankLevel": 3.0}


@dataclass
class River:
    """A town with the flood service, and the hand that moves its clock."""

    town: Town
    city: City
    now: datetime = START

    async def take(self, readings: list[Reading]) -> None:
        await Intake(self.town, read_manifest("machinami.ingest.town", "ingest")).deliver(readings)

    async def stand(self, **facts: object) -> None:
        """Put up one gauge with its marks."""
        known = {**MARKS, **facts}
        await self.take([Reading(GAUGE, "RiverGauge", k, v, self.now, "MTR") for k, v in known.items()])
        name, river = {"ja": "橋水位観測所", "en": "Bridge gauge"}, {"ja": "早瀬川", "en": "Hayase River"}
        place = {"type": "Point", "coordinates": [138.2, 34.99]}
        await self.take(
            [
                Reading(GAUGE, "RiverGauge", "name", name, self.now, None, "LanguageProperty"),
                Reading(GAUGE, "RiverGauge", "river", river, self.now, None, "LanguageProperty"),
                Reading(GAUGE, "RiverGauge", "location", place, self.now, None, "GeoProperty"),
                Reading(GAUGE, "RiverGauge", "simulated", True, self.now),
            ]
        )

    async def say(self, *levels: float | None, minutes: int = 10) -> None:
        """Let the gauge report levels, one every few minutes (None: nothing comes), each followed by a refresh."""
        for level in levels:
            self.now += timedelta(minutes=minutes)
            if level is not None:
                await self.take([Reading(GAUGE, "RiverGauge", "waterLevel", level, self.now, "MTR")])
            await service.refresh(self.city, self.now)

    async def proposals(self, state: str = "proposed") -> list[FloodProposal]:
        return [p for p in await self.city.find(FloodProposal) if p.state == state]

    async def monitoring(self, gauge: str = GAUGE) -> FloodMonitoring:
        return next(m for m in await self.city.find(FloodMonitoring) if m.ref_gauge == gauge)


@pytest.fixture
async def river(tmp_path: Path) -> AsyncIterator[River]:
    held: list[River] = []

    def now() -> datetime:
        return held[0].now if held else START

    async with housed("machinami.services.flood", tmp_path, now) as (town, city):
        held.append(River(town, city))
        yield held[0]


@pytest.fixture(scope="session")
def storm() -> SimulatedTown:
    """The simulated town a day before its storm and on."""
    return SimulatedTown(1, START, days=1)
