"""What does a Context Source say that it knows, and how is it to be asked?

ETSI GS CIM 009, 5.2.8 to 5.2.11 and 5.2.34.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from machinami.model.operation_names import DEFAULT


class Mode(StrEnum):
    """How the broker and a source share their data (4.3.6.2, 4.3.6.3)."""

    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"
    REDIRECT = "redirect"
    AUXILIARY = "auxiliary"


PROXIED = frozenset((Mode.EXCLUSIVE, Mode.REDIRECT))  # the broker holds nothing of these data itself (4.3.6.3)


@dataclass(frozen=True, slots=True)
class EntityInfo:
    """Which entities a source may have (5.2.8): of these types (expanded), with this id or ids of this pattern.

    5.2.8 wants a type of each; 4.3.6.3 also registers an entity by id or pattern alone: then types is empty.
    """

    types: tuple[str, ...]
    id: str | None = None
    id_pattern: str | None = None


@dataclass(frozen=True, slots=True)
class RegistrationInfo:
    """What a source may know (5.2.10): of which entities (none: any), which attributes (none: all), expanded."""

    entities: tuple[EntityInfo, ...] = ()
    attributes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time (5.2.11); without `end` it goes on."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Management:
    """How a source is to be asked (5.2.34), in seconds; local_only: it shall not ask others in turn."""

    timeout: float | None = None
    cooldown: float | None = None
    cache_duration: float | None = None
    local_only: bool = False


@dataclass(frozen=True, slots=True)
class Registration:
    """One registered Context Source (5.2.9) with expanded names.

    operations: each by its own name, groups resolved; alias: what the source calls itself in Via; info: extra
    fields of a request to it (4.3.6.5); places: its geometries by the IRI of location, observationSpace,
    operationSpace; properties: its other Context Source Properties by IRI; document: what was registered, with
    `context` as the source of its @context; created_at, modified_at: when it was taken and changed last (4.8).
    """

    id: str
    endpoint: str
    information: tuple[RegistrationInfo, ...]
    mode: Mode = Mode.INCLUSIVE
    operations: frozenset[str] = DEFAULT
    alias: str | None = None
    tenant: str | None = None
    info: tuple[tuple[str, str], ...] = ()
    datasets: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    places: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    observation_interval: Interval | None = None
    management_interval: Interval | None = None
    management: Management = Management()
    expires_at: datetime | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    context: Any = None
    document: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    modified_at: datetime | None = None

    @property
    def proxied(self) -> bool:
        """Whether all of what is registered is held by the source alone (4.3.6.3)."""
        return self.mode in PROXIED

    @property
    def temporal(self) -> bool:
        """Whether the source gives the past, rather than what is now (5.2.9)."""
        return self.observation_interval is not None or self.management_interval is not None
