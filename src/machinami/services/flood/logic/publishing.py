"""What becomes of an approved proposal: which alert is issued, which ones does it replace, and how does one end?"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.water import RiverGauge
from machinami.services.flood.logic.cap import grades, reference
from machinami.services.flood.logic.situation import Texts
from machinami.services.flood.model import Alert, FloodProposal, Message, Settings

LONGEST = {"headline": 120, "body": 600, "instruction": 600, "area": 120}


def revised_texts(proposal: FloodProposal, message: Message) -> Texts:
    """The texts of a proposal with what the officer wrote in its place.

    The officer wrote in one language: that of the proposed headline or text that was left as it was, else Japanese. The
    other languages keep their standard texts. Raises BadRequestData for what is empty or too long.
    """
    for name, most in LONGEST.items():
        said = getattr(message, name)
        if not said.strip() or len(said) > most:
            raise BadRequestData(f"The {name} must have 1 to {most} characters", field=name)
    headline, text = proposal.headline or Words(), proposal.text or Words()
    area = proposal.area_name or Words()
    same = (k for k in ("ja", "en", "easy") if message.body == text.get(k) or message.headline == headline.get(k))
    language = next(same, "ja")

    def written(words: Words, said: str) -> Words:
        changed = words.get(language) != said
        plain = {"easy": said} if changed and language == "ja" else {}
        return Words({**words, language: said, **plain})

    return Texts(
        proposal.event or Words(),
        written(headline, message.headline),
        written(text, message.body),
        written(proposal.instruction or Words(), message.instruction),
        written(area, message.area),
    )


def issued(
    entity_id: str,
    proposal: FloodProposal,
    texts: Texts,
    gauge: RiverGauge,
    standing: Sequence[Alert],
    by: Officer,
    settings: Settings,
    now: datetime,
) -> Alert:
    """The alert that an approved proposal becomes: an Update where others stand for the gauge, else an Alert."""
    level = proposal.warning_level or 0
    observed = any(row.get("kind") in ("passed", "held") for row in proposal.reasons or [])
    urgency, severity, certainty = grades(level, observed)
    known = [r for old in standing for r in references_of(old)]
    return Alert(
        id=entity_id,
        category="weather",
        sub_category="flood",
        warning_level=level,
        event=texts.event,
        urgency=urgency,
        severity=severity,
        certainty=certainty,
        headline=texts.headline,
        text=texts.text,
        instruction=texts.instruction,
        area_name=texts.area_name,
        location=gauge.location,
        radius=settings.area_radius,
        alert_source=f"{by.role} {by.who}",
        sender=settings.sender,
        # A simulated gauge may never set off a real response.
        status="Exercise" if gauge.simulated else "Actual",
        date_issued=now,
        valid_from=now,
        valid_to=now + timedelta(hours=settings.alert_hours),
        ref_gauge=Ref(gauge.id),
        ref_proposal=Ref(proposal.id),
        decided_by=by.who,
        role=by.role,
        state="published",
        revisions=[message_row(entity_id, "Update" if known else "Alert", now, known)],
        simulated=gauge.simulated,
    )


def superseded(alert: Alert) -> Alert:
    """An alert that another one has taken the place of."""
    return replace(alert, state="superseded")


def cancelled(alert: Alert, note: str, identifier: str, now: datetime) -> Alert:
    """An alert that is withdrawn or lifted: its last message is a Cancel that refers to all before."""
    row = {**message_row(identifier, "Cancel", now, references_of(alert)), "note": note}
    return replace(alert, state="withdrawn", withdrawn_at=now, revisions=[*(alert.revisions or []), row])


def message_row(identifier: str, kind: str, sent: datetime, references: list[str]) -> dict[str, Any]:
    """What is kept of one CAP message."""
    return {"identifier": identifier, "kind": kind, "sent": sent.isoformat(), "references": references}


def references_of(alert: Alert) -> list[str]:
    """How a later message refers to every message sent about an alert."""
    sent = [(row["identifier"], datetime.fromisoformat(row["sent"])) for row in alert.revisions or []]
    return [reference(alert.sender or "", identifier, at) for identifier, at in sent]
