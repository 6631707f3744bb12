"""What is one town (tenant) while it is open? Its store, its clock, its policy: the handle of every operation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from machinami.broker.closed_months import ClosedMonths
from machinami.broker.policy import Policy
from machinami.broker.quotas import Meter
from machinami.broker.reception import Reception
from machinami.broker.shroud.shrouded import Shrouded
from machinami.broker.sources import Sources
from machinami.store.files import Files
from machinami.store.protocol import TownStore

DEFAULT_TOWN = "default"


class Sealing(Protocol):
    """Keeps a secret so that it can be read again with a key that lies elsewhere."""

    def close(self, secret: bytes, about: str) -> bytes:
        """The secret sealed; it opens only for what it is about."""
        ...

    def open(self, sealed: bytes, about: str) -> bytes:
        """The secret. Raises StoreUnavailable where the key is another one."""
        ...


class Naming(Protocol):
    """Gives services names for people."""

    def of(self, service: str, person: str) -> str:
        """The name by which a service knows a person."""
        ...


@dataclass(frozen=True, slots=True)
class Town:
    """One open town. `clock` gives now in UTC, `new_id` a fresh unique text; both are handed in by the app.

    sources: the other Context Sources that the town knows; while there are none, all data are its own. snapshot: the
    id of the snapshot that this is, of the town `owner` (4.3.7); a snapshot is a town of its own and knows no sources.
    seal: with what its records keep the credentials that clients hand over; None: in the clear.
    meter: what the town may take of the machine. shroud: the store, where it seals what is personal.
    pseudonyms: by which names services know people; None: the town has no key for them. reception: how much strangers
    may hand in. files: where its services keep theirs; None: nowhere. months: its closed months, which are among these.
    """

    name: str
    store: TownStore
    policy: Policy
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    sources: Sources = field(default_factory=Sources)
    owner: str = ""
    snapshot: str = ""
    seal: Sealing | None = None
    meter: Meter = field(default_factory=Meter)
    shroud: Shrouded | None = None
    pseudonyms: Naming | None = None
    reception: Reception = field(default_factory=Reception)
    files: Files | None = None
    months: ClosedMonths = field(default_factory=ClosedMonths)

    @property
    def is_default(self) -> bool:
        """Whether this is the town that is meant where none is named."""
        return self.name == DEFAULT_TOWN

    @property
    def tenant(self) -> str:
        """The name by which clients call the town, or that of which this is a snapshot."""
        return self.owner or self.name

    @property
    def fields(self) -> Mapping[str, str]:
        """The header fields by which a message says where it comes from (6.3.14, 6.3.22)."""
        named = {} if self.tenant == DEFAULT_TOWN else {"NGSILD-Tenant": self.tenant}
        return {**named, "NGSILD-Snapshot": self.snapshot} if self.snapshot else named
