"""What does a subscriber want to hear, when, and where? (ETSI GS CIM 009, 5.2.12 to 5.2.15, 5.2.22)"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from machinami.model.conformance import Version
from machinami.model.linking import Join
from machinami.model.query import Condition, GeoQuery, ScopeSelection, TemporalQuery, TypeSelection
from machinami.model.representation import Form, Projection

DEFAULT_TRIGGERS = ("attributeCreated", "attributeUpdated")
TRIGGERS = (
    "entityCreated", "entityUpdated", "entityDeleted", "attributeCreated", "attributeUpdated", "attributeDeleted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EntitySelector:
    """Which entities (5.2.33): a type selection, and an id or a pattern of ids; None does not restrict."""

    types: TypeSelection | None = None
    id: str | None = None
    id_pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where notifications go (5.2.15): uri (http, https, mqtt, mqtts), media type, headers, notifier settings; max_age:
    how many seconds old one may become that is not taken, before it is given up (None: as the installation has it)."""

    uri: str
    accept: str = "application/json"
    receiver_info: tuple[tuple[str, str], ...] = ()
    notifier_info: tuple[tuple[str, str], ...] = ()
    timeout_ms: int | None = None
    cooldown_ms: int | None = None
    max_age: float | None = None


@dataclass(frozen=True, slots=True)
class NotificationParams:
    """What a notification holds (5.2.14): attributes (expanded; empty: all), or members to pick or omit; form,
    sysAttrs, showChanges; how linked entities are joined, None: not."""

    endpoint: Endpoint
    attributes: tuple[str, ...] = ()
    pick: Projection | None = None
    omit: Projection | None = None
    join: Join | None = None
    form: Form = "normalized"
    sys_attrs: bool = False
    show_changes: bool = False


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription with expanded names.

    datasets: the only attribute instances to tell of, @none for the default one (4.5.5); None: all. csf and
    temporal: which sources count; local_only: only what is held here; split: parts of one entity may be in several
    places (None: as the installation has it). document: what the subscriber sent, with `context` as the source of
    its @context; words: the source of that of its notifications (jsonldContext); conformance: the version of NGSI-
    LD that the receiver understands (4.3.6.8), None: the present one; via: which brokers the request had passed
    (6.3.18); created_at, modified_at: when it was taken and changed last (4.8).
    """

    id: str
    notification: NotificationParams
    entities: tuple[EntitySelector, ...] = ()
    watched_attributes: tuple[str, ...] = ()
    triggers: tuple[str, ...] = DEFAULT_TRIGGERS
    q: Condition | None = None
    geo: GeoQuery | None = None
    scope: ScopeSelection | None = None
    throttling: float | None = None
    time_interval: float | None = None
    expires_at: datetime | None = None
    is_active: bool = True
    lang: str | None = None
    datasets: tuple[str, ...] | None = None
    csf: Condition | None = None
    temporal: TemporalQuery | None = None
    local_only: bool = False
    split: bool | None = None
    context: Any = None
    words: Any = None
    conformance: Version | None = None
    document: dict[str, Any] = field(default_factory=dict)
    via: str = ""
    created_at: datetime | None = None
    modified_at: datetime | None = None

    @property
    def is_local(self) -> bool:
        """Whether it pertains to what is held here alone: it says so, or it asks for every type (5.2.33)."""
        return self.local_only or any(selector.types is None for selector in self.entities)
