"""What happened with the rivers in a span of time: proposals, what the town told its people, what was taken back?"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from machinami.kit.city import City
from machinami.kit.happening import Event, seen
from machinami.kit.words import Words
from machinami.model.vocabulary.alerts import Alert
from machinami.services.flood.book.telling import ADDRESS
from machinami.services.flood.model import FloodDecision, FloodProposal

_TOLD = ("declined", "thresholds", "undone")
"""The decisions of which nothing else tells."""


async def events(city: City, words: Words, start: datetime, end: datetime, /) -> Sequence[Event]:
    """Proposals, approvals, and warnings that were taken back or lifted."""
    found = [event for alert in await seen(city, Alert) for event in _alert(alert, words)]
    found += [_proposal(one, words) for one in await seen(city, FloodProposal)]
    found += [_decision(one, words) for one in await seen(city, FloodDecision) if one.kind in _TOLD]
    return [event for event in found if start <= event.at < end]


def _alert(alert: Alert, words: Words) -> Iterator[Event]:
    says, simulated = words.of(alert.headline, words.of(alert.event)), bool(alert.simulated)
    if alert.date_issued is not None:
        told = words.plain("flood.day.issued", says=says, area=words.of(alert.area_name))
        yield Event(alert.date_issued, told, ADDRESS, 3, simulated)
    if alert.withdrawn_at is not None:
        yield Event(alert.withdrawn_at, words.plain("flood.day.lifted", says=says), ADDRESS, 3, simulated)


def _proposal(proposal: FloodProposal, words: Words) -> Event:
    kind = "proposed" if proposal.warning_level else "proposed_end"
    told = words.plain(f"flood.day.{kind}", says=words.of(proposal.headline), level=proposal.warning_level or 0)
    return Event(proposal.issued_at, told, f"{ADDRESS}?view=officer", 1, bool(proposal.simulated))


def _decision(decision: FloodDecision, words: Words) -> Event:
    told = words.plain(f"flood.day.{decision.kind}", subject=words.of(decision.subject))
    return Event(decision.decided_at, told, f"{ADDRESS}?view=history")
