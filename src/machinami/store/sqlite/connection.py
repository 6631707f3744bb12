"""How is a town's file opened, and brought to the present form?"""

from importlib.resources import files
from pathlib import Path
from typing import Any

import apsw

from machinami.foundation.errors import StoreUnavailable
from machinami.store.settings import StoreSettings

PAGE = 8192
_MAGIC = b"SQLite format 3\0"
_WAIT_MS = 200  # for another process that copies the file; the event loop stands still meanwhile


def open_connection(path: Path, settings: StoreSettings, write: bool) -> apsw.Connection:
    """A connection to the town's file: the one that writes, or one of those that only read."""
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE if write else apsw.SQLITE_OPEN_READONLY
    share = 1 if write else 8
    try:
        connection = apsw.Connection(str(path), flags=flags)
        if settings.key is not None:
            use_key(connection, settings.key)
        connection.set_busy_timeout(_WAIT_MS)
        # Else a statement that is kept is compiled anew whenever its parameters change, to choose by statistics that
        # no file here has: twice the work of most statements.
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        pragmas = [f"cache_size = -{settings.page_cache_bytes // share // 1024}"]
        pragmas.append(f"mmap_size = {settings.mapped_bytes}")
        if write:
            pragmas.insert(0, f"page_size = {PAGE}")
            pragmas.insert(1, "journal_mode = WAL")
            pragmas.append(f"synchronous = {'FULL' if settings.durability == 'full' else 'NORMAL'}")
            pragmas.append("wal_autocheckpoint = 0")  # the checkpointer does it, beside the event loop
            pragmas.append("temp_store = MEMORY")
            if settings.max_bytes is not None:
                pragmas.append(f"max_page_count = {max(1, settings.max_bytes // PAGE)}")
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except apsw.NotADBError as error:
        raise StoreUnavailable(
            f"{path} is encrypted, and does not open with the key that is here; put back the key that belongs to it"
            if settings.key is not None
            else f"{path} begins as no town's file does: its first page is damaged, or it is encrypted and its key is "
            "not here; restore a copy, or put back the key",
            path=str(path),
        ) from error
    except apsw.Error as error:
        raise StoreUnavailable(f"{path} cannot be opened: {error}", path=str(path)) from error
    return connection


def can_encrypt() -> bool:
    """Whether this SQLite can keep a file encrypted; else it would take a key and write plain text."""
    return hasattr(apsw, "mc_version")


def use_key(connection: apsw.Connection, key: bytes) -> None:
    """Have a connection read and write with this key: ChaCha20-Poly1305 page by page, the write-ahead log too.

    Raises StoreUnavailable where this SQLite cannot.
    """
    if not can_encrypt():
        raise StoreUnavailable("This SQLite cannot encrypt; install apsw-sqlite3mc in the place of apsw")
    connection.execute("PRAGMA cipher = 'chacha20'").fetchall()
    connection.execute(f'PRAGMA key = "raw:{key.hex()}"').fetchall()


def is_plain(path: Path) -> bool:
    """Whether the file is there and can be read without a key."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except FileNotFoundError:
        return False


def read(connection: apsw.Connection, sql: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
    """All rows of a statement; their types are the schema's affair."""
    return connection.execute(sql, parameters).fetchall()


def read_one(connection: apsw.Connection, sql: str, parameters: tuple[Any, ...] = ()) -> Any:
    """The one value of a statement that gives one."""
    return connection.execute(sql, parameters).fetchall()[0][0]


def migrations() -> list[str]:
    """The steps, in order."""
    folder = files(f"{__package__}.migrations")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [folder.joinpath(name).read_text("utf-8") for name in names]


def migrate(connection: apsw.Connection, path: Path, steps: list[str]) -> None:
    """Bring the file to the present form, each step in a transaction of its own.

    Raises StoreUnavailable if the file is of a later form than this program knows, and leaves it alone; or if a step
    does not go, of which nothing is kept.
    """
    version = read_one(connection, "PRAGMA user_version")
    if version > len(steps):
        raise StoreUnavailable(
            f"{path} was written by a later version of machinami (form {version}, this one knows {len(steps)}); "
            "start that version, or restore a copy from before",
            path=str(path),
        )
    for number, step in enumerate(steps[version:], version + 1):
        try:
            with connection:
                connection.execute(step).fetchall()
                connection.execute(f"PRAGMA user_version = {number}").fetchall()
        except apsw.SQLError as error:  # a file as no version left it; damage and a full disk are said elsewhere
            raise StoreUnavailable(
                f"{path} cannot be brought from form {number - 1} to form {number}: {error}; nothing of this step was "
                "kept. Start the version that wrote it, or restore a copy from before, and report this",
                path=str(path),
            ) from error
