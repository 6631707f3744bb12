"""What must go out, when does a going out begin, and what is told of how it fared?"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from machinami.methods.proportions import difference
from machinami.model.view import Ref
from machinami.model.vocabulary.alerts import Alert
from machinami.services.messages.logic.ledger import Row, by_road, effect_counts, tally
from machinami.services.messages.logic.people import Contact, is_for, is_held_out
from machinami.services.messages.logic.writing import SERVICE
from machinami.services.messages.model import BY_HAND, SHARED, Broadcast, Topic, TownMessage, What

FRESH = timedelta(hours=6)
"""What was approved longer ago than this is not sent as if it were new: the service was off, or is new here."""


def due_alerts(
    alerts: Sequence[Alert], broadcasts: Sequence[Broadcast], all_services: bool, now: datetime
) -> Iterator[tuple[Alert, What]]:
    """What must go out and has not begun to: alerts in force that a named officer approved, in whichever service; and
    that an alert that went out is withdrawn."""
    begun_already = {(str(one.ref_alert), one.what) for one in broadcasts}
    for alert in alerts:
        fresh = alert.date_issued is not None and now - alert.date_issued <= FRESH
        in_force = alert.state == "published" and (alert.valid_to is None or alert.valid_to > now)
        mine = all_services or alert.source_service == SERVICE
        if in_force and fresh and mine and alert.decided_by and (alert.id, "alert") not in begun_already:
            yield alert, "alert"
        went_out = (alert.id, "alert") in begun_already and (alert.id, "withdrawal") not in begun_already
        if alert.state == "withdrawn" and went_out and alert.withdrawn_at and now - alert.withdrawn_at <= FRESH:
            yield alert, "withdrawal"


def is_over(alert: Alert, broadcast: Broadcast, now: datetime) -> bool:
    """Whether what is not sent yet must not be sent any more: it was withdrawn, something else took its place, or its
    time has passed. A withdrawal is sent to its end."""
    ended = alert.state != "published" or (alert.valid_to is not None and alert.valid_to <= now)
    return broadcast.what == "alert" and ended


def topic_of(alert: Alert, message: TownMessage | None) -> Topic:
    """Who asked for what is told of: an ordinary notice has the topic that its writer chose; all else is safety."""
    if message is not None and message.topic is not None:
        return message.topic
    return "daily" if alert.kind == "notice" else "safety"


def begun(
    entity_id: str, alert: Alert, what: What, districts: Sequence[str], message: TownMessage | None, now: datetime
) -> Broadcast:
    """A going out at its beginning: the pages have it at once, texts for people to read out wait for them."""
    approved = alert.withdrawn_at if what == "withdrawal" else alert.date_issued
    rows: list[dict[str, Any]] = [
        {"road": road, "state": "waiting"}
        if road in BY_HAND
        else {"road": road, "state": "done", "at": now.isoformat()}
        for road in SHARED
    ]
    return Broadcast(
        entity_id,
        "sending",
        what,
        approved or now,
        Ref(alert.id),
        "Exercise" if alert.status == "Exercise" else "Test" if alert.status == "Test" else "Actual",
        alert.headline,
        message.speech if message and what == "alert" else None,
        list(districts),
        topic_of(alert, message),
        message.holdout if message and what == "alert" else None,
        rows,
        simulated=alert.simulated or None,
    )


def chosen(people: Iterable[Contact], broadcast: Broadcast, secret: str) -> tuple[dict[str, Row], list[str]]:
    """To whom of these people it goes, and who of them is held out; a withdrawal goes to who had the alert."""
    wanted = [one for one in people if is_for(one, broadcast.topic or "safety", broadcast.districts or ())]
    share = broadcast.holdout or 0.0
    held = [one.id for one in wanted if share and is_held_out(one.id, broadcast.id, share, secret)]
    return {one.id: Row(one.road, one.language) for one in wanted if one.id not in set(held)}, held


def accounted(
    broadcast: Broadcast,
    rows: Mapping[str, Row],
    opened: Collection[str],
    held_out: Collection[str],
    answered: Collection[str] = (),
) -> Broadcast:
    """The going out with what its rows add up to. answered: who did what a mailing asks for; where people were held
    out by chance, the effect is how much larger their share is among those who were sent it, with its interval."""
    began = broadcast.issued_at
    whole = tally(rows.values(), began)
    told: list[dict[str, Any]] = [one for one in broadcast.roads or [] if one["road"] in SHARED]
    for road, part in by_road(rows.values(), began).items():
        state = "waiting" if part.waiting else "done"
        counts = {"people": part.people, "sent": part.sent, "failed": part.failed, "waiting": part.waiting}
        told.append({"road": road, "state": state, **counts})
    effect = low = high = None
    if broadcast.holdout and rows and held_out and answered:
        found = difference(*effect_counts(list(rows), held_out, answered))
        effect, low, high = found.value, found.low, found.high
    busy = any(row.state == "waiting" and row.road != "call" for row in rows.values())
    return replace(
        broadcast,
        state="sending" if busy and broadcast.state == "sending" else "done",
        roads=told,
        people=whole.people,
        sent=whole.sent,
        failed=whole.failed,
        opened=len(set(opened) & set(rows)),
        first_sent_at=whole.first,
        minutes_to_first=None if whole.first is None else round((whole.first - began).total_seconds() / 60, 3),
        reached_share=whole.share,
        effect=effect,
        low=low,
        high=high,
    )


def leads_away(alert: Alert) -> bool:
    """Whether who is told may have to go somewhere: not by an ordinary message, nor where they shall stay inside."""
    return alert.kind in (None, "order", "warning") and alert.response in (None, "Evacuate", "Prepare")
