"""What happened with the heat in a span of time: how hot it became, proposals, what the town told its people, what
ended?"""

from collections.abc import Sequence
from datetime import datetime

from machinami.kit.city import City
from machinami.kit.happening import Event, events_of_alert, seen
from machinami.kit.words import Words
from machinami.model.vocabulary.alerts import Alert, alerts_of
from machinami.model.vocabulary.cooling import CoolingShelter
from machinami.model.vocabulary.decisions import WarningDecision, WarningProposal
from machinami.model.vocabulary.weather import WbgtObserved
from machinami.services.heat.book.telling import ADDRESS
from machinami.services.heat.logic.now import level_of
from machinami.services.heat.model import SERVICE
from machinami.services.heat.service import OWN

SEVERE = 3


async def events(city: City, words: Words, start: datetime, end: datetime, /) -> Sequence[Event]:
    """Severe heat and danger when they came, proposals, warnings, their ends, what was not published, and cool places
    that were designated or ended."""
    found = [
        event
        for alert in alerts_of(await seen(city, Alert), SERVICE)
        for event in events_of_alert(alert, words, "heat.today", ADDRESS)
    ]
    found += [_proposal(one, words) for one in OWN.own(await seen(city, WarningProposal))]
    decisions = OWN.log(await seen(city, WarningDecision))
    found += [_declined(one, words) for one in decisions if one.kind == "declined"]
    found += [_shelter(one, words) for one in await seen(city, CoolingShelter) if one.decided_at]
    found += await _reached(city, words, start, end)
    return [event for event in found if start <= event.at < end]


async def _reached(city: City, words: Words, start: datetime, end: datetime) -> list[Event]:
    """When a place first became so hot that the ministry's scale speaks of severe warning, and of danger."""
    places = {place.id: place for place in await seen(city, WbgtObserved)}
    found = []
    past = await city.history(WbgtObserved, "wbgt", start, end, list(places)) if places else {}
    for name, told in past.items():
        place, highest = places[name], SEVERE - 1
        for one in sorted(told, key=lambda past: past.measured.observed_at):
            wbgt = one.measured.value
            if wbgt is None or level_of(wbgt) <= highest or one.measured.observed_at >= end:
                continue
            highest = level_of(wbgt)
            facts = {"name": words.of(place.name, name), "wbgt": f"{wbgt:.1f}"}
            said = words.plain("heat.today.reached", level=words.plain(f"heat.level.{highest}"), **facts)
            found.append(Event(one.measured.observed_at, said, ADDRESS, 2, bool(place.simulated)))
    return found


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
