"""How does a file's past reach a town that is running? Sent over HTTP, one moment after the other."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import quote

import aiohttp

from machinami.app.importing import Outcome, Progress
from machinami.app.visiting import NOBODY, Pass, connected, exchange, refused
from machinami.broker.contexts import town_context
from machinami.foundation.errors import InputError
from machinami.foundation.instant import format_instant, parse_instant
from machinami.ingest.csv.readings import Harvest, readings
from machinami.model.reading import Reading

_ROOT = "/ngsi-ld/v1"
_TIMEOUT = aiohttp.ClientTimeout(total=60)
_VALUE = {"Property": "value", "LanguageProperty": "languageMap", "GeoProperty": "value"}


@dataclass(frozen=True, slots=True)
class Pace:
    """When each reading is sent, and as observed when.

    The record is moved in time so that its last reading is observed at the moment at which it is sent: recorded
    steps stay as long as they were, and no observed time lies in the future.
    """

    began: datetime
    first: datetime
    last: datetime
    speed: float

    @property
    def shift(self) -> timedelta:
        """How far observed times are moved, to the whole second."""
        ends = self.began + (self.last - self.first) / self.speed
        return timedelta(seconds=int((ends - self.last).total_seconds()))

    def due(self, recorded: datetime) -> datetime:
        """The moment at which what was recorded then is sent."""
        return self.began + (recorded - self.first) / self.speed


class Receiver:
    """A running town, as one who sends readings sees it."""

    def __init__(self, session: aiohttp.ClientSession, url: str, town: str | None, shown: Pass = NOBODY) -> None:
        self._session = session
        self._url = url.rstrip("/") + _ROOT
        self._shown = shown
        self._headers = {**({"NGSILD-Tenant": town} if town else {}), **shown.fields(url)}

    async def present(self, entity_id: str) -> Mapping[str, datetime | None]:
        """Of each attribute of an entity (expanded name), when its present value was observed, if that is said."""
        url = f"{self._url}/entities/{quote(entity_id, safe='')}"
        status, body = await self._ask("GET", url, None)
        if status == 404:
            return {}
        if status != 200 or not isinstance(body, dict):
            raise refused(url, status, body, self._shown)
        context = town_context()
        return {
            context.expand(name): parse_instant(said["observedAt"]) if "observedAt" in said else None
            for name, said in body.items()
            if isinstance(said, dict)
        }

    async def take(self, entities: Sequence[Mapping[str, Any]]) -> None:
        """Hand in entities with what is new of them. Raises InputError with what the town answered."""
        url = f"{self._url}/entityOperations/upsert?options=update"
        status, body = await self._ask("POST", url, entities)
        if status not in (201, 204):
            raise refused(url, status, body, self._shown)

    async def _ask(self, method: str, url: str, document: object) -> tuple[int, Any]:
        return await exchange(self._session, method, url, document, self._headers)


@asynccontextmanager
async def receiver(url: str, town: str | None, shown: Pass = NOBODY) -> AsyncIterator[Receiver]:
    """The running town at an address. shown: who asks."""
    if not url.startswith(("http://", "https://")):
        raise InputError(f"--to {url!r} is no address; write it as http://127.0.0.1:1026")
    async with connected(shown, _TIMEOUT) as session:
        yield Receiver(session, url, town, shown)


async def send(to: Receiver, found: Harvest, progress: Progress) -> Outcome:
    """Send a file's readings in order of time; those not newer than what the town shows now are left out, because
    they would turn its present back."""
    present = {entity: await to.present(entity) for entity in dict.fromkeys(found.entities)}
    context = town_context()
    fresh = [r for r in readings(found) if not _is_older(r, present[r.entity_id].get(context.expand(r.attribute)))]
    facts = [fact for fact in found.facts if context.expand(fact.attribute) not in present[fact.entity_id]]
    sent = 0
    for batch in _by_moment(fresh):
        await to.take(_entities([*facts, *batch]))
        facts = []
        sent += len(batch)
        progress(sent, len(fresh))
    if facts:
        await to.take(_entities(facts))
    return Outcome(sent, found.count() - sent, 0)


async def replay(
    to: Receiver,
    found: Harvest,
    speed: float,
    clock: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[object]],
    progress: Progress,
) -> Outcome:
    """Send a file's readings as if they were being measured, at `speed` times their pace."""
    pace = Pace(clock(), found.moments[0], found.moments[-1], speed)
    moved = [replace(r, observed_at=r.observed_at + pace.shift) for r in found.facts]
    total, sent = found.count(), 0
    for batch in _by_moment(readings(found)):
        wait = (pace.due(batch[0].observed_at) - clock()).total_seconds()
        if wait > 0:
            await sleep(wait)
        moved += [replace(r, observed_at=r.observed_at + pace.shift) for r in batch]
        await to.take(_entities(moved))
        moved = []
        sent += len(batch)
        progress(sent, total)
    return Outcome(sent, 0, 0)


def _is_older(reading: Reading, present: datetime | None) -> bool:
    return present is not None and reading.observed_at <= present


def _by_moment(found: Iterator[Reading] | Sequence[Reading]) -> Iterator[list[Reading]]:
    """The readings of each moment: of one attribute never two, so that all of them reach the history."""
    for _, group in groupby(found, key=lambda reading: reading.observed_at):
        yield list(group)


def _entities(batch: Sequence[Reading]) -> list[dict[str, Any]]:
    """Readings as NGSI-LD entities. Names are written out as IRIs, so that no receiver needs our context."""
    context = town_context()
    entities: dict[str, dict[str, Any]] = {}
    for reading in batch:
        kind = context.expand(reading.entity_type)
        entity = entities.setdefault(reading.entity_id, {"id": reading.entity_id, "type": kind})
        said: dict[str, Any] = {"type": reading.kind, _VALUE[reading.kind]: reading.value}
        said["observedAt"] = format_instant(reading.observed_at)
        if reading.unit_code is not None:
            said["unitCode"] = reading.unit_code
        # location is a core term, known to everyone; its IRI in place of it would be another attribute to many.
        name = reading.attribute if reading.attribute == "location" else context.expand(reading.attribute)
        entity[name] = said
    return list(entities.values())
