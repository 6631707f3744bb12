"""Is a folder of towns of this version's form, and does a town of it start? What an upgrade asks before it "
"goes on."""

import asyncio
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import aiohttp

from machinami.app.configuration import read
from machinami.app.keys import backend_of, ring_of
from machinami.app.running import TownOS
from machinami.foundation.errors import InputError, SettingsError
from machinami.store.settings import StoreSettings

_START_SECONDS = 120.0
_PAGES = ("/health", "/", "/map", "/services")


async def bring_forward(folder: Path, thoroughly: bool) -> dict[str, dict[str, Any]]:
    """Bring the towns of a folder that does not run to this version's form; what each of them holds, counted.

    thoroughly: log, state and history are held against each other as well, which reads everything. Raises InputError
    where they disagree, InUse where the folder runs.
    """
    if not folder.is_dir():
        raise SettingsError(f"There is no folder {folder}")
    settings = read(folder)
    backend = backend_of(settings, ring_of(settings), StoreSettings(durability="full"))
    found: dict[str, dict[str, Any]] = {}
    try:
        for name in await backend.towns():
            store = await backend.open(name, create=False)
            wrong = await store.disagreements() if thoroughly else []
            if wrong:
                more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
                raise InputError(f"The town {name} of {folder} does not agree with itself: {wrong[0]}{more}")
            found[name] = asdict(await store.inventory())
            await backend.release(name)
    finally:
        await backend.close()
    return found


async def try_start(folder: Path, version: str) -> None:
    """Start the towns of a folder as far as their pages answer: nothing comes in, nothing goes out, no service writes.

    Raises what stops the start, or InputError where a page fails.
    """
    settings = replace(
        read(folder), host="127.0.0.1", port=0, mqtt=(), gtfs_realtime=(), simulation=None, account_to="",
        certificate=None, backup_to=None, stand_in=False, trace_to="",
    )  # fmt: skip
    installation = TownOS(settings, version)
    try:
        async with asyncio.timeout(_START_SECONDS):
            serving = await installation.start(quiet=True)
            async with aiohttp.ClientSession() as session:
                for page in _PAGES:
                    async with session.get(serving.url + page) as answer:
                        if answer.status >= 500:
                            raise InputError(f"{page} answers {answer.status}: {(await answer.text())[:200]}")
    except TimeoutError as error:
        raise InputError(f"{folder} did not start within {_START_SECONDS:.0f} seconds") from error
    except aiohttp.ClientError as error:
        raise InputError(f"{folder} started, and did not answer on this machine's own address: {error}") from error
    finally:
        await installation.stop()
