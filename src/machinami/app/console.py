"""How do commands reach a town that runs? By a door on loopback, for who can read a file in the town's folder.

Who can read the folder has the town already, so the file gives nobody anything. It is there while the town runs.
"""

import hmac
import json
import os
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex

from machinami.apis.consent.routes import routes as consent_routes
from machinami.apis.deliveries.office import Office as DeliveryOffice
from machinami.apis.deliveries.programs import programs as delivery_programs
from machinami.apis.disaster.routes import programs as disaster_programs
from machinami.apis.erasure.routes import routes as erasure_routes
from machinami.apis.ethics.office import Office as EthicsOffice
from machinami.apis.ethics.programs import routes as ethics_programs
from machinami.apis.governance.office import Office, answer, json_body
from machinami.apis.governance.routes import programs
from machinami.apis.identity.shapes import key_document, read_wanted
from machinami.apis.operations.port import Overseen
from machinami.apis.operations.routes import FINDINGS
from machinami.apis.operations.telling import document
from machinami.apis.releases.office import Press
from machinami.apis.releases.routes import programs as release_programs
from machinami.app.identifying import appoint, issue_key
from machinami.app.towns.acts import do
from machinami.app.towns.platform import Platform
from machinami.broker.identity.programs import certify, decertify, revoke_key
from machinami.foundation.errors import CredentialRefused
from machinami.kit.http import Handler, Request, Response, Route
from machinami.kit.server import Serving, serve
from machinami.model.identity.invitation import RECOGNISED
from machinami.model.identity.key import Use
from machinami.model.principal import Principal, Role

FILE = "console.json"
ADMINISTRATORS = "/governance/administrators"
TOWNS = "/towns"
KEYS = "/governance/keys"
DEVICES = "/governance/devices"
CERTIFICATES = "/governance/certificates"
CONSOLE = Principal("urn:machinami:console", frozenset({Role.ADMINISTRATOR}), None, None, 3, 3)
"""Who has the folder and its console. What they do is noted under this name."""


def _acting(platform: Platform) -> Handler:
    async def act(request: Request) -> Response:
        return answer(await do(platform, request.params["act"], json_body(request), CONSOLE))

    return act


def console_routes(office: Office, press: Press) -> list[Route]:
    """All that the console may ask: what programs may, and to make administrators and keys."""
    own = replace(office, identify=lambda _: CONSOLE)
    return [
        *programs(own),
        *consent_routes(own.towns, own.identify),
        *release_programs(replace(press, identify=own.identify)),
        *erasure_routes(own.towns, own.identify),
        *disaster_programs(own.towns.town, own.identify),
        *ethics_programs(EthicsOffice(own.towns, own.identify, own.frame)),
        Route("POST", ADMINISTRATORS, _appoint(own)),
        Route("POST", KEYS, _make_key(own)),
        Route("GET", KEYS, _keys(own)),
        Route("DELETE", f"{KEYS}/{{id}}", _revoke_key(own)),
        Route("GET", DEVICES, _devices(own)),
        Route("POST", CERTIFICATES, _certify(own)),
        Route("DELETE", f"{CERTIFICATES}/{{digest}}", _decertify(own)),
    ]


def _make_key(office: Office) -> Handler:
    async def make(request: Request) -> Response:
        town = await office.towns.town(request.header(b"ngsild-tenant"))
        made, secret = await issue_key(office.identity, town.name, read_wanted(json_body(request)), CONSOLE)
        return answer({**key_document(made), "secret": secret}, 201)

    return make


def _devices(office: Office) -> Handler:
    """The devices whose keys hold, with what an MQTT broker checks them by: for who has the folder alone."""

    async def tell(request: Request) -> Response:
        town = await office.towns.town(request.header(b"ngsild-tenant"))
        now = office.identity.supplies.clock()
        every = office.identity.of(town.name).keys.values.values()
        held = [key for key in every if key.use is Use.DEVICE and (key.until is None or now < key.until)]
        return answer([{**key_document(key), "mqtt": key.mqtt} for key in sorted(held, key=lambda key: key.id)])

    return tell


