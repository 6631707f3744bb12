"""Does an upgrade end in the new release or in the old one, with everything that was written, whatever happens?"""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.app.delivery.releases import BROKEN_STEP, DOES_NOT_START, LATER_FORM, LOSES_ENTITIES, MADE, bundle, python
from tests.app.towns import town

from machinami.app.delivery import upgrading
from machinami.app.delivery.bundle import fingerprint, read_bundle
from machinami.app.delivery.installing import Installation, read_installation
from machinami.app.delivery.upgrading import undo, upgrade
from machinami.foundation.errors import InputError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = fingerprint(KEY.public_key().public_bytes_raw())
GAUGES = 20


def quietly(ja: str, en: str) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    folder = tmp_path_factory.mktemp("bundles")
    return cache(lambda version, change="": bundle(folder, KEY, version, change))


@pytest.fixture(scope="module")
def made(bundles: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Where an installation with a town was, in which something was written, and where it is kept as it was."""
    home = tmp_path_factory.mktemp("installed") / "home"
    prefix, data = home / "opt", home / "town"
    command = [python(), "-I", bundles("1.0"), "--to", prefix, "--data", data, "--signer", SIGNER]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    with town(data) as running:
        body = [
            {"id": f"urn:ngsi-ld:Gauge:{n}", "type": "Gauge", "level": {"type": "Property", "value": n}}
            for n in range(GAUGES)
        ]
        request = urllib.request.Request(
            running.url + "/ngsi-ld/v1/entityOperations/create",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=30).close()
    return home, home.rename(home.with_name("kept"))


@pytest.fixture
def installed(made: tuple[Path, Path]) -> Iterator[Installation]:
    """The installation as it was made, at its place."""
    home, kept = made
    shutil.copytree(kept, home, symlinks=True)
    yield read_installation(home / "opt")
    shutil.rmtree(home)


def held(installation: Installation) -> dict[str, Any]:
    """What the release that runs finds in the town."""
    command = [installation.prefix / "machinami", "migrate", "--data", installation.data[0], "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["towns"]["default"]
    return found


def form(installation: Installation) -> int:
    """The form of the town's file."""
    header = (installation.data[0] / "towns" / "default" / "town.sqlite").read_bytes()[60:64]
    return int.from_bytes(header, "big")


def beside(installation: Installation) -> set[str]:
    """What stands beside the data."""
    return {path.name for path in installation.data[0].parent.iterdir()} - {"opt", "town"}


def test_a_new_release_takes_over_the_data_in_its_own_form_and_can_be_left_again(
    installed: Installation, bundles: Callable[..., Path]
) -> None:
    before, first, old_form = held(installed), installed.current, form(installed)
    (installed.prefix / "machinami.service").unlink()
    release = upgrade(installed, read_bundle(bundles("2.0", LATER_FORM)), quick=False, say=quietly)
    assert installed.current == release == read_bundle(bundles("2.0", LATER_FORM)).name
    assert form(installed) == old_form + 1
    assert held(installed) == before
    assert before["entities"] >= GAUGES
    assert beside(installed) == {"town.before"}
    assert "ExecStart" in (installed.prefix / "machinami.service").read_text("utf-8")

    assert undo(installed, quietly) == first == installed.current
    assert form(installed) == old_form
    assert held(installed) == before
    assert beside(installed) == {"town.after"}
    with pytest.raises(InputError, match="no release to go back to"):
        undo(installed, quietly)


@pytest.mark.parametrize("change", [BROKEN_STEP, LOSES_ENTITIES, DOES_NOT_START], ids=["step", "loss", "start"])
def test_a_release_that_fails_on_a_copy_leaves_everything_as_it_was(
    installed: Installation, bundles: Callable[..., Path], change: str
) -> None:
    before, first = held(installed), installed.current
    with pytest.raises(InputError, match=r"as it was|the same afterwards"):
        upgrade(installed, read_bundle(bundles("3.0", change)), quick=False, say=quietly)
    assert installed.current == first
    assert held(installed) == before
    assert beside(installed) == set()
    assert not (installed.prefix / "upgrade.json").exists()


def test_a_town_that_runs_is_not_touched(installed: Installation, bundles: Callable[..., Path]) -> None:
    with town(installed.data[0]), pytest.raises(InputError, match="stop the town first"):
        upgrade(installed, read_bundle(bundles("2.0", LATER_FORM)), quick=False, say=quietly)
    assert beside(installed) == set()


def test_a_bundle_of_another_signer_is_refused(installed: Installation, tmp_path: Path) -> None:
    foreign = bundle(tmp_path, Ed25519PrivateKey.generate(), "2.0")
    with pytest.raises(InputError, match="is signed by"):
        upgrade(installed, read_bundle(foreign), quick=False, say=quietly)
    assert len(list((installed.prefix / "releases").iterdir())) == 1


def test_a_bundle_older_than_what_runs_is_refused_unless_it_is_asked_for(installed: Installation) -> None:
    older = read_bundle(bundle(installed.prefix.parent, KEY, "0.9", made=MADE - timedelta(days=1)))
    with pytest.raises(InputError, match="bring back what was mended"):
        upgrade(installed, older, quick=True, say=quietly)
    assert beside(installed) == {"machinami-0.9.pyz", "wheels-0.9"}
    assert upgrade(installed, older, quick=True, say=quietly, older=True) == installed.current == older.name


def test_another_signer_is_taken_once_named_and_the_one_before_no_more(
    installed: Installation, bundles: Callable[..., Path], tmp_path: Path
) -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
    signer, made = fingerprint(other.public_key().public_bytes_raw()), bundle(tmp_path, other, "2.0")
    command = [installed.prefix / "machinami", "upgrade", made, "--quick"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (refused.returncode, "is signed by" in refused.stderr) == (1, True)
    done = subprocess.run([*command, "--signer", signer.upper()], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert read_installation(installed.prefix).signer == signer
    with pytest.raises(InputError, match="is signed by"):
        upgrade(read_installation(installed.prefix), read_bundle(bundles("2.0", LATER_FORM)), quick=True, say=quietly)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_what_root_upgrades_belongs_to_whose_the_town_is(installed: Installation, bundles: Callable[..., Path]) -> None:
    data, nobody = installed.data[0], 65_534
    for path in (data, *data.rglob("*")):
        os.chown(path, nobody, nobody)
    (data / "checkup.json").unlink(missing_ok=True)  # what the new release makes anew
    upgrade(installed, read_bundle(bundles("2.0", LATER_FORM)), quick=True, say=quietly)
    whose = {path.stat().st_uid for path in (data, *data.rglob("*"))}
    assert whose == {nobody}


@pytest.mark.parametrize("at", [pytest.param(0, marks=pytest.mark.long), 4, pytest.param(8, marks=pytest.mark.long)])
def test_a_disk_that_is_full_in_the_middle_leaves_everything_as_it_was(
    installed: Installation, bundles: Callable[..., Path], at: int
) -> None:
    before, first = held(installed), installed.current
    command = [sys.executable, "-c", FULL, str(installed.prefix), str(bundles("2.0", LATER_FORM)), str(at)]
    environment = {**os.environ, "PYTHONPATH": f"{upgrading.__file__.split('/machinami/')[0]}"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert (done.returncode, "No space left" in done.stderr) == (1, True), done.stderr
    assert installed.current == first
    assert held(installed) == before
    assert beside(installed) == set()
    assert not (installed.prefix / "upgrade.json").exists()


FULL = """
import errno, sys
from machinami.app.delivery import upgrading
from pathlib import Path
from machinami.cli import upgrade
from machinami.cli.entrance import enter
from machinami.app.delivery.installing import read_installation
left, copy = int(sys.argv[3]), upgrading.copy_file
def full(source, target):
    global left
    if not left:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))
    left -= 1
    copy(source, target)
upgrading.copy_file = full
upgrade.here = lambda: read_installation(Path(sys.argv[1]))
sys.exit(enter(["upgrade", sys.argv[2]]))
"""
STEPS = """
import os, sys
from machinami.app.delivery import upgrading
from machinami.app.delivery.bundle import read_bundle
from machinami.app.delivery.installing import read_installation
from pathlib import Path
left = int(sys.argv[3])
def cut(kind):
    def wrapped(*words, **more):
        global left
        if not left:
            os._exit(9)
        left -= 1
        return kind(*words, **more)
    return wrapped
for name in ("write_json", "copy_file", "sync_folder", "add_release", "_ask"):
    setattr(upgrading, name, cut(getattr(upgrading, name)))
Path.rename = cut(Path.rename)
Path.unlink = cut(Path.unlink)
upgrading.upgrade(read_installation(Path(sys.argv[1])), read_bundle(Path(sys.argv[2])), True, lambda ja, en: None)
"""


def test_an_upgrade_that_is_cut_off_anywhere_is_finished_by_the_next_call(
    installed: Installation,
    bundles: Callable[..., Path],
    figure: Callable[[str, float, str], None],
    request: pytest.FixtureRequest,
) -> None:
    before, new = held(installed), bundles("2.0", LATER_FORM)
    environment = {**os.environ, "PYTHONPATH": f"{upgrading.__file__.split('/machinami/')[0]}"}
    steps, cut_off, often = 1, 0, 1 if request.config.getoption("--long") else 5
    while True:
        command = [sys.executable, "-c", STEPS, str(installed.prefix), str(new), str(steps)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        upgrading.settle(installed, quietly)
        assert installed.data[0].is_dir(), f"after {steps} steps"
        assert not (installed.prefix / "upgrade.json").exists()
        if installed.current == read_bundle(new).name:
            assert held(installed) == before
            assert form(installed) == form_of(installed.data[0].with_name("town.before")) + 1
            if done.returncode == 0:
                break
            undo(installed, quietly)
        steps += often
        cut_off += 1
        assert steps < 200, done.stderr
    figure("upgrades cut off and finished or undone", cut_off, "")
    assert cut_off > 1


def form_of(data: Path) -> int:
    """The form of a town's file."""
    return int.from_bytes((data / "towns" / "default" / "town.sqlite").read_bytes()[60:64], "big")
