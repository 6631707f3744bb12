"""What is a person told of what the town holds about them, and what becomes of it when they ask?"""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.consent.towns import ABOUT, DEFAULT, KNOWN, ROOT, STEPS, UNTIL, WALK, Consenting, consenting, walk

from machinami.broker import corrections, holdings, leaving, operations, persons
from machinami.foundation.errors import (
    BadRequestData,
    Conflict,
    CredentialRefused,
    Forbidden,
    NotFound,
    SignInRequired,
)
from machinami.model.correction import Standing
from machinami.model.erasure import digest_of

ANNA, BEN, CLERK = KNOWN["anna"], KNOWN["ben"], KNOWN["clerk"]
GROUND = {"id": "tax", "basis": "law", "who": "role:officer", "reason": "地方税法", "until": UNTIL, "types": [WALK]}


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[Consenting]:
    async with consenting(tmp_path) as found:
        yield found


async def _instance(town: Consenting, entity: str = "urn:x:walk:0", who: str = "anna") -> str:
    house = await town.house()
    one = await holdings.one_held(house, entity, [KNOWN[who].id])
    past = await holdings.past_of(house, one, 5)
    return next(str(i.value.instance_id) for i in past.instances if i.attribute == STEPS)


async def test_a_person_is_told_all_that_is_about_them_and_nothing_about_others(town: Consenting) -> None:
    house = await town.house()
    for who, walks in (("anna", {"urn:x:walk:0", "urn:x:walk:2"}), ("ben", {"urn:x:walk:1"}), ("clerk", set())):
        found = await holdings.held(house, await persons.names_of(house, KNOWN[who]))
        assert {one.entity.id for one in found} == walks
        assert all(STEPS in one.entity.attributes for one in found)
    with pytest.raises(NotFound):
        await holdings.one_held(house, "urn:x:walk:1", [ANNA.id])


async def test_nobody_and_no_program_is_told_anything(town: Consenting) -> None:
    house = await town.house()
    with pytest.raises(SignInRequired):
        await persons.names_of(house, KNOWN["nobody"])
    with pytest.raises(Forbidden):
        await persons.names_of(house, KNOWN["walking"])


async def test_each_thing_is_told_with_the_grounds_and_consents_that_hold_now(town: Consenting) -> None:
    house = await town.house()
    consent = await town.consent()
    await town.done("administrator", "POST", "/grounds", GROUND)
    (first, *_) = await holdings.held(house, [ANNA.id])
    assert [one.id for one in first.consents] == [consent]
    assert [one.id for one in first.grounds] == ["tax"]
    await town.done("anna", "POST", f"/consents/{consent}/withdraw", {})
    await town.done("administrator", "POST", "/grounds/tax/end", {})
    (first, *_) = await holdings.held(house, [ANNA.id])
    assert (first.consents, first.grounds, first.others) == ((), (), False)


async def test_what_names_a_person_without_being_marked_is_said_to_be_there(town: Consenting) -> None:
    house = await town.house()
    said = {"id": "urn:x:note:1", "type": "Note", "writer": {"type": "Relationship", "object": ANNA.id}}
    await town.done("administrator", "POST", f"{ROOT}/entities", said)
    assert await holdings.named(house, [ANNA.id]) == [holdings.Named(DEFAULT + "Note", 1)]
    assert await holdings.named(house, [BEN.id]) == []


async def test_a_read_shows_within_five_seconds_with_who_as_what_and_what_for(town: Consenting) -> None:
    house = await town.house()
    await town.consent()
    began = time.perf_counter()
    told = await town.ask("walking", "GET", f"{ROOT}/entities/urn:x:walk:0")
    assert told.status == 200
    trail = await holdings.reads(house, town.broker.audit(house), ANNA, 50)
    assert time.perf_counter() - began < 5.0
    (one,) = [entry for entry in trail.entries if entry["who"] == KNOWN["walking"].id]
    assert (one["purpose"], one["roles"], one["entity"]) == ("walking", ["service"], "urn:x:walk:0")
    others = await holdings.reads(house, town.broker.audit(house), BEN, 50)
    assert not [entry for entry in others.entries if entry["who"] == KNOWN["walking"].id]


async def test_the_past_that_somebody_read_shows_too(town: Consenting) -> None:
    house = await town.house()
    await town.consent()
    span = "timerel=after&timeAt=2000-01-01T00:00:00Z"
    assert (await town.ask("walking", "GET", f"{ROOT}/temporal/entities/urn:x:walk:0?{span}")).status == 200
    trail = await holdings.reads(house, town.broker.audit(house), ANNA, 50)
    assert "the past" in {entry.get("what") for entry in trail.entries if entry["who"] == KNOWN["walking"].id}


