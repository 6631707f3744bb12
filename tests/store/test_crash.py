"""What was acknowledged survives a killed process, in log, state and history alike."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from machinami.model.change import AttributeChange, Change, Verb
from machinami.model.names import SCOPE
from machinami.model.null import NULL
from machinami.model.query import TemporalQuery
from machinami.store.conformance.acts import LEVEL, NOW, create, gauge, observe, reading, write
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend

_WRITER = Path(__file__).with_name("crash_writer.py")
_SOURCE = Path(__file__).parents[2] / "src"


def _write_and_kill(folder: Path, durability: str, lines: int) -> dict[int, int]:
    """The last acknowledged step of each writer, when the process was killed after so many lines."""
    process = subprocess.Popen(
        [sys.executable, str(_WRITER), str(folder), durability],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(_SOURCE)},
    )
    assert process.stdout is not None
    with process:
        said = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        said += process.stdout.readlines()
    whole = [line.split() for line in said if line.endswith(b"\n")]
    return {int(number): int(step) for number, step in whole}


@pytest.mark.parametrize("durability", ["normal", "full"])
@pytest.mark.parametrize("lines", [40, 397])
async def test_an_acknowledged_write_survives_a_killed_process(tmp_path: Path, durability: str, lines: int) -> None:
    acknowledged = _write_and_kill(tmp_path, durability, lines)
    assert len(acknowledged) == 8
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default", create=False)
    assert await town.disagreements() == []
    logged = await town.changes(0, 1_000_000)
    assert [change.seq for change in logged] == list(range(1, town.last_seq + 1))
    for number, step in acknowledged.items():
        entity = town.peek(gauge(number).id)
        assert entity is not None
        level = entity.attributes[LEVEL][0].value
        assert level >= step
        series = await town.instances([entity.id], [LEVEL], TemporalQuery())
        assert [i.value.value for i in series] == list(range(level + 1))
    await backend.close()


async def test_what_waited_for_its_place_in_the_history_is_there_after_a_crash(tmp_path: Path) -> None:
    backend = open_backend(tmp_path / "town", StoreSettings())
    town = await backend.open("default")
    one = gauge(1)
    await create(town, [gauge(1, level=0)])
    for minute in (1, 2, 3):
        await observe(town, one.id, LEVEL, reading(minute, minute))
    first = (await town.instances([one.id], [LEVEL], TemporalQuery()))[0]
    right = reading(100, 0)
    correction = Change(
        Verb.UPDATED, one.id, one.types, None, None, (AttributeChange(LEVEL, first.value, right),), NOW, "urn:x:officer"
    )
    name = first.value.instance_id
    assert name is not None
    assert await town.transact(lambda tx: tx.correct(one.id, LEVEL, name, right, correction))
    await observe(town, one.id, LEVEL, reading(4, 4))
    shutil.copytree(tmp_path / "town", tmp_path / "copy")  # as a killed process leaves it
    expected = await town.instances([one.id], [LEVEL], TemporalQuery())
    assert [instance.value.value for instance in expected] == [100, 1, 2, 3, 4]
    found = await town.disagreements()  # the correction: it is in the log, and not a second time in the history
    await backend.close()
    backend = open_backend(tmp_path / "copy", StoreSettings())
    town = await backend.open("default")
    assert await town.instances([one.id], [LEVEL], TemporalQuery()) == expected
    assert await town.disagreements() == found
    await backend.close()


async def test_scopes_that_waited_for_their_place_in_the_history_are_there_after_a_crash(tmp_path: Path) -> None:
    backend = open_backend(tmp_path / "town", StoreSettings())
    town = await backend.open("default")
    born = replace(gauge(1, level=0), scopes=("/A",))
    moved, bare = replace(born, scopes=("/B",)), replace(born, scopes=())
    steps = [(born, moved), (moved, bare)]
    await create(town, [born])
    await write(town, *(Change(Verb.UPDATED, born.id, born.types, old, new, (), NOW, "x") for old, new in steps))
    shutil.copytree(tmp_path / "town", tmp_path / "copy")
    expected = await town.instances([born.id], None, TemporalQuery())
    assert [one.value.value for one in expected if one.attribute == SCOPE] == ["/A", "/B", NULL]
    await backend.close()
    backend = open_backend(tmp_path / "copy", StoreSettings())
    town = await backend.open("default")
    assert await town.instances([born.id], None, TemporalQuery()) == expected
    assert await town.disagreements() == []
    await backend.close()
