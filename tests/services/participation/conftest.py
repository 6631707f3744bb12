"""A participation service over a real broker and store: people speak in turn, and the clock is set by hand."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.services.housing import housed

from machinami.broker import operations
from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.kit.city import City
from machinami.kit.viewing import VIEWER
from machinami.model.principal import SYSTEM, Principal, Role
from machinami.model.view import View, to_entity
from machinami.model.vocabulary.circle import Proposal
from machinami.model.vocabulary.office import Officer
from machinami.services.participation import service
from machinami.services.participation.logic.pieces import Draft
from machinami.services.participation.model import Voice

START = datetime(2026, 6, 30, 3, tzinfo=UTC)  # noon in Japan
OFFICER = Officer("山田花子", "企画課長")


def draft(name: str = "公園に日陰を", text: str = "夏の公園に木を植えてほしい。", kind: str = "proposal") -> Draft:
    """What somebody types."""
    return Draft(kind, name, text, "ja", "environment", "goals" if kind == "plan_comment" else "")


@dataclass
class Square:
    """A town with the service, and the hand that moves its clock."""

    town: Town
    city: City
    now: datetime = START

    @contextmanager
    def as_person(self, name: str) -> Iterator[Voice]:
        """What is done within is done by somebody who is signed in."""
        token = VIEWER.set(Principal(f"urn:person:{name}", frozenset({Role.RESIDENT}), None, None, 2, 2))
        try:
            yield service.voice_of(self.city, "")
        finally:
            VIEWER.reset(token)

    def voice(self, name: str) -> Voice:
        """The voice of somebody who is signed in."""
        with self.as_person(name) as voice:
            return voice

    async def hand_in(self, by: Voice, **said: str) -> Proposal:
        """Somebody hands something in."""
        return await service.hand_in(self.city, draft(**said), by)

    async def know(self, view: View) -> None:
        """Something comes into the town from elsewhere."""
        await operations.create(self.town, to_entity(view, town_context()), SYSTEM)

    async def found(self, piece_id: str) -> Proposal:
        """A piece as it stands."""
        return await service.there(self.city, Proposal, piece_id)


@pytest.fixture
async def square(tmp_path: Path) -> AsyncIterator[Square]:
    holder: list[Square] = []
    async with housed(service.PACKAGE, tmp_path, lambda: holder[0].now if holder else START) as (town, city):
        holder.append(Square(town, city))
        yield holder[0]
