"""A copy follows a town commit by commit, costs what changed, and goes on after every kind of interruption."""

import asyncio
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from tests.app.backups.copied import Copied, put

from machinami.app.backups.journal import all_places
from machinami.app.backups.pruning import prune
from machinami.foundation.errors import NotFound, StoreUnavailable
from machinami.store.sqlite.connection import can_encrypt

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 5), st.integers(1, 40_000)),
        st.tuples(st.just("ship"), st.just(0), st.just(0)),
        st.tuples(st.just("base"), st.just(0), st.just(0)),
        st.tuples(st.just("photo"), st.integers(0, 2), st.integers(0, 3)),
        st.tuples(st.just("restart"), st.booleans(), st.just(0)),
    ),
    min_size=3,
    max_size=14,
)


@examples(max_examples=25)
@given(steps=STEPS, seed=st.integers(0, 1_000_000))
def test_every_moment_can_be_restored_as_it_was_acknowledged(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("copied")
    try:
        asyncio.run(_law(Copied(folder), steps, seed))
    finally:
        shutil.rmtree(folder)


async def _law(copied: Copied, steps: list[tuple[str, int, int]], seed: int) -> None:
    wanted: dict[str, dict[str, object]] = {}
    photos: dict[str, int] = {}
    moments: list[tuple[float, dict[str, object], dict[str, int]]] = []
    number, remaining = seed, list(steps)
    while remaining:
        async with copied.opened():
            pass
        async with copied.opened() as town:
            await copied.base()
            while remaining:
                act, which, size = remaining.pop(0)
                number += 1
                if act == "write":
                    value = f"{number}" * (size // 8 + 1)
                    await put(town, str(which), value)
                    wanted[str(which)] = {"value": value}
                elif act == "photo":
                    if size:
                        await copied.files.put("album", f"p{which}.jpg", str(number).encode() * size)
                        photos[f"album/p{which}.jpg"] = size * len(str(number))
                    elif await copied.files.drop("album", f"p{which}.jpg"):
                        del photos[f"album/p{which}.jpg"]
                elif act == "base":
                    await copied.base()
                elif act == "restart":
                    break
                if act in ("ship", "base"):
                    at = await copied.ship()
                    moments.append((at, dict(wanted), dict(photos)))
    for count, (at, records, files) in enumerate(moments):
        name = f"at-{count}"
        assert await copied.held(at, name) == records
        there = (copied.folder / name / "towns" / "default" / "files").rglob("*.jpg")
        assert {f"album/{one.name}": one.stat().st_size for one in there} == files
    assert await copied.held() == wanted


async def test_a_second_base_stores_only_what_changed(tmp_path: Path) -> None:
    copied = Copied(tmp_path)
    async with copied.opened() as town:
        for number in range(400):
            await put(town, f"{number:04}", f"{number:06}" * 2_000)
        first = await copied.base()
        assert (await copied.base()).taken < first.taken / 5  # what was moved into the file since, if anything
        await put(town, "0007", "changed")
        second = await copied.base()
    assert first.size > 4_000_000
    assert second.taken < first.size / 2
    assert (await copied.held())["0007"] == {"value": "changed"}


async def test_a_run_that_ended_well_is_gone_on_from_without_another_base(tmp_path: Path) -> None:
    copied = Copied(tmp_path)
    async with copied.opened() as town:
        await put(town, "a", 1)
        await copied.base()
    async with copied.opened() as town:
        await put(town, "a", 2)
        await copied.ship()
        assert not copied.copies[-1].needs_base
    assert await copied.held() == {"a": {"value": 2}}


async def test_a_town_that_was_written_to_without_its_copy_needs_another_base(tmp_path: Path) -> None:
    copied = Copied(tmp_path)
    async with copied.opened() as town:
        await put(town, "a", 1)
        await copied.base()
    async with copied.opened(follow=False) as town:
        await put(town, "a", 2)
    async with copied.opened() as town:
        await put(town, "b", 3)
        await copied.ship()
        assert copied.copies[-1].needs_base
        await copied.base()
    assert await copied.held() == {"a": {"value": 2}, "b": {"value": 3}}


async def test_an_archive_that_goes_away_holds_up_nobody_and_is_mended_when_it_is_back(tmp_path: Path) -> None:
    copied = Copied(tmp_path)
    async with copied.opened() as town:
        await put(town, "a", 1)
        await copied.base()
        copied.archive.rename(tmp_path / "away")
        (tmp_path / "archive").write_text("no folder")
        for number in range(60):
            await put(town, "b", str(number) * 9_000)
        await copied.ship()
        assert copied.copies[-1].state.fault
        with pytest.raises(StoreUnavailable):
            await copied.base()
        (tmp_path / "archive").unlink()
        (tmp_path / "away").rename(copied.archive)
        at = await copied.ship()
        assert not copied.copies[-1].state.fault
        assert copied.copies[-1].needs_base
        found = copied.restore(at, "before")
        assert "Nothing was copied" in found.salvaged[0]
        await copied.base()
    assert (await copied.held())["b"] == {"value": "59" * 9_000}


@pytest.mark.skipif(not can_encrypt(), reason="this SQLite cannot encrypt")
async def test_a_copy_never_says_that_it_has_more_than_it_has(tmp_path: Path) -> None:
    copied = Copied(tmp_path)
    copied.now += 0.0006  # which is nearer to the next millisecond
    async with copied.opened() as town:
        await put(town, "1", 1)
        at = await copied.ship()
        assert at - 0.001 < copied.copies[-1].state.until <= at
        assert at <= [one.entry.at for one in all_places(copied.vault(), "default")][-1] < at + 0.001


async def test_an_encrypted_town_comes_back_encrypted_and_a_sealed_archive_holds_nothing_plain(tmp_path: Path) -> None:
    copied = Copied(tmp_path, key=b"k" * 32, key_file=tmp_path / "key")
    async with copied.opened() as town:
        await put(town, "a", "一番のひみつ" * 100)
        await copied.files.put("album", "p.jpg", b"a photo of somebody" * 50)
        await copied.base()
        await put(town, "a", "二番のひみつ" * 100)
    assert await copied.held() == {"a": {"value": "二番のひみつ" * 100}}
    everything = b"".join(one.read_bytes() for one in copied.archive.rglob("*") if one.is_file())
    assert "ひみつ".encode() not in everything
    assert b"somebody" not in everything
    assert copied.file.read_bytes()[:6] != b"SQLite"


async def test_what_no_moment_needs_any_more_is_removed_and_the_rest_is_whole(tmp_path: Path) -> None:
    copied = Copied(tmp_path)
    async with copied.opened() as town:
        for number in range(6):
            await put(town, "a", f"{number}" * 50_000)
            await copied.base()
            await copied.ship()
    kept = len(copied.vault().pieces())
    copied.now = 4_000_000_000.0  # later than this test runs
    assert prune(copied.vault(), 60.0, copied.now, ["default"]) > 0
    assert len(copied.vault().pieces()) < kept
    assert await copied.held() == {"a": {"value": "5" * 50_000}}


async def test_a_moment_before_the_first_copy_is_said_to_be_too_early(tmp_path: Path) -> None:
    copied = Copied(tmp_path)
    async with copied.opened() as town:
        await put(town, "a", 1)
        await copied.base()
    with pytest.raises(NotFound, match="its first whole copy is of 1970-01-12T13:46"):
        copied.restore(5.0)
    assert not (tmp_path / "restored" / "towns" / "default").exists()
