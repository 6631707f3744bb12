"""Does `machinami erasure` erase what there is about somebody, and show the account of it?"""

import asyncio
import json
from pathlib import Path

import pytest
from tests.consent.towns import KNOWN, consenting

from machinami.cli.entrance import enter

ANNA = KNOWN["anna"].id


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command prints."""
    assert enter(words) == 0
    return capsys.readouterr().out


def test_somebody_is_erased_from_a_town_that_does_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def live() -> None:
        async with consenting(tmp_path):
            pass

    asyncio.run(live())
    where = ("--data", str(tmp_path))
    account = json.loads(said(capsys, "erasure", "ask", ANNA, "--proof", "form 12", *where))
    assert account["people"] == [ANNA]
    assert account["erased"][0]["entities"] == 2
    assert account["keys"]["destroyed"] == 1
    assert account["id"] in said(capsys, "erasure", "list", *where)
    assert json.loads(said(capsys, "erasure", "show", account["id"], *where)) == account