async def test_what_is_said_to_be_wrong_is_seen_by_the_officer_and_put_right_now_and_in_the_past(
    town: Consenting,
) -> None:
    house = await town.house()
    asked = await corrections.ask(house, "urn:x:walk:0", STEPS, await _instance(town), 900, "間違い", ANNA)
    assert (asked.value, asked.wanted, asked.standing) == (1000, 900, Standing.ASKED)
    assert [one.id for one in await corrections.every(house, CLERK)] == [asked.id]
    done = await corrections.decide(house, asked.id, True, "", CLERK)
    assert done.standing is Standing.ACCEPTED
    (mine,) = await corrections.own(house, ANNA)
    assert (mine.standing, mine.decided_by) == (Standing.ACCEPTED, CLERK.id)
    now = operations.retrieve(house, "urn:x:walk:0", ANNA)
    assert now.attributes[STEPS][0].value == 900
    one = await holdings.one_held(house, "urn:x:walk:0", [ANNA.id])
    past = await holdings.past_of(house, one, 5)
    assert [i.value.value for i in past.instances if i.attribute == STEPS] == [900]
    told = await holdings.reads(house, town.broker.audit(house), ANNA, 50)
    assert any(entry["who"] == CLERK.id and entry.get("what") == "correction-request" for entry in told.entries)
    assert (await town.ask("clerk", "GET", f"{ROOT}/entities/urn:x:walk:0")).status == 404  # they saw no more than that
    with pytest.raises(Conflict):
        await corrections.decide(house, asked.id, False, "too late", CLERK)


async def test_a_refusal_has_a_reason_and_changes_nothing(town: Consenting) -> None:
    house = await town.house()
    asked = await corrections.ask(house, "urn:x:walk:0", STEPS, await _instance(town), None, "not me", ANNA)
    with pytest.raises(BadRequestData):
        await corrections.decide(house, asked.id, False, " ", CLERK)
    await corrections.decide(house, asked.id, False, "装置の記録どおりです", CLERK)
    (mine,) = await corrections.own(house, ANNA)
    assert (mine.standing, mine.answer) == (Standing.REFUSED, "装置の記録どおりです")
    assert operations.retrieve(house, "urn:x:walk:0", ANNA).attributes[STEPS][0].value == 1000


async def test_corrections_are_asked_by_whom_they_are_about_and_decided_by_others(town: Consenting) -> None:
    house = await town.house()
    instance = await _instance(town)
    with pytest.raises(NotFound):
        await corrections.ask(house, "urn:x:walk:0", STEPS, instance, 1, "x", BEN)
    with pytest.raises(BadRequestData):
        await corrections.ask(house, "urn:x:walk:0", ABOUT, instance, "urn:x:y", "x", ANNA)
    with pytest.raises(BadRequestData):
        await corrections.ask(house, "urn:x:walk:0", STEPS, instance, 1000, "the same", ANNA)
    with pytest.raises(BadRequestData):
        await corrections.ask(house, "urn:x:walk:0", STEPS, instance, 1, " ", ANNA)
    asked = await corrections.ask(house, "urn:x:walk:0", STEPS, instance, 1, "x", ANNA)
    with pytest.raises(Conflict):
        await corrections.ask(house, "urn:x:walk:0", STEPS, instance, 2, "x", ANNA)
    for who in (ANNA, BEN, KNOWN["walking"]):
        with pytest.raises(Forbidden):
            await corrections.decide(house, asked.id, True, "", who)
        with pytest.raises(Forbidden):
            await corrections.every(house, who)
    with pytest.raises(SignInRequired):
        await corrections.every(house, KNOWN["nobody"])
    await town.done("administrator", "POST", f"{ROOT}/entities", _of_clerk())
    own = await corrections.ask(
        house, "urn:x:walk:9", STEPS, await _instance(town, "urn:x:walk:9", "clerk"), 1, "x", CLERK
    )
    with pytest.raises(Forbidden):
        await corrections.decide(house, own.id, True, "", CLERK)


def _of_clerk() -> dict[str, object]:
    return walk(9, "clerk")


async def test_erasing_takes_all_that_nothing_keeps_with_its_past_and_ends_the_consents(town: Consenting) -> None:
    house = await town.house()
    consent = await town.consent()
    wanted = await leaving.plan(house, ANNA)
    assert [(one.type, one.count) for one in wanted.parts] == [(WALK, 2)]
    assert [one.id for one in wanted.consents] == [consent]
    account = await leaving.leave(house, ANNA)
    assert [(one["type"], one["entities"]) for one in account["erased"]] == [(WALK, 2)]
    assert account["keys"]["destroyed"] > 0
    assert digest_of(account) == account["digest"]
    assert await holdings.held(house, [ANNA.id]) == []
    for number in (0, 2):
        assert house.store.peek(f"urn:x:walk:{number}") is None
        assert house.store.recall(f"urn:x:walk:{number}") is None
    assert len(await holdings.held(house, [BEN.id])) == 1
    assert (await town.ask("anna", "GET", f"/consents/{consent}")).body["state"] == "withdrawn"
    assert (await leaving.own_account(house, account["id"], ANNA))["digest"] == account["digest"]
    with pytest.raises(NotFound):
        await leaving.own_account(house, account["id"], BEN)


