"""Can the key that seals be renewed by who has the folder, without anything that was sealed being lost?"""

import secrets
from pathlib import Path

import pytest

from machinami.app.sealing import KEY_FILE, sealing_key
from machinami.broker.identity.seal import Seal
from machinami.cli.entrance import enter


def test_a_fresh_key_is_put_first_and_what_was_sealed_still_opens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sealing_key(tmp_path)
    sealed = Seal(before, secrets.token_bytes).close(b"seed", "totp")

    assert enter(["sealing-key", "renew", "--data", str(tmp_path)]) == 0
    after = sealing_key(tmp_path)
    said = capsys.readouterr().out
    assert after[32:] == before
    assert after[:32] != before
    seal = Seal(after, secrets.token_bytes)
    assert (seal.open(sealed, "totp"), seal.is_dated(sealed, "totp")) == (b"seed", True)
    assert "1 before it still open" in said
    assert "started again" in said
    assert after[:32].hex() not in said


def test_a_folder_without_a_key_is_refused_and_gets_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert enter(["sealing-key", "renew", "--data", str(tmp_path)]) == 1
    assert "has been started before" in capsys.readouterr().err
    assert not (tmp_path / KEY_FILE).exists()
