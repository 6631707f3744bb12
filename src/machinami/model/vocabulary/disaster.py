"""Is the town in its disaster mode: who turned it on or off, when and why, and is it a drill?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

Mode = Literal["off", "on", "drill"]
MODES: tuple[Mode, ...] = get_args(Mode)
MODE_ID = "urn:ngsi-ld:DisasterMode:town"


@dataclass(frozen=True, slots=True)
class DisasterMode:
    """How the town's pages stand: `on` puts them into their light form, `drill` does the same and marks everything as a
    drill, `off` is every day. A town that says nothing of it is in no disaster. state: by whom and why; revisions: how
    it stood before, rows {"state", "by", "role", "at", "reason"}, in order of time."""

    TYPE: ClassVar[str] = "DisasterMode"
    id: str
    state: str | None = None
    reason: str | None = None
    decided_by: str | None = None
    role: str | None = None
    decided_at: datetime | None = None
    revisions: list[dict[str, Any]] | None = None
