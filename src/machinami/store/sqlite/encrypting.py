"""How does a town's file become an encrypted one? A copy is, and takes its place in one step."""

import os
from pathlib import Path

import apsw

from machinami.foundation.errors import StoreUnavailable
from machinami.store.sqlite.connection import can_encrypt, is_plain

_BLOCK = 1 << 20


def encrypt_file(path: Path, key: bytes) -> None:
    """Encrypt a file that nobody has open, so that a crash leaves the old one or the new one.

    The bytes of the old one are overwritten. Raises StoreUnavailable.
    """
    if not can_encrypt():
        raise StoreUnavailable("This SQLite cannot encrypt; install apsw-sqlite3mc in the place of apsw")
    made = path.with_suffix(".encrypted")
    try:
        made.unlink(missing_ok=True)
        _copy(path, made, key)
        with path.open("r+b") as old:
            os.replace(made, path)
            _overwrite(old.fileno())
        if is_plain(path):
            raise StoreUnavailable(f"{path} could not be encrypted")
    except (OSError, apsw.Error) as error:
        raise StoreUnavailable(f"{path} cannot be encrypted: {error}", path=str(path)) from error
    finally:
        made.unlink(missing_ok=True)


def _copy(path: Path, made: Path, key: bytes) -> None:
    source = apsw.Connection(str(path))
    try:
        source.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        source.execute("PRAGMA journal_mode = DELETE").fetchall()
        source.execute("VACUUM INTO ?", (str(made),)).fetchall()
    finally:
        source.close()
    target = apsw.Connection(str(made))
    try:
        target.execute("PRAGMA cipher = 'chacha20'").fetchall()
        target.execute(f'PRAGMA rekey = "raw:{key.hex()}"').fetchall()
    finally:
        target.close()
    with made.open("rb") as file:
        os.fsync(file.fileno())


def _overwrite(handle: int) -> None:
    size = os.fstat(handle).st_size
    os.lseek(handle, 0, os.SEEK_SET)
    for start in range(0, size, _BLOCK):
        os.write(handle, bytes(min(_BLOCK, size - start)))
    os.fsync(handle)
