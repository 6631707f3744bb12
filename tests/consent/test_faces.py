"""Who is given data about a person, through every face, before they consent, while they do, and once they withdraw?"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import orjson
import pytest_asyncio
from tests.consent.towns import ROOT, STEPS, UNTIL, WALK, Consenting, consenting, walk

SPAN = "timerel=after&timeAt=2000-01-01T00:00:00Z"
SECONDS = 5.0  # within which what was withdrawn must be gone everywhere


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[Consenting]:
    async with consenting(tmp_path) as found:
        yield found


async def _retrieved(town: Consenting, who: str) -> set[str]:
    found = set()
    for number in range(3):
        told = await town.ask(who, "GET", f"{ROOT}/entities/urn:x:walk:{number}")
        assert told.status in (200, 404)
        found |= {str(1000 + number)} if "steps" in told.text else set()
    return found


async def _queried(town: Consenting, who: str) -> set[str]:
    told = await town.ask(who, "GET", f"{ROOT}/entities?type=Walk&count=true")
    found = {str(one["steps"]["value"]) for one in told.body if "steps" in one}
    assert int(told.headers["NGSILD-Results-Count"]) == len(found)
    return found


async def _filtered(town: Consenting, who: str) -> set[str]:
    found = set()
    for number in range(3):
        told = await town.ask(who, "GET", f"{ROOT}/entities?type=Walk&q=steps=={1000 + number}&count=true")
        assert int(told.headers["NGSILD-Results-Count"]) == len(told.body)
        found |= {str(1000 + number)} if told.body else set()
    return found


async def _asked(town: Consenting, who: str) -> set[str]:
    told = await town.ask(who, "GET", f"{ROOT}/entities?type=Walk&attrs=steps&options=keyValues")
    return {str(one["steps"]) for one in told.body}


async def _remembered(town: Consenting, who: str) -> set[str]:
    every = await town.ask(who, "GET", f"{ROOT}/temporal/entities?type=Walk&{SPAN}")
    found = {name for name in ("1000", "1001", "1002") if name in every.text}
    for number in range(3):
        one = await town.ask(who, "GET", f"{ROOT}/temporal/entities/urn:x:walk:{number}?{SPAN}")
        assert (str(1000 + number) in found) == (str(1000 + number) in one.text)
    return found


async def _aggregated(town: Consenting, who: str) -> set[str]:
    asked = f"type=Walk&{SPAN}&options=aggregatedValues&aggrMethods=max&aggrPeriodDuration=P1D&attrs=steps"
    told = await town.ask(who, "GET", f"{ROOT}/temporal/entities?{asked}")
    return {name for name in ("1000", "1001", "1002") if name in told.text}


async def _mapped(town: Consenting, who: str) -> set[str]:
    made = await town.ask(who, "GET", f"{ROOT}/entities?type=Walk&entityMap=true")
    kept = await town.ask(who, "GET", made.headers["NGSILD-EntityMap"])
    assert {one["id"] for one in made.body} == set(kept.body["entityMap"])
    return {str(one["steps"]["value"]) for one in made.body}


async def _counted(town: Consenting, who: str) -> set[str]:
    told = await town.ask(who, "GET", f"{ROOT}/types/Walk")
    number = told.body["entityCount"] if told.status == 200 else 0
    names = {one["attributeName"] for one in told.body["attributeDetails"]} if number else set()
    assert ("steps" in names) == bool(number)
    return (await _queried(town, who)) if number == len(await _queried(town, who)) else {"miscounted"}


FACES: dict[str, Callable[[Consenting, str], Awaitable[set[str]]]] = {
    "retrieved": _retrieved,
    "queried": _queried,
    "filtered": _filtered,
    "asked": _asked,
    "remembered": _remembered,
    "aggregated": _aggregated,
    "mapped": _mapped,
    "counted": _counted,
}
PEOPLE = ("nobody", "anna", "ben", "walking", "clerk", "administrator", "neighbour")
ANNA, BEN = {"1000", "1002"}, {"1001"}


async def _through(town: Consenting, expected: dict[str, set[str]]) -> None:
    for name, face in FACES.items():
        for who in PEOPLE:
            if who == "nobody":
                told = await town.ask(who, "GET", f"{ROOT}/entities?type=Walk")
                assert told.status == 401
                continue
            if name in ("counted", "aggregated") and who in ("anna", "ben"):
                continue
            assert await face(town, who) == expected.get(who, set()), (name, who)


async def test_every_face_gives_what_is_consented_to_and_nothing_once_it_is_withdrawn(town: Consenting) -> None:
    own = {"anna": ANNA, "ben": BEN}
    await _through(town, own)
    consent = await town.consent()
    await _through(town, {**own, "walking": ANNA})
    assert not await _queried_for(town, "walking", "statistics")
    assert not await _queried_for(town, "walking", "")
    began = time.monotonic()
    await town.done("anna", "POST", f"/consents/{consent}/withdraw")
    for face in FACES.values():
        assert await face(town, "walking") == set()
    assert time.monotonic() - began < SECONDS
    again = await town.ask("anna", "POST", f"/consents/{consent}/withdraw")
    assert again.status == 409
    await town.consent()
    await _through(town, {**own, "walking": ANNA})


async def _queried_for(town: Consenting, who: str, purpose: str) -> bool:
    return bool((await town.ask(who, "GET", f"{ROOT}/entities?type=Walk", purpose=purpose)).body)


async def test_only_what_is_consented_to_is_given(town: Consenting) -> None:
    await town.consent()
    told = await town.done("walking", "GET", f"{ROOT}/entities/urn:x:walk:0")
    assert set(told) & {"steps", "weight", "walker"} == {"steps", "walker"}
    heavy = await town.done("walking", "GET", f"{ROOT}/entities?type=Walk&q=weight>1")
    assert heavy == []
    past = await town.ask("walking", "GET", f"{ROOT}/temporal/entities/urn:x:walk:0?{SPAN}")
    assert "steps" in past.text
    assert "weight" not in past.text
    own = await town.done("anna", "GET", f"{ROOT}/entities/urn:x:walk:0", purpose="")
    assert "weight" in own


async def test_what_lies_beyond_the_time_that_was_consented_to_is_kept(town: Consenting) -> None:
    await town.consent(dataFrom="2026-06-01T00:00:00Z", dataUntil="2026-06-11T00:00:00Z")
    assert await _queried_values(town) == {1000}
    inside = "timerel=between&timeAt=2026-06-02T00:00:00Z&endTimeAt=2026-06-11T00:00:00Z"
    past = await town.ask("walking", "GET", f"{ROOT}/temporal/entities?type=Walk&{inside}")
    assert "1000" in past.text
    assert "1002" not in past.text
    wider = await town.ask("walking", "GET", f"{ROOT}/temporal/entities?type=Walk&{SPAN}")
    assert "1000" not in wider.text
    assert "1002" not in wider.text


async def _queried_values(town: Consenting) -> set[int]:
    told = await town.done("walking", "GET", f"{ROOT}/entities?type=Walk")
    return {one["steps"]["value"] for one in told if "steps" in one}


async def test_a_consent_that_was_changed_holds_as_it_was_changed(town: Consenting) -> None:
    consent = await town.consent()
    changed = {
        "recipients": ["program:urn:program:walking"], "purpose": "walking", "until": UNTIL, "types": [WALK],
        "attributes": [STEPS], "text": "1", "language": "easy", "dataFrom": "2026-06-12T00:00:00Z",
    }  # fmt: skip
    told = await town.done("anna", "POST", f"/consents/{consent}/change", changed)
    assert (told["state"], len(told["events"])) == ("changed", 2)
    assert await _queried_values(town) == {1002}


async def test_a_subscription_tells_of_a_person_only_while_they_consent(town: Consenting) -> None:
    consent = await town.consent()
    subscription = {
        "id": "urn:x:subscription", "type": "Subscription", "entities": [{"type": "Walk"}],
        "notification": {"endpoint": {"uri": "http://127.0.0.1:9/heard"}},
    }  # fmt: skip
    await town.done("walking", "POST", f"{ROOT}/subscriptions", subscription)
    wire = town.running.wire

    async def walked(number: int, steps: int) -> None:
        body = {"steps": {"type": "Property", "value": steps}}
        await town.done("administrator", "PATCH", f"{ROOT}/entities/urn:x:walk:{number}/attrs", body)

    async def heard(times: int) -> str:
        async with asyncio.timeout(SECONDS):
            while len(wire.sent) < times:
                await asyncio.sleep(0.01)
        return b"".join(message.body for message in wire.sent).decode()

    await walked(0, 5001)
    assert "5001" in await heard(1)
    await walked(1, 5002)  # of somebody else
    await town.done("anna", "POST", f"/consents/{consent}/withdraw")
    await walked(0, 5003)
    await town.consent()
    await walked(2, 5004)
    told = await heard(2)
    assert "5004" in told
    assert not {"5002", "5003"} & {word for word in ("5002", "5003") if word in told}


async def test_a_snapshot_and_a_map_keep_what_was_withdrawn_to_themselves(town: Consenting) -> None:
    consent = await town.consent()
    made = await town.ask("walking", "GET", f"{ROOT}/entities?type=Walk&entityMap=true")
    map_path = made.headers["NGSILD-EntityMap"]
    document = {
        "id": "urn:x:snapshot",
        "type": "Snapshot",
        "snapshotQueries": [{"type": "Query", "entities": [{"type": "Walk"}]}],
    }
    await town.done("walking", "POST", f"{ROOT}/snapshots", document)
    frozen = {"NGSILD-Snapshot": "urn:x:snapshot"}

    async def within(expected: int) -> list[object]:
        async with asyncio.timeout(SECONDS):
            while True:
                told = await town.ask("walking", "GET", f"{ROOT}/entities?type=Walk", **frozen)
                if told.status == 200 and len(told.body) == expected:
                    return list(told.body)
                await asyncio.sleep(0.01)

    assert "1000" in orjson.dumps(await within(2)).decode()
    await town.done("anna", "POST", f"/consents/{consent}/withdraw")
    await within(0)
    assert (await town.done("walking", "GET", map_path))["entityMap"] == {}
    paged = await town.ask(
        "walking", "GET", f"{ROOT}/entities?type=Walk", **{"NGSILD-EntityMap": map_path.rpartition("/")[2]}
    )
    assert paged.body == []


async def test_nobody_sees_by_writing_what_they_may_not_read(town: Consenting) -> None:
    path = f"{ROOT}/entities/urn:x:walk:0"
    for body in (
        {"walker": {"type": "Relationship", "object": "urn:person:administrator"}},
        {"walker": {"type": "Relationship", "object": "urn:person:ben"}},
    ):
        told = await town.ask("administrator", "PATCH", f"{path}/attrs", body)
        assert told.status in (207, 409), told
    replaced = {**walk(0, "anna"), "type": "Stroll"}
    told = await town.ask("administrator", "PUT", path, replaced)
    assert told.status == 404  # it is there for who changes it, not for who looks first
    await town.done("administrator", "DELETE", path)
    assert (await town.ask("administrator", "POST", f"{ROOT}/entities", walk(0, "ben"))).status == 409


async def test_an_entity_of_a_second_type_is_kept_under_that_type_too(town: Consenting) -> None:
    both = {**walk(7, "anna"), "type": ["Walk", "Sensor"]}
    await town.done("administrator", "POST", f"{ROOT}/entities", both)
    await town.done("administrator", "POST", f"{ROOT}/entities", {"id": "urn:x:sensor", "type": "Sensor"})
    told = await town.ask("walking", "GET", f"{ROOT}/entities?type=Sensor&count=true")
    assert [one["id"] for one in told.body] == ["urn:x:sensor"]
    assert told.headers["NGSILD-Results-Count"] == "1"