async def test_what_a_ground_is_about_stays_and_is_told_with_the_day_on_which_it_ends(town: Consenting) -> None:
    house = await town.house()
    await town.done("administrator", "POST", "/grounds", GROUND)
    (staying,) = (await leaving.plan(house, ANNA)).staying
    assert (staying.kept.what, staying.count, staying.kept.until is None) == (WALK, 2, False)
    account = await leaving.leave(house, ANNA)
    assert account["erased"] == []
    assert any("地方税法" in one["ground"] and one["until"] for one in account["kept"])
    assert len(await holdings.held(house, [ANNA.id])) == 2
    assert all(STEPS in one.entity.attributes for one in await holdings.held(house, [ANNA.id]))


async def test_what_is_about_two_people_stays_when_one_of_them_asks(town: Consenting) -> None:
    house = await town.house()
    both = walk(5, "anna") | {"walker": {"type": "Relationship", "object": [ANNA.id, BEN.id]}}
    await town.done("administrator", "POST", f"{ROOT}/entities", both)
    account = await leaving.leave(house, ANNA)
    assert leaving.OTHERS in {one["ground"] for one in account["kept"]}
    assert account["keys"]["stillNeeded"] > 0
    assert house.store.peek("urn:x:walk:5") is not None
    assert {one.entity.id for one in await holdings.held(house, [BEN.id])} == {"urn:x:walk:1", "urn:x:walk:5"}


async def test_an_attribute_that_is_about_a_person_goes_and_the_rest_stays(town: Consenting) -> None:
    house = await town.house()
    mark = {"class": "personal", "type": "Bench", "attribute": "donor", "subject": "refDonor"}
    await town.done("administrator", "POST", "/legal-classes", mark)
    bench = {
        "id": "urn:x:bench:1",
        "type": "Bench",
        "seats": {"type": "Property", "value": 3},
        "donor": {"type": "Property", "value": "Anna A."},
        "refDonor": {"type": "Relationship", "object": ANNA.id},
    }
    await town.done("administrator", "POST", f"{ROOT}/entities", bench)
    (held,) = [one for one in await holdings.held(house, [ANNA.id]) if one.entity.id == "urn:x:bench:1"]
    assert held.attributes == (DEFAULT + "donor",)
    account = await leaving.leave(house, ANNA, {DEFAULT + "Bench"})
    assert [(one["type"], one["attribute"]) for one in account["erased"]] == [(DEFAULT + "Bench", DEFAULT + "donor")]
    left = house.store.peek("urn:x:bench:1")
    assert left is not None
    assert DEFAULT + "seats" in left.attributes
    assert DEFAULT + "donor" not in left.attributes
    assert len(await holdings.held(house, [ANNA.id])) == 2  # of the types that were not named nothing went


async def test_who_has_the_paper_of_a_card_connects_it_and_nobody_else_does(town: Consenting) -> None:
    house = await town.house()
    card = await persons.make_card(house, "ABCDEFGH", "JKLMNPQRSTUV", "健康保険証", CLERK)
    assert persons.find_card(house, "abcd-efgh", CLERK) == card
    with pytest.raises(Forbidden):
        await persons.make_card(house, "X", "Y", "x", ANNA)
    with pytest.raises(Forbidden):
        persons.find_card(house, "ABCDEFGH", BEN)
    with pytest.raises(CredentialRefused):
        await persons.claim(house, "ABCDEFGH", "WRONGWRONGWR", ANNA)
    await persons.claim(house, "abcd-efgh", "jklm-npqr-stuv", ANNA)
    assert await persons.names_of(house, ANNA) == [ANNA.id, card.id]
    assert await persons.names_of(house, BEN) == [BEN.id]
    with pytest.raises(Conflict):
        await persons.claim(house, "ABCDEFGH", "JKLMNPQRSTUV", BEN)
    with pytest.raises(NotFound):
        await persons.disconnect(house, card.id, BEN)
    await persons.disconnect(house, card.id, ANNA)
    assert await persons.names_of(house, ANNA) == [ANNA.id]


async def test_what_is_kept_under_a_connected_name_is_told_with_the_rest(town: Consenting) -> None:
    house = await town.house()
    card = await persons.make_card(house, "ABCDEFGH", "JKLMNPQRSTUV", "known", CLERK)
    said = walk(7, "anna") | {"walker": {"type": "Relationship", "object": card.id}}
    await town.done("administrator", "POST", f"{ROOT}/entities", said)
    await persons.claim(house, "ABCDEFGH", "JKLMNPQRSTUV", BEN)
    found = await holdings.held(house, await persons.names_of(house, BEN))
    assert {(one.entity.id, one.name) for one in found} == {("urn:x:walk:1", BEN.id), ("urn:x:walk:7", card.id)}
