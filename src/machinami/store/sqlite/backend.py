"""Which towns are there? One folder a town: DIR/towns/NAME/town.sqlite."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from stat import S_IMODE, S_IRWXO

import apsw

from machinami.foundation.errors import StoreUnavailable, TenantNotFound
from machinami.model.town_name import check_town_name
from machinami.store.settings import StoreSettings
from machinami.store.sqlite import first_page
from machinami.store.sqlite.connection import is_plain, migrate, migrations, open_connection
from machinami.store.sqlite.failing import is_damage
from machinami.store.sqlite.lock import lock
from machinami.store.sqlite.salvage import Salvaged, examine, salvage
from machinami.store.sqlite.town import SqliteTown

FILE = "town.sqlite"
LOCK = "town.lock"
_LOG = logging.getLogger("machinami.store")


Keys = Callable[[str, bool], bytes | None]
"""The key of a town, by its name and whether it is being made; None where it has none."""


def no_keys(town: str, new: bool) -> None:
    """Nothing is encrypted."""


class SqliteBackend:
    """All towns below one folder."""

    def __init__(self, folder: Path, settings: StoreSettings, keys: Keys) -> None:
        self._folder = folder / "towns"
        self._keys = keys
        self._settings = settings
        self._towns: dict[str, SqliteTown] = {}
        self.opened: list[Callable[[str, SqliteTown], None]] = []  # told of each town before anything is written to it

    async def open(self, town: str, create: bool = True) -> SqliteTown:
        """The store of a town, made if it does not exist. Raises TenantNotFound where it may not be made."""
        check_town_name(town)
        if town not in self._towns:
            path = self._folder / town / FILE
            if not create and not path.exists():
                raise TenantNotFound(f"There is no town {town!r} here", tenant=town)
            new = not path.exists() or not path.stat().st_size
            key = None if is_plain(path) else self._keys(town, new)
            self._towns[town] = open_whole(path, replace(self._settings, key=key))
            for tell in self.opened:
                tell(town, self._towns[town])
        return self._towns[town]

    def examine(self, town: str) -> list[str]:
        """Sentences about what is wrong with the file of a town that is not open; nothing is changed. Raises InUse."""
        path, settings = self._of(town)
        held = lock(path.with_name(LOCK))
        try:
            return examine(path, settings)
        finally:
            held.close()

    def mend(self, town: str) -> Salvaged:
        """Make a whole file of what can be read of one that is not open; the other one is kept. Raises InUse."""
        path, settings = self._of(town)
        return _mend(path, settings)

    def _of(self, town: str) -> tuple[Path, StoreSettings]:
        path = self._folder / check_town_name(town) / FILE
        if not path.exists():
            raise TenantNotFound(f"There is no town {town!r} here", tenant=town)
        return path, replace(self._settings, key=None if is_plain(path) else self._keys(town, False))

    async def towns(self) -> Sequence[str]:
        """The names of the towns that exist."""
        return sorted(path.parent.name for path in self._folder.glob(f"*/{FILE}"))

    async def release(self, town: str) -> None:
        """Commit what is queued in a town and let go of its files."""
        held = self._towns.pop(town, None)
        if held is not None:
            await held.close()

    async def close(self) -> None:
        """Close every town."""
        while self._towns:
            _, town = self._towns.popitem()
            await town.close()


def open_whole(path: Path, settings: StoreSettings) -> SqliteTown:
    """The town that this file holds. Where the file is damaged, what can be read of it is made a whole file first, and
    the damaged one is kept beside it: a bad page stops no town."""
    try:
        return open_town(path, settings)
    except (StoreUnavailable, apsw.Error, ValueError) as error:
        if not is_damage(error):
            raise
        _LOG.error("%s is damaged (%s); what can be read of it is read out", path, error)
        found = _mend(path, settings)
        _LOG.error("%s is whole again; the damaged one is kept as %s; lost: %s", path, found.kept, found.lost)
    return open_town(path, settings)


def _mend(path: Path, settings: StoreSettings) -> Salvaged:
    held = lock(path.with_name(LOCK))
    try:
        return salvage(path, settings, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    finally:
        held.close()


def open_town(path: Path, settings: StoreSettings) -> SqliteTown:
    """The town that this file holds, brought to the present form."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _keep_from_others(path.parent)
    except OSError as error:
        raise StoreUnavailable(f"{path.parent} cannot be made: {error.strerror}", path=str(path)) from error
    held = lock(path.with_name(LOCK))
    try:
        connection = open_connection(path, settings, write=True)
        try:
            migrate(connection, path, migrations())
            if not first_page.place(path).exists():  # else it may be better than what lies in the file
                first_page.keep(path)
            return SqliteTown(path, connection, held, settings)
        except BaseException:
            connection.close()
            raise
    except BaseException:
        held.close()
        raise


def _keep_from_others(folder: Path) -> None:
    """Let no other account of the machine into a town's folder, whatever it was made with. Its group may stay: that
    is how a backup is let in."""
    mode = S_IMODE(folder.stat().st_mode)
    if mode & S_IRWXO:
        with suppress(OSError):  # the folder is another's, or the disk knows no rights
            folder.chmod(mode & ~S_IRWXO)


def open_backend(folder: Path, settings: StoreSettings, keys: Keys = no_keys) -> SqliteBackend:
    """The towns below the folder."""
    return SqliteBackend(folder, settings, keys)
