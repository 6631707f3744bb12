"""Does `machinami policy` say who may do what and why, and does `machinami audit` find what was tampered with?"""

import asyncio
import json
import re
from pathlib import Path

import pytest
from tests.policy.towns import protected

from machinami.cli.entrance import enter
from machinami.store.protocol import Transaction
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend

GAUGE = "https://w3id.org/machinami/RiverGauge"


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """The folder of a protected town in which something was done."""

    async def live() -> None:
        async with protected(tmp_path) as found:
            await found.ask("administrator", "POST", "/entities", {"id": "urn:x:1", "type": GAUGE})
            await found.ask("resident", "DELETE", "/entities/urn:x:1")

    asyncio.run(live())
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """What the command prints."""
    assert enter(words) == code
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_the_rows_are_listed_as_sentences(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = said(capsys, "policy", "list", "--data", str(town))
    assert "role:officer may read, create, change, subscribe everything" in listed
    assert "role:resident may read RiverGauge" in listed
    assert "operator" not in listed


def test_it_is_explained_which_row_allows_and_what_the_others_lack(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(capsys, "policy", "explain", "role:resident", "RiverGauge", "waterLevel", "--data", str(town))
    assert "○ role:resident may read RiverGauge waterLevel: resident-reads:" in told
    assert "× role:resident may not change RiverGauge waterLevel: no row allows it" in told
    assert re.search("it is for somebody else: .*officer-works", told)
    by_id = said(capsys, "policy", "explain", "everyone", "urn:x:1", "--data", str(town))
    assert "× everyone may not read urn:x:1" in by_id


def test_a_row_is_allowed_and_withdrawn(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("open", "everyone", "read", "--type", "RiverGauge", "--attribute", "waterLevel", "--data", str(town))
    assert "everyone may read RiverGauge, of it only waterLevel" in said(capsys, "policy", "allow", *words)
    told = said(capsys, "policy", "explain", "everyone", "RiverGauge", "waterLevel", "--data", str(town))
    assert "○ everyone may read" in told
    said(capsys, "policy", "withdraw", "open", "--data", str(town))
    assert "everyone" not in said(capsys, "policy", "list", "--data", str(town))
    noted = said(capsys, "audit", "search", "--who", "urn:machinami:console", "--data", str(town))
    assert [json.loads(line)["what"].split(":")[0] for line in noted.splitlines()] == ["withdrew", "allowed"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("role:operator", "read"), "operator"),
        (("everyone", "administer"), "administrator"),
        (("somebody", "read"), "names nobody"),
        (("everyone", "look"), "is no deed"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_the_reason(
    town: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    assert why in said(capsys, "policy", "allow", "row", *words, "--data", str(town), code=1)


def test_an_open_town_says_so_and_what_it_would_begin_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = said(capsys, "policy", "list", "--data", str(tmp_path))
    assert "This town is open" in listed
    assert max(line.count(",") for line in listed.splitlines() if " ! " in line) < 10, "a remark is read"
    assert "This town is open" in said(capsys, "policy", "explain", "everyone", "Shelter", "--data", str(tmp_path))


def test_the_account_is_searched_exported_and_verified(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused = said(capsys, "audit", "search", "--refused", "--data", str(town))
    assert [json.loads(line)["who"] for line in refused.splitlines()] == ["urn:person:resident"]
    head = said(capsys, "audit", "head", "--data", str(town)).strip()
    assert "nothing was changed" in said(capsys, "audit", "verify", "--data", str(town), "--head", head)
    exported = town / "audit.jsonl"
    exported.write_text(said(capsys, "audit", "export", "--data", str(town)), encoding="utf-8")
    said(capsys, "audit", "verify", "--file", str(exported), "--head", head)
    lines = exported.read_text(encoding="utf-8").splitlines()
    exported.write_text("\n".join(lines[:-1]), encoding="utf-8")
    assert "the record ends at" in said(
        capsys, "audit", "verify", "--file", str(exported), "--head", head, code=1
    )  # fmt: skip


def test_what_was_changed_in_the_file_is_found(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def tamper() -> None:
        backend = open_backend(town, StoreSettings())
        store = await backend.open("default")
        kept = await store.records("audit/00000000")
        place = min(kept)
        kept[place]["entries"] = kept[place]["entries"].replace("urn:person:", "urn:innocent:")

        def work(tx: Transaction) -> None:
            tx.put_record("audit/00000000", place, kept[place])

        await store.transact(work)
        await backend.close()

    asyncio.run(tamper())
    assert "was changed" in said(capsys, "audit", "verify", "--data", str(town), code=1)


def test_a_name_that_nothing_bears_is_said_to_be_one_with_what_may_be_meant(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(capsys, "policy", "explain", "everyone", "RiverGague", "waterLevl", "--data", str(town))
    assert "nothing here is called RiverGague" in told
    assert "RiverGauge" in told.replace("RiverGague", "")
    assert "waterLevel" in told
    right = said(capsys, "policy", "explain", "everyone", "RiverGauge", "waterLevel", "--data", str(town))
    assert "nothing here is called" not in right
