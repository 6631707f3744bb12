"""How is a town that runs asked by who has its folder? By the console that its folder tells of."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from machinami.app.console import FILE
from machinami.broker.town import DEFAULT_TOWN
from machinami.foundation.errors import InputError, InUse, StoreUnavailable
from machinami.store.sqlite.backend import LOCK
from machinami.store.sqlite.lock import lock
from machinami.wire.exchange import Call, HttpCaller

DEFAULT = Path("towns", DEFAULT_TOWN, LOCK)
TENANT = "ngsild-tenant"
_PATIENCE = 600.0  # seconds: a long record is verified in one request


def runs(folder: Path) -> InUse | None:
    """What holds the folder: a town that runs, or something else; None where nothing does."""
    file = folder / DEFAULT
    if not file.exists():
        return None
    try:
        lock(file).close()
    except InUse as held:
        return held
    except StoreUnavailable:  # it cannot be written to: nothing runs there
        return None
    return None


@asynccontextmanager
async def beside(folder: Path, held: InUse, name: str | None = None) -> AsyncIterator["Beside"]:
    """The console of the town that holds the folder. Raises InUse where none is told of."""
    caller = HttpCaller()
    try:
        yield Beside(caller, *_door(folder, held), name)
    finally:
        await caller.close()


@asynccontextmanager
async def running(folder: Path, name: str | None = None) -> AsyncIterator["Beside"]:
    """The console of a town that must run for what is asked. Raises InputError where it does not."""
    if not (folder / FILE).is_file():
        raise InputError(f"The town in {folder} does not run; start it with: machinami serve --data {folder}")
    async with beside(folder, InUse(f"The town in {folder} runs"), name) as found:
        yield found


class Beside:
    """A town that runs: asked by its console."""

    def __init__(self, caller: HttpCaller, url: str, secret: str, name: str | None) -> None:
        self._caller = caller
        self._url = url
        tenant = {TENANT: name} if name else {}
        self._headers = {"authorization": f"Bearer {secret}", "content-type": "application/json", **tenant}

    async def ask(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> list[Any]:
        """The documents of the answer."""
        url = f"{self._url}{quote(path, safe='/%')}?{urlencode(query or {})}"
        said = b"" if body is None else json.dumps(body).encode()
        answer = await self._caller.call(Call(method, url, self._headers, said, _PATIENCE, limit=1_000_000_000))
        if answer.status is None:
            raise StoreUnavailable(f"The running town does not answer its console: {answer.reason}")
        found = documents(answer.body)
        if answer.status >= 400:
            raise InputError(str(found[0].get("detail") or found[0].get("title")))
        return found


def documents(body: bytes) -> list[Any]:
    """The documents of an answer, one for each line."""
    return [json.loads(line) for line in body.splitlines() if line]


def _door(folder: Path, held: InUse) -> tuple[str, str]:
    """Where the console of a running town is, and its secret."""
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return str(told["url"]), str(told["secret"])
    except (OSError, ValueError, KeyError) as error:
        raise InUse(f"{held.detail}, and it tells of no console; is it starting just now?", **held.facts) from error
