"""The ways out of a town, for tests: what is sent is kept; `refusals` says what is answered to an address instead."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from machinami.kit.roads import Delivery
from machinami.model.letter import Letter


@dataclass
class RecordedRoads:
    """Takes every letter and every push message."""

    address: str = "https://town.example"
    from_address: str = "bosai@town.example"
    letters: list[Letter] = field(default_factory=list)
    pushed: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)
    refusals: dict[str, Delivery] = field(default_factory=dict)

    async def mail(self, letter: Letter, sender_name: str, at: datetime) -> Delivery:
        """Take a letter, unless its address is refused."""
        if (refused := self.refusals.get(letter.to)) is not None:
            return refused
        self.letters.append(letter)
        return Delivery(True, 250)

    async def push(self, endpoint: str, body: bytes, headers: Mapping[str, str]) -> Delivery:
        """Take a push message, unless its address is refused."""
        if (refused := self.refusals.get(endpoint)) is not None:
            return refused
        self.pushed.append((endpoint, body, headers))
        return Delivery(True, 201)
