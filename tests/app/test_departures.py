"""A town is moved or deleted as a whole, also where the process is killed in the middle, and leaves what it must."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.app.tenancy import ROOT, gauge, installation, subscription
from tests.app.towns import environment

from machinami.apis.ngsild.subscription_documents import read_subscription
from machinami.app.console import CONSOLE
from machinami.app.overseeing import ask, opened
from machinami.foundation.errors import BadRequestData, MachinamiError
from machinami.store.sqlite.connection import can_encrypt

ENCRYPTING = pytest.mark.skipif(not can_encrypt(), reason="this SQLite cannot encrypt (apsw-sqlite3mc is not there)")
SECRET = "the heron's nest"


async def console(data: Path, act: str, **told: Any) -> Any:
    """What the console has done with a folder that does not run."""
    return await asyncio.to_thread(ask, data, act, told, read_subscription)


async def furnished(data: Path, **settings: Any) -> None:
    """A folder with a town that holds something, and another one."""
    async with installation(data, **settings) as towns:
        for name in ("east", "west"):
            await towns.act("found", town=name)
            note = {"type": "Property", "value": f"{SECRET} of {name}"}
            for number in range(3):
                await towns.ask("POST", f"{ROOT}/entities", gauge(number, note=note), name)
            await towns.ask("POST", f"{ROOT}/subscriptions", subscription(1), name)


async def held(data: Path) -> dict[str, int]:
    """How many entities each town of a folder holds."""
    async with opened(data, read_subscription) as platform:
        return {one["name"]: one["entities"] for one in platform.towns(CONSOLE)}


def files_with(folder: Path, text: str) -> Sequence[str]:
    """The files below a folder that hold a text as it is."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and text.encode() in path.read_bytes()
    )


async def test_a_deleted_town_is_gone_and_a_report_stays(tmp_path: Path) -> None:
    await furnished(tmp_path)

    async with installation(tmp_path) as towns:
        refused = await towns.ask("DELETE", "/platform/towns/east")
        answer = await towns.ask("DELETE", "/platform/towns/east?confirm=east")
        gone = await towns.ask("GET", f"{ROOT}/entities?type=Gauge", None, "east")
        other = await towns.ask("GET", f"{ROOT}/entities?type=Gauge", None, "west")
        record = (await towns.ask("GET", "/platform/record")).body
        page = await towns.ask("GET", f"/platform/reports/{answer.body['id']}.html")

    assert refused.status == 400
    report = answer.body
    assert (report["town"], report["entities"], report["records"]["subscription"]) == ("east", 3, 1)
    assert report["historyInstances"] == 6
    assert report["bytes"] == sum(one["bytes"] for one in report["files"]) > 0
    assert gone.status == 404
    assert len(other.body) == 3
    assert record["entries"][0]["id"] == report["id"]
    assert record["faults"] == []
    assert "readable form" in page.text
    assert "バックアップ" in page.text
    assert not files_with(tmp_path, f"{SECRET} of east")
    assert files_with(tmp_path, f"{SECRET} of west")


async def test_a_town_of_the_same_name_begins_with_nothing(tmp_path: Path) -> None:
    await furnished(tmp_path)

    async with installation(tmp_path) as towns:
        await towns.act("quota", town="east", quota={"entities": 3})
        await towns.act("delete", town="east")
        await towns.act("found", town="east")
        answer = await towns.ask("GET", f"{ROOT}/entities?type=Gauge", None, "east")
        made = await towns.ask("POST", f"{ROOT}/entities", gauge(7), "east")

    assert answer.body == []
    assert made.status == 201


@pytest.mark.parametrize("name", ["", ".", "..", "east/../west", "East"])
async def test_what_is_no_name_is_never_taken_for_a_town(tmp_path: Path, name: str) -> None:
    await furnished(tmp_path)

    async with installation(tmp_path) as towns:
        acts: dict[str, dict[str, Any]] = {"delete": {}, "encrypt": {}, "quota": {"quota": {"entities": 3}}}
        acts |= {"move": {"folder": str(tmp_path / "out"), "key": True}, "invite": {"person": "aiko"}}
        for act, told in acts.items():
            with pytest.raises(BadRequestData, match="is no name for a town"):
                await towns.act(act, town=name, **told)
        page = await towns.ask("POST", f"/towns/{quote(name, safe='')}/deletion")
        asked = await towns.ask("DELETE", f"/platform/towns/{quote(name, safe='')}?confirm={quote(name, safe='')}")

    assert 400 <= page.status < 500
    assert 400 <= asked.status < 500
    assert (await held(tmp_path))["east"] == (await held(tmp_path))["west"] == 3


async def test_a_record_that_was_changed_is_found_out(tmp_path: Path) -> None:
    await furnished(tmp_path)
    await console(tmp_path, "delete", town="east")
    file = tmp_path / "platform" / "record.jsonl"
    file.write_text(file.read_text().replace("east", "west"))

    assert (await console(tmp_path, "record"))["faults"]


