"""What if the first page of a town's file is damaged, which says where all the others are? A copy of it lies beside it.

The file itself changes at checkpoints only; after each of them its first page is copied to `town.sqlite.first`. Where
the file cannot be read by its own, the copy is put on it, and all rows are read out into a new file: what the copy says
of free pages may be old.
"""

import os
from pathlib import Path

from machinami.foundation.errors import StoreUnavailable
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.connection import PAGE, is_plain, open_connection, read
from machinami.store.sqlite.readable import UNREADABLE

_SIZE, _FREE, _END = 28, 32, 40  # where the header says how many pages there are, and where free ones are


def place(path: Path) -> Path:
    """Where the copy lies."""
    return path.with_name(f"{path.name}.first")


def keep(path: Path) -> None:
    """Copy the first page, if it changed. A disk that takes nothing now is asked again after the next checkpoint."""
    copy = place(path)
    try:
        page = _page(path)
        if len(page) == PAGE and (not copy.exists() or _page(copy) != page):
            made = copy.with_name(f"{copy.name}.new")
            made.write_bytes(page)
            os.replace(made, copy)
    except OSError:
        return


def can_be_read(path: Path, settings: StoreSettings) -> bool:
    """Whether a file says where its tables are."""
    if settings.key is None and not is_plain(path):
        return False
    try:
        connection = open_connection(path, settings, write=True)
    except StoreUnavailable:
        return False
    try:
        tables = {name for (name,) in read(connection, "SELECT name FROM sqlite_schema WHERE type = 'table'")}
        return {"log", "entity", "history", "record"} <= tables
    except UNREADABLE:
        return False
    finally:
        connection.close()


def put_back(path: Path) -> bytes | None:
    """Put the copy on a file; what was there before, None where there is no copy."""
    copy = place(path)
    if not copy.exists():
        return None
    page, before = _page(copy), _page(path)
    if page.startswith(b"SQLite format 3\0"):  # else it is encrypted, and stays as it is
        pages = path.stat().st_size // PAGE
        page = page[:_SIZE] + pages.to_bytes(4, "big") + bytes(_END - _FREE) + page[_END:]
    write(path, page)
    return before


def write(path: Path, page: bytes) -> None:
    """Write a first page."""
    with path.open("r+b") as file:
        file.write(page)
        file.flush()
        os.fsync(file.fileno())


def _page(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(PAGE)
