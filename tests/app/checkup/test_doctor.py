"""Does `machinami doctor` say of a real folder what is wrong, running or not, and does its bundle keep every secret?"""

import io
import json
import os
import socket
import sys
import urllib.error
import urllib.request
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.app.towns import town

from machinami.app.checkup.bundle import bundle_of
from machinami.app.configuration import FILE
from machinami.app.logbook import LOG
from machinami.cli.entrance import enter

MARKED = ["planted-pass-7", "planted-env-8", "hanako.yamada@city.example", "planted-key-9aa8bb7cc6dd5ee4ff3"]


def doctor(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and what is told as JSON."""
    code = enter(["doctor", "--data", str(folder), "--json", *words])
    return code, json.loads(capsys.readouterr().out)


def keys(told: dict[str, Any]) -> set[str]:
    return {one["key"] for one in told["findings"]}


def test_a_running_town_and_a_stopped_one_are_looked_over_with_the_same_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with town(tmp_path) as running:
        code, told = doctor(capsys, tmp_path)
        assert (code, keys(told), told["unknown"]) == (1, {"backup.never"}, [])
        assert {one["check"] for one in told["well"]} > {"store", "jobs", "devices", "subscriptions", "memory"}
        with urllib.request.urlopen(f"{running.url}/operations?lang=en", timeout=30) as page:
            shown = page.read().decode()
        assert "No backup is made by itself yet." in shown
        assert (tmp_path / "checkup.json").exists()
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        code, told = doctor(capsys, tmp_path, "--port", str(taken.getsockname()[1]))
    assert (code, keys(told)) == (1, {"backup.never", "port.taken"})
    assert "store" in {one["check"] for one in told["well"]}
    assert "jobs" in told["unknown"]


def test_a_town_whose_settings_are_wrong_is_said_so_and_the_rest_is_looked_over_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILE).write_text("[server]\nport = 1\n", encoding="utf-8")
    code, told = doctor(capsys, tmp_path, "--port", "0")
    assert code == 1
    assert "settings.broken" in keys(told)
    assert "[server] has no 'port'" in told["findings"][0]["what"]["en"]
    assert "disk" in {one["check"] for one in told["well"]} | {one["check"] for one in told["findings"]}


def test_a_damaged_file_of_a_town_is_found_and_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "towns" / "default" / "town.sqlite"
    file.parent.mkdir(parents=True, mode=0o700)
    file.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 64)
    before = file.read_bytes()
    code, told = doctor(capsys, tmp_path, "--port", "0")
    assert (code, "store.damaged" in keys(told)) == (1, True)
    assert file.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="rights of files are others there")
def test_a_folder_that_others_can_look_into_is_found_with_the_command_that_closes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "towns" / "o'hara"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    _, told = doctor(capsys, tmp_path, "--port", "0")
    (one,) = [one for one in told["findings"] if one["key"] == "folders.open"]
    assert os.waitstatus_to_exitcode(os.system(one["command"])) == 0
    assert "folders.open" not in keys(doctor(capsys, tmp_path, "--port", "0")[1])


def test_an_mqtt_broker_that_cannot_be_reached_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        there = listening.getsockname()[1]
        rows = f'[[mqtt]]\nurl = "mqtt://127.0.0.1:{there}"\nmapping = "m.toml"\n'
        (tmp_path / FILE).write_text(rows, encoding="utf-8")
        assert "sources.mqtt" not in keys(doctor(capsys, tmp_path, "--port", "0")[1])
    _, told = doctor(capsys, tmp_path, "--port", "0")
    assert "sources.mqtt" in keys(told)


def test_the_bundle_holds_what_helps_and_no_secret_that_was_planted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWN_MQTT", MARKED[1])
    settings = (
        f'[mail]\nhost = "mail.example"\nsender = "{MARKED[2]}"\n'
        f'[[mqtt]]\nurl = "mqtt://user:{MARKED[0]}@b.example"\nmapping = "m.toml"\npassword_env = "TOWN_MQTT"\n'
    )
    (tmp_path / FILE).write_text(settings, encoding="utf-8")
    log = tmp_path / LOG
    log.parent.mkdir()
    log.write_text(
        f"2026-07-01T00:00:00.000Z ERROR machinami: broker refused {MARKED[1]}\n"
        f"2026-07-01T00:00:01.000Z ERROR machinami: letter to {MARKED[2]} with {MARKED[0]}: urn:ngsi-ld:Walk:hanako\n",
        encoding="utf-8",
    )
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "master.key").write_text(MARKED[3], encoding="utf-8")
    target = tmp_path / "help.zip"
    enter(["doctor", "--data", str(tmp_path), "--port", "0", "--bundle", str(target)])
    capsys.readouterr()
    with zipfile.ZipFile(target) as file:
        parts = {name: file.read(name).decode() for name in file.namelist()}
    whole = "\n".join(parts.values())
    assert [secret for secret in [*MARKED, "hanako"] if secret in whole] == []
    assert "broker refused" in parts["log.txt"]
    assert json.loads(parts["settings.json"])["settings"]["mail"]["host"] == "mail.example"
    assert json.loads(parts["versions.json"])["parts"]["orjson"]
    assert "findings" in json.loads(parts["findings.json"])
    assert target.stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_settings_that_cannot_be_read_are_left_out_of_the_bundle(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[mail\npassword = "planted-pass-7"', encoding="utf-8")
    assert b"planted" not in bundle_of(tmp_path, {}, "0", {})
    with zipfile.ZipFile(io.BytesIO(bundle_of(tmp_path, {}, "0", {}))) as file:
        assert "planted" not in file.read("settings.json").decode()


def test_how_the_machine_fares_is_told_to_its_administrators_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILE).write_text("[network]\ntrust_proxy = true\n", encoding="utf-8")
    enter(["admin", "make", "aiko", "--data", str(tmp_path)])
    capsys.readouterr()
    with town(tmp_path) as running:
        for path in ("/operations", "/operations/findings", "/operations/bundle"):
            asked = urllib.request.Request(running.url + path, headers={"X-Forwarded-For": "203.0.113.9"})
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(asked, timeout=30)
