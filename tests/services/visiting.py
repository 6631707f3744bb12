"""The pages of one service, seen from outside by whoever a test says it is, over a real town, store and server."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
from tests.services.housing import housed

from machinami.broker import batch
from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.kit.archive import Archive
from machinami.kit.city import City
from machinami.kit.desk import Desk, House
from machinami.kit.http import Route
from machinami.kit.installed import load
from machinami.kit.roads import Roads
from machinami.kit.schedule import Health
from machinami.kit.server import serve
from machinami.kit.viewing import viewed
from machinami.model.principal import Principal, Role
from machinami.model.view import View, to_entity

START = datetime.fromisoformat("2026-06-30T03:00:00+00:00")  # noon in Japan
TOWN = {"ja": "街並町", "en": "Machinami", "easy": "街並町"}
OFFICER = Principal("urn:person:x", frozenset({Role.OFFICER}), None, None, 2, 2)
SIGNED = {"who": "山田花子", "role": "企画課長"}


@dataclass
class Visit:
    """A browser before the pages of one service, and the hand that moves the town's clock."""

    address: str
    now: datetime = START
    by: Principal = OFFICER

    def stand(self, town: Town, city: City, desk: Desk, url: str, session: aiohttp.ClientSession) -> None:
        """Say where the town stands, once it does."""
        self.town, self.city, self.desk, self._url, self._session = town, city, desk, url, session

    async def see(self, query: str = "") -> str:
        """The page, which must be there."""
        async with self._session.get(f"{self._url}{self.address}{query}", headers={"Accept": "text/html"}) as answer:
            text = await answer.text()
            assert answer.status == 200, text
            return text

    async def fetch(self, path: str) -> tuple[int, str, bytes]:
        """Whatever is at an address of the town: the status, the kind of what is there, and that."""
        async with self._session.get(f"{self._url}{path}", headers={"Accept": "text/html"}) as answer:
            return answer.status, answer.content_type, await answer.read()

    async def send(self, deed: str, /, **form: str) -> tuple[int, str]:
        """Send a form, signed; the status and the page that follows."""
        address, fields = f"{self._url}{self.address}/{deed}", {"Accept": "text/html"}
        async with self._session.post(address, data={**SIGNED, **form}, headers=fields) as answer:
            return answer.status, await answer.text()

    async def put(self, *views: View) -> None:
        """Write what another service of the town would have written."""
        context = town_context()
        await batch.put_all(self.town, [(to_entity(view, context), []) for view in views], self.by)

    def wait(self, **span: float) -> None:
        """Let time pass in town."""
        self.now += timedelta(**span)


@asynccontextmanager
async def visited(
    package: str,
    folder: Path,
    routes: Callable[[City, Desk], list[Route]],
    address: str,
    *beside: str,
    roads: Roads | None = None,
) -> AsyncIterator[Visit]:
    """The pages of one service in the only town of an open folder. beside: which services (of ours) run there, too, as
    far as pages that ask for them see. roads: the ways out of the town."""
    visit = Visit(address)
    async with housed(package, folder, lambda: visit.now, roads=roads) as (town, city):
        houses = [House(load(f"machinami.services.{name}"), city, Health()) for name in beside]
        desk = Desk(
            TOWN, (138.2, 34.99), 12.0, "Asia/Tokyo", False, "0", lambda: visit.now, Archive(town), lambda: houses,
            list, dict, identify=lambda request: visit.by,
        )  # fmt: skip
        serving = await serve([viewed(row, desk.identify) for row in routes(city, desk)])
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            visit.stand(town, city, desk, serving.url, session)
            yield visit
        await serving.stop()