def _certify(office: Office) -> Handler:
    async def give(request: Request) -> Response:
        said, town = json_body(request), await office.towns.town(request.header(b"ngsild-tenant"))
        registry = office.identity.of(town.name)
        key = await certify(office.identity, registry, str(said.get("key")), str(said.get("digest")), CONSOLE)
        return answer(key_document(key), 201)

    return give


def _decertify(office: Office) -> Handler:
    async def take(request: Request) -> Response:
        town = await office.towns.town(request.header(b"ngsild-tenant"))
        key = await decertify(office.identity, office.identity.of(town.name), request.params["digest"], CONSOLE)
        return answer(None if key is None else key_document(key))

    return take


def _revoke_key(office: Office) -> Handler:
    async def revoke(request: Request) -> Response:
        town = await office.towns.town(request.header(b"ngsild-tenant"))
        registry = office.identity.of(town.name)
        gone = registry.keys.values.get(request.params["id"])
        await revoke_key(office.identity, registry, request.params["id"], CONSOLE)
        return answer(None if gone is None else key_document(gone))

    return revoke


def _keys(office: Office) -> Handler:
    async def tell(request: Request) -> Response:
        town = await office.towns.town(request.header(b"ngsild-tenant"))
        return answer([key_document(key) for key in office.identity.of(town.name).keys.values.values()])

    return tell


def _appoint(office: Office) -> Handler:
    async def make(request: Request) -> Response:
        said = json_body(request)
        town = await office.towns.town(request.header(b"ngsild-tenant"))
        name, display = str(said.get("name", "")), said.get("display")
        recognised = RECOGNISED.get(str(said.get("recognised")))
        invited = await appoint(office.identity, town.name, name, display and str(display), CONSOLE, recognised)
        told = {"name": invited.name, "path": invited.path, "address": office.identity.supplies.address()}
        return answer(told, 201)

    return make


def _examining(overseer: Overseen) -> Handler:
    async def examine(request: Request) -> Response:
        return answer(document(await overseer.examine(slowly=True), overseer.data))

    return examine


@dataclass(slots=True)
class Console:
    """The open door: the file that tells of it, and what listens behind it."""

    file: Path
    _serving: Serving

    async def close(self) -> None:
        """Let nobody in any more."""
        with suppress(OSError):
            self.file.unlink()
        await self._serving.stop()


async def open_console(
    folder: Path,
    office: Office,
    press: Press,
    platform: Platform,
    deliveries: DeliveryOffice,
    overseer: Overseen,
    more: Sequence[Route] = (),
) -> Console:
    """Open the door to a running town, and write where it is for the owner's eyes only. more: what else is asked."""
    secret = token_hex(32)
    tending = delivery_programs(replace(deliveries, identify=lambda _: CONSOLE))
    routes = [*console_routes(office, press), *tending, Route("POST", f"{TOWNS}/{{act}}", _acting(platform)), *more]
    routes.append(Route("GET", FINDINGS, _examining(overseer)))
    guarded = [replace(route, handler=_guarded(route.handler, secret)) for route in routes]
    serving = await serve(guarded, lane=False)
    file = folder / FILE
    _write_private(file, json.dumps({"url": serving.url, "secret": secret}))
    return Console(file, serving)


def _guarded(handler: Handler, secret: str) -> Handler:
    expected = f"Bearer {secret}".encode()

    def take(request: Request) -> Response | Awaitable[Response]:
        if not hmac.compare_digest((request.header(b"authorization") or "").encode(), expected):
            raise CredentialRefused("This door is for who can read the town's folder")
        return handler(request)

    return take


def _write_private(file: Path, text: str) -> None:
    """A fresh file that nobody else could read at any moment, in the place of one that a crash left."""
    beside = file.with_suffix(".new")
    for old in (beside, file):
        with suppress(FileNotFoundError):
            old.unlink()
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as made:
        made.write(text)
    beside.rename(file)