def broken_off(step: int, data: Path, act: str, folder: Path) -> bool:
    """Do something in a process that is killed at a step; False where it came to its end before."""
    command = [sys.executable, "-m", "tests.app.broken_off", str(step), str(data), act, "east", str(folder)]
    where = {**environment(), "PYTHONPATH": "src:."}
    done = subprocess.run(command, env=where, timeout=120, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode in (0, 9)
    return done.returncode == 9


def each_step(
    request: pytest.FixtureRequest, data: Path, act: str, folder: Path | None = None
) -> Iterator[tuple[Path, Path]]:
    """A copy of the folder, and a place beside it, after being killed at each step in turn; the last came to its end.

    In the short form only some of the steps are tried.
    """
    step, killed = 1, True
    while killed:
        copy = data.parent / "tried" / str(step)
        shutil.copytree(data, copy / "data")
        killed = broken_off(step, copy / "data", act, folder or copy / "out")
        yield copy / "data", copy / "out"
        step += 1 if request.config.getoption("--long") else 5
        assert step < 100


async def test_a_deletion_that_was_broken_off_is_brought_to_its_end_or_never_began(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    await furnished(tmp_path / "data", encrypted=can_encrypt())
    outcomes = []

    for data, _ in each_step(request, tmp_path / "data", "delete"):
        towns = await held(data)
        acts = [one["act"] for one in (await console(data, "record"))["entries"]]
        assert towns["west"] == 3
        assert towns.get("east", 3) == 3
        assert acts.count("delete") == ("east" not in towns)
        assert not (data / "going").exists()
        outcomes.append("east" in towns)

    assert outcomes[0]
    assert not outcomes[-1]


async def test_a_move_that_was_broken_off_leaves_the_town_here_or_there(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    await furnished(tmp_path / "data", encrypted=can_encrypt())
    outcomes = set()

    for data, out in each_step(request, tmp_path / "data", "move"):
        towns = await held(data)
        assert towns["west"] == 3
        assert ("east" in towns) != out.exists()
        assert (towns["east"] if "east" in towns else (await held(out))["default"]) == 3
        outcomes.add(out.exists())

    assert outcomes == {True, False}


async def test_an_arrival_that_was_broken_off_is_there_or_never_began(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    out = tmp_path / "out"
    await furnished(tmp_path / "data", encrypted=can_encrypt())
    await console(tmp_path / "data", "move", town="east", folder=str(out), key=True)
    outcomes = []

    for data, beside in each_step(request, tmp_path / "data", "bring", out):
        towns = await held(data)
        assert towns["west"] == 3
        assert towns.get("east", 3) == 3
        assert not (data / "arriving").exists()
        assert not beside.exists()
        outcomes.append("east" in towns)

    assert not outcomes[0]
    assert outcomes[-1]
    assert (await held(out))["default"] == 3


@ENCRYPTING
async def test_an_encrypted_town_is_read_nowhere_without_its_key(tmp_path: Path) -> None:
    data, key_file = tmp_path / "data", tmp_path / "safe" / "machinami.key"
    key_file.parent.mkdir()
    await furnished(data, encrypted=True, key_file=key_file)

    assert not files_with(data, SECRET)
    assert oct(key_file.stat().st_mode & 0o777) == "0o600"
    key_file.rename(key_file.with_suffix(".away"))
    with pytest.raises(MachinamiError, match="put it back"):
        async with installation(data, encrypted=True, key_file=key_file):
            pass


@ENCRYPTING
async def test_a_deletion_holds_for_backups_without_the_former_keys(tmp_path: Path) -> None:
    data, key_file = tmp_path / "data", tmp_path / "machinami.key"
    (data / "machinami.toml").parent.mkdir()
    (data / "machinami.toml").write_text(f'[store]\nencrypted = true\nkey_file = "{key_file}"\n')
    await furnished(data, encrypted=True, key_file=key_file)
    backup = tmp_path / "backup"
    shutil.copytree(data, backup)

    report = await console(data, "delete", town="east")
    shutil.copytree(backup / "towns" / "east", data / "towns" / "east")

    async with installation(data, encrypted=True, key_file=key_file) as towns:
        said = [row for row in towns.system.broker.set_aside if "the town east could not be opened" in row]
        assert ["its key is not here" in row for row in said] == [True]
        assert (await towns.ask("GET", f"{ROOT}/entities?type=Gauge", None, "east")).status == 404  # it was deleted
    shutil.rmtree(data / "towns" / "east")
    (data / "towns" / "west").rename(data / "towns" / "gone")
    shutil.copytree(backup / "towns" / "west", data / "towns" / "west")
    shutil.rmtree(data / "towns" / "gone")
    async with installation(data, encrypted=True, key_file=key_file) as towns:  # the others' backups still are good
        answer = await towns.ask("GET", f"{ROOT}/entities?type=Gauge", None, "west")
        assert len(answer.body) == 3
    with pytest.raises(MachinamiError, match="do not open"):
        async with installation(backup, encrypted=True, key_file=key_file):
            pass
    assert report["keyFingerprint"]
    page = (data / "platform" / "reports" / f"{report['id']}.html").read_text()
    assert "Backups of the data folder can no longer be read" in page
    assert report["keyFingerprint"] in page


@ENCRYPTING
async def test_a_plain_town_becomes_an_encrypted_one_while_the_others_run(tmp_path: Path) -> None:
    await furnished(tmp_path)

    async with installation(tmp_path) as towns:
        await towns.act("encrypt", town="east")
        answer = await towns.ask("GET", f"{ROOT}/entities?type=Gauge", None, "east")
        listed = {one["name"]: one["keyFingerprint"] for one in await towns.act("list")}

    assert len(answer.body) == 3
    assert listed["east"]
    assert not listed["west"]
    assert not files_with(tmp_path, f"{SECRET} of east")
    assert (await held(tmp_path))["east"] == 3


async def test_only_the_installations_own_operator_and_administrators_handle_towns(tmp_path: Path) -> None:
    async with installation(tmp_path) as towns:
        await towns.act("found", town="east", administrator="sato")
        refused = [
            await towns.ask("GET", "/platform/towns"),
            await towns.ask("DELETE", "/platform/towns/east?confirm=east"),
            await towns.ask("GET", "/platform/towns", None, "east"),
            await towns.ask("GET", "/platform/record"),
            await towns.ask("GET", "/platform/reports/x-20260101T000000Z-aaaaaa.json"),
        ]

    assert [one.status for one in refused] == [403] * 5
