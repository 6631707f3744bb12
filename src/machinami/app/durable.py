"""How does a file get its new content at once, so that a crash leaves the old or the new? And how is one destroyed?"""

import json
import os
import shutil
from pathlib import Path
from typing import Any


def sync_folder(folder: Path) -> None:
    """Have the names in a folder survive a power cut; where a system cannot do it for folders it does it by itself."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, content: bytes, secret: bool = False) -> None:
    """Put a file in the place of the one that is there. secret: for the owner's eyes; the old bytes are overwritten."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if secret else 0o777)
    made = path.with_name(path.name + ".new")
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if secret else 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if secret and path.exists():
        old = path.with_name(path.name + ".old")
        os.replace(path, old) if os.name == "nt" else os.link(path, _free(old))
        os.replace(made, path)
        sync_folder(path.parent)
        destroy(old)
    else:
        os.replace(made, path)
        sync_folder(path.parent)


def _free(path: Path) -> Path:
    path.unlink(missing_ok=True)
    return path


def destroy(path: Path) -> None:
    """Overwrite a file, and remove it. A disk may keep what was written before all the same; see docs/towns.md."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        file.write(os.urandom(size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


def write_json(path: Path, document: Any, secret: bool = False) -> None:
    """Put a JSON document in the place of the one that is there."""
    write_whole(path, json.dumps(document, ensure_ascii=False, indent=1).encode(), secret)


def read_json(path: Path) -> Any:
    """The document; None where there is no file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def copy_file(source: Path, target: Path) -> None:
    """Copy a file that nobody changes, durably."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    with target.open("rb+") as file:
        os.fsync(file.fileno())
    sync_folder(target.parent)
