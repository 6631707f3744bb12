"""How does a mosquitto broker know the town's devices? By files that it reads at its start and whenever it is told to.

mosquitto (2.0) checks those who are connected anew when it reads its files again: whose password is gone is put out.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from machinami.app.authority import AUTHORITY, FOLDER, REVOKED
from machinami.broker.identity.identity import Identity
from machinami.broker.identity.programs import mosquitto_digest
from machinami.foundation.errors import SettingsError, StoreUnavailable
from machinami.foundation.settings import MqttSettings, Settings
from machinami.model.identity.key import AccessKey, Use, topics_of

PASSWORDS, RIGHTS = "passwords", "rights"
SECONDS = 1.0
_TOWN_SALT = 12


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody whom the broker lets in: its name, its password as the broker checks it (empty: by certificate), and
    what it may write and read."""

    name: str
    password: str
    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


def devices(keys: Iterable[AccessKey], now: datetime) -> list[Guest]:
    """The devices whose keys hold now."""
    held = [key for key in keys if key.use is Use.DEVICE and (key.until is None or now < key.until)]
    return [Guest(key.id, key.mqtt, topics_of(key)) for key in sorted(held, key=lambda key: key.id)]


def listeners(rows: Sequence[MqttSettings], draw: Callable[[int], bytes]) -> list[Guest]:
    """The town itself, as it listens to brokers."""
    found = {row.user: row.password for row in rows if row.user and row.password}
    return [Guest(user, mosquitto_digest(password, draw(_TOWN_SALT)), reads=("#",)) for user, password in found.items()]


def password_file(guests: Iterable[Guest]) -> str:
    """The passwords as mosquitto reads them."""
    return "".join(f"{one.name}:{one.password}\n" for one in guests if one.password)


def rights_file(guests: Iterable[Guest]) -> str:
    """What each may write and read; nobody may do anything else, and who has no name nothing at all."""
    blocks = []
    for one in guests:
        lines = [f"user {one.name}"]
        lines += [f"topic write {topic}" for topic in one.writes] + [f"topic read {topic}" for topic in one.reads]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def write_out(folder: Path, guests: Sequence[Guest], data: Path) -> bool:
    """Write the files of a broker, where they are not so already; whether anything changed. Raises SettingsError."""
    contents = {PASSWORDS: password_file(guests).encode(), RIGHTS: rights_file(guests).encode()}
    for name in (AUTHORITY, REVOKED):
        with suppress(FileNotFoundError):
            contents[name] = (data / FOLDER / name).read_bytes()
    changed = False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            file = folder / name
            if file.exists() and file.read_bytes() == content:
                continue
            beside = folder / f".{name}.new"
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "wb") as made:
                made.write(content)
            beside.replace(file)
            changed = True
    except OSError as error:
        raise SettingsError(f"The files for mosquitto cannot be written into {folder}: {error.strerror}") from error
    return changed


def tell(pid_file: Path) -> None:
    """Have the broker read its files again. Raises StoreUnavailable where that cannot be."""
    try:
        os.kill(int(pid_file.read_text(encoding="ascii")), signal.SIGHUP)
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise StoreUnavailable(
            f"mosquitto could not be told to read its files again ({pid_file}: {error}); "
            "give the town the right to signal it, or reload it by hand"
        ) from error


class Ready:
    """Keeps the files of a broker as the town's keys are."""

    def __init__(self, settings: Settings, identity: Identity, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._identity = identity
        self._clock = clock
        self._own = listeners(settings.mqtt, identity.supplies.draw)
        self._untold = False

    async def keep(self) -> None:
        """Bring the files up to date, and tell the broker. Raises SettingsError, StoreUnavailable."""
        if self._settings.mosquitto is None:
            return
        keys = self._identity.of(None).keys.values.values()
        guests = [*self._own, *devices(keys, self._clock())]
        changed = await asyncio.to_thread(write_out, self._settings.mosquitto, guests, self._settings.data)
        self._untold = self._untold or changed
        if self._untold and self._settings.mosquitto_pid is not None:
            tell(self._settings.mosquitto_pid)
            self._untold = False
