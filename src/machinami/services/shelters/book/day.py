"""What happened in the shelters on a day, and what waits for an officer?"""

from collections.abc import Sequence
from datetime import datetime

from machinami.kit.city import City
from machinami.kit.happening import Event, Happening, seen
from machinami.kit.words import Words
from machinami.model.vocabulary.places import Shelter
from machinami.services.shelters.book.telling import ADDRESS, item_name, steps
from machinami.services.shelters.model import ReliefAllocation, ReliefOrder, ShelterReport


async def happening(city: City, words: Words) -> Happening:
    """How many allocations wait for an officer."""
    waiting = [one for one in await seen(city, ReliefAllocation) if one.state == "proposed"]
    return Happening(waiting=len(waiting))


async def events(city: City, words: Words, start: datetime, end: datetime, /) -> Sequence[Event]:
    """Shelters that opened and closed, what arrived, and allocations that were approved."""
    shelters = await seen(city, Shelter)
    names = {one.id: words.of(one.name, one.id) for one in shelters}
    found = []
    told = [one for one in await seen(city, ShelterReport) if one.kind in ("open", "close")]
    for one in told:
        name = names.get(str(one.ref_place), str(one.ref_place))
        found.append(Event(one.at, words.plain(f"shelters.day.{one.kind}", name=name), ADDRESS, 3, bool(one.simulated)))
    if not told:  # who may not see what staff told still sees which shelters are open
        for shelter in shelters:
            if shelter.state == "open" and shelter.opened_at is not None:
                words_said = words.plain("shelters.day.open", name=names[shelter.id])
                found.append(Event(shelter.opened_at, words_said, ADDRESS, 3, bool(shelter.simulated)))
    for order in await seen(city, ReliefOrder):
        if order.arrived_at is not None and order.state == "arrived":
            facts = {"name": names.get(str(order.ref_place), ""), "item": item_name(order.item, words)}
            told_so = words.plain("shelters.day.arrived", **facts)
            found.append(Event(order.arrived_at, told_so, ADDRESS, 1, bool(order.simulated)))
    for allocation in await seen(city, ReliefAllocation):
        for step in steps(allocation.transitions):
            if step.to in ("approved", "withdrawn"):
                text = words.plain(f"shelters.day.{step.to}")
                found.append(Event(step.at, text, f"{ADDRESS}?view=officer", 2, bool(allocation.simulated)))
    return [event for event in found if start <= event.at < end]
