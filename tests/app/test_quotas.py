"""A town takes no more of the machine than its quota allows, can always mend itself, and stops no other town."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.app.tenancy import ROOT, Installation, gauge, installation, subscription

ENTITIES, PAST = f"{ROOT}/entities", f"{ROOT}/temporal/entities"


@pytest.fixture
async def towns(tmp_path: Path) -> AsyncIterator[Installation]:
    """An installation with two towns besides its own."""
    async with installation(tmp_path) as made:
        for name in ("east", "west"):
            await made.act("found", town=name)
        yield made


async def test_a_town_holds_no_more_entities_than_it_may_and_says_how_to_mend_it(towns: Installation) -> None:
    await towns.act("quota", town="east", quota={"entities": 2})

    made = [(await towns.ask("POST", ENTITIES, gauge(number), "east")).status for number in (1, 2)]
    refused = await towns.ask("POST", ENTITIES, gauge(3), "east")

    assert made == [201, 201]
    assert refused.status == 507
    assert {name: refused.body[name] for name in ("quota", "limit", "used")} == {
        "quota": "entities",
        "limit": 2,
        "used": 2,
    }
    assert "delete entities" in refused.body["detail"]
    assert (await towns.ask("PATCH", f"{ENTITIES}/urn:ngsi-ld:Gauge:1/attrs", {"level": 5}, "east")).status == 204
    assert (await towns.ask("POST", ENTITIES, gauge(3), "west")).status == 201
    assert (await towns.ask("DELETE", f"{ENTITIES}/urn:ngsi-ld:Gauge:1", None, "east")).status == 204
    assert (await towns.ask("POST", ENTITIES, gauge(3), "east")).status == 201


async def test_a_batch_goes_as_far_as_there_is_room(towns: Installation) -> None:
    await towns.act("quota", town="east", quota={"entities": 3})
    await towns.ask("POST", ENTITIES, gauge(1), "east")

    answer = await towns.ask(
        "POST", f"{ROOT}/entityOperations/create", [gauge(number) for number in range(2, 7)], "east"
    )

    assert answer.status == 207
    assert len(answer.body["success"]) == 2
    assert {one["error"]["status"] for one in answer.body["errors"]} == {507}
    counted = await towns.ask("GET", f"{ENTITIES}?type=Gauge&count=true&limit=0", None, "east")
    assert counted.headers["NGSILD-Results-Count"] == "3"


async def test_works_that_wait_for_one_commit_do_not_go_beyond_it_together(towns: Installation) -> None:
    await towns.act("quota", town="east", quota={"entities": 5})
    town = await towns.system.broker.town("east")

    asked = [towns.ask("POST", ENTITIES, gauge(number), "east") for number in range(20)]
    statuses = [said.status for said in await asyncio.gather(*asked)]

    assert sorted(statuses) == [201] * 5 + [507] * 15
    assert town.store.statistics()["entities"] == 5


async def test_subscriptions_are_counted(towns: Installation) -> None:
    await towns.act("quota", town="east", quota={"subscriptions": 1})
    path = f"{ROOT}/subscriptions"

    first, second = [await towns.ask("POST", path, subscription(number), "east") for number in (1, 2)]

    assert (first.status, second.status) == (201, 507)
    assert second.body["quota"] == "subscriptions"
    assert (await towns.ask("DELETE", f"{path}/urn:ngsi-ld:Subscription:1", None, "east")).status == 204
    assert (await towns.ask("POST", path, subscription(2), "east")).status == 201


async def test_history_is_counted_and_room_comes_back_when_it_is_deleted(towns: Installation) -> None:
    for number in (1, 2):
        await towns.ask("POST", ENTITIES, gauge(number), "east")
    await towns.act("quota", town="east", quota={"history": 2})

    refused = await towns.ask("PATCH", f"{ENTITIES}/urn:ngsi-ld:Gauge:1/attrs", {"level": 7}, "east")
    assert refused.status == 507
    assert refused.body["quota"] == "history"
    past = {**gauge(3), "level": [{"type": "Property", "value": 1, "observedAt": "2026-01-01T00:00:00Z"}]}
    assert (await towns.ask("POST", PAST, past, "east")).status == 507
    assert (await towns.ask("GET", f"{PAST}/urn:ngsi-ld:Gauge:1", None, "east")).status == 200
    assert (await towns.ask("DELETE", f"{PAST}/urn:ngsi-ld:Gauge:2", None, "east")).status == 204
    await towns.platform.measure()
    assert (await towns.ask("PATCH", f"{ENTITIES}/urn:ngsi-ld:Gauge:1/attrs", {"level": 7}, "east")).status == 204


async def test_a_town_at_its_bytes_reads_and_deletes_and_then_writes_again(towns: Installation) -> None:
    text = {"type": "Property", "value": "x" * 2_000}
    many = [gauge(number, note=text) for number in range(400)]
    await towns.ask("POST", f"{ROOT}/entityOperations/create", many, "east")
    town = await towns.system.broker.town("east")
    await town.store.inventory()  # state and history are in their tables
    await towns.act("quota", town="east", quota={"bytes": 1})  # full, it keeps no more of the log than it must
    bound = town.store.used_bytes() - 1
    await towns.act("quota", town="east", quota={"bytes": bound})

    refused = await towns.ask("POST", ENTITIES, gauge(900), "east")

    assert (refused.status, refused.body["quota"]) == (507, "bytes")
    registration = {"id": "urn:ngsi-ld:ContextSourceRegistration:1", "type": "ContextSourceRegistration"}
    source = {**registration, "endpoint": "http://127.0.0.1:9", "information": [{"entities": [{"type": "X"}]}]}
    assert (await towns.ask("POST", f"{ROOT}/csourceRegistrations", source, "east")).status == 507
    assert (await towns.ask("GET", f"{ENTITIES}/urn:ngsi-ld:Gauge:5", None, "east")).status == 200
    ids = [one["id"] for one in many]
    assert (await towns.ask("POST", f"{ROOT}/entityOperations/delete", ids, "east")).status == 204
    for one in ids[:300]:
        await towns.ask("DELETE", f"{PAST}/{one}", None, "east")
    await town.store.inventory()
    await towns.platform.measure()
    assert town.meter.bytes < bound
    assert (await towns.ask("POST", ENTITIES, gauge(900), "east")).status == 201


async def test_a_town_that_is_asked_too_often_is_told_when_to_ask_again_and_others_are_served(
    towns: Installation,
) -> None:
    await towns.act("quota", town="east", quota={"requests": 3})

    answers = [await towns.ask("GET", f"{ENTITIES}?type=Gauge", None, "east") for _ in range(12)]

    refused = [one for one in answers if one.status == 429]
    assert len(refused) >= 6
    assert refused[0].headers["Retry-After"] == "1"
    assert refused[0].body["limit"] == 3
    assert (await towns.ask("GET", f"{ENTITIES}?type=Gauge", None, "west")).status == 200
    assert (await towns.ask("GET", f"{ENTITIES}?type=Gauge")).status == 200
    await towns.act("quota", town="east", quota={"requests": None})
    assert (await towns.ask("GET", f"{ENTITIES}?type=Gauge", None, "east")).status == 200


async def test_bounds_and_refusals_are_in_the_metrics_and_outlive_a_restart(tmp_path: Path) -> None:
    async with installation(tmp_path) as first:
        await first.act("found", town="east", quota={"entities": 1})
        await first.ask("POST", ENTITIES, gauge(1), "east")
        assert (await first.ask("POST", ENTITIES, gauge(2), "east")).status == 507
        metrics = (await first.ask("GET", "/metrics")).text
    async with installation(tmp_path) as second:
        again = await second.ask("POST", ENTITIES, gauge(2), "east")

    assert 'machinami_quota{town="east",kind="entities"} 1' in metrics
    assert 'machinami_quota_refusals_total{town="east",kind="entities"} 1' in metrics
    assert again.status == 507


@pytest.mark.parametrize(
    "quota", [{"entities": -1}, {"entities": 1.5}, {"entities": True}, {"books": 3}, {"requests": 0}, {"bytes": "9"}]
)
async def test_bounds_that_cannot_be_are_refused(towns: Installation, quota: dict[str, object]) -> None:
    answer = await towns.ask("PATCH", "/platform/towns/east", {"quota": quota})

    assert answer.status == 400
