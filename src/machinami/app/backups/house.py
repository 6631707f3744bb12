"""What of an installation belongs into a copy besides its towns? Its settings; and its keys, but never a former state.

Keys go into an archive only where that has a key itself. Of them the archive has what is there now and nothing that
was there before: what is destroyed here is destroyed there within seconds, and no restore brings it back. Where keys
are put back by hand, the archive knows which of them were destroyed since (`erased`), and has them destroyed again.
"""

import os
from hashlib import sha256
from pathlib import Path
from typing import Any

from machinami.app.backups.vault import Vault, place_in
from machinami.app.console import FILE as CONSOLE
from machinami.app.durable import destroy
from machinami.app.keys import FOLDER as KEYS
from machinami.app.person_keys import ENDING, destroy_in, destroyed_in
from machinami.app.sealing import KEY_FILE
from machinami.foundation.settings import Settings

STANDBY, HELD, FOLLOWERS = "standby.json", "backup-holder.json", "followers.json"
MIRROR, LEFT = "mirror", "left"
_APART = {"towns", "arriving", "going", "moved", "restoring", MIRROR, LEFT}
_OWN = (CONSOLE, STANDBY, HELD, FOLLOWERS)
_INDEX, _ERASED = "keys/index", "keys/erased"
_PART = 1 << 18
Kept = dict[str, list[Any]]


def _every(settings: Settings) -> list[Path]:
    found = []
    for path in sorted(settings.data.rglob("*")):
        inner = path.relative_to(settings.data)
        left_out = inner.parts[0] in _APART or inner.name in _OWN or path.suffix in (".new", ".old")
        is_copy = settings.backup_to is not None and path.is_relative_to(settings.backup_to)
        if not left_out and not is_copy and path.is_file() and not path.is_symlink():
            found.append(path)
    return found


def is_secret(data: Path, path: Path) -> bool:
    """Whether a file of the installation is a key."""
    inner = path.relative_to(data)
    if inner.parts[0] == KEYS or inner.name == KEY_FILE or path.suffix == ".key":
        return True
    return path.suffix == ".pem" and b"PRIVATE KEY" in path.read_bytes()


def gather(vault: Vault, settings: Settings, towns: list[str]) -> dict[str, Any]:
    """Keep the files of an installation that are no keys; what a base says of them."""
    files: Kept = {}
    for path in _every(settings):
        if not is_secret(settings.data, path):
            content = path.read_bytes()
            files[path.relative_to(settings.data).as_posix()] = [
                path.stat().st_mode & 0o777,
                *vault.put_content(content),
            ]
    return {"files": {name: [mode, pieces] for name, (mode, pieces, _) in files.items()}, "towns": towns}


def left_out(vault: Vault, settings: Settings) -> list[Path]:
    """The keys that are not in the archive, and must be kept apart from it."""
    found = [] if vault.is_sealed else [one for one in _every(settings) if is_secret(settings.data, one)]
    apart = (settings.key_file, settings.person_keys, settings.certificate_key)
    return found + [one for one in apart if one is not None and one.exists() and not _is_inside(one, settings.data)]


def _is_inside(path: Path, data: Path) -> bool:
    return os.path.realpath(path).startswith(os.path.realpath(data) + os.sep)


class KeyCopy:
    """Keeps the keys of an installation in its archive as they are now. Looked at again and again; what did not change
    costs a look at the folder."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seen: dict[str, tuple[int, int]] = {}
        self._index: dict[str, list[Any]] | None = None

    def look(self, vault: Vault) -> bool:
        """Keep what is new, destroy what is gone; whether anything was. Raises OSError, Damaged."""
        data = self._settings.data
        watched = [one for one in (self._settings.person_keys, data / KEYS) if one is not None and one.is_dir()]
        found = {str(one): one for folder in watched for one in sorted(folder.iterdir()) if one.is_file()}
        for one in (data / KEY_FILE, *data.glob("*.key"), *data.glob("*.pem"), *data.glob("authority/*")):
            if one.is_file() and is_secret(data, one):
                found[str(one)] = one
        seen = {name: (one.stat().st_size, one.stat().st_mtime_ns) for name, one in found.items()}
        if seen == self._seen:
            return False
        persons = [one for one in found.values() if one.suffix == ENDING]
        vault.write(_ERASED, {one.stem: destroyed_in(one) for one in persons})
        if vault.is_sealed:
            self._keep(vault, [one for one in found.values() if _is_inside(one, data)])
        self._seen = seen
        return True

    def _keep(self, vault: Vault, files: list[Path]) -> None:
        if self._index is None:
            self._index = vault.read(_INDEX) or {}
        index: dict[str, list[Any]] = {}
        for path in files:
            name, content = path.relative_to(self._settings.data).as_posix(), path.read_bytes()
            parts = [content[start : start + _PART] for start in range(0, len(content), _PART)]
            digests = [sha256(part).hexdigest() for part in parts]
            known = self._index.get(name, [0, []])[1]
            for number, (part, digest) in enumerate(zip(parts, digests, strict=True)):
                if known[number : number + 1] != [digest]:
                    vault.write_bytes(_part(name, number), part, destroy=True)
            index[name] = [path.stat().st_mode & 0o777, digests]
        gone = {
            _part(name, number)
            for name, (_, digests) in self._index.items()
            for number in range(len(digests))
            if number >= len(index.get(name, [0, []])[1])
        }
        vault.write(_INDEX, index, destroy=True)
        for one in sorted(gone):
            destroy(vault.folder / one)
        self._index = index


def _part(name: str, number: int) -> str:
    return f"keys/{sha256(name.encode()).hexdigest()[:32]}.{number:04}"


def bring_house(vault: Vault, house: dict[str, Any], data: Path) -> int:
    """Have the files of an installation in a folder that is being made; how many."""
    files = house.get("files", {})
    for name, (mode, pieces) in files.items():
        _put(place_in(data, name), vault.content(pieces), mode)
    return len(files)


def bring_keys(vault: Vault, data: Path) -> int:
    """Have the keys that the archive has in a folder, as they are now; how many files."""
    index = vault.read(_INDEX) or {} if vault.is_sealed else {}
    for name, (mode, digests) in index.items():
        parts = [vault.read_bytes(_part(name, number)) or b"" for number in range(len(digests))]
        _put(place_in(data, name), b"".join(parts), mode)
    return len(index)


def drop_keys(vault: Vault, data: Path) -> None:
    """Destroy the keys in a folder that follows an archive, which that has no more."""
    index = vault.read(_INDEX) if vault.is_sealed else None
    if index is not None:
        for one in sorted((data / KEYS).glob("*")):
            if one.is_file() and f"{KEYS}/{one.name}" not in index:
                destroy(one)


def destroy_again(vault: Vault, folder: Path) -> int:
    """Destroy, in files with the keys of persons that were put back, what was destroyed since; how many keys."""
    erased = vault.read(_ERASED) or {}
    return sum(
        destroy_in(folder / f"{town}{ENDING}", said)
        for town, said in erased.items()
        if (folder / f"{town}{ENDING}").exists()
    )


def _put(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(mode)
