"""What of the notices does a page show: the words, of what, until when, and who said so?"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from machinami.kit.city import City
from machinami.kit.words import Words
from machinami.model.transit import Network
from machinami.model.vocabulary.transit import TransitNotice, own_name
from machinami.services.buses.logic.notices import GRAVE, concerns, holds_at, span_of, standing
from machinami.services.buses.model import Settings

Concerning = Callable[[str, Collection[str], str, str, datetime], "tuple[NoticeRow, ...]"]
"""The notices for a route at stops, on a trip, on a day of the timetable, at a moment."""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice as a page shows it; of: names of lines, stops and trips, none: everything; by: who wrote it, where an
    officer did; at: when it was told, or told last."""

    id: str
    key: str
    effect: str
    headline: str
    text: str
    of: Sequence[str]
    start: datetime | None
    end: datetime | None
    by: str
    at: datetime | None
    web: str
    now: bool
    simulated: bool


async def standing_notices(city: City, now: datetime) -> list[TransitNotice]:
    """The notices that hold now or soon; none where who looks may see none."""
    if not city.shows(TransitNotice):
        return []
    settings = await city.settings(Settings)
    return standing(await city.find(TransitNotice), now, timedelta(minutes=settings.notice_minutes))


def notice_row(one: TransitNotice, network: Network | None, words: Words, now: datetime) -> NoticeRow:
    """A notice as a page shows it."""
    start, end = span_of(one, now)
    first = (one.transitions or [{}])[0]
    by = f"{first['who']} ({first['role']})" if first.get("state") == "told" else ""
    return NoticeRow(
        one.id,
        one.id.rpartition(":")[2],
        one.effect if one.effect in GRAVE else "unknownEffect",
        words.of(one.headline),
        words.of(one.text),
        list(dict.fromkeys(name for row in one.about or [] for name in _named(row, network, words))),
        start,
        end,
        by,
        one.reported_at or one.told_at,
        one.web or "",
        holds_at(one, now),
        bool(one.simulated),
    )


def concerning(notices: Sequence[TransitNotice], network: Network, words: Words, now: datetime) -> Concerning:
    """What finds the notices for one departure or one ride."""

    def found(route: str, stops: Collection[str], trip: str, day: str, moment: datetime) -> tuple[NoticeRow, ...]:
        return tuple(
            notice_row(one, network, words, now)
            for one in notices
            if holds_at(one, moment) and concerns(one, route, stops, trip, day)
        )

    return found


def of_stop(
    notices: Sequence[TransitNotice], network: Network, stop: str, routes: Collection[str], words: Words, now: datetime
) -> list[NoticeRow]:
    """The notices for a stop and for the lines that call there; those about single trips stand beside these."""
    stops = around(network, stop)
    return [
        notice_row(one, network, words, now)
        for one in notices
        if any(concerns(one, route, stops) for route in routes or ("",))
    ]


def around(network: Network, stop: str) -> tuple[str, ...]:
    """A stop and its station."""
    known = network.stops.get(stop)
    return (stop, known.station) if known and known.station else (stop,)


def _named(row: dict[str, str], network: Network | None, words: Words) -> list[str]:
    found = []
    if route := row.get("route"):
        known = network.routes.get(route) if network else None
        names = (known.short_name, words.of(known.name)) if known else ("", own_name(route))
        found.append(" ".join(filter(None, names)))
    if stop := row.get("stop"):
        place = network.stops.get(stop) if network else None
        found.append(words.of(place.name) if place else own_name(stop))
    if trip := row.get("trip"):
        found.append(_trip(trip, network, words))
    return found


def _trip(trip: str, network: Network | None, words: Words) -> str:
    """A trip as people know it: its line, where from and when."""
    for pattern in network.patterns if network else ():
        for one in pattern.trips:
            if one.id == trip and network:
                route = network.routes.get(pattern.route)
                line = (route.short_name or words.of(route.name)) if route else own_name(pattern.route)
                origin = words.of(network.stops[pattern.stops[0]].name)
                clock = f"{one.start // 3600 % 24}:{one.start // 60 % 60:02}"
                return words.plain("buses.notice.trip", line=line, origin=origin, clock=clock)
    return trip
