"""How do a town's files leave a data folder, and how do they come into one? Never half.

A folder is made beside its place and takes its name in one step. What cannot be read elsewhere is written anew: secrets
that were sealed with the key of one installation are sealed with that of the other.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from machinami.app.durable import copy_file, read_json, sync_folder, write_json
from machinami.app.keys import KeyRing
from machinami.broker.contexts import RECORD as CONTEXT
from machinami.broker.identity.codes import sealed_about
from machinami.broker.identity.seal import Seal
from machinami.broker.identity.tokens import RECORD as SIGNING
from machinami.broker.town import DEFAULT_TOWN
from machinami.foundation.errors import SettingsError
from machinami.model.identity.account import Account
from machinami.model.identity.record import read, write
from machinami.model.town_name import check_town_name
from machinami.store.files import FOLDER as FILES
from machinami.store.protocol import TownStore, Transaction
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import FILE, LOCK, open_backend
from machinami.store.sqlite.lock import lock

MARK = "moved.json"
_ACCOUNT, _IDENTITY = "identity-account", "identity"
_FULL = StoreSettings(durability="full")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A town on its way: the file, its key if it has one, the seals of where it was and of where it goes, and the
    @contexts that it is to have there."""

    file: Path
    key: bytes | None
    seal: Seal
    new_seal: Seal
    contexts: Mapping[str, Mapping[str, Any]]


def town_folder(data: Path, town: str) -> Path:
    """Where the files of a town are. Raises BadRequestData for what is no name: it would be another folder."""
    return data / "towns" / check_town_name(town)


def beside(folder: Path) -> Path:
    """Where a folder is made before it takes its name."""
    return folder.with_name(folder.name + ".partial")


def check_target(folder: Path) -> Path:
    """The folder, where nothing may be yet. Raises SettingsError."""
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(f"{folder} is not empty; name a folder that is not there yet")
    if not folder.parent.is_dir():
        raise SettingsError(f"There is no folder {folder.parent}; make it first")
    return folder


async def pack(parcel: Parcel, folder: Path, mark: Mapping[str, Any], finish: Callable[[Path], None]) -> None:
    """Make a folder that serves the town as its default town. finish: adds what else belongs there."""
    made = beside(folder)
    copy_file(parcel.file, town_folder(made, DEFAULT_TOWN) / FILE)
    _copy_files(parcel.file, town_folder(made, DEFAULT_TOWN))
    backend = open_backend(made, _FULL, lambda town, new: parcel.key)
    try:
        store = await backend.open(DEFAULT_TOWN, create=False)
        await _seal_anew(store, parcel)

        def take_in(tx: Transaction) -> None:
            for url, record in parcel.contexts.items():
                tx.put_record(CONTEXT, url, dict(record))

        await store.transact(take_in)
    finally:
        await backend.close()
    finish(made)
    write_json(made / MARK, mark)
    if folder.exists():
        folder.rmdir()
    made.rename(folder)
    sync_folder(folder.parent)


async def unpack(parcel: Parcel, data: Path, town: str) -> dict[str, dict[str, Any]]:
    """Put the default town of another folder beside its future place, as a town of this one; the @contexts that it
    used there. `place` gives it its name."""
    made = data / "arriving" / town
    shutil.rmtree(made.parent, ignore_errors=True)
    _copy_town(parcel.file, town_folder(made, town) / FILE)
    _copy_files(parcel.file, town_folder(made, town))
    backend = open_backend(made, _FULL, lambda town, new: parcel.key)
    try:
        store = await backend.open(town, create=False)
        contexts = await store.records(CONTEXT)
        await _seal_anew(store, parcel)
        await store.transact(lambda tx: [tx.delete_record(CONTEXT, url) for url in contexts])
    finally:
        await backend.close()
    return {url: one for url, one in contexts.items() if DEFAULT_TOWN in one.get("towns", {DEFAULT_TOWN: ""})}


def place(data: Path, town: str) -> None:
    """Have a town that was unpacked take its place."""
    target = town_folder(data, town)
    target.parent.mkdir(exist_ok=True)
    town_folder(data / "arriving" / town, town).rename(target)
    sync_folder(target.parent)
    clear_arriving(data)


def clear_arriving(data: Path) -> None:
    """Remove what did not arrive."""
    shutil.rmtree(data / "arriving", ignore_errors=True)


def files_of(data: Path, town: str) -> list[tuple[str, int]]:
    """The files of a town, each with its bytes."""
    folder = town_folder(data, town)
    found = [one for one in sorted(folder.rglob("*")) if one.is_file()]
    return [(one.relative_to(folder).as_posix(), one.stat().st_size) for one in found]


def remove_files(data: Path, town: str, act: str) -> None:
    """Remove a town's files: it is gone in one step, and its bytes after it. Can be called again after a crash."""
    folder, going = town_folder(data, town), data / "going" / act
    if folder.exists():
        going.parent.mkdir(exist_ok=True)
        folder.rename(going)
        sync_folder(folder.parent)
    shutil.rmtree(data / "going", ignore_errors=True)


def clear(folder: Path) -> None:
    """Remove what was made beside a folder."""
    shutil.rmtree(beside(folder), ignore_errors=True)


def is_there(folder: Path, mark: str) -> bool:
    """Whether a packed town has taken its place."""
    found = read_json(folder / MARK)
    return found is not None and found.get("id") == mark


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Nobody else has this town meanwhile, and all that it wrote is in its file. Raises InUse."""
    lock_file = lock(file.with_name(LOCK))
    try:
        yield
    finally:
        lock_file.close()


def keep_keys(folder: Path, key: bytes | None, key_file: Path | None) -> None:
    """Give a packed folder the key of its town."""
    if key is not None:
        KeyRing(folder, key_file).put(DEFAULT_TOWN, key)


def _copy_files(file: Path, target: Path) -> None:
    """Copy the files of a town's services: sealed ones as they are, since their key goes with the town."""
    for one in sorted((file.parent / FILES).glob("*/*")):
        copy_file(one, target / FILES / one.parent.name / one.name)


def _copy_town(file: Path, target: Path) -> None:
    """Copy a town that was perhaps not closed: its write-ahead log goes along."""
    for name in (file.name, f"{file.name}-wal"):
        if file.with_name(name).exists():
            copy_file(file.with_name(name), target.with_name(name))


async def _seal_anew(store: TownStore, parcel: Parcel) -> None:
    """What was sealed for one installation, sealed for the other; what belongs to an installation stays behind."""
    changed: list[Account] = []
    for record in (await store.records(_ACCOUNT)).values():
        account = read(Account, record)
        if account.totp is not None:
            about = sealed_about(account)
            seed = parcel.new_seal.close(parcel.seal.open(account.totp.seed, about), about)
            changed.append(replace(account, totp=replace(account.totp, seed=seed)))
    own = [(kind, key) for kind in (SIGNING, _IDENTITY) for key in await store.records(kind)]

    def work(tx: Transaction) -> None:
        for account in changed:
            tx.put_record(_ACCOUNT, account.id, write(account))
        for kind, key in own:
            tx.delete_record(kind, key)

    await store.transact(work)
