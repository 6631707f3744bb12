"""Which towns are there? One folder a town: DIR/towns/NAME/town.sqlite."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from stat import S_IMODE, S_IRWXO

from machinami.foundation.errors import StoreUnavailable, TenantNotFound
from machinami.model.town_name import check_town_name
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.connection import is_plain, migrate, migrations, open_connection
from machinami.store.sqlite.lock import lock
from machinami.store.sqlite.town import SqliteTown

FILE = "town.sqlite"
LOCK = "town.lock"


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
            self._towns[town] = open_town(path, replace(self._settings, key=key))
            for tell in self.opened:
                tell(town, self._towns[town])
        return self._towns[town]

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
        migrate(connection, path, migrations())
        return SqliteTown(path, connection, held, settings)
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
