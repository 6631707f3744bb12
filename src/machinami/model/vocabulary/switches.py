"""Which services are on in a town: who turned one on or off, when and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from machinami.model.view import Ref, Words

Switch = Literal["on", "off"]


@dataclass(frozen=True, slots=True)
class TownService:
    """How an installed service stands in this town; its id ends with the id of the service. A service of which a town
    says nothing is on. state: on or off, by whom and why; ref_case: the case for whose sake it was turned on;
    revisions: how it stood before, rows {"state", "by", "role", "at", "reason"}, in order of time."""

    TYPE: ClassVar[str] = "TownService"
    id: str
    name: Words | None = None
    state: str | None = None
    reason: str | None = None
    decided_by: str | None = None
    role: str | None = None
    decided_at: datetime | None = None
    ref_case: Ref | None = None
    revisions: list[dict[str, Any]] | None = None


def switch_id(service: str) -> str:
    """The entity that says how a service stands in the town."""
    return f"urn:ngsi-ld:{TownService.TYPE}:{service}"
