"""What does a notifier ask others for? What other brokers know of that which is to be told."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from machinami.broker.town import Town
from machinami.model.entity import Entity
from machinami.model.principal import Principal
from machinami.model.subscription import Subscription
from machinami.model.telling import Told

NOTHING: Mapping[str, Entity] = {}


class Beyond(Protocol):
    """What other brokers know of that which is to be told."""

    async def complete(
        self, town: Town, subscription: Subscription, told: Sequence[Told], by: Principal
    ) -> Sequence[Told]:
        """Entities that may be split, with what others know of them, as far as they then match (5.8.6)."""

    async def linked(
        self, town: Town, subscription: Subscription, entities: Sequence[Entity], by: Principal
    ) -> Mapping[str, Entity]:
        """The entities that these link to, here and elsewhere (4.5.23)."""


class Alone:
    """For a town that knows no other brokers, such as what a snapshot holds."""

    async def complete(
        self, town: Town, subscription: Subscription, told: Sequence[Told], by: Principal
    ) -> Sequence[Told]:
        """What is told, as it is."""
        return told

    async def linked(
        self, town: Town, subscription: Subscription, entities: Sequence[Entity], by: Principal
    ) -> Mapping[str, Entity]:
        """Nothing."""
        return NOTHING
