"""How does a bundle become an installation, on a machine with Python and no network?

    PREFIX/installation.json     where the data are, who signs bundles, which service runs
    PREFIX/releases/NAME/        one environment for each release; `complete` is written last
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
            raise InputError(f"There is no installation in {prefix}; a bundle makes one: python3 BUNDLE --to {prefix}")
        folders = tuple(Path(path) for path in told["data"])
        return Installation(prefix, folders, told["signer"], told["service"], told["port"])
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{prefix / INSTALLATION} cannot be read: {error}") from error


def check_machine(bundle: Bundle) -> None:
    """Raise InputError where the wheels of the bundle are not made for this machine."""
    if (bundle.python, bundle.platform) != (this_python(), this_platform()):
        raise InputError(
            f"{bundle.path} is for Python {bundle.python} on {bundle.platform}; this is {this_python()} on "
            f"{this_platform()}. Ask for a bundle for this machine, or run it with that Python"
        )


def check_signer(bundle: Bundle, expected: str) -> None:
    """Raise InputError where somebody else signed the bundle than who is trusted."""
    if bundle.signer != expected.strip().lower():
        raise InputError(
            f"{bundle.path} is signed by {bundle.signer}, not by {expected}; nothing was changed. Ask who gave it"
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
        raise InputError(f"{installation.prefix} is installed already; renew it with: {command} upgrade {bundle.path}")
    release = add_release(bundle, installation.prefix, say)
    command = write_launchers(installation.prefix, installation.data, installation.port)
    installation.turn_to(release.name)
    installation.keep()
    return command


def add_release(bundle: Bundle, prefix: Path, say: Say) -> Path:
    """Put the release of a bundle beside those that are there; it is not used yet. A broken one is made anew."""
    release = prefix / RELEASES / bundle.name
    if (release / COMPLETE).exists():
        return release
    shutil.rmtree(release, ignore_errors=True)
    release.mkdir(parents=True)
    say("版を入れています", f"Installing release {bundle.name}")
    wheels = release / "wheels"
    with zipfile.ZipFile(bundle.path) as archive:
        archive.extractall(release, [name for name in archive.namelist() if name.startswith(WHEELS)])
    _run([sys.executable, "-m", "venv", "--without-pip", str(release)])
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
    _run([str(executable(release)), f"{pip}/pip", "install", *quietly, *others])
    shutil.rmtree(wheels)
    write_whole(release / COMPLETE, bundle.digest.encode("ascii"))
    return release


def _run(command: Sequence[str]) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
    done = subprocess.run(command, capture_output=True, text=True, env=own, check=False)
    if done.returncode:
        raise InputError(
            f"{' '.join(command[:4])} … ended with {done.returncode}: {(done.stderr or done.stdout)[-2000:]}"
        )
