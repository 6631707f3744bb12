"""An indicators service over a real broker and store; its clock is set by hand."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.services.housing import housed

from machinami.broker import operations
from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.kit.city import City
from machinami.model.entity import Entity
from machinami.model.principal import Principal, Role
from machinami.model.view import Words
from machinami.model.vocabulary.circle import KeyPerformanceIndicator
from machinami.model.vocabulary.office import Officer
from machinami.services.indicators import service
from machinami.services.indicators.model import Definition

from .towns import entity

START = datetime(2026, 6, 30, 3, tzinfo=UTC)  # noon in Japan
BY = Officer("山田 花子", "企画課長")
SOMEONE = Principal("urn:test", frozenset({Role.OFFICER}))
OPEN_SHARE = '100 * share(Shelter where state=="open")'


@dataclass
class Office:
    """A town with the service, and the hand that moves its clock."""

    town: Town
    city: City
    now: datetime = START

    async def put(self, kind: str, name: str, **values: Any) -> Entity:
        """Bring an entity into the town."""
        made = entity(kind, name, **values)
        known = operations.peek(self.town, made.id, SOMEONE)
        if known is not None:
            await operations.delete(self.town, made.id, SOMEONE)
        await operations.create(self.town, made, SOMEONE)
        return made

    async def make(self, formula: str = OPEN_SHARE, **more: Any) -> str:
        """Make an indicator that shall rise from 0 at the end of 2025 to 100 at the end of 2027."""
        usual: dict[str, Any] = {
            "name": Words({"ja": "開いている避難所の割合", "en": "Open shelters"}),
            "level": "output",
            "kind": "own",
            "direction": "up",
            "unit": "%",
            "formula": formula or None,
            "baseline": 0.0,
            "baseline_year": 2025,
            "target": {"kind": "value", "low": 100.0},
            "target_years": {"from": 2027, "to": 2027, "fiscal": False},
        }
        return await service.make(self.city, Definition("", **{**usual, **more}), BY)

    async def pass_days(self, days: float) -> None:
        """Let time go by and have the service look."""
        self.now += timedelta(days=days)
        await service.refresh(self.city, self.now)

    async def indicator(self, kpi_id: str) -> KeyPerformanceIndicator:
        return await service.indicator(self.city, kpi_id)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    held: list[Office] = []

    def now() -> datetime:
        return held[0].now if held else START

    async with housed("machinami.services.indicators", tmp_path, now) as (town, city):
        held.append(Office(town, city))
        yield held[0]


def short(entity: Entity) -> Mapping[str, Any]:
    """The attributes of an entity by their short names."""
    context = town_context()
    return {context.compact(name): instances[0].value for name, instances in entity.attributes.items()}
