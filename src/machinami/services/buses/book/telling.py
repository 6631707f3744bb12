"""What do the buses tell the home page and the page of the day?"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from machinami.foundation.instant import parse_instant
from machinami.kit.city import City
from machinami.kit.happening import Event, Source, seen
from machinami.kit.words import Words
from machinami.model.vocabulary.transit import GtfsRoute, TransitNotice, Vehicle, key_of
from machinami.services.buses.book.noticing import notice_row
from machinami.services.buses.book.residents import ADDRESS
from machinami.services.buses.logic.notices import ENDED
from machinami.services.buses.model import TimetableProposal, TransitDelay
from machinami.services.buses.service import TICK, timetable

EVERY = timedelta(minutes=20)
VERY_LATE = 600.0  # s
TOLD = ("approved", "declined", "withdrawn")


def sources_of(vehicles: Sequence[Vehicle], words: Words) -> list[Source]:
    """When vehicles were last heard of, by timetable."""
    last: dict[str, datetime] = {}
    for one in vehicles:
        if one.reported_at is not None:
            feed = key_of(one.id).partition(":")[0]
            last[feed] = max(last.get(feed, one.reported_at), one.reported_at)
    return [Source(f"Vehicle:{feed}", words.plain("buses.source"), at, EVERY, ADDRESS) for feed, at in last.items()]


async def events_of(city: City, words: Words, start: datetime, end: datetime) -> list[Event]:
    """Routes on which buses were very late, once each, when that was worst; what riders were told; decisions."""
    found = [*await _late(city, words, start, end), *await _notices(city, words)]
    for one in await seen(city, TimetableProposal):
        for row in one.transitions or []:
            if row["state"] in TOLD:
                text = words.plain(f"buses.day.{row['state']}")
                address = f"{ADDRESS}?view=officer"
                found.append(Event(parse_instant(row["at"]), text, address, 2, bool(one.simulated)))
    return found


async def _notices(city: City, words: Words) -> list[Event]:
    """What riders were told, and what officers ended. Of operators only what has words: single trips would fill it."""
    held = await timetable(city)
    found = []
    for one in await seen(city, TransitNotice):
        row = notice_row(one, held[0].network if held else None, words, city.now())
        if one.told_at is not None and row.headline:
            effect = words.plain(f"buses.effect.{row.effect}")
            said = words.plain("buses.day.notice", effect=effect, of="・".join(row.of), headline=row.headline)
            found.append(Event(one.told_at, said, f"{ADDRESS}#notices", 2, row.simulated))
        for step in one.transitions or []:
            if step["state"] == ENDED:
                said = words.plain("buses.day.notice_ended", headline=row.headline)
                found.append(Event(parse_instant(step["at"]), said, f"{ADDRESS}#notices", 1, row.simulated))
    return found


async def _late(city: City, words: Words, start: datetime, end: datetime) -> list[Event]:
    if not city.shows(TransitDelay) or not city.shows(GtfsRoute):
        return []
    places = {one.id: one for one in await seen(city, TransitDelay)}
    names = {one.id: one for one in await seen(city, GtfsRoute)}
    worst: dict[str, tuple[float, datetime, bool]] = {}
    for name, past in (await city.history(TransitDelay, "delay", start, end + TICK)).items():
        place = places.get(name)
        route = str(place.has_route) if place and place.has_route else ""
        for one in past if route else ():
            delay = one.measured.value or 0.0
            if delay >= VERY_LATE and delay > worst.get(route, (0.0,))[0]:
                worst[route] = (delay, one.measured.observed_at, bool(place and place.simulated))
    told = []
    for route, (delay, at, simulated) in worst.items():
        known = names.get(route)
        name = (words.of(known.name) or known.short_name or "") if known else ""
        text = words.plain("buses.day.late", name=name or key_of(route), count=round(delay / 60))
        told.append(Event(at, text, f"{ADDRESS}?view=officer", 2, simulated))
    return told
