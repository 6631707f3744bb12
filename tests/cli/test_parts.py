"""Does `machinami audit parts` find known weaknesses of what is installed, in files that somebody brought?"""

import json
from importlib.metadata import version
from pathlib import Path

import pytest

from machinami.cli.entrance import enter

LONG_AGO = "2020-01-01T00:00:00Z"


def advisory(name: str, published: str, fixed: str | None = "9999") -> dict[str, object]:
    """An advisory about every version of a package."""
    events = [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])]
    affected = {"package": {"ecosystem": "PyPI", "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    return {"id": f"OSV-{name}", "published": published, "affected": [affected]}


def asked(capsys: pytest.CaptureFixture[str], place: Path, code: int) -> str:
    """What the command prints."""
    assert enter(("audit", "parts", "--advisories", str(place))) == code
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_a_part_that_should_have_been_renewed_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.json").write_text(json.dumps(advisory("Jinja2", "2020-01-01T00:00:00Z")))
    (tmp_path / "more.jsonl").write_text(json.dumps(advisory("orjson", "9000-01-01T00:00:00Z")) + "\n")
    told = asked(capsys, tmp_path, 1)
    assert f"× jinja2 {version('jinja2')} OSV-Jinja2 grave" in told
    assert "9999 by / 期限 2020-01-08" in told
    assert "△ orjson" in told
    assert "2 advisories: 2 weaknesses, 1 late" in told


def test_what_nothing_mends_yet_is_told_and_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "osv.json"
    file.write_text(json.dumps([advisory("numpy", LONG_AGO, None), advisory("nobody", LONG_AGO)]))
    told = asked(capsys, file, 0)
    assert "not mended yet" in told
    assert "2 advisories: 1 weaknesses, 0 late" in told


def test_a_file_that_holds_no_advisories_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text, why in (("no json", "is no JSON"), ('{"a": 1}', "an advisory is a JSON object")):
        (tmp_path / "x.json").write_text(text)
        assert why in asked(capsys, tmp_path, 1)
    assert "cannot be read" in asked(capsys, tmp_path / "nowhere.json", 1)
