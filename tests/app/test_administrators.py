"""An office makes its administrator on the command line, and opens its town to the network."""

import re
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from tests.app.towns import environment, town
from tests.servers import write_certificates

from machinami.cli.entrance import enter


def test_an_administrator_is_made_on_the_command_line_without_a_password_on_it(tmp_path: Path, capsys) -> None:
    assert enter(["admin", "make", "aiko", "--display", "愛子", "--data", str(tmp_path)]) == 0
    first = re.search(r"(/invitation#[0-9a-f]{48})", capsys.readouterr().out)
    assert first is not None
    assert enter(["admin", "reset", "aiko", "--data", str(tmp_path)]) == 0
    second = re.search(r"(/invitation#[0-9a-f]{48})", capsys.readouterr().out)
    assert second is not None
    with town(tmp_path) as running:
        assert [_opens(running.url, one.group(1)) for one in (first, second)] == [404, 200]
        with pytest.raises(urllib.error.HTTPError, match="401"):
            running.get("/ngsi-ld/v1/entities?type=River")
        assert enter(["admin", "make", "ken", "--data", str(tmp_path)]) == 0
        link = re.search(r"(http://\S+/invitation#[0-9a-f]{48})", capsys.readouterr().out)
        assert link is not None
        assert _opens(*link.group(1).split("/invitation")) == 200


def _opens(url: str, link: str) -> int:
    """What a town answers to who came by a link."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    page = browser.open(f"{url}/invitation", timeout=30).read().decode()
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    form = urllib.parse.urlencode({"code": link.partition("#")[2], "form_token": token}).encode()
    try:
        return browser.open(f"{url}/invitation", form, timeout=30).status
    except urllib.error.HTTPError as error:
        return error.code


def test_passwords_do_not_cross_the_network_in_the_clear(tmp_path: Path, capsys) -> None:
    assert enter(["admin", "make", "aiko", "--data", str(tmp_path)]) == 0
    assert enter(["serve", "--data", str(tmp_path), "--host", "0.0.0.0", "--port", "0"]) == 1
    assert "certificate" in capsys.readouterr().err


def test_a_town_with_a_certificate_is_served_over_tls(tmp_path: Path) -> None:
    authority, certificate, key = write_certificates(tmp_path)
    settings = f'[server]\ncertificate = "{certificate.name}"\ncertificate_key = "{key.name}"\n'
    (tmp_path / "machinami.toml").write_text(settings, encoding="utf-8")
    command = [sys.executable, "-m", "machinami", "serve", "--data", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[1].rstrip("/")
            assert address.startswith("https://127.0.0.1:")
            trust = ssl.create_default_context(cafile=str(authority))
            for path in ("/health", "/ngsi-ld/v1/types", "/first"):
                with urllib.request.urlopen(address + path, timeout=30, context=trust) as answer:
                    assert answer.status == 200
        finally:
            process.terminate()
            process.wait(30)
