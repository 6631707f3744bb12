"""What is one town (tenant) while it is open? Its store, its clock, its policy: the handle of every operation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from machinami.broker.policy import Policy
from machinami.broker.sources import Sources
from machinami.store.protocol import TownStore

DEFAULT_TOWN = "default"


@dataclass(frozen=True, slots=True)
class Town:
    """One open town. `clock` gives now in UTC, `new_id` a fresh unique text; both are handed in by the app.

    sources: the other Context Sources that the town knows; while there are none, all data are its own.
    """

    name: str
    store: TownStore
    policy: Policy
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    sources: Sources = field(default_factory=Sources)

    @property
    def is_default(self) -> bool:
        """Whether this is the town that is meant where none is named."""
        return self.name == DEFAULT_TOWN
