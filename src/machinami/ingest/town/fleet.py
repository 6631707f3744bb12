"""What do the simulated town's buses report between two instants? Each trip is driven once, whoever asks for when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from machinami.ingest.town.buses import (
    ZONE,
    Driven,
    drives,
    network,
    passed,
    road_closed,
    timetable_readings,
    under_way,
)
from machinami.ingest.town.noise import Floats
from machinami.ingest.town.refuge import CLOSES_ROAD
from machinami.ingest.town.terrain import Land
from machinami.model.reading import Reading
from machinami.model.transit import day_begins

KEPT = 4  # days that are remembered
RUNS_ON = timedelta(days=800)
PAST = timedelta(days=7)
ROAD_CLOSES = timedelta(hours=CLOSES_ROAD)
Rain = Callable[[Floats], Floats]
"""Millimetres in the hour before each moment (seconds since 1970, ascending)."""


class Fleet:
    """The buses of one simulated town."""

    def __init__(self, land: Land, seed: int, anchor: datetime, first: datetime, rain: Rain) -> None:
        zone = ZoneInfo(ZONE)
        self._seed = seed
        self._rain = rain
        self._anchor = anchor
        self._first = first
        self.network = network(land, first.astimezone(zone).date(), (anchor + RUNS_ON).astimezone(zone).date())
        self._days: dict[date, list[Driven]] = {}

    def timetable(self, at: datetime) -> list[Reading]:
        """What stands in the town of its buses."""
        return list(timetable_readings(self.network, at))

    def told(self, start: datetime, end: datetime, step: timedelta) -> Iterator[Reading]:
        """What buses report in [start, end): the delays at the stops of the week before the town came to life, since
        then where they are, at each multiple of ``step``."""
        known = max(start, self._anchor - PAST, self._first + timedelta(days=1))
        if known < min(end, self._anchor):
            yield from passed(self._runs(known, min(end, self._anchor)), known, min(end, self._anchor))
        live = max(start, self._anchor)
        if live >= end:
            return
        closed = self._anchor + ROAD_CLOSES
        if live <= closed < end:
            yield from road_closed(self.network, closed)
        runs, width = self._runs(live, end), int(step.total_seconds())
        first = -(-int(live.timestamp()) // width) * width
        for second in range(first, int(np.ceil(end.timestamp())), width):
            yield from under_way(self.network, runs, datetime.fromtimestamp(second, live.tzinfo))

    def _wet(self, day: date) -> Rain:
        begins = day_begins(day, ZONE).timestamp()

        def wet(seconds: Floats) -> Floats:
            return self._rain(seconds + begins)

        return wet

    def _runs(self, start: datetime, end: datetime) -> Sequence[Driven]:
        zone, found = ZoneInfo(ZONE), list[Driven]()
        day = start.astimezone(zone).date()
        while day <= end.astimezone(zone).date():
            if day not in self._days:
                self._days[day] = drives(self.network, self._seed, day, self._wet(day))
                self._days = dict(list(self._days.items())[-KEPT:])
            found += self._days[day]
            day += timedelta(days=1)
        return found
