"""Where is the key by which persons have their pseudonyms? In a file of its own, with rights of its own."""

import os
import secrets
from pathlib import Path

from machinami.app.durable import sync_folder
from machinami.app.keys import FOLDER
from machinami.foundation.errors import SettingsError
from machinami.foundation.settings import Settings

ENDING = ".pseudonyms"
_SIZE = 32


def place_of(settings: Settings, town: str) -> Path:
    """The file with the mapping key of a town."""
    return (settings.person_keys or settings.data / FOLDER) / f"{town}{ENDING}"


def mapping_key(settings: Settings, town: str) -> bytes:
    """The key of a town, made at the first need, for the owner's eyes only. Raises SettingsError."""
    path = place_of(settings, town)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) != _SIZE:
            raise SettingsError(f"{path} does not hold a key of {_SIZE} bytes; put it back from a copy") from None
        return key
    with os.fdopen(handle, "wb") as made:
        key = secrets.token_bytes(_SIZE)
        made.write(key)
        made.flush()
        os.fsync(made.fileno())
    sync_folder(path.parent)
    sync_folder(path.parent.parent)  # the folder may be as new as the file
    return key
