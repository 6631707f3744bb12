"""Can who runs the machine come to read what a town holds, by what the product gives them?"""

import logging
import stat
import sys
from pathlib import Path

import pytest
from tests.app.tenancy import ROOT, gauge, installation
from tests.app.test_departures import SECRET, files_with

from machinami.broker.identity import people
from machinami.broker.identity.identity import Where
from machinami.foundation.errors import Forbidden
from machinami.model.principal import SYSTEM, Role

PASSWORD, WHERE = "seven herons over the weir", Where("192.0.2.7")
SENSES = pytest.mark.skipif(sys.platform == "win32", reason="rights of files are others there")


async def test_no_link_of_the_operator_opens_a_town_that_an_administrator_of_its_own_runs(tmp_path: Path) -> None:
    async with installation(tmp_path) as towns:
        await towns.act("found", town="east", administrator="sato")
        link = (await towns.act("invite", town="east", person="sato"))["link"]  # the first one may have been lost
        identity = towns.system.identity
        registry = identity.own("east")
        await people.accept(identity, registry, link.rpartition("#")[2], PASSWORD, WHERE)
        roles = frozenset({Role.ADMINISTRATOR.value})
        deputy = await people.make_account(identity, registry, "deputy", "Deputy", roles, SYSTEM)
        own = await people.invite(identity, registry, deputy.id, SYSTEM)
        for person in ("deputy", "sato", "operator"):
            with pytest.raises(Forbidden, match="administrators of its own"):
                await towns.act("invite", town="east", person=person)
        await people.accept(identity, registry, own, PASSWORD, WHERE)  # the link of the town's own holds still


@SENSES
async def test_what_a_town_holds_is_closed_to_other_accounts_of_the_machine(tmp_path: Path) -> None:
    async with installation(tmp_path) as towns:
        await towns.act("found", town="east")
    found = [tmp_path / "towns" / "default", tmp_path / "towns" / "east"]
    assert [oct(stat.S_IMODE(one.stat().st_mode)) for one in found] == ["0o700"] * 2
    assert stat.S_IMODE((tmp_path / "identity.key").stat().st_mode) == 0o600
    found[1].chmod(0o755)  # as a former version made it; a group that was let in stays in
    found[0].chmod(0o750)
    async with installation(tmp_path):
        assert [stat.S_IMODE(one.stat().st_mode) for one in found[:2]] == [0o750, 0o750]


async def test_nothing_that_the_operator_has_in_hand_says_what_a_town_holds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with installation(tmp_path) as towns:
        await towns.act("found", town="east")
        await towns.act("quota", town="east", quota={"entities": 1})
        note = {"type": "Property", "value": SECRET}
        assert (await towns.ask("POST", f"{ROOT}/entities", gauge(1, note=note), "east")).status == 201
        assert (await towns.ask("POST", f"{ROOT}/entities", gauge(2, note=note), "east")).status == 507
        assert (await towns.ask("POST", f"{ROOT}/entities", {"id": SECRET, "note": note}, "east")).status == 400
        for path in ("/platform/towns", "/platform/towns/east", "/platform/record", "/towns", "/health", "/metrics",
                     "/about", "/services"):  # fmt: skip
            told = await towns.ask("GET", path, Accept="text/html, */*")
            assert told.status == 200, path
            assert SECRET not in told.text, path
        assert all(one.startswith(("towns/east/", "towns\\east\\")) for one in files_with(tmp_path, SECRET))
        await towns.act("delete", town="east", confirm="east")
        assert SECRET not in str(await towns.act("record"))
    assert files_with(tmp_path, SECRET) == []
    assert SECRET not in caplog.text
