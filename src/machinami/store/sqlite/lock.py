"""How is a town kept from being opened by two processes at once?"""

from pathlib import Path

import apsw

from machinami.foundation.errors import StoreUnavailable


def lock(path: Path) -> apsw.Connection:
    """Hold the town's lock until the connection is closed or the process ends, however it ends.

    A second process would change the file behind the entities that the first has at hand. SQLite's own locks do
    it on every system. Raises StoreUnavailable where another process holds it.
    """
    try:
        connection = apsw.Connection(str(path))
        connection.execute("BEGIN EXCLUSIVE")
    except apsw.BusyError as error:
        raise StoreUnavailable(
            f"{path.parent} is open in another process; stop that one, or use another data folder", path=str(path)
        ) from error
    except apsw.Error as error:
        raise StoreUnavailable(f"{path} cannot be locked: {error}", path=str(path)) from error
    return connection
