"""A town is started as a user starts it, and says clearly why it does not."""

import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from tests.app.towns import environment, town

from machinami.app.configuration import read
from machinami.cli.entrance import enter
from machinami.foundation.errors import SettingsError


def test_a_town_without_administrators_is_not_served_to_the_network(tmp_path: Path, capsys) -> None:
    code = enter(["serve", "--data", str(tmp_path), "--host", "0.0.0.0", "--port", "0"])

    assert code == 1
    assert "no administrators" in capsys.readouterr().err


def test_health_and_metrics_tell_how_the_town_fares(tmp_path: Path) -> None:
    with town(tmp_path) as running:
        health = running.get("/health")
        with urllib.request.urlopen(running.url + "/metrics", timeout=10) as answer:
            metrics = answer.read().decode()

    assert health["status"] == "ok"
    assert 'machinami_subscriptions{town="default"} 0' in metrics


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with town(tmp_path / "one") as running:
        port = running.url.rpartition(":")[2]
        command = [sys.executable, "-m", "machinami", "serve", "--data", str(tmp_path / "two"), "--port", port]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment())

    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert f"Port {port}" in second.stderr


def test_init_explains_the_settings_and_never_overwrites(tmp_path: Path, capsys) -> None:
    assert enter(["init", str(tmp_path)]) == 0
    assert read(tmp_path).town_name["ja"] == "わたしの街"

    assert enter(["init", str(tmp_path)]) == 1
    assert "nothing was changed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[town]\nnam = 3\n", "'nam'"),
        ("[twon]\n", "[twon]"),
        ('[store]\ndurability = "some"\n', "durability"),
        ("[store]\ncache_entities = true\n", "cache_entities"),
        ("[[mqtt]]\nurl = 'mqtt://x'\n", "mapping"),
        ("not toml", "machinami.toml"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, hint: str) -> None:
    (tmp_path / "machinami.toml").write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError) as caught:
        read(tmp_path)

    assert hint in str(caught.value)
    assert "machinami.toml" in str(caught.value)
