"""A whole installation is copied while it runs, comes back with its towns, photos, people and settings, and what was
erased stays erased."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.app.tenancy import ROOT, Installation, gauge, installation
from tests.app.test_person_keys import NOTE, RULER, inhabited

from machinami.app.backups.bringing import bring_back
from machinami.app.backups.following import Standby, hold, refuse_standby
from machinami.app.backups.holding import TakenOver
from machinami.app.backups.rehearsing import rehearse
from machinami.app.backups.succeeding import take_over
from machinami.app.backups.vault import Vault, open_vault
from machinami.app.configuration import FILE as SETTINGS
from machinami.app.console import ADMINISTRATORS
from machinami.app.erasing_again import erase_again
from machinami.app.governing import governed
from machinami.broker.legal_records import put_mark
from machinami.foundation.errors import AlreadyExists, InUse, SettingsError
from machinami.model.legal import LegalClass, Mark
from machinami.store.sqlite.connection import can_encrypt


def copied(tmp_path: Path, **more: Any) -> dict[str, Any]:
    """Settings by which an installation is copied, into a sealed archive."""
    return {"backup_to": tmp_path / "archive", "backup_key": tmp_path / "key", "backup_rehearse": 0, **more}


def vault_of(tmp_path: Path) -> Vault:
    """The archive."""
    return open_vault(tmp_path / "archive", tmp_path / "key")


def silent(town: str) -> Callable[[int, int], None]:
    """No bar."""
    return lambda done, of: None


async def until(true: Callable[[], object]) -> None:
    """Wait for something that happens within seconds."""
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.02)


async def is_copied(towns: Installation) -> None:
    """Wait until the archive has a whole copy, and all that was written before this."""
    backups = towns.system.backups
    assert backups is not None
    await until(lambda: backups.copies and not any(copy.needs_base for copy in backups.copies.values()))
    await backups.look()
    assert backups.fault == ""
    assert all(part.ok for part in backups.parts())


async def bring(tmp_path: Path, name: str, only: str | None = None, at: float | None = None) -> Path:
    """Everything, or one town, in a folder of its own."""
    await asyncio.to_thread(bring_back, vault_of(tmp_path), tmp_path / name, only, at, None, silent)
    return tmp_path / name


async def test_an_installation_comes_back_with_towns_photos_and_settings(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / SETTINGS).write_text('[town]\nname = { ja = "松川町" }\n', encoding="utf-8")
    async with installation(data, **copied(tmp_path)) as towns:
        await towns.act("found", town="east")
        await towns.ask("POST", f"{ROOT}/entities", gauge(1))
        await towns.ask("POST", f"{ROOT}/entities", gauge(2), "east")
        house = await towns.system.broker.town("east")
        assert house.files is not None
        await house.files.put("reports", "p.jpg", b"a photo")
        await is_copied(towns)
        await towns.ask("POST", f"{ROOT}/entities", gauge(3), "east")
    again = await bring(tmp_path, "again")
    assert "松川町" in (again / SETTINGS).read_text(encoding="utf-8")
    async with installation(again) as towns:
        assert (await towns.ask("GET", f"{ROOT}/entities?type=Gauge")).body[0]["id"] == "urn:ngsi-ld:Gauge:1"
        east = (await towns.ask("GET", f"{ROOT}/entities?type=Gauge", None, "east")).body
        assert [one["id"] for one in east] == ["urn:ngsi-ld:Gauge:2", "urn:ngsi-ld:Gauge:3"]
        house = await towns.system.broker.town("east")
        assert house.files is not None
        assert await house.files.get("reports", "p.jpg") == b"a photo"
        with pytest.raises(InUse):
            await bring(tmp_path, "again", "west")
    alone = await bring(tmp_path, "alone", "east")
    async with installation(alone) as towns:
        assert len((await towns.ask("GET", f"{ROOT}/entities?type=Gauge")).body) == 2
    with pytest.raises(AlreadyExists, match="nothing was changed"):
        await bring(tmp_path, "again", "east")
    async with installation(tmp_path / "other"):
        pass
    await bring(tmp_path, "other", "east")
    async with installation(tmp_path / "other") as towns:
        assert len((await towns.ask("GET", f"{ROOT}/entities?type=Gauge", None, "east")).body) == 2


@pytest.mark.skipif(not can_encrypt(), reason="this SQLite cannot encrypt")
async def test_encrypted_towns_come_back_by_the_keys_in_a_sealed_archive(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path, encrypted=True)) as towns:
        await towns.act("found", town="east")
        await towns.ask("POST", f"{ROOT}/entities", gauge(2), "east")
        await is_copied(towns)
    again = await bring(tmp_path, "again")
    async with installation(again) as towns:
        assert len((await towns.ask("GET", f"{ROOT}/entities?type=Gauge", None, "east")).body) == 1
    found = await asyncio.to_thread(rehearse, vault_of(tmp_path), None, tmp_path, silent)
    assert found.faults == []
    assert found.towns["east"]["entities"] == 1


async def test_keys_never_go_into_an_open_archive_and_it_says_so(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with installation(data, **copied(tmp_path, backup_key=None)) as towns:
        await inhabited(towns, "east")
        await is_copied(towns)
        assert towns.system.backups is not None
        apart = {one.name for one in towns.system.backups.left_out()}
    assert {"identity.key", "east.persons"} <= apart
    secret = (data / "identity.key").read_bytes()
    everything = [one.read_bytes() for one in (tmp_path / "archive").rglob("*") if one.is_file()]
    assert not any(secret in content for content in everything)


@pytest.mark.parametrize("sealed", [True, False])
async def test_a_restore_of_an_earlier_moment_does_not_bring_back_who_was_erased(tmp_path: Path, sealed: bool) -> None:
    """In a sealed archive the keys are those of now; with keys that were kept by hand, they are destroyed again."""
    data, by_hand = tmp_path / "data", tmp_path / "by-hand"
    async with installation(data, **copied(tmp_path, **({} if sealed else {"backup_key": None}))) as towns:
        await inhabited(towns, "east")
        await is_copied(towns)
        backups = towns.system.backups
        assert backups is not None
        before = backups.states()["east"].until
        by_hand.mkdir()
        for one in (data / "identity.key", *(data / "keys").iterdir()):
            (by_hand / one.name).write_bytes(one.read_bytes())
        persons = towns.system._person_keys.of("east")  # what an erasure does in the end
        assert persons.destroy(range(1, 50)) == 1
        await backups.look()
    vault = vault_of(tmp_path) if sealed else open_vault(tmp_path / "archive", None)
    brought = await asyncio.to_thread(
        bring_back, vault, tmp_path / "again", None, before, None if sealed else by_hand, silent
    )
    assert brought.destroyed == (0 if sealed else 1)
    async with installation(tmp_path / "again") as towns:
        assert NOTE["value"] not in str(await towns.ask("GET", f"{ROOT}/entities?type=Gauge", None, "east"))
        assert len((await towns.ask("GET", f"{ROOT}/entities?type=Gauge", None, "east")).body) == 1


async def test_a_base_of_a_running_installation_is_made_on_request_and_a_rehearsal_is_told(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await towns.ask("POST", f"{ROOT}/entities", gauge(1))
        await is_copied(towns)
        backups = towns.system.backups
        assert backups is not None
        (base,) = await backups.make()
        assert base.number == 2
        assert backups.told([base])["towns"][0]["town"] == "default"
        await backups.rehearse()
        parts = {part.name: part for part in backups.parts()}
        assert parts["rehearsal of the backup"].ok
        assert "restored and whole" in parts["rehearsal of the backup"].detail
        assert {"backup_lag_seconds", "backup_rehearsed_well"} <= {metric.name for metric in backups.metrics()}
        assert backups.concerns() == []
        health = (await towns.ask("GET", "/health")).body
        assert {"backup of default", "rehearsal of the backup"} <= {part["name"] for part in health["parts"]}


async def test_a_standby_follows_takes_over_and_the_former_town_stops(tmp_path: Path) -> None:
    second = tmp_path / "second"
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        backups = towns.system.backups
        assert backups is not None
        await towns.ask("POST", f"{ROOT}/entities", gauge(1))
        await is_copied(towns)
        held = hold(second)
        standby = Standby(vault_of(tmp_path), second, tmp_path / "key")
        assert (await asyncio.to_thread(standby.step)).faults == []
        for number in range(2, 20):
            await towns.ask("POST", f"{ROOT}/entities", gauge(number))
        await towns.act("found", town="east")
        await is_copied(towns)
        lag = await asyncio.to_thread(standby.step)
        assert lag.faults == []
        assert lag.changes == 0
        assert lag.seconds < 30
        with pytest.raises(SettingsError, match="is a standby of"):
            refuse_standby(second)
        held.close()
        taken = await asyncio.to_thread(take_over, second, vault_of(tmp_path), tmp_path / "key")
        assert taken.generation == 2
        assert taken.remarks == []
        await towns.ask("POST", f"{ROOT}/entities", gauge(99))
        await backups.look()
        assert backups.taken_over.is_set()
        with pytest.raises(TakenOver, match="This machine has stopped"):
            await towns.system.wait_until(asyncio.Event())
    with pytest.raises(TakenOver, match="Do not serve it"):
        async with installation(tmp_path / "data", **copied(tmp_path)):
            raise AssertionError("two machines are the town")
    async with installation(second, **copied(tmp_path)) as towns:
        found = (await towns.ask("GET", f"{ROOT}/entities?type=Gauge&limit=100")).body
        assert len(found) == 19
        assert {town["name"] for town in await towns.act("list")} == {"default", "east"}
        await is_copied(towns)


async def test_an_archive_of_another_machine_is_not_written_to(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await is_copied(towns)
    async with installation(tmp_path / "other", **copied(tmp_path)) as towns:
        assert towns.system.backups is not None
        await towns.system.backups.look()
        assert "is written to by another machine" in towns.system.backups.fault
        assert not all(part.ok for part in towns.system.backups.parts())


async def test_erasures_that_a_restored_town_does_not_know_of_are_done_again(tmp_path: Path) -> None:
    words = "https://uri.etsi.org/ngsi-ld/default-context/"
    async with installation(tmp_path / "data") as towns:
        await towns.act("found", town="east")
        house = await towns.system.broker.town("east")
        await put_mark(house, Mark(LegalClass.PERSONAL, f"{words}Gauge", "", f"{words}owner"), RULER)
        owners = [{"owner": {"type": "Relationship", "object": f"urn:person:{number}"}} for number in (7, 8)]
        for number, owner in enumerate(owners):
            assert (await towns.ask("POST", f"{ROOT}/entities", gauge(number, **owner), "east")).status == 201
    told = {"east": [{"id": "urn:machinami:erasure:1", "people": ["urn:person:7"], "types": [f"{words}Gauge"]},
                     {"id": "urn:machinami:erasure:2", "people": [], "types": []}]}  # fmt: skip
    async with governed(tmp_path / "data", "east") as governing:  # only a town with administrators has accounts
        await governing.ask("POST", ADMINISTRATORS, {"name": "sato"})
    done, left = await erase_again(tmp_path / "data", told)
    assert left[:-1] == []
    assert done == 1
    assert "urn:machinami:erasure:2 names nobody" in left[0]
    async with installation(tmp_path / "data") as towns:
        house = await towns.system.broker.town("east")
        assert [house.store.peek(f"urn:ngsi-ld:Gauge:{number}") is None for number in (0, 1)] == [True, False]
