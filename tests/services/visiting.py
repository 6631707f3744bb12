"""A browser before the pages of one service, in an open town."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import ModuleType

import aiohttp

from machinami.broker.town import Town
from machinami.kit.archive import Archive
from machinami.kit.city import City
from machinami.kit.desk import Desk, House
from machinami.kit.installed import load
from machinami.kit.schedule import Health
from machinami.kit.server import serve
from machinami.kit.viewing import viewed
from machinami.model.principal import Principal, Role

OFFICER = {"who": "山田花子", "role": "企画課長"}


@dataclass
class Visit:
    """What a browser sees and sends. address: of the service's page."""

    url: str
    address: str
    session: aiohttp.ClientSession

    async def see(self, query: str = "") -> str:
        """The page; it must be there."""
        async with self.session.get(f"{self.url}{self.address}{query}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.text()

    async def send(self, deed: str, /, **form: str) -> tuple[int, str]:
        """What a form is answered, once the browser has gone where it was led."""
        target = f"{self.url}{self.address}/{deed}"
        async with self.session.post(target, data=form, headers={"Accept": "text/html"}) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def visiting(town: Town, city: City, page: ModuleType, *running: str) -> AsyncIterator[Visit]:
    """A browser before a service's page. running: the services (of ours) that run beside it."""
    someone = Principal("urn:person:x", frozenset({Role.OFFICER}), None, None, 2, 2)
    houses = [House(load(f"machinami.services.{name}"), city, Health()) for name in running]
    desk = Desk(
        {"ja": "街並町", "en": "Machinami", "easy": "街並町"}, (138.2, 34.99), 12.0, "Asia/Tokyo", False, "0",
        town.clock, Archive(town), lambda: houses, list, dict, identify=lambda request: someone,
    )  # fmt: skip
    serving = await serve([viewed(row, desk.identify) for row in page.routes(city, desk)])
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Visit(serving.url, f"/services/{city.manifest.id}", session)
    await serving.stop()
