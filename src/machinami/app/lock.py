"""Who holds the data folder? One process at a time: a running town, or an import."""

import os
import sys
from pathlib import Path

from machinami.foundation.errors import SettingsError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FILE = "machinami.lock"


class FolderLock:
    """The right to write into a data folder. The system takes it back when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take the folder. Raises SettingsError where another process holds it, naming that process."""
        self._path = folder / FILE
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise SettingsError(f"The data folder {folder} cannot be written to: {error.strerror}") from error
        try:
            if sys.platform == "win32":
                msvcrt.locking(self._file, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = self._holder()
            os.close(self._file)
            raise SettingsError(
                f"The town in {folder} is in use by another process{holder}; stop it first",
                folder=str(folder),
            ) from error
        if sys.platform != "win32":  # there the locked byte could not be read by others
            os.ftruncate(self._file, 0)
            os.write(self._file, str(os.getpid()).encode())

    def release(self) -> None:
        """Let the folder go. The file stays: removing it would let two processes hold different files."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _holder(self) -> str:
        try:
            text = self._path.read_text(encoding="ascii")
        except (OSError, ValueError):
            return ""
        return f" (number {text})" if text.isdigit() else ""
