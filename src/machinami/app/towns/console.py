"""How does the command line reach the towns of a folder, whether they run or not? Who has the folder has the console.

Where nothing runs, the folder is opened. Where it runs, the request is laid into the folder, and whoever runs it takes
it from there and lays the answer beside it: no address, no password, and nothing that the network can reach.
"""

import asyncio
import json
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from machinami.app.clock import utc_now
from machinami.app.configuration import read
from machinami.app.console import CONSOLE
from machinami.app.durable import read_json, write_json
from machinami.app.identifying import make_identity
from machinami.app.keys import backend_of, ring_of
from machinami.app.towns.office import Answer
from machinami.app.towns.platform import Going, Platform
from machinami.app.towns.record import FOLDER, Record
from machinami.broker.broker import Broker, Ports
from machinami.foundation.errors import InUse, MachinamiError, SettingsError
from machinami.model.context import Context
from machinami.model.principal import Principal
from machinami.model.subscription import Subscription
from machinami.store.settings import StoreSettings
from machinami.wire.carriers import Carriers
from machinami.wire.http import HttpWire
from machinami.wire.mqtt import MqttPublisher
from machinami.wire.targets import Targets

LOOKED_EVERY = 0.5
_PATIENCE = 600.0
_UNSEEN = 20.0  # seconds after which a request that nobody took is taken back
Read = Callable[[dict[str, Any], Context], Subscription]


async def do(platform: Platform, act: str, told: Mapping[str, Any], by: Principal) -> Any:
    """Do what was asked. Raises BadRequestData, NotFound and what the acts raise."""
    name = str(told.get("town") or "")
    acts: dict[str, Callable[[], Awaitable[Any]]] = {
        "found": lambda: platform.found(
            name, by, told.get("administrator") or "", told.get("host") or "", told.get("quota")
        ),
        "invite": lambda: platform.invite(name, told["person"], by),
        "quota": lambda: platform.limit(name, told["quota"], by),
        "encrypt": lambda: platform.encrypt(name, by),
        "move": lambda: platform.move(name, _going(told), by),
        "bring": lambda: platform.bring(Path(told["folder"]), name, by, _path(told.get("key_file"))),
        "delete": lambda: platform.delete(name, by),
    }
    if act == "list":
        return platform.towns(by)
    if act == "host":
        return platform.call(name, told["host"], by)
    if act == "record":
        return {"entries": platform.reports(by), "faults": platform.record.faults()}
    return await acts[act]()


def _going(told: Mapping[str, Any]) -> Going:
    return Going(Path(told["folder"]), bool(told.get("key")), _path(told.get("key_file")), bool(told.get("stays")))


def _path(text: object) -> Path | None:
    return Path(text) if isinstance(text, str) else None


class Mailbox:
    """The place in a data folder where the console of a running installation lays its requests."""

    def __init__(self, data: Path) -> None:
        self._asked = data / FOLDER / "asked"

    def open(self) -> None:
        """Take requests from now on; what was laid there before is nobody's any more."""
        shutil.rmtree(self._asked, ignore_errors=True)
        self._asked.mkdir(parents=True, mode=0o700)

    async def look(self, platform: Platform) -> None:
        """Do what is asked, one after the other."""
        for path in sorted(self._asked.glob("*.ask")):
            told = read_json(path)
            path.unlink()
            try:
                answer: Answer = {"answer": await do(platform, told["act"], told["told"], CONSOLE)}
            except MachinamiError as error:
                answer = {"error": error.detail}
            write_json(path.with_suffix(".answer"), answer, secret=True)

    def ask(self, act: str, told: Mapping[str, Any]) -> Any:
        """What whoever runs the folder answers. Raises SettingsError with what they say is wrong, or that nobody is."""
        if not self._asked.is_dir():
            raise SettingsError("Whoever has this folder open takes no requests; stop it, and ask again")
        path = self._asked / f"{secrets.token_hex(8)}.ask"
        write_json(path, {"act": act, "told": dict(told)}, secret=True)
        answered, began = path.with_suffix(".answer"), time.monotonic()
        while not answered.exists():
            waited = time.monotonic() - began
            if waited > _PATIENCE or (waited > _UNSEEN and path.exists()):
                path.unlink(missing_ok=True)
                raise SettingsError("Whoever has this folder open does not answer; stop it, and ask again")
            time.sleep(0.05)
        said = json.loads(answered.read_text(encoding="utf-8"))
        answered.unlink()
        if "error" in said:
            raise SettingsError(said["error"])
        return said["answer"]


@asynccontextmanager
async def opened(folder: Path, read_subscription: Read) -> AsyncIterator[Platform]:
    """The platform of a folder that does not run. Raises InUse where it does."""
    if not folder.is_dir():
        raise SettingsError(f"There is no folder {folder}; make one with: machinami init {folder}")
    settings = read(folder)
    ring, record = ring_of(settings), Record(folder)
    backend = backend_of(settings, ring, StoreSettings(durability="full"))
    wire = HttpWire(None, Targets(False))
    carriers = Carriers(wire, MqttPublisher(wire.trust, Targets(False)))
    platform: Platform

    def fresh() -> str:
        return os.urandom(16).hex()

    ports = Ports(backend, wire, carriers, utc_now, fresh, read_subscription, quota=lambda name: platform.quota(name))
    broker = Broker(ports)
    identity = make_identity(settings, broker.protect, lambda: settings.address)
    platform = Platform(settings, broker, identity, ring, record)
    try:
        await backend.open("default")  # nobody else has the folder from here on
        platform.recover()
        await broker.start()
        await identity.open(broker.towns)
        broker.joining.append(identity.admit)
        broker.leaving.append(identity.forget)
        await platform.settle()
        yield platform
    finally:
        await identity.tidy()
        if hasattr(broker, "contexts"):
            await broker.close()
        else:
            await backend.close()
        await carriers.close()


def ask(folder: Path, act: str, told: Mapping[str, Any], read_subscription: Read) -> Any:
    """Have something done with the towns of a folder, whether it runs or not."""

    async def run() -> Any:
        async with opened(folder, read_subscription) as platform:
            return await do(platform, act, told, CONSOLE)

    try:
        return asyncio.run(run())
    except InUse:
        return Mailbox(folder).ask(act, told)
