"""When shall the plan be looked at again, and when no longer?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from machinami.model.view import Measured, Ref
from machinami.model.vocabulary.circle import KeyPerformanceIndicator, PlanReview

FACTS = ("expected", "goal", "end_on", "start", "start_on")


def proposed(
    kpi: KeyPerformanceIndicator,
    about: Sequence[PlanReview],
    quiet_days: int,
    now: datetime,
    answered: Mapping[str, datetime] | None = None,
) -> list[PlanReview]:
    """The reviews to write: a new one where the indicator is off its path, none is open, none waits for an answer of
    the plan and none was decided of late; an open one lapses where the figure came back by itself.

    answered: when the plan answered those that were sent to it, by their ids."""
    told = answered or {}
    waiting = [review for review in about if review.state == "proposed"]
    if kpi.state != "off_path":
        is_back = kpi.state in ("on_path", "reached")
        return [replace(review, state="lapsed", decided_at=now) for review in waiting] if is_back else []
    quiet = now - timedelta(days=quiet_days)
    asked = [review for review in about if review.state == "sent" and review.id not in told]
    decided = (told.get(review.id, review.decided_at) for review in about if review.state in ("dismissed", "sent"))
    if waiting or asked or any(at is not None and at > quiet for at in decided):
        return []
    name = f"urn:ngsi-ld:{PlanReview.TYPE}:{kpi.id.rpartition(':')[2]}-{now:%Y%m%d%H%M%S}"
    return [PlanReview(name, Ref(kpi.id), kpi.name, now, reasons(kpi), "proposed", simulated=kpi.simulated)]


def reasons(kpi: KeyPerformanceIndicator) -> list[dict[str, Any]]:
    """Why an indicator is off its path, as rows: what it is, what was expected, by when the target is."""
    told = kpi.standing or {}
    facts: dict[str, Any] = {name: told[name] for name in FACTS if name in told}
    value = kpi.current.value if kpi.current is not None else None
    rows: list[dict[str, Any]] = [
        {"kind": "overdue" if told.get("why") == "overdue" else "off_path", "value": value, **facts}
    ]
    if told.get("start_is") == "first":
        rows.append({"kind": "first_stands_in", "start": facts.get("start"), "start_on": facts.get("start_on")})
    return rows


def is_stale(current: Measured | None, value: float, now: datetime, anew: timedelta) -> bool:
    """Whether a computed value must be written down: it is another one, or the last is old."""
    return current is None or current.value != value or now - current.observed_at >= anew
