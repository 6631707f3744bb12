"""How does who has the folder of a running installation ask for a copy of it, now?"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import orjson

from machinami.app.backups.scheduling import Backups, Target
from machinami.app.keys import backend_of, ring_of
from machinami.broker.broker import Broker
from machinami.foundation.errors import BadRequestData, Conflict
from machinami.foundation.settings import Settings
from machinami.kit.http import JSON, Handler, Request, Response, Route
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import SqliteBackend

COPIES = "/backups"


def routes(settings: Settings, backups: Backups | None, backend: SqliteBackend, broker: Broker) -> list[Route]:
    """The address at the console. backups: what copies already, None where the settings name no archive."""
    return [Route("POST", COPIES, _copy(settings, backups, backend, broker))]


def _copy(settings: Settings, backups: Backups | None, backend: SqliteBackend, broker: Broker) -> Handler:
    busy = asyncio.Lock()

    async def copy(request: Request) -> Response:
        said = orjson.loads(request.body)
        if not isinstance(said, dict) or not isinstance(said.get("to"), str):
            raise BadRequestData('Say where to: {"to": folder, "key": file}')
        to, key = Path(said["to"]), Path(said["key"]) if said.get("key") else None
        async with busy:
            told: object
            if backups is not None:
                if settings.backup_to is not None and to.resolve() != settings.backup_to.resolve():
                    raise Conflict(
                        f"This installation is copied to {settings.backup_to} already; it keeps one archive at a time"
                    )
                told = backups.told(await backups.make())
            else:
                told = await _once(settings, Target(to, key), backend, [town.name for town in broker.towns])
        return Response(200, orjson.dumps(told), JSON)

    return copy


async def _once(settings: Settings, target: Target, backend: SqliteBackend, towns: list[str]) -> object:
    """A copy of what runs, into an archive that it is not copied to otherwise."""
    backups = Backups(replace(settings, backup_to=target.folder, backup_key=target.key_file), target)
    stores = [(name, await backend.open(name, create=False)) for name in towns]
    try:
        for name, store in stores:
            backups.follow(name, store)
        return backups.told(await backups.make())
    finally:
        for _, store in stores:
            store.checkpointer.follower = None
        for copy in backups.copies.values():
            await asyncio.to_thread(copy.end)


async def copy_stopped(
    settings: Settings, target: Target, progress: Callable[[str, int, int], None]
) -> dict[str, object]:
    """A copy of what does not run. Raises InUse where it does."""
    backend = backend_of(settings, ring_of(settings), StoreSettings(durability="full"))
    backups = Backups(replace(settings, backup_to=target.folder, backup_key=target.key_file), target)
    backups.attend(backend)
    try:
        for name in await backend.towns():
            await backend.open(name, create=False)
        return backups.told(await backups.make(progress))
    finally:
        await backend.close()
