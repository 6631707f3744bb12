"""Do the keys of a town's persons go where the town goes, and end where it ends?"""

from pathlib import Path
from typing import Any

from tests.app.tenancy import ROOT, Installation, gauge, installation

from machinami.broker.legal_records import put_mark
from machinami.model.legal import LegalClass, Mark
from machinami.model.principal import Principal, Role

NOTE = {"type": "Property", "value": "tachycardia-7731"}
RULER = Principal("urn:person:administrator", frozenset({Role.ADMINISTRATOR}), None, None, 2, 2)


async def inhabited(towns: Installation, name: str) -> None:
    """A town with something about a person."""
    await towns.act("found", town=name)
    house = await towns.system.broker.town(name)
    await put_mark(house, Mark(LegalClass.PERSONAL, "https://uri.etsi.org/ngsi-ld/default-context/Gauge"), RULER)
    told = await towns.ask("POST", f"{ROOT}/entities", gauge(1, note=NOTE), name)
    assert told.status == 201


async def notes(towns: Installation, name: str | None) -> list[Any]:
    """What there is about persons in a town."""
    told = await towns.ask("GET", f"{ROOT}/entities?type=Gauge", None, *([] if name is None else [name]))
    return [one["note"]["value"] for one in told.body]


def said(folder: Path) -> bool:
    """Whether any file says it in plain."""
    return any(NOTE["value"].encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_a_town_that_moves_takes_the_keys_of_its_persons_along(tmp_path: Path) -> None:
    data, keys, moved = tmp_path / "data", tmp_path / "keys", tmp_path / "moved"
    async with installation(data, person_keys=keys) as towns:
        await inhabited(towns, "east")
        assert await notes(towns, "east") == [NOTE["value"]]
        assert (keys / "east.persons").exists()
        await towns.act("move", town="east", folder=str(moved))
        assert not (keys / "east.persons").exists()
        assert not said(data)
    assert not said(moved)
    async with installation(moved) as there:
        assert await notes(there, None) == [NOTE["value"]]
    async with installation(data, person_keys=keys) as towns:
        await towns.act("bring", town="again", folder=str(moved))
        assert await notes(towns, "again") == [NOTE["value"]]


async def test_a_deleted_town_leaves_no_key_of_anybody(tmp_path: Path) -> None:
    data, keys = tmp_path / "data", tmp_path / "keys"
    async with installation(data, person_keys=keys) as towns:
        await inhabited(towns, "east")
        await towns.act("delete", town="east")
        assert list(keys.glob("east*")) == []
        await inhabited(towns, "east")
        assert await notes(towns, "east") == [NOTE["value"]]
