"""What happened with the heat in a span of time: proposals, what the town told its people, what ended?"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from machinami.kit.city import City
from machinami.kit.happening import Event, seen
from machinami.kit.words import Words
from machinami.model.vocabulary.alerts import Alert, alerts_of
from machinami.model.vocabulary.cooling import CoolingShelter
from machinami.model.vocabulary.decisions import WarningDecision, WarningProposal
from machinami.services.heat.book.telling import ADDRESS
from machinami.services.heat.model import SERVICE


async def events(city: City, words: Words, start: datetime, end: datetime, /) -> Sequence[Event]:
    """Proposals, warnings, their ends, what was not published, and cool places that were designated or ended."""
    found = [event for alert in alerts_of(await seen(city, Alert), SERVICE) for event in _alert(alert, words)]
    proposals = [one for one in await seen(city, WarningProposal) if one.source_service == SERVICE]
    found += [_proposal(one, words) for one in proposals]
    decisions = [one for one in await seen(city, WarningDecision) if one.source_service == SERVICE]
    found += [_declined(one, words) for one in decisions if one.kind == "declined"]
    found += [_shelter(one, words) for one in await seen(city, CoolingShelter) if one.decided_at]
    return [event for event in found if start <= event.at < end]


def _alert(alert: Alert, words: Words) -> Iterator[Event]:
    says, simulated = words.of(alert.headline, words.of(alert.event)), bool(alert.simulated)
    if alert.date_issued is not None:
        told = words.plain("heat.today.issued", says=says, area=words.of(alert.area_name))
        yield Event(alert.date_issued, told, ADDRESS, 3, simulated)
    if alert.withdrawn_at is not None:
        yield Event(alert.withdrawn_at, words.plain("heat.today.ended", says=says), ADDRESS, 3, simulated)


def _proposal(one: WarningProposal, words: Words) -> Event:
    kind = "proposed" if one.grade else "proposed_end"
    told = words.plain(f"heat.today.{kind}", says=words.of(one.headline))
    return Event(one.issued_at, told, f"{ADDRESS}?view=officer", 1, bool(one.simulated))


def _declined(one: WarningDecision, words: Words) -> Event:
    told = words.plain("heat.today.declined", subject=words.of(one.subject))
    return Event(one.decided_at, told, f"{ADDRESS}?view=history")


def _shelter(one: CoolingShelter, words: Words) -> Event:
    assert one.decided_at is not None, "only what was decided is told"
    kind = "closed" if one.state == "withdrawn" else "designated"
    told = words.plain(f"heat.today.{kind}", name=words.of(one.name, one.id))
    return Event(one.decided_at, told, ADDRESS, 1, bool(one.simulated))
