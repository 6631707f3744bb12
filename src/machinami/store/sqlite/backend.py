"""Which towns are there? One folder a town: DIR/towns/NAME/town.sqlite."""

from collections.abc import Sequence
from pathlib import Path

from machinami.foundation.errors import StoreUnavailable, TenantNotFound
from machinami.model.town_name import check_town_name
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.connection import migrate, migrations, open_connection
from machinami.store.sqlite.lock import lock
from machinami.store.sqlite.town import SqliteTown

FILE = "town.sqlite"
LOCK = "town.lock"


class SqliteBackend:
    """All towns below one folder."""

    def __init__(self, folder: Path, settings: StoreSettings) -> None:
        self._folder = folder / "towns"
        self._settings = settings
        self._towns: dict[str, SqliteTown] = {}

    async def open(self, town: str, create: bool = True) -> SqliteTown:
        """The store of a town, made if it does not exist. Raises TenantNotFound where it may not be made."""
        check_town_name(town)
        if town not in self._towns:
            path = self._folder / town / FILE
            if not create and not path.exists():
                raise TenantNotFound(f"There is no town {town!r} here", tenant=town)
            self._towns[town] = open_town(path, self._settings)
        return self._towns[town]

    async def towns(self) -> Sequence[str]:
        """The names of the towns that exist."""
        return sorted(path.parent.name for path in self._folder.glob(f"*/{FILE}"))

    async def close(self) -> None:
        """Close every town."""
        while self._towns:
            _, town = self._towns.popitem()
            await town.close()


def open_town(path: Path, settings: StoreSettings) -> SqliteTown:
    """The town that this file holds, brought to the present form."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
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


def open_backend(folder: Path, settings: StoreSettings) -> SqliteBackend:
    """The towns below the folder."""
    return SqliteBackend(folder, settings)
