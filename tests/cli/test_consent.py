"""Can a town's consents be seen to from the command line, with the same words whether it runs or not?"""

import asyncio
import json
from pathlib import Path

import pytest
from tests.app.towns import town as running_town
from tests.approving import TEXTS, approve
from tests.consent.towns import ABOUT, KNOWN, WALK, consenting

from machinami.cli.entrance import enter

ANNA = KNOWN["anna"].id


@pytest.fixture
def folder(tmp_path: Path) -> tuple[Path, str]:
    """The folder of a protected town in which somebody consented, and which consent that is."""

    async def live() -> str:
        async with consenting(tmp_path) as found:
            house = await found.house()
            await approve(house, "resting", ["role:officer"], [WALK])
            return await found.consent()

    return tmp_path, asyncio.run(live())


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """What the command prints."""
    assert enter(("consent", *words)) == code, capsys.readouterr()
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_purposes_are_listed_published_and_closed(
    folder: tuple[Path, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = ("--data", str(folder[0]))
    assert "承認 / approved until" in said(capsys, "purposes", "list", *data)
    refused = said(capsys, "purposes", "publish", "selling", *data, code=1)
    assert "No application for 'selling' was approved" in refused
    texts = tmp_path / "texts.toml"
    texts.write_text("\n".join(f'{language} = "{text}"' for language, text in TEXTS.items()), encoding="utf-8")
    refused = said(capsys, "purposes", "publish", "selling", "--texts", str(texts), *data, code=1)
    assert "it has not been approved; apply to the ethics board" in refused
    assert "published: resting, version 1" in said(capsys, "purposes", "publish", "resting", *data)
    assert "published: resting, version 2" in said(
        capsys, "purposes", "publish", "resting", "--texts", str(texts), *data
    )
    assert "closed" in said(capsys, "purposes", "close", "resting", *data)
    told = json.loads(said(capsys, "purposes", "list", "--json", *data))
    assert {one["id"]: one["open"] for one in told} == {"walking": True, "resting": False}


def test_marks_are_set_and_taken_off_with_a_reason(
    folder: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    data = ("--data", str(folder[0]))
    assert f"(about whom {ABOUT.rpartition('/')[2]} names)" in said(capsys, "marks", "list", *data)
    assert "marked as related: Bench" in said(capsys, "marks", "set", "related", "--type", "Bench", *data)
    assert "say what is meant" in said(capsys, "marks", "set", "related", *data, code=1)
    said(capsys, "marks", "take-off", "--type", "Bench", "--reason", "it is a bench", *data)
    told = json.loads(said(capsys, "marks", "list", "--json", *data))
    assert {one["type"] for one in told} == {"Walk", "Resident"}


def test_grounds_are_recorded_listed_and_ended(folder: tuple[Path, str], capsys: pytest.CaptureFixture[str]) -> None:
    data = ("--data", str(folder[0]))
    assert "no ground is recorded" in said(capsys, "grounds", "list", *data)
    words = ("flood", "vital-interests", "role:officer", "--reason", "who is on the dyke is warned")
    until = ("--until", "2099-01-01T00:00:00Z", "--type", "Walk")
    assert "recorded: flood" in said(capsys, "grounds", "record", *words, *until, *data)
    assert "holds" in said(capsys, "grounds", "list", *data)
    assert "ended: flood" in said(capsys, "grounds", "end", "flood", *data)


def test_consents_are_counted_shown_and_withdrawn_with_proof(
    folder: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    data, consent = ("--data", str(folder[0])), folder[1]
    assert json.loads(said(capsys, "given", "count", "--json", *data))["walking"] == {"inForce": 1, "ended": 0}
    shown = said(capsys, "given", "show", consent, *data)
    assert f"about     {ANNA}" in shown
    with pytest.raises(SystemExit):
        enter(("consent", "given", "withdraw", consent, *data))  # without a proof
    capsys.readouterr()
    said(capsys, "given", "withdraw", consent, "--proof", "she rang, and was called back", *data)
    assert "she rang, and was called back" in said(capsys, "given", "show", consent, *data)
    assert json.loads(said(capsys, "given", "count", "--json", *data))["walking"] == {"inForce": 0, "ended": 1}
    assert "There is no consent urn:x" in said(capsys, "given", "show", "urn:x", *data, code=1)


def test_the_same_words_serve_a_town_that_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ("--data", str(tmp_path))
    assert enter(("admin", "make", "aiko", *data)) == 0
    with running_town(tmp_path):
        assert "nobody decides yet" in said(capsys, "board", "show", *data)
        mayor = ("urn:person:mayor", "青木", "町長")
        told = said(capsys, "board", "head", *mayor, "--reason", "人口 900 人の町のため", *data)
        assert "一人の責任者 / one person: 人口 900 人の町のため" in told
        assert "nothing was applied for" in said(capsys, "applications", "list", *data)
        assert "no purpose is published" in said(capsys, "purposes", "list", *data)
    kept = json.loads(said(capsys, "board", "show", "--json", *data))
    file = tmp_path / "board.json"
    one = kept["members"][0]
    other = {**one, "person": "urn:person:mori", "name": "森", "field": "法律"}
    board = {**kept, "office": "board", "members": [one, other], "quorum": 2, "reason": ""}
    file.write_text(json.dumps(board), encoding="utf-8")
    assert "審査会 / a board" in said(capsys, "board", "appoint", str(file), *data)


def test_applications_are_listed_and_shown(folder: tuple[Path, str], capsys: pytest.CaptureFixture[str]) -> None:
    data = ("--data", str(folder[0]))
    assert "0001  approved       walking" in said(capsys, "applications", "list", *data)
    told = json.loads(said(capsys, "applications", "show", "0001", *data))
    assert [step["act"] for step in told["steps"]] == ["submit", "move", "vote", "vote", "decide"]
    assert told["approval"]["bounds"]["types"] == ["Walk", "Resident"]
