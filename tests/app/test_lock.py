"""Does one process at a time hold a data folder?"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.app.towns import environment

from machinami.app.lock import FolderLock
from machinami.foundation.errors import SettingsError

HOLD = "import sys; from pathlib import Path; from machinami.app.lock import FolderLock; " + (
    "lock = FolderLock(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
)


def test_a_folder_that_is_held_is_refused_with_who_holds_it(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    with pytest.raises(SettingsError, match=f"in use by another process .number {os.getpid()}.; stop it first"):
        FolderLock(tmp_path)
    lock.release()


def test_a_folder_that_was_let_go_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(3):
        lock = FolderLock(tmp_path)
        lock.release()
        lock.release()
    assert [file.name for file in tmp_path.iterdir()] == ["machinami.lock"]


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(SettingsError, match=str(process.pid)):
            FolderLock(tmp_path)
        process.kill()
        process.wait(30)
    lock = FolderLock(tmp_path)
    lock.release()


def test_a_folder_that_cannot_be_written_to_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be written to"):
        FolderLock(tmp_path / "nowhere")
