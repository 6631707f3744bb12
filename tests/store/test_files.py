"""Are a town's files kept whole, sealed where the town is, and destroyed when they are to be?"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData, StoreUnavailable
from machinami.store.files import SEALED, Files, FolderFiles, MemoryFiles, checked_name, seal_files

KEY, OTHER = b"k" * 32, b"o" * 32
PHOTO = b"\xff\xd8 a photo \xff\xd9" * 50


@pytest.fixture(params=["open", "sealed", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    if request.param == "memory":
        return MemoryFiles()
    return FolderFiles(tmp_path / "files", lambda: KEY if request.param == "sealed" else None)


async def test_what_is_put_comes_back_and_what_is_dropped_is_gone(files: Files) -> None:
    await files.put("civic_reports", "a-1.jpg", PHOTO)
    await files.put("civic_reports", "b-1.jpg", b"")
    await files.put("other", "a-1.jpg", b"another owner's")
    assert await files.get("civic_reports", "a-1.jpg") == PHOTO
    assert await files.get("civic_reports", "b-1.jpg") == b""
    assert await files.names("civic_reports") == ["a-1.jpg", "b-1.jpg"]
    assert await files.drop("civic_reports", "a-1.jpg")
    assert not await files.drop("civic_reports", "a-1.jpg")
    assert await files.get("civic_reports", "a-1.jpg") is None
    assert await files.get("other", "a-1.jpg") == b"another owner's"


async def test_a_file_that_is_put_again_takes_the_place_of_the_first(files: Files) -> None:
    await files.put("civic_reports", "a.jpg", PHOTO)
    before = files.used_bytes()
    await files.put("civic_reports", "a.jpg", PHOTO[:10])
    assert await files.get("civic_reports", "a.jpg") == PHOTO[:10]
    assert files.used_bytes() == before - len(PHOTO) + 10


@pytest.mark.parametrize(
    "name", ["", "..", "../a", "a/b", "a b", ".hidden", "A.JPG", "a.b.c", "a" * 90, "a\0b", "写真"]
)
async def test_no_name_leads_out_of_the_folder(files: Files, name: str) -> None:
    with pytest.raises(BadRequestData):
        await files.put("civic_reports", name, PHOTO)


@given(st.text(max_size=40))
def test_a_name_is_plain_or_refused(name: str) -> None:
    try:
        found = checked_name(name)
    except BadRequestData:
        return
    assert not set(found) & {"/", "\\", "\0"}
    assert Path("folder", found).resolve().parent == Path("folder").resolve()


async def test_a_sealed_file_shows_nothing_on_the_disk_and_opens_with_no_other_key(tmp_path: Path) -> None:
    await FolderFiles(tmp_path, lambda: KEY).put("civic_reports", "a.jpg", PHOTO)
    kept = (tmp_path / "civic_reports" / "a.jpg").read_bytes()
    assert b"a photo" not in kept
    assert kept.startswith(SEALED)
    for key in (None, OTHER):
        with pytest.raises(StoreUnavailable):
            await FolderFiles(tmp_path, lambda key=key: key).get("civic_reports", "a.jpg")  # type: ignore[misc]


async def test_no_sealed_file_stands_in_for_another_and_no_open_one_for_a_sealed_one(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path, lambda: KEY)
    await files.put("civic_reports", "a.jpg", PHOTO)
    folder = tmp_path / "civic_reports"
    (folder / "b.jpg").write_bytes((folder / "a.jpg").read_bytes())
    (folder / "c.jpg").write_bytes(PHOTO)
    for name in ("b.jpg", "c.jpg"):
        with pytest.raises(StoreUnavailable):
            await files.get("civic_reports", name)


async def test_what_lay_open_is_sealed_when_the_town_gets_a_key(tmp_path: Path) -> None:
    await FolderFiles(tmp_path).put("civic_reports", "a.jpg", PHOTO)
    assert seal_files(tmp_path, KEY) == 1
    assert seal_files(tmp_path, KEY) == 0
    assert await FolderFiles(tmp_path, lambda: KEY).get("civic_reports", "a.jpg") == PHOTO
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == ["a.jpg"]


async def test_what_is_put_over_a_file_destroys_it_and_leaves_no_moment_without_either(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path / "files")
    await files.put("months", "a.parquet", PHOTO)
    path = tmp_path / "files" / "months" / "a.parquet"
    with path.open("rb") as before:
        await files.put_over("months", "a.parquet", b"what is left")
        assert PHOTO[:9] not in before.read()
    assert await files.get("months", "a.parquet") == b"what is left"
    assert files.used_bytes() == len(b"what is left")
    assert [one.name for one in path.parent.iterdir()] == ["a.parquet"]


async def test_a_file_that_is_destroyed_is_gone_before_it_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = FolderFiles(tmp_path / "files")
    await files.put("months", "a.parquet", PHOTO)

    def killed(size: int) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("machinami.store.files.os.urandom", killed)
    with pytest.raises(KeyboardInterrupt):
        files._drop("months", "a.parquet")
    assert await files.get("months", "a.parquet") is None
