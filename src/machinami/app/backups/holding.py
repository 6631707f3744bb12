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
        raise TakenOver(
            f"Another machine took over this town at {there['at']}; this one is its former state. Do not serve it; to "
            f"make it the town again, stop the other one, and restore its last backup here"
        )
    raise SettingsError(
        f"The archive {vault.folder} is written to by another machine (since {there['at']}). To have this folder be "
        f"the town from now on: machinami takeover --data {data}; else name another folder"
    )


def seize(vault: Vault, data: Path) -> dict[str, Any]:
    """Have the installation in a folder write to the archive from now on, and nobody else."""
    before = holder(vault)
    made = {
        "generation": (before["generation"] if before else 0) + 1,
        "holder": secrets.token_hex(8),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    write_json(data / HELD, {**made, "archive": vault.identity})
    write_json(vault.folder / HOLDER, made)
    return made
