"""Does one process at a time hold a town?"""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.app.towns import environment

from machinami.foundation.errors import InUse, StoreUnavailable
from machinami.store.sqlite.lock import lock

HOLD = "import sys; from pathlib import Path; from machinami.store.sqlite.lock import lock; " + (
    "held = lock(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
)


def test_a_town_that_is_held_is_refused_and_can_be_taken_once_it_is_let_go(tmp_path: Path) -> None:
    file = tmp_path / "town.lock"
    for _ in range(3):
        held = lock(file)
        with pytest.raises(InUse, match="is in use by another process; stop that one"):
            lock(file)
        held.close()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "town.lock"
    command = [sys.executable, "-c", HOLD, str(file)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(InUse):
            lock(file)
        process.kill()
        process.wait(30)
    lock(file).close()


def test_a_folder_that_cannot_be_written_to_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be written to"):
        lock(tmp_path / "nowhere" / "town.lock")
