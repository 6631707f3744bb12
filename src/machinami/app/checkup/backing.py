"""How old is the backup, was it ever restored, and what follows what? As an installation or its archive tells."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from machinami.app.backups.following import reached
from machinami.app.backups.rehearsing import last_rehearsal
from machinami.app.backups.scheduling import Backups
from machinami.app.backups.taking import until_path
from machinami.app.backups.vault import Vault, open_vault
from machinami.app.durable import read_json
from machinami.foundation.errors import MachinamiError
from machinami.foundation.instant import parse_instant
from machinami.foundation.settings import Settings
from machinami.model.checkup.facts import BackupFact, FollowingFact


def of_running(settings: Settings, backups: Backups | None) -> BackupFact:
    """The backup of an installation that runs."""
    if backups is None:
        return BackupFact()
    states = list(backups.states().values())
    whole = bool(states) and all(state.base for state in states)
    made = min((state.until for state in states), default=0.0) if whole else 0.0
    faults = [backups.fault, *(state.fault for state in states)]
    return _fact(settings, made, next(filter(None, faults), ""), backups.rehearsed)


def of_archive(settings: Settings) -> BackupFact:
    """The same as the archive tells it."""
    if settings.backup_to is None:
        return BackupFact()
    try:
        vault = open_vault(settings.backup_to, settings.backup_key)
        return _fact(settings, _until(vault), "", last_rehearsal(vault))
    except (MachinamiError, OSError, ValueError) as error:
        return BackupFact(fault=type(error).__name__, archive=str(settings.backup_to))


def _until(vault: Vault) -> float:
    kept = [read_json(until_path(vault, town)) for town in vault.towns()]
    return min((float(one["at"]) for one in kept if isinstance(one, dict)), default=0.0)


def _fact(settings: Settings, made: float, fault: str, rehearsed: dict[str, Any] | None) -> BackupFact:
    well = rehearsed is not None and not rehearsed.get("faults")
    return BackupFact(
        datetime.fromtimestamp(made, UTC) if made else None,
        parse_instant(rehearsed["at"]) if rehearsed is not None and well else None,
        fault or ("" if rehearsed is None or well else "; ".join(map(str, rehearsed["faults"]))),
        str(settings.backup_to or ""),
    )


def of_standby(data: Path) -> FollowingFact | None:
    """What a folder follows, where it is a second machine's."""
    found = reached(data)
    if found is None:
        return None
    of, at = found
    return FollowingFact(of, datetime.fromtimestamp(at, UTC) if at else None)
