"""How is a town kept from being opened by two processes at once?"""

from pathlib import Path

import apsw

from machinami.foundation.errors import InUse, StoreUnavailable


def lock(path: Path) -> apsw.Connection:
    """Hold the town's lock until the connection is closed or the process ends, however it ends.

    A second process would change the file behind the entities that the first has at hand. SQLite's own locks do
    it on every system. Raises InUse where another process holds it, StoreUnavailable where nothing can be written.
    """
    connection = None
    try:
        connection = apsw.Connection(str(path))
        connection.execute("BEGIN EXCLUSIVE")
    except apsw.Error as error:
        if connection is not None:
            connection.close()
        if isinstance(error, apsw.BusyError):
            raise InUse(
                f"{path.parent} is in use by another process; stop that one, or take another data folder",
                path=str(path),
            ) from error
        raise StoreUnavailable(f"{path.parent} cannot be written to: {error}", path=str(path)) from error
    return connection
