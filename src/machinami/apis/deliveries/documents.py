"""How does it look on the wire how a subscription fares, and why a change was told or not?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from machinami.broker.firing import Condition, Firing
from machinami.broker.tending import Standing
from machinami.foundation.instant import format_instant
from machinami.kit.words import Language, Words

_SPOKEN: tuple[Language, ...] = ("ja", "en")


def standing_document(one: Standing) -> dict[str, Any]:
    """A subscription with how it fares; times and reasons that are not there are left out."""
    subscription, progress = one.outbox.subscription, one.outbox.progress
    found: dict[str, Any] = {
        "id": subscription.id,
        "name": one.name,
        "receiver": one.receiver,
        "state": one.state,
        "held": progress.held,
        "number": progress.number,
        "behind": one.behind,
        "timesSent": progress.times_sent,
        "timesFailed": progress.times_failed,
        "untold": [stretch.to_record() for stretch in progress.untold],
        "untoldCount": one.untold,
    }
    times: dict[str, datetime | None] = {
        "waitingSince": one.since,
        "lastSuccess": progress.last_success,
        "lastFailure": progress.last_failure,
    }
    found |= {name: format_instant(at) for name, at in times.items() if at is not None}
    return found | ({"lastFailureReason": progress.last_reason} if progress.last_reason else {})


def firing_document(firing: Firing, package: str) -> dict[str, Any]:
    """Why a change was told or not, in words of Japanese and English too."""
    spoken = {language: Words(language, package) for language in _SPOKEN}
    change = firing.change
    found: dict[str, Any] = {
        "outcome": firing.outcome,
        "says": {language: words.plain(f"outcome.{firing.outcome}") for language, words in spoken.items()},
        "conditions": [
            {
                "name": one.name,
                "met": one.met,
                "facts": dict(one.facts),
                "says": {language: sentence(words, one) for language, words in spoken.items()},
            }
            for one in firing.conditions
        ],
    }
    if change is not None:
        found["change"] = {"number": change.seq, "entity": change.entity_id, "at": format_instant(change.at)}
    return found


def sentence(words: Words, one: Condition) -> str:
    """A condition in words."""
    facts = dict(one.facts)
    if "happened" in facts:
        facts = {name: _kinds(words, text.split(", ")) for name, text in facts.items()}
    met = "met" if one.met else "unmet"
    return words.plain(f"{met}.{one.name}", **{name: text or words.plain("nothing") for name, text in facts.items()})


def _kinds(words: Words, triggers: Sequence[str]) -> str:
    """What happened, or is waited for, in words."""
    return words.plain("comma").join(words.plain(f"trigger.{name}") for name in triggers if name)
