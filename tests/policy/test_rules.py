"""What follows from the policy where no table says it: what is hidden stays as it is, and nothing leads around it."""

import asyncio
from pathlib import Path

import orjson
import pytest
from tests.fakes.neighbours import FakeNeighbours
from tests.policy.towns import DEFAULT, PEOPLE, Protected, protected, row

from machinami.broker import policy_rows
from machinami.foundation.errors import BadRequestData, Conflict, Forbidden
from machinami.model.explaining import Lack, Matter, explain, principal_named
from machinami.model.policy import Deed
from machinami.model.policy_document import read_row
from machinami.model.principal import Principal
from machinami.wire.exchange import Answer, Call

ADMINISTRATOR, RESIDENT = PEOPLE["administrator"], PEOPLE["resident"]
CASE = {
    "id": "urn:x:case",
    "type": "Case",
    "state": {"type": "Property", "value": "open"},
    "name": {"type": "Property", "value": "somebody"},
}
CLERK = row("clerk", "role:resident", ["read", "change", "subscribe"], types=["Case"], attributes=["state"])


async def _wait_for(town: Protected, number: int) -> list[dict[str, object]]:
    async with asyncio.timeout(10):
        while len(town.town.wire.sent) < number:
            await asyncio.sleep(0)
    return [orjson.loads(sent.body) for sent in town.town.wire.sent]


async def test_what_is_hidden_from_who_writes_stays_as_it_is(tmp_path: Path) -> None:
    async with protected(tmp_path, CLERK) as town:
        await town.ask("administrator", "POST", "/entities", CASE)
        new = {"type": "Case", "state": {"type": "Property", "value": "closed"}}
        assert (await town.ask("resident", "PUT", "/entities/urn:x:case", new)).status == 204
        assert (await town.ask("resident", "GET", "/entities/urn:x:case?options=keyValues")).body == {
            "id": "urn:x:case", "type": "Case", "state": "closed"}  # fmt: skip
        full = (await town.ask("administrator", "GET", "/entities/urn:x:case?options=keyValues")).body
        assert full == {"id": "urn:x:case", "type": "Case", "state": "closed", "name": "somebody"}


async def test_a_hidden_attribute_can_neither_be_overwritten_nor_found_out_about(tmp_path: Path) -> None:
    async with protected(tmp_path, CLERK) as town:
        await town.ask("administrator", "POST", "/entities", CASE)
        there = await town.ask(
            "resident", "PATCH", "/entities/urn:x:case/attrs/name", {"value": "x", "type": "Property"}
        )
        absent = await town.ask(
            "resident", "PATCH", "/entities/urn:x:case/attrs/none", {"value": "x", "type": "Property"}
        )
        assert (there.status, absent.status) == (404, 404)
        fragment = {"name": {"type": "Property", "value": "x"}}
        assert (await town.ask("resident", "POST", "/entities/urn:x:case/attrs", fragment)).status == 403
        assert (await town.ask("resident", "GET", "/entities?type=Case&orderBy=name&local=true")).status == 200


async def test_nobody_gives_themselves_rights_by_another_type(tmp_path: Path) -> None:
    wide = row("wide", "role:resident", ["read", "change"], types=["Own"])
    async with protected(tmp_path, CLERK, wide) as town:
        await town.ask("administrator", "POST", "/entities", CASE)
        assert (await town.ask("resident", "POST", "/entities/urn:x:case/attrs", {"type": "Own"})).status == 403
        assert (await town.ask("resident", "GET", "/entities/urn:x:case?options=keyValues")).body.get("name") is None


async def test_an_id_that_is_hidden_cannot_be_used_again(tmp_path: Path) -> None:
    maker = row("maker", "role:resident", ["read", "create"], types=["Own"])
    async with protected(tmp_path, maker) as town:
        await town.ask("administrator", "POST", "/entities", CASE)
        assert (await town.ask("resident", "POST", "/entities", {"id": "urn:x:case", "type": "Own"})).status == 409
        assert (await town.ask("administrator", "GET", "/entities/urn:x:case")).body["type"] == "Case"


async def test_who_is_not_surely_known_is_asked_to_sign_in_more_surely(tmp_path: Path) -> None:
    sure = row("sure", "role:resident", ["read"], types=["Case"], identityAssurance=2, authenticationAssurance=3)
    async with protected(tmp_path, sure) as town:
        await town.ask("administrator", "POST", "/entities", CASE)
        told = await town.ask("resident", "GET", "/entities/urn:x:case")
        assert told.status == 401
        assert told.body["type"].endswith("/StepUpRequired")
        assert (told.body["identityAssurance"], told.body["authenticationAssurance"]) == (2, 3)
        assert 'error="insufficient_user_authentication"' in told.headers["WWW-Authenticate"]
        assert "somebody" not in told.text


