"""By which name does a service know somebody, and who learns whose it is?"""

from collections.abc import AsyncIterator
from pathlib import Path
from stat import S_IMODE

import pytest
import pytest_asyncio
from tests.consent.towns import KNOWN, UNTIL, Consenting, consenting

from machinami.app.mapping_keys import mapping_key, place_of
from machinami.broker.audit import Search
from machinami.broker.private import SCOPE, Drawer, change, rows
from machinami.broker.pseudonyms import PSEUDONYM, pseudonym
from machinami.foundation.settings import Settings

ANNA = KNOWN["anna"].id
GROUND = {"id": "fraud", "basis": "law", "who": "role:officer", "until": UNTIL, "reason": "§ 12", "types": [PSEUDONYM]}


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[Consenting]:
    async with consenting(tmp_path) as found:
        yield found


async def name(town: Consenting, who: str, service: str) -> str:
    """Under which name a service knows somebody."""
    return str((await town.done(who, "GET", f"/pseudonyms?service={service}"))["pseudonym"])


def test_services_cannot_join_people_by_their_names() -> None:
    key = bytes(32)
    found = {pseudonym(key, service, f"urn:p:{n}") for service in ("health_points", "library") for n in range(500)}
    assert len(found) == 1000
    assert pseudonym(key, "library", "urn:p:1") == pseudonym(key, "library", "urn:p:1")
    assert pseudonym(bytes(31) + b"1", "library", "urn:p:1") not in found
    assert not any(text in one for one in found for text in ("urn:p", "library"))


async def test_each_service_knows_somebody_by_another_name_which_stays(town: Consenting) -> None:
    first, again, other = [await name(town, "anna", service) for service in ("library", "library", "health_points")]
    assert first == again != other
    assert first != await name(town, "ben", "library")
    assert (await town.ask("nobody", "GET", "/pseudonyms?service=library")).status == 401


async def test_whose_it_is_is_told_on_a_recorded_ground_alone_and_noted(town: Consenting) -> None:
    await town.consent("anna")
    asked = {"service": "library", "pseudonym": await name(town, "anna", "library"), "reason": "case 7"}
    for who in ("administrator", "clerk", "walking", "anna"):
        assert (await town.ask(who, "POST", "/pseudonyms/resolution", asked)).status == 403
    await town.done("administrator", "POST", "/grounds", {**GROUND, "id": "wide", "types": []})
    assert (await town.ask("clerk", "POST", "/pseudonyms/resolution", asked)).status == 403
    await town.done("administrator", "POST", "/grounds", GROUND)
    assert (await town.done("clerk", "POST", "/pseudonyms/resolution", asked))["person"] == ANNA
    assert (await town.ask("clerk", "POST", "/pseudonyms/resolution", {**asked, "service": "pool"})).status == 404
    assert (await town.ask("clerk", "POST", "/pseudonyms/resolution", {**asked, "reason": " "})).status == 400
    house = await town.house()
    found = await town.broker.audit(house).search(Search(what=ANNA, who="urn:person:clerk"), 9, KNOWN["administrator"])
    assert ["looked up whose" in one["what"] for one in found.entries] == [True]


def test_the_key_lies_in_a_file_of_its_own_with_rights_of_its_own(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data", person_keys=tmp_path / "keys")
    key = mapping_key(settings, "default")
    assert mapping_key(settings, "default") == key
    assert mapping_key(settings, "other") != key
    path = place_of(settings, "default")
    assert path.parent == tmp_path / "keys"
    assert S_IMODE(path.stat().st_mode) == 0o600


async def test_what_a_service_keeps_about_somebody_goes_with_them(town: Consenting, tmp_path: Path) -> None:
    house, by = await town.house(), KNOWN["administrator"]

    def keep(drawer: Drawer) -> None:
        drawer.put("contacts", "1", {"mail": "anna-7731@example.jp"}, about=ANNA)
        drawer.put("contacts", "2", {"mail": "desk@example.jp"})

    await change(house, "library", keep, by)
    assert await rows(house, "library", "contacts", by) == {
        "1": {"mail": "anna-7731@example.jp"},
        "2": {"mail": "desk@example.jp"},
    }
    assert not any(b"anna-7731" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    await town.done("anna", "POST", "/erasures", {})
    assert await rows(house, "library", "contacts", by) == {"2": {"mail": "desk@example.jp"}}
    assert house.shroud is not None
    assert not house.shroud.cipher.keys.find(ANNA, SCOPE)


@pytest.mark.parametrize("service", ["", "x" * 201])
async def test_a_service_is_named_by_its_id(town: Consenting, service: str) -> None:
    assert (await town.ask("anna", "GET", f"/pseudonyms?service={service}")).status == 400
