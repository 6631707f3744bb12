"""What becomes of what was approved: how does an alert go out, take the place of others, and end?"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from machinami.foundation.errors import BadRequestData
from machinami.model.cap import reference
from machinami.model.view import Words
from machinami.model.vocabulary.alerts import Alert, Message, Texts

LONGEST = {"headline": 120, "body": 600, "instruction": 600, "area": 120}


class Proposed(Protocol):
    """The texts that a proposal of any service suggests."""

    @property
    def event(self) -> Words | None:
        """What happens."""
        ...

    @property
    def headline(self) -> Words | None:
        """It in a line."""
        ...

    @property
    def text(self) -> Words | None:
        """It in some sentences."""
        ...

    @property
    def instruction(self) -> Words | None:
        """What to do."""
        ...

    @property
    def area_name(self) -> Words | None:
        """Where."""
        ...


def revised_texts(proposal: Proposed, message: Message) -> Texts:
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


def sent(alert: Alert, standing: Sequence[Alert], now: datetime) -> Alert:
    """An alert as it goes out: its first message is an Update of those that stand for the same, else an Alert."""
    known = [row for old in standing for row in references_of(old)]
    row = message_row(alert.id, "Update" if known else "Alert", now, known)
    return replace(alert, state="published", date_issued=now, revisions=[row])


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