async def test_who_says_nothing_is_told_to_sign_in_and_the_operator_that_it_is_not_for_them(tmp_path: Path) -> None:
    async with protected(tmp_path) as town:
        await town.ask("administrator", "POST", "/entities", CASE)
        assert [(await town.ask(who, "GET", "/entities?type=Case")).status for who in ("nobody", "operator")] == [
            401,
            403,
        ]


async def test_a_row_may_hold_within_scopes_and_areas_only(tmp_path: Path) -> None:
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
    north = row("north", "role:resident", ["read", "change"], types=["Case"], scopes=["/North/#"])
    near = row("near", "role:resident", ["read", "change"], types=["Case"], area=square)
    async with protected(tmp_path, north, near) as town:
        for name, more in (
            ("north", {"scope": "/North/Quarter"}),
            ("south", {"scope": "/South"}),
            ("inside", {"location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [0.5, 0.5]}}}),
            ("outside", {"location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [3, 3]}}}),
        ):
            await town.ask("administrator", "POST", "/entities", {**CASE, "id": f"urn:x:{name}", **more})
        told = await town.ask("resident", "GET", "/entities?type=Case&count=true&limit=1")
        assert told.headers["NGSILD-Results-Count"] == "2"
        told = await town.ask("resident", "GET", "/entities?type=Case")
        assert [one["id"] for one in told.body] == ["urn:x:north", "urn:x:inside"]
        assert (await town.ask("resident", "GET", "/types/Case")).body["entityCount"] == 2
        moved = {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [3, 3]}}
        assert (await town.ask("resident", "PUT", "/entities/urn:x:inside/attrs/location", moved)).status == 403


async def test_a_subscription_sends_what_its_owner_may_read_when_it_sends(tmp_path: Path) -> None:
    wish = {
        "type": "Subscription",
        "entities": [{"type": "Case"}],
        "notification": {"endpoint": {"uri": "http://r.test"}},
    }
    async with protected(tmp_path, CLERK) as town:
        house = await town.town.broker.town(None)
        made = await town.ask("resident", "POST", "/subscriptions", wish)
        assert made.status == 201
        await town.ask("administrator", "POST", "/entities", CASE)
        (first,) = await _wait_for(town, 1)
        assert first["data"][0].keys() == {"id", "type", "state"}
        await town.ask("administrator", "PATCH", "/entities/urn:x:case/attrs/name", {"value": "another"})
        await town.ask("administrator", "PATCH", "/entities/urn:x:case/attrs/state", {"value": "closed"})
        assert (await _wait_for(town, 2))[1]["data"][0]["state"]["value"] == "closed"  # nothing was told of the name
        house.policy.set_rows([kept for kept in house.policy.kept if kept.id != "clerk"])
        await town.ask("administrator", "PATCH", "/entities/urn:x:case/attrs/state", {"value": "again"})
        path = made.headers["Location"].removeprefix("/ngsi-ld/v1")
        assert (await town.ask("administrator", "DELETE", path)).status == 204
        assert len(town.town.wire.sent) == 2


async def test_a_subscription_of_who_is_gone_sends_nothing(tmp_path: Path) -> None:
    wish = {
        "type": "Subscription",
        "entities": [{"type": "Case"}],
        "notification": {"endpoint": {"uri": "http://r.test"}},
    }
    async with protected(tmp_path, CLERK) as town:
        house = await town.town.broker.town(None)
        house.policy.present = lambda by: None if by.id == RESIDENT.id else by
        assert (await town.ask("resident", "POST", "/subscriptions", wish)).status == 201
        assert (await town.ask("officer", "POST", "/subscriptions", {**wish, "description": "theirs"})).status == 201
        await town.ask("administrator", "POST", "/entities", CASE)
        (only,) = await _wait_for(town, 1)
        assert "name" in only["data"][0]


async def _number_of_subscriptions(town: Protected, who: str) -> int:
    return len((await town.ask(who, "GET", "/subscriptions")).body)


async def test_each_sees_their_own_subscriptions_and_an_administrator_all(tmp_path: Path) -> None:
    wish = {
        "type": "Subscription",
        "entities": [{"type": "Case"}],
        "notification": {"endpoint": {"uri": "http://r.test"}},
    }
    async with protected(tmp_path, CLERK) as town:
        made = await town.ask("officer", "POST", "/subscriptions", wish)
        path = made.headers["Location"].removeprefix("/ngsi-ld/v1")
        assert [await _number_of_subscriptions(town, who) for who in ("officer", "administrator", "mayor")] == [1, 1, 0]
        assert [(await town.ask(who, method, path)).status for who in ("mayor",) for method in ("GET", "DELETE")] == [
            404
        ] * 2


async def test_a_source_is_asked_nothing_by_which_hidden_things_could_be_found_out(tmp_path: Path) -> None:
    neighbours = FakeNeighbours()
    far = {**CASE, "id": "urn:x:far"}

    def answer(call: Call) -> Answer:
        return Answer(200, {}, orjson.dumps(far if "/entities/urn" in call.url else [far]))

    neighbours.answers["http://far.test"] = answer
    source = {
        "type": "ContextSourceRegistration",
        "endpoint": "http://far.test",
        "information": [{"entities": [{"type": "Case"}]}],
    }
    async with protected(tmp_path, CLERK, caller=neighbours) as town:
        assert (await town.ask("administrator", "POST", "/csourceRegistrations", source)).status == 201
        hidden = await town.ask("resident", "GET", "/entities?type=Case&q=name==%22somebody%22")
        assert hidden.body == []
        assert all("somebody" not in call.url for call in neighbours.calls)
        found = await town.ask("resident", "GET", "/entities?type=Case&q=state==%22open%22&count=true")
        assert [one.keys() for one in found.body] == [{"id", "type", "state"}]
        assert (await town.ask("resident", "GET", "/entities/urn:x:far")).body.keys() == {"id", "type", "state"}
        assert (await town.ask("officer", "GET", "/entities/urn:x:far")).body.keys() >= {"name", "state"}
        asked = len(neighbours.calls)
        body = {"type": "Property", "value": "x"}
        assert (await town.ask("resident", "PATCH", "/entities/urn:x:far/attrs/name", body)).status in (403, 404)
        assert (await town.ask("resident", "DELETE", "/entities/urn:x:far")).status in (403, 404)
        assert len(neighbours.calls) == asked
        assert (await town.ask("resident", "GET", "/csourceRegistrations?type=Case")).body == []


async def test_the_last_row_by_which_a_town_is_administered_stays(tmp_path: Path) -> None:
    async with protected(tmp_path) as town:
        house = await town.town.broker.town(None)
        with pytest.raises(Conflict):
            await policy_rows.withdraw(house, "administrator-runs", ADMINISTRATOR)
        with pytest.raises(Forbidden):
            await policy_rows.withdraw(house, "resident-reads", RESIDENT)
        await policy_rows.withdraw(house, "resident-reads", ADMINISTRATOR)
        assert not any(one.id == "resident-reads" for one in policy_rows.listed(house, ADMINISTRATOR))


def test_the_operator_cannot_be_given_the_citys_data() -> None:
    with pytest.raises(BadRequestData, match="operator"):
        read_row({"id": "o", "who": "role:operator", "deeds": ["read"]})


async def test_a_town_stays_protected_when_it_is_opened_again(tmp_path: Path) -> None:
    async with protected(tmp_path) as town:
        await town.ask("administrator", "POST", "/entities", CASE)
    async with protected(tmp_path) as town:
        assert (await town.ask("nobody", "GET", "/entities/urn:x:case")).status == 401


async def test_it_is_told_why_somebody_may_and_why_not(tmp_path: Path) -> None:
    async with protected(tmp_path, CLERK) as town:
        rows = (await town.town.broker.town(None)).policy.kept
        someone = principal_named("role:resident")
        why = explain(rows, someone, Deed.READ, Matter((DEFAULT + "Case",), DEFAULT + "state"))
        assert why.row is not None
        assert why.row.id == "clerk"
        why_not = explain(rows, someone, Deed.READ, Matter((DEFAULT + "Case",), DEFAULT + "name"))
        assert why_not.row is None
        assert ("clerk", Lack.ATTRIBUTES) in [(one.id, lack) for one, lack in why_not.lacking]


async def test_a_key_does_no_more_than_its_scopes_say(tmp_path: Path) -> None:
    key = Principal("urn:key", frozenset({"administrator"}), None, None, 2, 2, frozenset({f"read:{DEFAULT}Own"}))
    async with protected(tmp_path) as town:
        await town.ask("administrator", "POST", "/entities", CASE)
        await town.ask("administrator", "POST", "/entities", {"id": "urn:x:own", "type": "Own"})
        rights = (await town.town.broker.town(None)).policy.rights(key)
        assert rights is not None
        assert [deed for deed in Deed if rights.may(deed)] == [Deed.READ]
