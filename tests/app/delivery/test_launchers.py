"""Does what starts a town with its machine say what is meant, whatever its folders are called?"""

import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from machinami.app.delivery.launchers import write_launchers

TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
NAMES = ["machinami", "my town", "50%n", "a$b & c"]


@pytest.fixture(params=NAMES)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """Where it is installed, and the folder of the town."""
    prefix, data = tmp_path / request.param, tmp_path / f"data {request.param}"
    prefix.mkdir()
    write_launchers(prefix, (data,), 1026)
    return prefix, data


@pytest.mark.parametrize("name", ["machinami.service", "machinami-copy.service"])
def test_systemd_takes_the_units(written: tuple[Path, Path], name: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze on this machine; on Debian: apt-get install systemd")
    command = ["systemd-analyze", "verify", str(written[0] / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_windows_runs_the_town_without_an_end_and_as_nobody_special(written: tuple[Path, Path]) -> None:
    prefix, data = written
    task = ElementTree.fromstring((prefix / "machinami-task.xml").read_bytes())

    def said(path: str) -> str | None:
        return task.findtext("/".join(f"{TASK}{part}" for part in path.split("/")))

    assert said("Settings/ExecutionTimeLimit") == "PT0S"
    assert said("Settings/StopIfGoingOnBatteries") == "false"
    assert said("Principals/Principal/UserId") == "S-1-5-19"
    assert said("Actions/Exec/Command") == str(prefix / "machinami.cmd")
    assert said("Actions/Exec/Arguments") == f'serve --data "{data}" --port 1026'
    script = (prefix / "machinami-service.cmd").read_text("utf-8")
    assert f'icacls "{str(data).replace("%", "%%")}"' in script


def test_the_command_calls_the_release_that_is_named(written: tuple[Path, Path]) -> None:
    prefix, _ = written
    release = prefix / "releases" / "1.0" / "bin" / "machinami"
    release.parent.mkdir(parents=True)
    release.write_text('#!/bin/sh\necho "$MACHINAMI_CALLED_AS" "$@"\n')
    release.chmod(0o755)
    (prefix / "current").write_text("1.0\n")
    said = subprocess.run([prefix / "machinami", "serve"], capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout == f"{prefix}/machinami serve\n"
