"""How does a bundle become an installation, on a machine with Python and no network?

    PREFIX/installation.json     where the data are, who signs bundles, which service runs
    PREFIX/releases/NAME/        one environment for each release; `complete`, written last: digest and when it was made
    PREFIX/current               the name of the release that runs
    PREFIX/machinami             the command (machinami.cmd on Windows)

It needs Python's own library alone; pip comes in the bundle.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from machinami.app.delivery.bundle import WHEELS, Bundle, this_platform, this_python
from machinami.app.delivery.launchers import write_launchers
from machinami.app.durable import read_json, write_json, write_whole
from machinami.foundation.errors import InputError

Say = Callable[[str, str], None]
"""Tells the person at the machine what is being done, in Japanese and English."""

INSTALLATION, CURRENT, RELEASES, COMPLETE = "installation.json", "current", "releases", "complete"
_SETTINGS = "machinami.toml"
_WINDOWS = os.name == "nt"


@dataclass(frozen=True, slots=True)
class Installation:
    """What is known of an installation. data: the folders of its towns; signer: whose bundles it takes; service: the
    name by which systemd knows it, empty where it is started by hand; port: where it listens."""

    prefix: Path
    data: tuple[Path, ...]
    signer: str
    service: str = ""
    port: int = 1026

    @property
    def current(self) -> str:
        """The name of the release that runs; empty where there is none yet."""
        file = self.prefix / CURRENT
        return file.read_text(encoding="ascii").strip() if file.exists() else ""

    def keep(self) -> None:
        """Write it down."""
        told = {"signer": self.signer, "service": self.service, "port": self.port}
        write_json(self.prefix / INSTALLATION, {"data": [str(path) for path in self.data], **told})

    def turn_to(self, release: str) -> None:
        """Have this release be the one that is started from now on."""
        write_whole(self.prefix / CURRENT, f"{release}\n".encode("ascii"))


def read_installation(prefix: Path) -> Installation:
    """The installation below a folder. Raises InputError where there is none."""
    try:
        told = read_json(prefix / INSTALLATION)
        if told is None:
            raise InputError(
                f"{prefix} には、まだ入っていません。入れるには： / "
                f"There is no installation in {prefix}; a bundle makes one: "
                f"python3 BUNDLE --to {prefix}"
            )
        folders = tuple(Path(path) for path in told["data"])
        return Installation(prefix, folders, told["signer"], told["service"], told["port"])
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{prefix / INSTALLATION} cannot be read: {error}") from error


def check_machine(bundle: Bundle) -> None:
    """Raise InputError where the wheels of the bundle are not made for this machine."""
    if (bundle.python, bundle.platform) != (this_python(), this_platform()):
        raise InputError(
            f"{bundle.path} は Python {bundle.python}、{bundle.platform} 用です。この機械は {this_python()}、"
            f"{this_platform()} です。この機械用のファイルを頼むか、その Python で実行してください。 / "
            f"{bundle.path} is for Python {bundle.python} on {bundle.platform}; this is {this_python()} on "
            f"{this_platform()}. Ask for a bundle for this machine, or run it with that Python"
        )


def check_signer(bundle: Bundle, expected: str) -> None:
    """Raise InputError where somebody else signed the bundle than who is trusted."""
    if bundle.signer != expected.strip().lower():
        raise InputError(
            f"{bundle.path} の署名者は {bundle.signer} で、{expected} ではありません。何も変えていません。"
            "渡した人に、紙か電話で"
            "確かめてください。 / "
            f"{bundle.path} is signed by {bundle.signer}, not by {expected}; nothing was changed. Ask who "
            "gave it, on paper or by telephone"
        )


def executable(release: Path, name: str = "python") -> Path:
    """A program of a release."""
    return release / "Scripts" / f"{name}.exe" if _WINDOWS else release / "bin" / name


def install(bundle: Bundle, installation: Installation, say: Say) -> Path:
    """Install a bundle for the first time. Returns the command."""
    check_machine(bundle)
    check_signer(bundle, installation.signer)
    if (installation.prefix / INSTALLATION).exists():
        command = installation.prefix / "machinami"
        raise InputError(
            f"{installation.prefix} には、もう入っています。新しくするには： / "
            "It is installed already; renew it with: "
            f"{command} upgrade {bundle.path}"
        )
    release = add_release(bundle, installation.prefix, say)
    command = write_launchers(installation.prefix, installation.data, installation.port)
    for data in installation.data:
        if not (data / _SETTINGS).exists():
            call([str(executable(release, "machinami")), "init", str(data)])
    installation.turn_to(release.name)
    installation.keep()
    return command


def add_release(bundle: Bundle, prefix: Path, say: Say) -> Path:
    """Put the release of a bundle beside those that are there; it is not used yet. A broken one is made anew."""
    release = prefix / RELEASES / bundle.name
    if (release / COMPLETE).exists():
        return release
    shutil.rmtree(release, ignore_errors=True)
    check_room(prefix, unpacked(bundle))
    say("版を入れています", f"Installing release {bundle.name}")
    before = os.umask(0o022)  # who runs the town is another user than who installs it, and must be able to read it
    try:
        return _add(bundle, release)
    except BaseException:
        shutil.rmtree(release, ignore_errors=True)
        raise
    finally:
        os.umask(before)


def check_room(place: Path, needed: int) -> None:
    """Raise InputError where the disk of a folder, which need not be there yet, has not so many bytes free."""
    there = next(path for path in (place, *place.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise InputError(
            f"{place} のディスクの空きが足りません（必要 {needed >> 20:,} MiB、空き {free >> 20:,} MiB）。"
            "空けてから、もう一度"
            "実行してください。 / "
            f"The disk of {place} has {free >> 20:,} MiB free, {needed >> 20:,} MiB are needed; make "
            "room, then call this again; nothing was changed"
        )


def unpacked(bundle: Bundle) -> int:
    """How many bytes a release takes on the disk while it is put there: its wheels, and what they become."""
    needed = 0
    with zipfile.ZipFile(bundle.path) as archive:
        for member in archive.infolist():
            if member.filename.startswith(WHEELS):
                with archive.open(member) as file, zipfile.ZipFile(file) as wheel:
                    needed += member.file_size + sum(_grown(one) for one in wheel.infolist())
    return needed


def _grown(member: zipfile.ZipInfo) -> int:
    """A file, with what Python compiles of it beside, in blocks."""
    return (member.file_size + 4_095) * (2 if member.filename.endswith(".py") else 1)


def _add(bundle: Bundle, release: Path) -> Path:
    release.mkdir(parents=True)
    wheels = release / "wheels"
    with zipfile.ZipFile(bundle.path) as archive:
        archive.extractall(release, [name for name in archive.namelist() if name.startswith(WHEELS)])
    call([sys.executable, "-m", "venv", "--without-pip", str(release)])
    parts = sorted(wheels.glob("*.whl"))
    pip = next((one for one in parts if one.name.startswith("pip-")), None)
    if pip is None:
        raise InputError(f"{bundle.path} holds no pip, so nothing can be installed from it")
    quietly = (
        "--no-index",
        "--no-deps",
        "--no-input",
        "--quiet",
        "--disable-pip-version-check",
        "--no-warn-script-location",
    )
    others = [str(one) for one in parts if one != pip]
    call([str(executable(release)), f"{pip}/pip", "install", *quietly, *others])
    shutil.rmtree(wheels)
    write_whole(release / COMPLETE, f"{bundle.digest}\n{bundle.made}\n".encode("ascii"))
    return release


def made_of(release: Path) -> str:
    """When the bundle of a release was made; empty where that was not noted yet."""
    noted = (release / COMPLETE).read_text(encoding="ascii").splitlines() if (release / COMPLETE).exists() else []
    return noted[1] if len(noted) > 1 else ""


def call(command: Sequence[str]) -> None:
    """Run a command to its end. Raises InputError with what it says where it fails."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
    done = subprocess.run(command, capture_output=True, text=True, env=own, check=False)
    if done.returncode:
        raise InputError(
            f"{' '.join(command[:4])} … ended with {done.returncode}: {(done.stderr or done.stdout)[-2000:]}"
        )
