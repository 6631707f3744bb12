"""A damaged archive says which file it is and what can still be had; nothing wrong is ever restored."""

import random
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from tests.app.backups.copied import Copied, put

from machinami.app.backups.restoring import restore_town
from machinami.app.backups.vault import Damaged, open_vault
from machinami.foundation.errors import AlreadyExists, MachinamiError, SettingsError

Held = dict[str, object]


async def lived(copied: Copied) -> list[tuple[float, Held]]:
    """A town that was copied for a while: the moments, and what it held then."""
    held: Held = {}
    moments = []
    async with copied.opened() as town:
        await copied.files.put("album", "p.jpg", b"photo" * 100)
        for number in range(8):
            value = f"{number}" * (2_000 * (number + 1))
            await put(town, str(number % 5), value)
            held[str(number % 5)] = {"value": value}
            if number in (1, 5):
                await copied.base()
            moments.append((await copied.ship(), dict(held)))
    return moments[1:]


def flip(path: Path, place: int, bit: int) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1 << bit
    path.write_bytes(content)


@pytest.mark.parametrize("sealed", [False, True])
async def test_no_flipped_bit_is_ever_restored_as_if_it_were_right(tmp_path: Path, sealed: bool) -> None:
    copied = Copied(tmp_path, key_file=tmp_path / "key" if sealed else None)
    moments = await lived(copied)
    draw = random.Random(5)
    whole = tmp_path / "whole"
    copied.archive.rename(whole)
    files = sorted(one.relative_to(whole) for one in whole.rglob("*") if one.is_file() and one.name != "until.json")
    told = restored = before = 0
    for number in range(60):
        shutil.copytree(whole, copied.archive)
        flip(copied.archive / draw.choice(files), draw.randrange(1 << 20), draw.randrange(8))
        at, held = draw.choice(moments)
        with suppress(MachinamiError):
            assert await copied.held(at, f"r{number}") == held
            restored += 1
        told = number + 1 - restored
        assert (tmp_path / f"r{number}" / "towns" / "default").exists() == (number + 1 - told > before)
        before = restored
        shutil.rmtree(copied.archive)
    assert told > 5
    assert restored > 5


async def test_a_base_with_a_damaged_piece_is_gone_round_by_an_earlier_one(tmp_path: Path) -> None:
    copied = Copied(tmp_path)
    at, held = (await lived(copied))[-1]
    vault = copied.vault()
    first, second = (vault.read(f"towns/default/bases/{number:08}.base") for number in (1, 2))
    (spoiled,) = set(second["pieces"]) - set(first["pieces"])
    flip(vault.folder / "pieces" / spoiled[:2] / spoiled, 900, 3)
    found = copied.restore(at, "round")
    assert found.base == 1
    assert found.salvaged == [f"pieces/{spoiled[:2]}/{spoiled} is damaged"]
    assert await copied.look(tmp_path / "round") == held


async def test_a_damaged_record_is_named_and_what_was_before_it_can_be_had(tmp_path: Path) -> None:
    copied = Copied(tmp_path)
    moments = await lived(copied)
    (journal,) = (copied.archive / "towns" / "default" / "journal").iterdir()
    flip(journal, journal.stat().st_size - 400, 2)
    with pytest.raises(Damaged, match=r"Record \d+ in towns/default/journal/0000000001.log is damaged") as caught:
        copied.restore()
    assert f"can be had: --at 1970-01-12T13:46:{int(moments[-2][0]) % 60:02}Z" in caught.value.detail
    assert not (tmp_path / "restored" / "towns" / "default").exists()
    assert await copied.held(moments[-2][0], "before") == moments[-2][1]


async def test_a_record_that_was_left_half_by_a_crash_is_none(tmp_path: Path) -> None:
    copied = Copied(tmp_path)
    moments = await lived(copied)
    (journal,) = (copied.archive / "towns" / "default" / "journal").iterdir()
    journal.write_bytes(journal.read_bytes()[:-100])
    until = copied.archive / "towns" / "default" / "until.json"
    until.write_text(until.read_text().replace('"record":', '"record":-'))  # a crash comes before it is said
    assert await copied.held() == moments[-2][1]


async def test_an_archive_does_not_open_with_another_key_or_with_none(tmp_path: Path) -> None:
    copied = Copied(tmp_path, key_file=tmp_path / "key")
    await lived(copied)
    (tmp_path / "other").write_text("another key of many letters")
    with pytest.raises(SettingsError, match="does not open with the key"):
        open_vault(copied.archive, tmp_path / "other")
    with pytest.raises(SettingsError, match="is sealed; say which key opens it"):
        open_vault(copied.archive, None)
    with pytest.raises(SettingsError, match="There is no archive"):
        open_vault(tmp_path / "nowhere", None)


async def test_a_piece_of_another_town_does_not_stand_in_for_one(tmp_path: Path) -> None:
    copied = Copied(tmp_path)
    await lived(copied)
    pieces = copied.vault().pieces()
    shutil.copyfile(pieces[0], pieces[1])
    used = pieces[1].name
    with pytest.raises(Damaged, match=r"is another's|cannot be had"):
        copied.vault().piece(used)


async def test_a_restore_never_touches_a_folder_that_holds_something(tmp_path: Path) -> None:
    copied = Copied(tmp_path)
    await lived(copied)
    there = tmp_path / "there" / "towns" / "default"
    there.mkdir(parents=True)
    (there / "town.sqlite").write_text("mine")
    with pytest.raises(AlreadyExists):
        restore_town(copied.vault(), "default", there)
    assert (there / "town.sqlite").read_text() == "mine"
