"""Do the commands that govern a town work while it runs, with the same words?"""

import json
import stat
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.app.towns import town

from machinami.app.console import FILE
from machinami.cli.entrance import enter


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """What the command prints."""
    assert enter(words) == code, capsys.readouterr()
    captured = capsys.readouterr()
    return captured.out + captured.err


def seen(url: str) -> int:
    """How many gauges a stranger sees; 401 for a refusal."""
    try:
        with urllib.request.urlopen(f"{url}/ngsi-ld/v1/entities?type=RiverGauge", timeout=30) as answer:
            return len(json.load(answer))
    except urllib.error.HTTPError as error:
        return error.code


def test_a_running_town_is_governed_with_the_words_of_a_stopped_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ("--data", str(tmp_path))
    said(capsys, "admin", "make", "aiko", *data)
    with town(tmp_path) as running:
        assert seen(running.url) == 401
        assert "role:resident may read RiverGauge" in said(capsys, "policy", "list", *data)
        allowed = said(capsys, "policy", "allow", "open-levels", "everyone", "read", "--type", "RiverGauge", *data)
        assert "everyone may read RiverGauge" in allowed
        assert "there is no RiverGauge here yet" in allowed
        assert seen(running.url) == 0
        told = said(capsys, "policy", "explain", "everyone", "RiverGauge", "--location", "138.2,35.1", *data)
        assert "○ everyone may read RiverGauge: open-levels" in told
        assert "open-levels" in said(capsys, "policy", "withdraw", "open-levels", *data)
        assert seen(running.url) == 401
        noted = said(capsys, "audit", "search", "--who", "urn:machinami:console", "--did", "administer", *data)
        acts = [json.loads(line)["what"].split(":")[0] for line in noted.splitlines()]
        assert acts[:2] == ["withdrew", "allowed"]
        head = said(capsys, "audit", "head", *data).strip()
        assert "nothing was changed" in said(capsys, "audit", "verify", "--head", head, *data)
        exported = tmp_path / "audit.jsonl"
        exported.write_text(said(capsys, "audit", "export", *data), encoding="utf-8")
        said(capsys, "audit", "verify", "--file", str(exported), "--head", head)
        assert "/invitation#" in said(capsys, "admin", "reset", "aiko", "--recognised", "in-person", *data)
        assert "There is no row" in said(capsys, "policy", "withdraw", "nothing", *data, code=1)
        assert "no town 'elsewhere'" in said(capsys, "policy", "list", "--town", "elsewhere", *data, code=1)
    assert "nothing was changed" in said(capsys, "audit", "verify", "--head", head, *data)
    assert not (tmp_path / FILE).exists()


def test_the_door_of_a_running_town_is_for_who_can_read_its_file(tmp_path: Path) -> None:
    with town(tmp_path):
        file = tmp_path / FILE
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        url = json.loads(file.read_text(encoding="utf-8"))["url"]
        for authorization in ({}, {"Authorization": "Bearer " + "0" * 64}):
            asked = urllib.request.Request(f"{url}/governance/policy", headers=authorization)
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(asked, timeout=30)


def test_a_town_that_was_killed_is_governed_like_a_stopped_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with town(tmp_path) as running:
        running.kill()
    assert (tmp_path / FILE).exists()
    assert "This town is open" in said(capsys, "policy", "list", "--data", str(tmp_path))
    with town(tmp_path):
        assert "This town is open" in said(capsys, "policy", "list", "--data", str(tmp_path))


def test_the_disaster_mode_is_turned_with_a_reason_and_told_in_the_town_s_own_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ("--data", str(tmp_path))
    assert "書いてください" in said(capsys, "disaster", "on", *data, code=1)
    told = said(capsys, "disaster", "drill", "--reason", "総合防災訓練", *data)
    assert "訓練中です" in told
    assert " JST " in told
    assert "総合防災訓練" in said(capsys, "disaster", "show", *data)
