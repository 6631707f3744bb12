"""What does a person say is wrong about them, and what did the town decide? (APPI 34, 90)"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from machinami.foundation.errors import BadRequestData, Conflict

_LONGEST = 2_000


class Standing(StrEnum):
    """How a request stands."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """One value that is said to be wrong, and what is right. attribute: expanded; instance: by which name the value is
    found in the past; value: what is kept; wanted: what is right, None where nothing should be kept; by: who asked, and
    subject: the name under which the value is kept. answer: the officer's words; decided_by: who decided."""

    id: str
    subject: str
    by: str
    at: datetime
    entity: str
    type: str
    attribute: str
    instance: str
    value: Any
    wanted: Any
    reason: str
    standing: Standing = Standing.ASKED
    answer: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None


def decided(request: CorrectionRequest, accepts: bool, answer: str, by: str, at: datetime) -> CorrectionRequest:
    """The request as it was decided. Raises Conflict where it was decided already, BadRequestData without a reason."""
    if request.standing is not Standing.ASKED:
        raise Conflict(f"This request was {request.standing} already", standing=request.standing)
    if not accepts and not answer.strip():
        raise BadRequestData("A refusal says its reason", member="answer")
    standing = Standing.ACCEPTED if accepts else Standing.REFUSED
    return replace(request, standing=standing, answer=answer.strip()[:_LONGEST], decided_by=by, decided_at=at)


def checked_reason(text: str) -> str:
    """Why a value is wrong. Raises BadRequestData for nothing, and for too much."""
    if not text.strip():
        raise BadRequestData("Say why the value is wrong", member="reason")
    if len(text) > _LONGEST:
        raise BadRequestData(f"A reason has at most {_LONGEST} characters", member="reason")
    return text.strip()
