"""What happened with the rivers in a span of time: when they rose over their marks and fell again, what was proposed,
what the town told its people, and what was taken back?"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from machinami.kit.city import City
from machinami.kit.happening import Event, events_of_alert, seen
from machinami.kit.words import Words
from machinami.model.vocabulary.alerts import Alert, alerts_of
from machinami.model.vocabulary.water import RiverGauge
from machinami.services.flood import service
from machinami.services.flood.book.telling import ADDRESS
from machinami.services.flood.logic.situation import crossings, thresholds_of
from machinami.services.flood.model import METRES, SERVICE, FloodDecision, FloodProposal, Settings

_BEFORE = timedelta(days=1)  # what a river did before tells whether it was over a mark already
_TOLD = ("declined", "thresholds", "undone")
"""The decisions of which nothing else tells."""


async def events(city: City, words: Words, start: datetime, end: datetime, /) -> Sequence[Event]:
    """Rivers over their marks, proposals, approvals, and warnings that were taken back or lifted."""
    found = [
        event
        for alert in alerts_of(await seen(city, Alert), SERVICE)
        for event in events_of_alert(alert, words, "flood.day", ADDRESS)
    ]
    found += [_proposal(one, words) for one in await seen(city, FloodProposal)]
    found += [_decision(one, words) for one in await seen(city, FloodDecision) if one.kind in _TOLD]
    found += await _rivers(city, words, start, end)
    return [event for event in found if start <= event.at < end]


async def _rivers(city: City, words: Words, start: datetime, end: datetime) -> list[Event]:
    gauges = {gauge.id: gauge for gauge in await seen(city, RiverGauge)}
    if not gauges:
        return []
    past = await city.history(RiverGauge, "waterLevel", start - _BEFORE, end, list(gauges))
    margin = (await city.settings(Settings)).margin_metres
    found = []
    for gauge_id, told in past.items():
        gauge = gauges[gauge_id]
        samples = service.samples_of(told)
        name, simulated = words.of(gauge.name, gauge.id), bool(gauge.simulated)
        step = margin / METRES.get(gauge.water_level.unit if gauge.water_level else None, 1.0)
        for at, mark, rose in crossings(samples, thresholds_of(gauge), step):
            said = {"name": name, "mark": words.plain(f"flood.mark_within.{mark}")}
            text = words.plain("flood.day.over" if rose else "flood.day.under", **said)
            found.append(Event(at, text, f"{ADDRESS}#{gauge_id.rpartition(':')[2]}", 2, simulated))
    return found


def _proposal(proposal: FloodProposal, words: Words) -> Event:
    kind = "proposed" if proposal.grade else "proposed_end"
    told = words.plain(f"flood.day.{kind}", says=words.of(proposal.headline), level=proposal.grade or 0)
    return Event(proposal.issued_at, told, f"{ADDRESS}?view=officer", 1, bool(proposal.simulated))


def _decision(decision: FloodDecision, words: Words) -> Event:
    told = words.plain(f"flood.day.{decision.kind}", subject=words.of(decision.subject))
    return Event(decision.decided_at, told, f"{ADDRESS}?view=history")
