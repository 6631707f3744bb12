"""What is a second machine given that follows a town over HTTP, what is refused, and who knows of it?"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.app.backups.test_installation import copied, is_copied
from tests.app.tenancy import ROOT, Installation, gauge, installation

from machinami.apis.standby.port import Follower
from machinami.app.backups.following import LEFT, Standby, refuse_standby
from machinami.app.backups.holding import TakenOver
from machinami.app.backups.mirroring import Mirror, Town
from machinami.app.backups.succeeding import take_over
from machinami.app.backups.vault import Damaged, place_in
from machinami.app.checkup.stopped import examine_stopped
from machinami.app.identifying import appoint, issue_key
from machinami.broker.identity.programs import revoke_key
from machinami.foundation.errors import InputError, SettingsError, StoreUnavailable
from machinami.model.identity.key import Use, Wanted
from machinami.model.principal import SYSTEM, Principal, Role

CHIEF = Principal("urn:x:chief", frozenset({Role.ADMINISTRATOR}))


class Second:
    """A second machine that follows an installation of this process."""

    def __init__(self, tmp_path: Path, url: str, key: str | None = None, version: str = "test") -> None:
        self.data = tmp_path / "second"
        self.key_file = tmp_path / "key"
        self.mirror = Mirror(Town(url, key), self.data / "mirror", self.key_file, version)
        self.standby: Standby | None = None

    async def step(self) -> list[str]:
        """Take up what is new, until all is here; what is in the way."""
        return await asyncio.to_thread(self._step)

    def _step(self) -> list[str]:
        if self.standby is None:
            self.mirror.pull(0.0, 0)
            self.standby = Standby(self.mirror.vault(), self.data, self.key_file, self.mirror)
        lag = self.standby.step()
        while lag.coming is not None:
            lag = self.standby.step()
        return lag.faults

    async def take_over(self) -> list[str]:
        """Be the town; what is remarked."""
        vault = self.mirror.vault()
        taken = await asyncio.to_thread(take_over, self.data, vault, self.key_file, self.mirror)
        await self.close()
        return taken.remarks

    async def close(self) -> None:
        """End."""
        await asyncio.to_thread(self.mirror.close)


@asynccontextmanager
async def following(tmp_path: Path, towns: Installation, **more: Any) -> AsyncIterator[Second]:
    """A second machine while the block runs."""
    serving = towns.system._serving
    assert serving is not None
    second = Second(tmp_path, serving.url, **more)
    try:
        yield second
    finally:
        await second.close()


async def key_of(towns: Installation, *scopes: str) -> str:
    """A key of a town that gets its first administrator."""
    identity = towns.system.identity
    if not identity.has_administrators:
        await appoint(identity, "default", "chief", None, SYSTEM)
    wanted = Wanted("second", Use.KEY, frozenset({"service"}), 30, frozenset(scopes) if scopes else None)
    return (await issue_key(identity, "default", wanted, CHIEF))[1]


async def test_towns_photos_and_keys_come_over_the_line_and_are_the_town_after_a_takeover(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await towns.ask("POST", f"{ROOT}/entities", gauge(1))
        await towns.act("found", town="east")
        await is_copied(towns)
        async with following(tmp_path, towns) as second:
            assert await second.step() == []
            await towns.ask("POST", f"{ROOT}/entities", gauge(2), "east")
            house = await towns.system.broker.town("east")
            assert house.files is not None
            await house.files.put("reports", "p.jpg", b"a photo that came after the whole copy")
            await is_copied(towns)
            assert await second.step() == []
            with pytest.raises(SettingsError, match="is a standby of http"):
                refuse_standby(second.data)
            told = await examine_stopped(second.data, "127.0.0.1", 1026)
            assert [one.key for one in told.findings if one.check == "standby"] == ["standby.follows"]
            await towns.ask("POST", f"{ROOT}/entities", gauge(3))  # in no record yet
            assert await second.take_over() == []
        assert (await towns.ask("POST", f"{ROOT}/entities", gauge(4))).status == 503
        with pytest.raises(TakenOver, match="This machine has stopped"):
            await towns.system.wait_until(asyncio.Event())
    with pytest.raises(TakenOver, match="Do not serve it"):
        async with installation(tmp_path / "data"):
            raise AssertionError("two machines are the town")
    assert not (tmp_path / "second" / "mirror").exists()
    async with installation(tmp_path / "second", **copied(tmp_path)) as towns:
        found = (await towns.ask("GET", f"{ROOT}/entities?type=Gauge")).body
        assert [one["id"][-1] for one in found] == ["1", "3"]
        house = await towns.system.broker.town("east")
        assert house.files is not None
        assert await house.files.get("reports", "p.jpg") == b"a photo that came after the whole copy"
        await is_copied(towns)  # it sees the archive of the former machine, and goes on with it


async def test_nobody_is_given_the_archive_but_a_key_that_was_made_for_it(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await is_copied(towns)
        for key, words in (
            (await key_of(towns), "a key with the scope standby"),
            (await key_of(towns, "read", "write"), "a key with the scope standby"),
            ("mk_0000_wrong", "does not open it"),
            (None, "makes a key"),
        ):
            async with following(tmp_path, towns, key=key) as second:
                with pytest.raises(InputError, match=words):
                    await second.step()
        right = await key_of(towns, "standby")
        assert (await towns.ask("GET", "/policy", None, None, Authorization=f"Bearer {right}")).status in (401, 403)
        for name in ("../data/identity.key", "holder.json", "keys/../archive.json"):
            field = {"Authorization": f"Bearer {right}"}
            assert (await towns.ask("GET", f"/standby/part?name={name}", None, None, **field)).status == 404
        async with following(tmp_path, towns, key=right) as second:
            assert await second.step() == []


async def test_a_key_goes_over_no_open_line_unless_the_settings_say_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="in the clear"):
        Mirror(Town("http://city.example", "mk_x"), tmp_path, None, "1")
    Mirror(Town("http://city.example", "mk_x", plain=True), tmp_path, None, "1").close()


async def test_what_keeps_a_second_machine_from_following_is_said(tmp_path: Path) -> None:
    async with installation(tmp_path / "bare") as towns, following(tmp_path, towns) as second:
        with pytest.raises(InputError, match=r"\[backup\] to = "):
            await second.step()
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await is_copied(towns)
        async with following(tmp_path, towns, version="another") as second:
            assert "install the same one" in (await second.step())[0]
        other = tmp_path / "other"
        other.mkdir()
        async with installation(other / "data", **copied(other)) as others:
            await is_copied(others)
            async with following(tmp_path, others) as second:
                with pytest.raises(SettingsError, match="follows another archive"):
                    await second.step()
        async with following(tmp_path, towns) as second:
            assert await second.step() == []
            await towns.system._serving.stop()  # type: ignore[union-attr]
            assert "cannot be reached" in (await second.step())[0]
            remarks = await second.take_over()
            assert "switch it off" in remarks[0]
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await Second(tmp_path / "new", "http://127.0.0.1:9").step()


async def test_both_machines_say_who_follows_and_how_far_behind_it_is(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await is_copied(towns)
        key = await key_of(towns, "standby")
        async with following(tmp_path, towns, key=key) as second:
            await second.step()
        (part,) = [one for one in towns.system.lending.parts() if one.name.startswith("standby ")]
        assert part.ok
        assert {"standby_lag_seconds", "standby_lag_changes"} <= {one.name for one in towns.system.lending.metrics()}
        lending = towns.system.lending
        lending._clock = lambda: 2_000_000_000.0  # much later: nothing was heard of it
        (silent,) = lending.parts()
        assert not silent.ok
        assert [one.kind for one in lending.concerns()] == ["standby"]
        found = {one.key for one in (await towns.system.overseer.examine()).findings}
        assert "standby.behind" in found
        registry = towns.system.identity.own(None)
        await revoke_key(towns.system.identity, registry, key.split("_")[1], CHIEF)
        assert lending.parts() == []  # a machine whose key was taken away follows no more


async def test_two_machines_of_one_name_are_told_apart_by_their_keys(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await is_copied(towns)
        lending = towns.system.lending
        lending._is_key = lambda key: True  # type: ignore[method-assign]
        for key in ("a", "b"):
            await lending.look(Follower("localhost", key, 0.0, 0, "test"))
        lending._clock = lambda: 2_000_000_000.0  # type: ignore[assignment]
        await lending.look(Follower("localhost", "b", 0.0, 0, "test"))
        assert sorted(part.ok for part in lending.parts()) == [False, True]  # the silent one is not hidden


async def test_a_key_that_is_destroyed_at_the_town_is_destroyed_at_the_second_machine(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        (tmp_path / "data" / "keys").mkdir(exist_ok=True)
        (tmp_path / "data" / "keys" / "extra").write_bytes(b"secret")
        await is_copied(towns)
        async with following(tmp_path, towns) as second:
            await second.step()
            assert (second.data / "keys" / "extra").read_bytes() == b"secret"
            before = {one.name for one in (second.data / "mirror" / "keys").iterdir()}
            (tmp_path / "data" / "keys" / "extra").unlink()
            await is_copied(towns)
            await second.step()
            assert {one.name for one in (second.data / "mirror" / "keys").iterdir()} < before
            assert not (second.data / "keys" / "extra").exists()


async def test_a_town_that_is_gone_is_laid_aside_and_holds_up_no_other(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await towns.act("found", town="east")
        await is_copied(towns)
        async with following(tmp_path, towns) as second:
            await second.step()
            assert (second.data / "towns" / "east").is_dir()
            await towns.act("delete", town="east")
            backups = towns.system.backups
            assert backups is not None
            await backups.make()
            assert await second.step() == []
            assert not (second.data / "towns" / "east").exists()
            assert (second.data / LEFT / "east").is_dir()


async def test_what_was_broken_off_goes_on_where_it_was(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        for number in range(30):
            await towns.ask("POST", f"{ROOT}/entities", gauge(number))
        await is_copied(towns)
        async with following(tmp_path, towns) as second:
            await second.step()
        async with following(tmp_path, towns) as second:
            await towns.ask("POST", f"{ROOT}/entities", gauge(31))
            await is_copied(towns)
            journal = max((tmp_path / "second" / "mirror").glob("towns/default/journal/*.log"))
            with journal.open("r+b") as file:
                file.truncate(journal.stat().st_size - 10)  # as a power cut leaves it
            assert await second.step() == []
            lag = second.standby
            assert lag is not None
            assert lag.lag.changes == 0


async def test_an_archive_beside_the_data_is_no_part_of_what_is_copied(tmp_path: Path) -> None:
    archive = tmp_path / "data" / "archive"
    async with installation(tmp_path / "data", **copied(tmp_path, backup_to=archive)) as towns:
        await is_copied(towns)
        backups = towns.system.backups
        assert backups is not None
        await backups.make()
        house = backups.vault().read("towns/default/bases/00000002.base")["house"]
        assert not [name for name in house["files"] if name.startswith("archive")]
        async with following(tmp_path, towns) as second:
            assert await second.step() == []


async def test_who_takes_over_first_is_the_town_and_another_machine_is_refused(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await is_copied(towns)
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "key").write_bytes((tmp_path / "key").read_bytes())
        async with following(tmp_path, towns) as second, following(tmp_path / "other", towns) as third:
            await second.step()
            await third.step()
            backups = towns.system.backups
            assert backups is not None
            await backups.give_up("0123456789abcdef")  # the second machine asked, and is not through yet
            with pytest.raises(TakenOver, match="Another machine took over"):
                await third.take_over()
            with pytest.raises(SettingsError, match="is a standby of http"):
                refuse_standby(third.data)


async def test_a_takeover_that_is_asked_again_is_the_same_one(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await is_copied(towns)
        backups = towns.system.backups
        assert backups is not None
        made = await backups.give_up("0123456789abcdef")  # and the answer is lost
        assert await backups.give_up("0123456789abcdef") == made
        assert not backups.taken_over.is_set()


async def test_what_the_archive_never_got_is_said_to_be_missing_after_a_takeover(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await is_copied(towns)
        async with following(tmp_path, towns) as second:
            await second.step()
            backups = towns.system.backups
            assert backups is not None
            backups.copies["default"]._writing.add = _full  # type: ignore[method-assign]
            await towns.ask("POST", f"{ROOT}/entities", gauge(1))
            await towns.act("found", town="east")
            await towns.ask("POST", f"{ROOT}/entities", gauge(2), "east")
            remarks = " ".join(await second.take_over())
    assert "changes of the town default did not come; only the former machine has them" in remarks
    assert "changes of the town east did not come" in remarks


async def test_a_machine_whose_disk_is_full_is_given_up_all_the_same_and_that_is_said(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await is_copied(towns)
        async with following(tmp_path, towns) as second:
            await second.step()
            (tmp_path / "data" / "backup-holder.json.new").mkdir()  # nothing can be written there
            assert "see that nobody starts it again" in " ".join(await second.take_over())
        assert (await towns.ask("POST", f"{ROOT}/entities", gauge(1))).status == 503
        assert not list((tmp_path / "second").glob("standby.json"))


def _full(*_: Any) -> int:
    raise OSError(28, "No space left on device")


async def test_a_file_of_records_that_was_begun_anew_at_the_town_is_taken_anew(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await towns.ask("POST", f"{ROOT}/entities", gauge(1))
        await is_copied(towns)
        async with following(tmp_path, towns) as second:
            await second.step()
            journal = max((second.data / "mirror").glob("towns/default/journal/*.log"))
            there = (tmp_path / "archive").joinpath(*journal.parts[-4:])
            journal.write_bytes(there.read_bytes()[:50] + b"of a record that a kill broke off")
            await towns.ask("POST", f"{ROOT}/entities", gauge(2))
            await is_copied(towns)
            assert await second.step() == []
            assert journal.read_bytes() == there.read_bytes()
            whole = there.read_bytes()
            journal.write_bytes(whole[:-32] + bytes(32))  # another whole record than the one that is there now
            await towns.ask("POST", f"{ROOT}/entities", gauge(3))
            await is_copied(towns)
            second.mirror._ends.clear()
            assert await second.step() == []
            assert journal.read_bytes() == there.read_bytes()


async def test_damage_in_the_records_in_use_is_said_and_mended_by_another_whole_copy(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await towns.act("found", town="east")
        await is_copied(towns)
        async with following(tmp_path, towns) as second:
            await second.step()
            journal = max((tmp_path / "archive").glob("towns/default/journal/*.log"))
            at = journal.stat().st_size
            await towns.ask("POST", f"{ROOT}/entities", gauge(1))
            await is_copied(towns)
            with journal.open("r+b") as file:
                file.seek(at)
                file.write(b"????")
            await towns.ask("POST", f"{ROOT}/entities", gauge(2), "east")
            await is_copied(towns)
            assert "waits for another whole copy" in " ".join(await second.step())
            assert second.standby is not None
            rows = second.standby._state["towns"]
            backups = towns.system.backups
            assert backups is not None
            assert rows["east"]["seq"] == backups.copies["east"].state.seq  # the other town goes on
            await backups.make()  # needs the damaged record, too
            assert "is damaged or missing" in " ".join(await second.step())
            assert "waits for another whole copy" in " ".join(await second.step())  # and is not tried every second
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await towns.ask("POST", f"{ROOT}/entities", gauge(3))
        await is_copied(towns)
        assert towns.system.backups is not None
        await towns.system.backups.make()
        async with following(tmp_path, towns) as second:
            assert await second.step() == []
            assert second.standby is not None
            assert second.standby.lag.changes == 0


async def test_a_second_machine_that_was_killed_between_two_states_of_a_town_makes_it_anew(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await is_copied(towns)
        async with following(tmp_path, towns) as second:
            await second.step()
            shutil.rmtree(second.data / "towns" / "default")
            assert await second.step() == []
            assert (second.data / "towns" / "default" / "town.sqlite").exists()


async def test_a_town_names_no_place_outside_of_the_archive_to_a_second_machine(tmp_path: Path) -> None:
    async with installation(tmp_path / "data", **copied(tmp_path)) as towns:
        await is_copied(towns)
        lending = towns.system.lending
        index = lending._index
        lending._index = lambda vault: index(vault) | {"documents": {"../../stolen": [1, 1]}}  # type: ignore[method-assign]
        async with following(tmp_path, towns) as second:
            with pytest.raises(StoreUnavailable, match="belongs into no archive"):
                await second.step()


@pytest.mark.parametrize("name", ["../out", "towns/../../out", "/etc/out"])
def test_an_archive_puts_no_file_outside_of_a_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(Damaged, match="outside"):
        place_in(tmp_path, name)
    assert place_in(tmp_path, "authority/root.pem") == tmp_path / "authority" / "root.pem"
