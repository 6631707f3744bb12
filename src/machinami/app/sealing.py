"""Where is the key that seals what an installation must read again?"""

import os
import secrets
from pathlib import Path

from machinami.app.durable import sync_folder, write_whole
from machinami.foundation.errors import SettingsError

KEY_FILE = "identity.key"
_KEY_SIZE = 32


def sealing_key(folder: Path) -> bytes:
    """The key that seals what must be read again, and those that did so before; made at the first need, for the owner's
    eyes only.

    Raises SettingsError where the file holds no key.
    """
    file = folder / KEY_FILE
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = file.read_bytes()
        if not key or len(key) % _KEY_SIZE:
            raise SettingsError(f"{file} does not hold a key of {_KEY_SIZE} bytes; put it back from a copy") from None
        return key
    with os.fdopen(handle, "wb") as made:
        key = secrets.token_bytes(_KEY_SIZE)
        made.write(key)
        made.flush()
        os.fsync(made.fileno())
    sync_folder(folder)
    return key


def renew_sealing_key(folder: Path) -> int:
    """Have a fresh key seal from now on; the former ones open what they sealed. How many there are now."""
    keys = secrets.token_bytes(_KEY_SIZE) + sealing_key(folder)
    write_whole(folder / KEY_FILE, keys, secret=True)
    return len(keys) // _KEY_SIZE
