"""When was what a client left here made, and changed last? (ETSI GS CIM 009, 5.2.2, 4.8)"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from machinami.foundation.instant import format_instant, parse_instant
from machinami.model.registration import Registration
from machinami.model.subscription import Subscription

Left = TypeVar("Left", Registration, Subscription)
_TIMES = ("createdAt", "modifiedAt")


def stamped(one: Left, before: Left | None, now: datetime) -> Left:
    """It with its times: what it replaces was made when it was made."""
    made = now if before is None else before.created_at
    return replace(one, created_at=made, modified_at=now)


def stamps(one: Registration | Subscription) -> dict[str, str]:
    """Its times as members of a document; none of a time that is not known, as earlier versions kept none."""
    times = zip(_TIMES, (one.created_at, one.modified_at), strict=True)
    return {name: format_instant(at) for name, at in times if at is not None}


def restored(one: Left, record: Mapping[str, Any]) -> Left:
    """It with the times that a record has."""
    created, modified = (parse_instant(record[name]) if name in record else None for name in _TIMES)
    return replace(one, created_at=created, modified_at=modified)
