"""A town is started as a user starts it, and says clearly why it does not."""

import subprocess
import sys
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from tests.app.towns import environment, town

from machinami.app.configuration import read, set_to, setting_names
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


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["demo", "--speed", "0"], "simulation.speed must be a number, 1 to 100000, not 0.0"),
        (["demo", "--seed", "-3"], "simulation.seed must be a whole number"),
        (["serve", "--data", __file__], "is a file; name a folder"),
        (["serve", "--data", "nowhere", "--port", "99999"], "is no port"),
        (["bench", "--seconds", "0"], "--seconds must be more than 0"),
    ],
)
def test_words_that_cannot_be_are_said_in_one_line(
    words: list[str], hint: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert enter(words) == 1
    said = capsys.readouterr().err
    assert hint in said
    assert said.count("\n") == 1


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with town(tmp_path / "one") as running:
        port = running.url.rpartition(":")[2]
        command = [sys.executable, "-m", "machinami", "serve", "--data", str(tmp_path / "two"), "--port", port]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment())

    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert f"Port {port}" in second.stderr


def test_what_a_town_is_set_to_stands_on_its_page(tmp_path: Path) -> None:
    text = '[town]\nname = { ja = "霞町" }\n[store]\ncache_entities = 12345\n'
    (tmp_path / "machinami.toml").write_text(text, encoding="utf-8")
    told = set_to(replace(read(tmp_path), ca_file=tmp_path / "ca.pem"))
    assert set(told) <= set(setting_names())
    assert (told["store.cache_entities"], told["network.ca_file"]) == (12345, "ca.pem")
    with town(tmp_path) as running, urllib.request.urlopen(running.url + "/about?lang=en", timeout=10) as answer:
        html = answer.read().decode()
    for shown in ("Entities kept at hand", "12,345", ">[store] cache_entities</code>", "霞町"):
        assert shown in html


def test_what_is_set_is_what_is_read(tmp_path: Path) -> None:
    text = """
        [town]
        name = { ja = "霞町", en = "Kasumi" }
        centre = [139, 35.5]
        zoom = 13
        [network]
        ca_file = "ca.pem"
        address = "https://town.example/"
        trust_proxy = true
        split_entities = true
        [simulation]
        seed = 7
    """
    (tmp_path / "machinami.toml").write_text(text, encoding="utf-8")
    settings = read(tmp_path)
    assert (settings.town_name["en"], settings.centre, settings.zoom) == ("Kasumi", (139.0, 35.5), 13.0)
    assert settings.ca_file == tmp_path / "ca.pem"
    assert (settings.address, settings.trust_proxy, settings.split_entities) == ("https://town.example", True, True)
    assert settings.simulation is not None
    assert (settings.simulation.seed, settings.simulation.speed) == (7, 150.0)


def test_settings_in_another_encoding_are_said_so(tmp_path: Path) -> None:
    (tmp_path / "machinami.toml").write_bytes("# 街の設定\n".encode("shift_jis"))
    with pytest.raises(SettingsError, match="is not UTF-8"):
        read(tmp_path)


def test_a_certificate_file_that_cannot_be_used_is_said_at_the_start(tmp_path: Path, capsys) -> None:
    (tmp_path / "machinami.toml").write_text('[network]\nca_file = "none.pem"\n', encoding="utf-8")
    assert enter(["serve", "--data", str(tmp_path), "--port", "0"]) == 1
    assert "none.pem cannot be used" in capsys.readouterr().err


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
        ("town = 3\n", "write [town]"),
        ("[town]\ncentre = [36.2]\n", "[longitude, latitude]"),
        ('[town]\ntime_zone = "Asia/Edo"\n', "the name of a time zone"),
        ("[server]\npage_limit = 0\n", "1 to 100000"),
        ('[simulation]\nseed = "storm"\n', "simulation.seed"),
        ('[mqtt]\nurl = "mqtt://x"\n', "[[mqtt]]"),
        ('[[mqtt]]\nurl = 3\nmapping = "m.toml"\n', "url must be text"),
        ("[network]\nca_file = 7\n", "ca_file"),
        ('[network]\ntrust_proxy = "yes"\n', "trust_proxy"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, hint: str) -> None:
    (tmp_path / "machinami.toml").write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError) as caught:
        read(tmp_path)

    assert hint in str(caught.value)
    assert "machinami.toml" in str(caught.value)
