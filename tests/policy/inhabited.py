"""A whole protected installation, with its services and with people who really sign in, as tests ask it."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from tests.policy.towns import PEOPLE
from yarl import URL

from machinami.app.running import TownOS
from machinami.broker import operations
from machinami.broker.identity import people
from machinami.broker.identity.identity import Where
from machinami.foundation.settings import OpenIdSettings, Settings
from machinami.kit.forms import SESSION, WAITING, form_token
from machinami.kit.http import Request
from machinami.kit.installed import Broken, Service, load
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.names import LOCATION
from machinami.model.principal import Role
from machinami.model.town_terms import TERMS

MARK, FAULT = "qxmarkxq", "it was made for another version"
GAUGE, SHELTER, CASE = "urn:ngsi-ld:RiverGauge:1", "urn:ngsi-ld:Shelter:1", "urn:ngsi-ld:Case:1"
PASSWORD = "seven herons over the weir"
AWAY = {"X-Forwarded-For": "192.0.2.7"}  # not somebody who sits at the machine
SERVICES = (
    "flood",
    "participation",
)
MOVING = (
    "flood", "indicators", "money", "guide", "pilots", "assembly", "messages", "watch_cameras", "shelters", "heat",
    "buses", "civic_reports",
)  # fmt: skip
BY_ITSELF = tuple(f"urn:machinami:service:{name}" for name in MOVING)
"""Who writes by the clock, and after others wrote."""
ROLES = (Role.RESIDENT, Role.OFFICER, Role.DEPARTMENT_HEAD, Role.MAYOR, Role.ADMINISTRATOR, Role.OPERATOR)


class Inhabited(TownOS):
    """An installation that has these services, wherever this runs."""

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """These services, and one that does not run."""
        return [load(f"machinami.services.{name}") for name in SERVICES], [Broken("vendor.broken", FAULT)]


@dataclass(frozen=True, slots=True)
class Told:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def refused(self) -> bool:
        """Whether this was refused: by its status, or by being led to where one signs in."""
        led = self.status == 303 and self.headers.get("Location", "").startswith("/sign-in")
        return led or (self.status in (401, 403) and "CredentialRefused" not in self.text)


@dataclass(slots=True)
class Crowd:
    """The town and everybody in it; each is somebody by the cookie of their session."""

    town: TownOS
    session: aiohttp.ClientSession
    cookies: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)

    def fields(self, who: str) -> dict[str, str]:
        """What a browser of theirs sends by itself. Who has no session has the cookie of a form."""
        return {"Cookie": self.cookies.get(who, f"{WAITING}=0123456789abcdef"), **AWAY}

    def token(self, who: str) -> str:
        """The token of their forms."""
        return form_token(Request("GET", "/", headers=[(b"cookie", self.fields(who)["Cookie"].encode())]))

    async def ask(
        self,
        who: str,
        method: str,
        path: str | URL,
        form: Mapping[str, str] | None = None,
        body: Any = None,
        **more: str,
    ) -> Told:
        """What somebody is answered. form: sent with their token unless it says another; body: sent as JSON."""
        headers = {"Accept": "text/html", **self.fields(who), **{k.replace("_", "-"): v for k, v in more.items()}}
        data: Any = None
        if form is not None:
            data = {"form_token": self.token(who), **form}
        elif body is not None:
            data = orjson.dumps(body)
            headers |= {"Content-Type": "application/json", "X-Form-Token": self.token(who)}
        async with self.session.request(method, path, data=data, headers=headers, allow_redirects=False) as answer:
            text = (await answer.read()).decode("utf-8", "replace")
            return Told(answer.status, dict(answer.headers), text)

    async def state(self, *handed_in: str) -> tuple[Any, ...]:
        """What a refused request must leave as it is: all but what the service does by itself, and entities of types
        (short names) of which it is asked whether anybody may hand them in."""
        house = await self.town.broker.town(None)
        changes = await house.store.changes(0, 10_000)
        taken = {TERMS[name] for name in handed_in}
        others = [change for change in changes if not change.by.startswith(BY_ITSELF)]
        done = len([change for change in others if taken.isdisjoint(change.types)])
        names = ("account", "key", "invitation", "session")
        kinds = ("settings", "policy", *(f"identity-{name}" for name in names))
        kept = [sorted(await house.store.records(kind)) for kind in kinds]
        return done, len(self.town.broker.towns), repr(kept)


@contextlib.asynccontextmanager
async def inhabited(folder: Path, kind: type[TownOS] = Inhabited, **settings: Any) -> AsyncIterator[Crowd]:
    """A protected installation with somebody of every role, and data that bear a mark. kind: which services it has."""
    provider = OpenIdSettings("http://127.0.0.1:9/", "machinami", "a secret of the client")
    town = kind(Settings(folder, port=0, openid=provider, **settings), "test")
    serving = await town.start()
    try:
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(serving.url, cookie_jar=jar) as session:
            crowd = Crowd(town, session)
            await _people(crowd)
            await sow(town)
            yield crowd
    finally:
        await town.stop()


async def _people(crowd: Crowd) -> None:
    identity, where = crowd.town.identity, Where("192.0.2.7", "test")
    registry = identity.of(None)
    begun = await people.make_first(identity, registry, "administrator", "A", PASSWORD, where)
    crowd.cookies[Role.ADMINISTRATOR] = f"{SESSION}={begun.cookie}"
    crowd.accounts[Role.ADMINISTRATOR] = begun.session.account
    for role in ROLES:
        if role is not Role.ADMINISTRATOR:
            by = PEOPLE["administrator"]
            account = await people.make_account(identity, registry, role.value, role.value, frozenset({role}), by, 2)
            code = await people.invite(identity, registry, account.id, by)
            begun = await people.accept(identity, registry, code, PASSWORD, where)
            crowd.cookies[role] = f"{SESSION}={begun.cookie}"
            crowd.accounts[role] = account.id


async def sow(town: TownOS) -> None:
    """Put entities there that bear a mark: public ones, and one of which only the city's own know."""
    house, by = await town.broker.town(None), PEOPLE["administrator"]
    place = Attribute(Kind.GEO, {"type": "Point", "coordinates": [138.2, 35.1]})
    level = Attribute(Kind.PROPERTY, 1.25, observed_at=house.clock(), unit_code="MTR")
    for entity_id, kind in ((GAUGE, TERMS["RiverGauge"]), (SHELTER, TERMS["Shelter"]), (CASE, "urn:type:Case")):
        said = {
            TERMS["name"]: (Attribute(Kind.LANGUAGE, {"ja": f"{MARK} {kind[-4:]}"}),),
            LOCATION: (place,),
            TERMS["waterLevel"]: (level,),
        }
        await operations.create(house, Entity(entity_id, (kind,), said), by)
