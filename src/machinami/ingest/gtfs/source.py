"""Where are the vehicles now, and what must riders know? Fetches GTFS-realtime messages again and again, and hands in
what is new of each."""

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from machinami.foundation.errors import MachinamiError
from machinami.foundation.instant import format_instant
from machinami.ingest.gtfs.notices import Bulletin
from machinami.ingest.gtfs.parse.realtime import Seen, read_message
from machinami.model.reading import Reading
from machinami.model.vocabulary.transit import entity_id

_LOG = logging.getLogger("machinami.ingest.gtfs")
Deliver = Callable[[Sequence[Reading]], Awaitable[None]]
Fetch = Callable[[str], Awaitable[bytes]]
MOST = 20_000  # vehicles of one message


@dataclass(slots=True)
class Account:
    """How the source fares: readings handed in, messages read, what went wrong last, if anything did."""

    readings: int = 0
    messages: int = 0
    last_error: str = ""
    told: dict[str, int] = field(default_factory=dict)


class Poll:
    """One address that is fetched every so many seconds. feed: what the timetable is called in the town."""

    def __init__(
        self,
        url: str,
        feed: str,
        seconds: float,
        fetch: Fetch,
        deliver: Deliver,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self.account = Account()
        self._url, self._feed, self._seconds = url, feed, seconds
        self._bulletin = Bulletin(feed)
        self._fetch, self._deliver, self._clock, self._sleep = fetch, deliver, clock, sleep

    async def run(self) -> None:
        """Fetch until cancelled; what cannot be had or read is said, and tried again."""
        while True:
            await self.once()
            await self._sleep(self._seconds)

    async def once(self) -> None:
        """Fetch and hand in what is new."""
        try:
            message = read_message(await self._fetch(self._url))
            fresh = [one for one in message.seen[:MOST] if self._is_new(one, message.at)]
            now = self._clock()
            found = [reading for one in fresh for reading in readings_of(one, self._feed, message.at, now)]
            found += self._bulletin.changes(message, now)
            if found:
                await self._deliver(found)
        except (MachinamiError, OSError) as error:
            if self.account.last_error != str(error):
                _LOG.warning("%s: %s", self._url, error)
            self.account.last_error = str(error)
            self._bulletin = Bulletin(self._feed)  # what may not have arrived is said anew
            return
        self.account.told |= {one.vehicle: one.at or message.at for one in fresh}
        self.account.messages += 1
        self.account.readings += len(found)
        self.account.last_error = ""

    def _is_new(self, one: Seen, at: int) -> bool:
        return bool(one.trip) and not one.cancelled and (one.at or at) > self.account.told.get(one.vehicle, 0)


def readings_of(one: Seen, feed: str, message_at: int, now: datetime) -> Iterator[Reading]:
    """What a vehicle says, as readings; one that says to be of the future is taken to be of now."""
    at = datetime.fromtimestamp(min(one.at or message_at or now.timestamp(), now.timestamp()), UTC)
    entity = entity_id("Vehicle", feed, one.vehicle)
    delays = [[call.sequence, call.stop or None, call.delay, call.time] for call in one.updates if not call.skipped]
    place = None if one.lon is None else {"type": "Point", "coordinates": [one.lon, one.lat]}
    rows: tuple[tuple[str, object, str], ...] = (
        ("name", one.label or one.vehicle, "Property"),
        ("location", place, "GeoProperty"),
        ("trip", one.trip, "Property"),
        ("currentStop", one.stop or None, "Property"),
        ("stopSequence", one.sequence, "Property"),
        ("serviceStatus", one.status or None, "Property"),
        ("delays", delays, "JsonProperty"),
        ("reportedAt", format_instant(at), "Property"),
    )
    for attribute, value, kind in rows:
        if value is not None:
            yield Reading(entity, "Vehicle", attribute, value, at, None, kind)
