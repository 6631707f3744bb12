"""A protected town with its people, served by the real store: for tests of who may come in."""

import contextlib
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import aiohttp

from machinami.apis.identity.asking import Asking
from machinami.apis.identity.routes import routes as identity_routes
from machinami.apis.ngsild.routes import routes as ngsild_routes
from machinami.apis.ngsild.subscription_documents import read_subscription
from machinami.app.identifying import accounting
from machinami.broker.broker import Broker, Ports
from machinami.broker.identity.identity import Identity, Supplies
from machinami.broker.identity.passwords import Passwords
from machinami.broker.identity.provider import Provided, Provider
from machinami.broker.identity.registry import Registry
from machinami.broker.identity.seal import Seal
from machinami.broker.identity.tokens import Tokens
from machinami.kit.frame import Frame
from machinami.kit.http import Route
from machinami.kit.origin import Origin
from machinami.kit.server import serve
from machinami.model.identity.demand import Demands
from machinami.portal.files import show_asset
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.wire.exchange import HttpCaller
from machinami.wire.recorded import RecordedWire

PASSWORD = "seven herons over the weir"
CHEAP = (1, 8, 1)
_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')
_NAMES = {"ja": "街", "en": "Town"}
NAVIGATED = {"Accept": "text/html, */*;q=0.5", "Accept-Language": "en"}


class WallClock:
    """The clock on the wall, which tests move on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        """Now."""
        return datetime.now(UTC) + self.ahead


@dataclass(slots=True)
class Known:
    """A running town that knows people."""

    url: str
    identity: Identity
    broker: Broker
    clock: WallClock
    wire: RecordedWire

    @property
    def registry(self) -> Registry:
        """Its people and programs."""
        return self.identity.of(None)

    def visitor(self) -> "Visitor":
        """Somebody with a browser."""
        jar = aiohttp.CookieJar(unsafe=True)
        return Visitor(aiohttp.ClientSession(self.url, cookie_jar=jar, headers=NAVIGATED))


@dataclass(slots=True)
class Answer:
    """What a visitor was shown."""

    status: int
    text: str
    path: str
    cookies: list[str]


class Visitor:
    """A browser as far as forms and cookies go."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    async def __aenter__(self) -> "Visitor":
        await self.session.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def get(self, path: str) -> Answer:
        """Look at a page."""
        async with self.session.get(path) as answer:
            return await _shown(answer)

    async def post(self, path: str, form: dict[str, str], **headers: str) -> Answer:
        """Send a form as it is."""
        async with self.session.post(path, data=form, headers=headers) as answer:
            return await _shown(answer)

    async def fill(self, page: str, form: dict[str, str], path: str | None = None) -> Answer:
        """Open a page and send its form."""
        shown = await self.get(page)
        token = _TOKEN.search(shown.text)
        assert token is not None, f"{page} shows no form: {shown.status}"
        return await self.post(path or page, {**form, "form_token": token.group(1)})

    async def become_first(self, name: str = "aiko", password: str = PASSWORD) -> Answer:
        """Make the first administrator."""
        return await self.fill("/first?lang=en", {"name": name, "display": "愛子", "password": password}, "/first")

    async def sign_in(self, name: str = "aiko", password: str = PASSWORD) -> Answer:
        """Sign in."""
        return await self.fill("/sign-in?lang=en", {"name": name, "password": password}, "/sign-in")


async def _shown(answer: aiohttp.ClientResponse) -> Answer:
    cookies = [value for one in (*answer.history, answer) for value in one.headers.getall("Set-Cookie", [])]
    return Answer(answer.status, await answer.text(), answer.url.path, cookies)


@contextlib.asynccontextmanager
async def known(
    folder: Path,
    address: str = "",
    proxied: bool = False,
    provided: Provided | None = None,
    port: int = 0,
    demands: Demands | None = None,
    leaked: Path | None = None,
) -> AsyncIterator[Known]:
    """Serve a town with the faces for data and for people."""
    numbers, wire, clock = count(1), RecordedWire(), WallClock()
    backend = open_backend(folder, StoreSettings())
    broker = Broker(Ports(backend, wire, wire, clock, lambda: f"{next(numbers):08x}", read_subscription))
    await broker.start()

    found = {"address": address}
    seal = Seal(b"k" * 32, secrets.token_bytes)
    identity = Identity(
        Supplies(
            clock,
            secrets.token_bytes,
            seal,
            broker.protect,
            lambda: found["address"],
            Passwords(CHEAP, leaked),
            demands=demands or Demands(),
        )
    )
    identity.listeners.append(accounting(broker))
    await identity.open(broker.towns)
    asking = Asking(identity, Tokens(identity), proxied)
    await asking.tokens.load((await broker.town(None)).store)
    caller = HttpCaller()
    provider = Provider(identity, provided, caller) if provided else None
    frame = Frame(_NAMES, clock, origin=Origin(address, proxied))
    rows = [*ngsild_routes(broker, asking.principal), *identity_routes(asking, frame, broker.town, provider)]
    rows.append(Route("GET", "/static/{path:path}", show_asset))
    serving = await serve(rows, port=port)
    found["address"] = address or serving.url
    try:
        yield Known(serving.url, identity, broker, clock, wire)
    finally:
        await serving.stop()
        await identity.tidy()
        await broker.close()
        await caller.close()
