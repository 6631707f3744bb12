"""Do the files of a town's services go with it, sealed or not, and are they gone with it?"""

from pathlib import Path

import pytest
from tests.app.tenancy import Installation, installation

from machinami.store.files import SEALED, Files
from machinami.store.sqlite.connection import can_encrypt

PHOTO = b"\xff\xd8 a photo \xff\xd9"
NAME = "a-1.jpg"


async def files_of(towns: Installation, name: str | None) -> Files:
    town = await towns.system.broker.town(name)
    assert town.files is not None
    return town.files


@pytest.mark.parametrize(
    "encrypted",
    [False, pytest.param(True, marks=pytest.mark.skipif(not can_encrypt(), reason="this SQLite cannot encrypt"))],
)
async def test_files_move_out_come_back_and_are_deleted_with_their_town(tmp_path: Path, encrypted: bool) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    async with installation(home, encrypted=encrypted) as towns:
        await towns.act("found", town="east")
        await (await files_of(towns, "east")).put("civic_reports", NAME, PHOTO)
        kept = (home / "towns" / "east" / "files" / "civic_reports" / NAME).read_bytes()
        await towns.act("move", town="east", folder=str(away), key=encrypted)
    async with installation(away) as alone:
        there = await (await files_of(alone, None)).get("civic_reports", NAME)
    async with installation(home, encrypted=encrypted) as towns:
        await towns.act("bring", folder=str(away), town="west")
        back = await (await files_of(towns, "west")).get("civic_reports", NAME)
        report = await towns.act("delete", town="west")

    assert kept.startswith(SEALED) is encrypted
    assert (there, back) == (PHOTO, PHOTO)
    assert "files/civic_reports/a-1.jpg" in str(report)
    assert not list((home / "towns").rglob(NAME))


@pytest.mark.skipif(not can_encrypt(), reason="this SQLite cannot encrypt")
async def test_a_town_that_is_encrypted_later_has_its_files_sealed(tmp_path: Path) -> None:
    async with installation(tmp_path) as towns:
        await towns.act("found", town="east")
        await (await files_of(towns, "east")).put("civic_reports", NAME, PHOTO)
        await towns.act("encrypt", town="east")
        kept = (tmp_path / "towns" / "east" / "files" / "civic_reports" / NAME).read_bytes()
        assert kept.startswith(SEALED)
        assert await (await files_of(towns, "east")).get("civic_reports", NAME) == PHOTO
