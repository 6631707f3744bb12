"""Does a command come into a protected town with a key, and does the key show nowhere?"""

import contextlib
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.app.towns import town
from tests.ingest.csv.maps import MOCHIYOJI

from machinami.app.visiting import Pass, is_private_line, read_key
from machinami.cli.entrance import enter
from machinami.foundation.errors import SettingsError


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://127.0.0.1:1026", True),
        ("http://localhost:1026", True),
        ("http://[::1]:1026", True),
        ("https://city.example", True),
        ("http://city.example", False),
        ("http://192.168.1.7:1026", False),
        ("http://127.0.0.1.city.example", False),
    ],
)
def test_a_key_goes_only_where_nobody_listens(url: str, private: bool) -> None:
    assert is_private_line(url) is private
    shown = Pass("mk_1_secret")
    if private:
        assert shown.fields(url) == {"Authorization": "Bearer mk_1_secret"}
    else:
        with pytest.raises(SettingsError) as caught:
            shown.fields(url)
        assert "in the clear" in caught.value.detail
        assert "secret" not in caught.value.detail


def test_a_key_is_read_from_the_option_then_the_file_then_the_environment(tmp_path: Path) -> None:
    file, environment = tmp_path / "key", {"V": "mk_e_1"}
    file.write_text(" mk_f_1\n")
    assert read_key("mk_o_1", file, environment, "V") == "mk_o_1"
    assert read_key(None, file, environment, "V") == "mk_f_1"
    assert read_key(None, None, environment, "V") == "mk_e_1"
    assert read_key(None, None, {}, "V") is None
    assert "mk_" not in repr(Pass("mk_o_1"))
    for wrong in ("", "mk_1 secret", "mk_1\nsecret"):
        with pytest.raises(SettingsError) as caught:
            read_key(wrong, None, {}, "V")
        assert "secret" not in caught.value.detail
    with pytest.raises(SettingsError, match="cannot be read"):
        read_key(None, tmp_path / "none", {}, "V")


CSV = "観測局,持世寺,,\n観測時刻,水位,差分,\n2023/06/25 22:00,2.80,0,\n2023/06/25 23:00,2.83,0.03,\n"


def made(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """A key of a town that does not run; the town has an administrator from then on."""
    folder.mkdir(exist_ok=True)
    assert enter(["admin", "make", "aiko", "--data", str(folder)]) == 0
    capsys.readouterr()
    assert enter(["admin", "key", "a program", *words, "--data", str(folder)]) == 0
    return capsys.readouterr().out.strip()


def test_a_town_without_administrators_needs_no_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert enter(["admin", "key", "a program", "--role", "officer", "--data", str(tmp_path)]) == 1
    assert "no administrators" in capsys.readouterr().err


def test_a_file_is_brought_into_a_protected_town_with_a_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = made(tmp_path / "town", capsys, "--role", "officer")
    (tmp_path / "map.toml").write_text(MOCHIYOJI, encoding="utf-8")
    (tmp_path / "a.csv").write_bytes(CSV.encode("cp932"))
    file = tmp_path / "key"
    file.write_text(key + "\n")
    words = ["import", "csv", str(tmp_path / "a.csv"), "--map", str(tmp_path / "map.toml"), "--to"]
    with town(tmp_path / "town") as running:
        assert enter([*words, running.url]) == 1
        said = capsys.readouterr().err
        assert "answered 401" in said
        assert "--key-file" in said
        assert enter([*words, running.url, "--key", "mk_0_wrong"]) == 1
        assert "mk_0_wrong" not in capsys.readouterr().err
        assert enter([*words, running.url, "--key-file", str(file)]) == 0
        assert "2 readings sent" in capsys.readouterr().out
        monkeypatch.setenv("MACHINAMI_KEY", key)
        assert enter([*words, running.url]) == 0
        assert enter([*words, "http://192.0.2.7:1026"]) == 1
        said = capsys.readouterr()
        assert "in the clear" in said.err
        assert key not in said.err + said.out


@contextlib.contextmanager
def neighbours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[str, str, str, str]]:
    """Two protected towns; the second has a gauge. Their addresses, a key for the first, one for the second."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    own = made(ours, capsys, "--role", "officer")
    who = f"program:{own.split('_')[1]}"
    allow = ["policy", "allow", "neighbours", who, "administer", "--type", "ContextSourceRegistration"]
    assert enter([*allow, "--data", str(ours)]) == 0
    key = made(theirs, capsys, "--role", "neighbour", "--role", "officer")
    with town(ours) as first, town(theirs) as second:
        asked(second.url, key, "/entities", {"id": "urn:ngsi-ld:Gauge:1", "type": "Gauge", "level": 2})
        yield first.url, second.url, own, key


def asked(url: str, key: str, path: str, document: Any = None) -> Any:
    """What a town answers to who shows a key."""
    body = None if document is None else json.dumps(document).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/ngsi-ld/v1{path}", body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def test_a_neighbour_is_asked_with_its_key_which_is_never_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with neighbours(tmp_path, capsys) as (ours, theirs, own, key):
        words = ["federate", "add", theirs, "--town", ours, "--key", own]
        assert enter(words) == 1
        assert "answered 401" in capsys.readouterr().err
        assert enter([*words, "--neighbour-key", key]) == 0
        assert [one["id"] for one in asked(ours, own, "/entities?type=Gauge")] == ["urn:ngsi-ld:Gauge:1"]
        (registered,) = asked(ours, own, "/csourceRegistrations?local=true")
        assert registered["contextSourceInfo"] == [{"key": "Authorization", "value": "********"}]
        assert enter(["federate", "list", "--town", ours, "--key", own]) == 0
        assert key not in capsys.readouterr().out
    kept = b"".join(file.read_bytes() for file in (tmp_path / "ours").rglob("*") if file.is_file())
    assert b"contextSourceInfo" in kept
    assert key.rpartition("_")[2].encode() not in kept
    with town(tmp_path / "theirs") as second, town(tmp_path / "ours") as first:
        # the neighbour has another port now: what is kept of its key holds all the same
        name = registered["id"]
        change(first.url, own, f"/csourceRegistrations/{name}", {**registered, "endpoint": second.url})
        assert [one["id"] for one in asked(first.url, own, "/entities?type=Gauge")] == ["urn:ngsi-ld:Gauge:1"]


def change(url: str, key: str, path: str, document: dict[str, Any]) -> None:
    """Send back a document as it was shown."""
    body = {name: value for name, value in document.items() if name in ("endpoint", "contextSourceInfo")}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/ngsi-ld/v1{path}", json.dumps(body).encode(), headers, method="PATCH")
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 204
