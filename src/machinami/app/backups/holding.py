"""Which installation writes to an archive? One at a time: who takes over says so there, and the former one notices."""

import secrets
import time
from pathlib import Path
from typing import Any

from machinami.app.backups.house import HELD
from machinami.app.backups.vault import Vault
from machinami.app.durable import read_json, write_json
from machinami.foundation.errors import Conflict, SettingsError

HOLDER = "holder.json"


class TakenOver(Conflict):
    """Another machine has taken over this town."""


def holder(vault: Vault) -> dict[str, Any] | None:
    """Who writes there: number of the taking, who, and when; None where nobody ever did. Raises OSError."""
    try:
        found = read_json(vault.folder / HOLDER)
    except ValueError as error:
        raise SettingsError(f"{vault.folder / HOLDER} is damaged") from error
    return found if isinstance(found, dict) else None


def claim(vault: Vault, data: Path) -> dict[str, Any]:
    """Have the installation in a folder write to the archive, where nobody else does.

    Raises TakenOver where another machine took over from it, SettingsError where the archive is another's.
    """
    there, mine = holder(vault), read_json(data / HELD)
    known = mine if mine is not None and mine.get("archive") == vault.identity else None
    if there is None:
        return seize(vault, data)
    if known is not None and known["generation"] == there["generation"] and known["holder"] == there["holder"]:
        return there
    if known is not None:
        raise TakenOver(said_to(there["at"]))
    raise SettingsError(
        f"The archive {vault.folder} is written to by another machine (since {there['at']}). To have this folder be "
        f"the town from now on: machinami takeover --data {data}; else name another folder"
    )


def seize(vault: Vault, data: Path) -> dict[str, Any]:
    """Have the installation in a folder write to the archive from now on, and nobody else."""
    made = pass_to(vault, secrets.token_hex(8))
    write_json(data / HELD, {**made, "archive": vault.identity})
    write_json(vault.folder / HOLDER, made)
    return made


def pass_to(vault: Vault, name: str) -> dict[str, Any]:
    """What the archive says once somebody of this name has taken over."""
    before = holder(vault)
    return {"generation": (before["generation"] if before else 0) + 1, "holder": name, "at": now_said()}


def now_said() -> str:
    """This moment, as it is noted."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def note_given_up(data: Path, at: str) -> None:
    """Note in a folder that another machine is the town, whether or not the archive can be asked at the next start."""
    write_json(data / HELD, {**(read_json(data / HELD) or {}), "given_up": at})


def refuse_given_up(data: Path) -> None:
    """Raise TakenOver where another machine asked this one to give the town up."""
    at = (read_json(data / HELD) or {}).get("given_up")
    if at is not None:
        raise TakenOver(said_to(at))


def said_to(at: str) -> str:
    """What the former machine is told, and what can be done there."""
    return (
        f"Another machine took over this town at {at}; this one is its former state. Do not serve it; to "
        "make it the town again, stop the other one, and restore its last backup here"
    )
