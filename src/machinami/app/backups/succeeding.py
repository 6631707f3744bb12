"""How does a second machine become the town? The former one is told, if it can be reached, and gives what it wrote
last; what it had, and did not come, is said.
"""

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machinami.app.backups.following import Standby, missing_keys
from machinami.app.backups.holding import TakenOver, seize
from machinami.app.backups.house import HELD, MIRROR, STANDBY
from machinami.app.backups.mirroring import Mirror
from machinami.app.backups.restoring import said
from machinami.app.backups.vault import Vault
from machinami.app.durable import read_json, sync_folder, write_json
from machinami.foundation.errors import MachinamiError, NotFound, SettingsError

_PAUSE = 0.05
_REST = 15.0  # seconds for the last of what the former machine wrote, while nothing of it comes


@dataclass(frozen=True, slots=True)
class Takeover:
    """What came of it: until when the town is whole, which number the taking has (0: the archive was not there), and
    what is to be looked at."""

    until: str
    generation: int
    remarks: list[str]


def take_over(
    data: Path,
    vault: Vault | None,
    key_file: Path | None = None,
    mirror: Mirror | None = None,
    shared: Vault | None = None,
) -> Takeover:
    """Have the installation in a folder be the town from now on: a standby, or one that was restored.

    vault: the archive, None where it cannot be reached; then the former machine does not learn of it by itself. mirror:
    by which it was had from the former machine, which is told, if it can be reached; shared: the archive of that
    machine itself, where this one sees it, too. Raises SettingsError where the folder holds nothing yet.
    """
    state, until, made = read_json(data / STANDBY), "", None
    remarks: list[str] = []
    if state is not None:
        if vault is not None:
            standby = Standby(vault, data, key_file, mirror)
            made = _asked_for(standby, mirror, remarks) if mirror is not None else None
            remarks += [] if made is not None else standby.step().faults
            state = read_json(data / STANDBY)
        if not state["towns"]:
            raise SettingsError(f"{data} holds no town yet: {'; '.join(remarks) or 'nothing was followed'}")
        until = said(min(row["at"] for row in state["towns"].values()))
    elif not (data / "towns").is_dir():
        raise NotFound(f"{data} holds no town")
    if mirror is not None or (state is not None and "town" in state):
        generation = _seized(data, state["id"], made, shared)
    elif vault is not None:
        generation = int(seize(vault, data)["generation"])
    else:
        generation = 0
        (data / HELD).unlink(missing_ok=True)
        remarks.append("The archive is not there, so the former machine does not learn of this: see that it stays off")
    remarks += missing_keys(data)
    (data / STANDBY).unlink(missing_ok=True)
    shutil.rmtree(data / MIRROR, ignore_errors=True)
    sync_folder(data)
    return Takeover(until, generation, remarks)


def _asked_for(standby: Standby, mirror: Mirror, remarks: list[str]) -> dict[str, Any] | None:
    """Have the former machine give the town up, and take up what it wrote until then; what it says of it, None where it
    is not reached."""
    name = standby.name()
    try:
        made = mirror.give_up(name)
    except TakenOver:
        raise
    except (MachinamiError, OSError) as error:
        told = error.detail if isinstance(error, MachinamiError) else str(error)
        remarks.append(f"The former machine may not know of this ({told}): switch it off, or off the network")
        return None
    lag, last = standby.step(), made.pop("last", None)
    lacking, ends = standby.lacking(last), time.monotonic() + _REST
    while (lacking or lag.faults) and time.monotonic() < ends:
        time.sleep(_PAUSE)
        lag, before = standby.step(), lacking
        lacking = standby.lacking(last)
        if lacking != before:
            ends = time.monotonic() + _REST
    remarks += lag.faults
    if not made.pop("noted", True):
        remarks.append("The former machine stops, but could not note why: see that nobody starts it again")
    for town, changes in lacking.items():
        remarks.append(f"{changes} changes of the town {town} did not come; only the former machine has them: keep it")
    with suppress(MachinamiError, OSError):  # it stops by itself, too
        mirror.stop_there(name)
    return made


def _seized(data: Path, archive: str, made: dict[str, Any] | None, shared: Vault | None) -> int:
    """Note that this machine is the town, as the former one noted already, or as its archive says from now on."""
    if made is None and shared is not None and shared.identity == archive:
        return int(seize(shared, data)["generation"])
    if made is None or not made["generation"]:
        (data / HELD).unlink(missing_ok=True)
        return 0
    write_json(data / HELD, {**made, "archive": archive})
    return int(made["generation"])
