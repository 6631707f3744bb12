"""What becomes of data about somebody who withdraws or asks to be erased? They go everywhere, with an account of it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest_asyncio
from tests.consent.towns import KNOWN, ROOT, UNTIL, WALK, Consenting, consenting, walk

from machinami.app.person_keys import PersonKeyFile
from machinami.broker import consents, erasure, forgetting, legal_records
from machinami.broker.audit import Search
from machinami.broker.law import Law
from machinami.broker.legal_records import load_law
from machinami.broker.shroud.shrouded import shrouded
from machinami.model.erasure import digest_of
from machinami.model.query import Page, Query, TemporalQuery, TypeIs
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend

ANNA, SECRET = KNOWN["anna"].id, "tachycardia-7731"
HOUSE = KNOWN["administrator"]


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[Consenting]:
    async with consenting(tmp_path / "data") as found:
        yield found


async def walks(town: Consenting) -> list[str]:
    """The ids of all walks that there are, whoever may see them."""
    house = await town.house()
    return [one.id for one in (await house.store.find(Query(types=TypeIs(WALK)), Page(100), house.clock())).entities]


async def settle(town: Consenting) -> list[dict[str, Any]]:
    """What the job of the house does every second."""
    return await forgetting.settle(await town.house())


async def test_a_withdrawal_erases_what_nothing_else_justifies_keeping(town: Consenting) -> None:
    consent = await town.consent("anna")
    assert await settle(town) == []
    begun = perf_counter()
    await town.done("anna", "POST", f"/consents/{consent}/withdraw")
    (account,) = await settle(town)
    assert perf_counter() - begun < 5
    assert await walks(town) == ["urn:x:walk:1"]
    assert account["erased"] == [{"type": WALK, "entities": 2, "past": 6, "first": account["erased"][0]["first"],
                                  "last": account["erased"][0]["last"]}]  # fmt: skip
    assert account["people"] == [ANNA]
    assert account["keys"]["destroyed"] == 1
    assert account["reason"] == f"{consent} has ended"
    assert await settle(town) == []


async def test_a_change_leaves_no_moment_in_which_what_both_terms_keep_could_be_erased(town: Consenting) -> None:
    house, consent = await town.house(), await town.consent("anna")
    known = legal_records.law_of(house).consents[consent]
    other = replace(known.terms, until=known.terms.until - timedelta(days=1))
    changing = asyncio.ensure_future(consents.change(house, consent, other, KNOWN["anna"]))
    looks = 0
    while not changing.done():
        assert any(one.holds(house.clock()) for one in legal_records.law_of(house).of(ANNA))
        assert await forgetting.settle(house) == []
        await asyncio.sleep(0)
        looks += 1

    assert looks > 1
    assert (await changing).terms == other
    assert legal_records.law_of(house).consents[consent].terms == other
    assert await settle(town) == []
    assert len(await walks(town)) == 3


async def test_what_another_consent_is_to_stays_until_it_ends_too(town: Consenting) -> None:
    first, second = await town.consent("anna"), await town.consent("anna")
    await town.done("anna", "POST", f"/consents/{first}/withdraw")
    assert await settle(town) == []
    assert len(await walks(town)) == 3
    await town.done("anna", "POST", f"/consents/{second}/withdraw")
    assert len(await settle(town)) == 1
    assert await walks(town) == ["urn:x:walk:1"]


async def test_a_recorded_ground_keeps_and_the_account_says_so(town: Consenting) -> None:
    ground = {
        "id": "accidents",
        "basis": "law",
        "who": "role:officer",
        "types": [WALK],
        "until": UNTIL,
        "reason": "§ 5",
    }
    await town.done("administrator", "POST", "/grounds", ground)
    await town.done("anna", "POST", f"/consents/{await town.consent('anna')}/withdraw")
    assert await settle(town) == []
    account = await town.done("anna", "POST", "/erasures", {"reason": "I move away"})
    assert account["erased"] == []
    kept = {one["what"]: one for one in account["kept"]}
    assert kept[WALK]["ground"] == "law, accidents: § 5"
    assert kept[WALK]["until"].startswith(UNTIL[:19])
    assert "the steps of the person's consents" in kept
    assert len(await walks(town)) == 3


async def test_a_closed_purpose_and_a_narrower_consent_erase_as_well(town: Consenting) -> None:
    await town.consent("anna")
    await town.consent("ben")
    await town.done("administrator", "POST", "/purposes/walking/close")
    assert len(await settle(town)) == 2
    assert await walks(town) == []


async def test_who_asks_is_given_an_account_that_is_in_the_record_of_the_town(town: Consenting) -> None:
    account = await town.done("anna", "POST", "/erasures", {"reason": "I move away"})
    assert account["digest"] == digest_of(account)
    assert account["by"] == ANNA
    assert account["erased"][0]["entities"] == 2
    assert await town.done("anna", "GET", f"/erasures/{account['id']}") == account
    assert await town.done("anna", "GET", "/erasures") == [account]
    assert (await town.ask("ben", "GET", f"/erasures/{account['id']}")).status == 404
    assert (await town.ask("ben", "GET", f"/erasures?subject={ANNA}")).status == 403
    assert (await town.ask("nobody", "GET", "/erasures")).status == 401
    house = await town.house()
    found = await town.broker.audit(house).search(Search(what=ANNA), 50, HOUSE)
    assert [one["digest"] for one in found.entries if "digest" in one] == [account["digest"]]
    assert (await town.broker.audit(house).verify(None, HOUSE)).faults == []


async def test_nobody_has_somebody_else_erased_but_a_clerk_with_the_proof_of_it(town: Consenting) -> None:
    asked = {"subject": ANNA, "reason": "at the desk"}
    assert (await town.ask("ben", "POST", "/erasures", asked)).status == 403
    assert (await town.ask("administrator", "POST", "/erasures", asked)).status == 400
    told = await town.done("administrator", "POST", "/erasures", {**asked, "proof": "signed form 12"})
    assert told["people"] == [ANNA]
    assert await walks(town) == ["urn:x:walk:1"]


async def test_a_backup_made_before_cannot_be_read_after_the_erasure(town: Consenting, tmp_path: Path) -> None:
    noted = walk(7, "anna", note=SECRET)
    await town.done("administrator", "POST", f"{ROOT}/entities", noted)
    house = await town.house()
    assert house.store.peek("urn:x:walk:7") is not None
    ignored = shutil.ignore_patterns("*.lock", "*.persons")
    backup = Path(shutil.copytree(tmp_path / "data", tmp_path / "backup", ignore=ignored))
    await town.done("anna", "POST", "/erasures", {"reason": "I move away"})
    for folder in (backup, tmp_path / "data"):
        for file in folder.rglob("*"):
            assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file
    shutil.copy(tmp_path / "data" / "keys" / "default.persons", backup / "default.persons")  # all keys that there are
    store = open_backend(backup, StoreSettings())
    law, keys = Law(house.clock), PersonKeyFile(backup / "default.persons", False)
    restored = await shrouded(await store.open("default"), law, keys)
    await load_law(law, restored)
    for number, is_there in ((0, False), (7, False), (1, True)):
        entity = restored.peek(f"urn:x:walk:{number}")
        assert entity is not None
        assert bool(entity.attributes) is is_there
        assert bool(await restored.instances([entity.id], None, TemporalQuery())) is is_there
    assert all(
        part.after is None or change.entity_id == "urn:x:walk:1"
        for change in await restored.changes(0, 1000)
        for part in change.attributes
    )
    await store.close()
    keys.close()


async def test_an_erasure_that_a_crash_broke_off_is_brought_to_its_end(town: Consenting) -> None:
    house = await town.house()
    assert house.shroud is not None
    keys = house.shroud.cipher.keys
    going = await erasure.about(house, ANNA)
    await erasure._look_at(house, going)
    made = erasure.Erasure("urn:x:erasure", house.clock(), ANNA, "asked", (ANNA,), tuple(going.erased), is_done=False)
    await house.store.transact(lambda tx: erasure._delete(house, going, going.ids, made, KNOWN["anna"], tx))
    assert keys.find(ANNA)  # here the process was killed
    assert await forgetting.Forgetting().look(house) == 1
    assert not keys.find(ANNA)
    (account,) = await erasure.accounts(house, ANNA)
    assert account["done"]
    assert account["keys"]["destroyed"] == 1


async def test_a_part_of_what_there_is_leaves_the_key_and_the_account_says_that_copies_can_be_read(
    town: Consenting,
) -> None:
    house = await town.house()
    count = await erasure.erase(house, WALK, ["urn:x:walk:0"], HOUSE)
    assert count == 1
    assert count.account["keys"]["stillNeeded"] == 1
    assert [one["readable"] for one in count.account["copies"]] == [False, True, True]
    count = await erasure.erase(house, WALK, ["urn:x:walk:2"], HOUSE)
    assert count.account["keys"]["destroyed"] == 1
    assert [one["readable"] for one in count.account["copies"]] == [False, False, True]
    assert "keys lie in the data folder" in count.account["copies"][2]["because"]
