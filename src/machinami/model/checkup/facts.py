"""What is known of an installation when it is looked over? None: it could not be told."""

from dataclasses import dataclass
from datetime import datetime

from machinami.model.checkup.forecast import Forecast


@dataclass(frozen=True, slots=True)
class ClockFact:
    """The clock of the machine. ahead: seconds before a clock elsewhere (`by` says which), None where none answered;
    jumped: by how many seconds it was set while the town ran, at `jumped_at`; behind_beat: by how many seconds it is
    behind what the town noted last, which only a clock that was put back can be."""

    ahead: float | None = None
    by: str = ""
    silent: str = ""
    jumped: float = 0.0
    jumped_at: datetime | None = None
    behind_beat: float = 0.0


@dataclass(frozen=True, slots=True)
class DiskFact:
    """The disk on which the data folder is, in bytes."""

    free: int
    total: int
    used_by_town: int = 0
    forecast: Forecast | None = None


@dataclass(frozen=True, slots=True)
class FolderFact:
    """A folder or file that something is wrong with: missing, unreadable, unwritable, or open to others."""

    path: str
    fault: str


@dataclass(frozen=True, slots=True)
class DeviceFact:
    """Something that used to report at a pace (every `usual` seconds) and does not any more."""

    town: str
    id: str
    type: str
    last: datetime
    usual: float


@dataclass(frozen=True, slots=True)
class SubscriptionFact:
    """A subscription: how many changes it is behind, and since when its receiver does not take what it is told."""

    town: str
    id: str
    receiver: str
    status: str
    behind: int = 0
    failing_since: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SourceFact:
    """Something outside that data come from. kind: mqtt, feed, ended or neighbour; town: of which town it is, empty
    where it stands in the settings of the installation."""

    kind: str
    address: str
    connected: bool
    reason: str = ""
    town: str = ""


@dataclass(frozen=True, slots=True)
class ContextFact:
    """A @context that could not be had the last time."""

    url: str
    since: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PortFact:
    """The port on which the town is, or would be, served: whether it can be had."""

    host: str
    port: int
    free: bool


@dataclass(frozen=True, slots=True)
class EndFact:
    """A certificate, a key, an exception, an approval that ends."""

    kind: str
    until: datetime
    name: str = ""


@dataclass(frozen=True, slots=True)
class BackupFact:
    """The moment up to which the archive has everything, and when a restore of it was last rehearsed and went well.
    archive: where it is, empty where none is set."""

    made: datetime | None = None
    rehearsed: datetime | None = None
    fault: str = ""
    archive: str = ""


@dataclass(frozen=True, slots=True)
class StandbyFact:
    """A second machine that follows the town. seconds, changes: what it is behind; asked: when it asked last; version:
    the release that it runs, where that is another than the town's."""

    name: str
    seconds: float
    changes: int
    asked: datetime
    version: str = ""


@dataclass(frozen=True, slots=True)
class FollowingFact:
    """What this folder follows, where it is a second machine's, and until when it has all (None: it has nothing)."""

    of: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class BranchFact:
    """A branch that delivers to a town here; or, where `heard` is None, this installation, which delivers to the centre
    that `name` says. seconds, changes: what it is behind; heard: when it was heard of last; refused: how many of its
    changes the centre does not take; why: what it says of the first (known at the branch)."""

    name: str
    town: str
    seconds: float
    changes: int
    heard: datetime | None
    refused: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class MemoryFact:
    """Bytes of memory: what the town takes, what it may take, and what the machine has left."""

    used: int
    limit: int
    left: int


@dataclass(frozen=True, slots=True)
class WorkersFact:
    """The worker processes: how many there may be, how much waits for them, and how often one ended by itself."""

    most: int
    waiting: int
    ended: int = 0


@dataclass(frozen=True, slots=True)
class JobFact:
    """Recurring work that failed the last time it ran. error: the kind of error alone; its words stand in the log."""

    town: str
    name: str
    error: str
    since: datetime | None
    failures: int = 0


@dataclass(frozen=True, slots=True)
class StoreFact:
    """The file of a town that is not as it should be. fault: missing, damaged, locked, older or newer."""

    town: str
    fault: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two settings that do not go together, or one that does nothing. key: its words; settings: their names."""

    key: str
    settings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything. What is None or missing could not be told, as the town does not run, or is not asked for it."""

    now: datetime
    data: str = ""
    running: bool = False
    settings_fault: str = ""
    contradictions: tuple[Contradiction, ...] | None = None
    stores: tuple[StoreFact, ...] | None = None
    towns: int = 0
    clock: ClockFact | None = None
    disk: DiskFact | None = None
    folders: tuple[FolderFact, ...] | None = None
    devices: tuple[DeviceFact, ...] | None = None
    devices_unnamed: int = 0  # that are silent as well, besides devices
    devices_seen: int = 0
    subscriptions: tuple[SubscriptionFact, ...] | None = None
    sources: tuple[SourceFact, ...] | None = None
    contexts: tuple[ContextFact, ...] | None = None
    contexts_kept: int = 0
    port: PortFact | None = None
    ends: tuple[EndFact, ...] | None = None
    backup: BackupFact | None = None
    standbys: tuple[StandbyFact, ...] | None = None
    following: FollowingFact | None = None
    branches: tuple[BranchFact, ...] | None = None
    set_aside: tuple[str, ...] | None = None
    memory: MemoryFact | None = None
    workers: WorkersFact | None = None
    jobs: tuple[JobFact, ...] | None = None
    jobs_seen: int = 0
