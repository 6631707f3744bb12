"""An installation with several towns in this process, asked over HTTP, for tests of how towns come and go."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from machinami.app.console import CONSOLE
from machinami.app.running import TownOS
from machinami.app.towns.acts import do
from machinami.app.towns.platform import Platform
from machinami.foundation.settings import Settings

ROOT = "/ngsi-ld/v1"


@dataclass(frozen=True, slots=True)
class Said:
    """One answer."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def body(self) -> Any:
        """Its JSON."""
        return orjson.loads(self.text)


@dataclass(frozen=True, slots=True)
class Installation:
    """A running installation."""

    system: TownOS
    session: aiohttp.ClientSession

    @property
    def platform(self) -> Platform:
        """Its towns, as its operator handles them."""
        return self.system.platform

    async def act(self, act: str, **told: Any) -> Any:
        """What the console has done."""
        return await do(self.platform, act, told, CONSOLE)

    async def ask(self, method: str, path: str, body: Any = None, town: str | None = None, **headers: str) -> Said:
        """What anybody is answered."""
        fields = {"Content-Type": "application/json"} if body is not None else {}
        if town is not None:
            fields["NGSILD-Tenant"] = town
        data = None if body is None else orjson.dumps(body)
        async with self.session.request(
            method, path, data=data, headers={**fields, **headers}, allow_redirects=False
        ) as answer:
            return Said(answer.status, (await answer.read()).decode(), dict(answer.headers))


@contextlib.asynccontextmanager
async def installation(data: Path, **settings: Any) -> AsyncIterator[Installation]:
    """Serve a data folder."""
    data.mkdir(exist_ok=True)
    system = TownOS(replace(Settings(data, port=0), **settings), "test")
    try:
        serving = await system.start()
    except BaseException:
        await system.stop()
        raise
    try:
        async with aiohttp.ClientSession(
            f"http://127.0.0.1:{serving.port}", cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            yield Installation(system, session)
    finally:
        await system.stop()


def gauge(number: int, level: float = 1.0, **more: Any) -> dict[str, Any]:
    """An entity."""
    level_of = {"type": "Property", "value": level, "observedAt": "2026-06-30T00:00:00Z"}
    return {"id": f"urn:ngsi-ld:Gauge:{number}", "type": "Gauge", "level": level_of, **more}


def subscription(number: int) -> dict[str, Any]:
    """A subscription that nobody hears."""
    return {
        "id": f"urn:ngsi-ld:Subscription:{number}",
        "type": "Subscription",
        "entities": [{"type": "Gauge"}],
        "notification": {"endpoint": {"uri": "http://127.0.0.1:9/told"}},
    }
