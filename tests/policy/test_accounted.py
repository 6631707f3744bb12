"""Is every deed accounted for, through every face, with whom it was done for and what for? Each is tried once."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from tests.apis.ngsild.tenants import DRIVERS
from tests.policy.towns import DEFAULT, Protected
from tests.running import running

from machinami.broker import legal_records
from machinami.broker.audit import Search
from machinami.kit.http import Request
from machinami.model.legal import Basis, Ground
from machinami.model.policy import Whom
from machinami.model.principal import Principal, Role

ADMINISTRATOR = Principal("urn:person:administrator", frozenset({Role.ADMINISTRATOR}), None, None, 2, 2)
CARER = Principal("urn:program:carer", frozenset({Role.ADMINISTRATOR}), "care", "urn:person:7", 2, 2)
STRANGER = Principal("urn:program:stranger", frozenset(), "curiosity", "urn:person:8", 2, 2)
NUMBERS = count(1)
NAME = {"type": "Property", "value": "somebody"}
SPAN = "timerel=after&timeAt=2000-01-01T00:00:00Z&timeproperty=modifiedAt"
KINDS = [{"type": "Case"}]
PAST = {"timerel": "after", "timeAt": "2000-01-01T00:00:00Z", "timeproperty": "modifiedAt"}
SUBSCRIPTION = {"type": "Subscription", "entities": KINDS, "notification": {"endpoint": {"uri": "http://r.test/"}}}
SOURCE = {"type": "ContextSourceRegistration", "endpoint": "http://s.test", "information": [{"entities": KINDS}]}

# What is not noted, and why. Everything else in DRIVERS stands in DONE.
BY_RULE = {
    "which words are in use": {"GET /types", "GET /types/{type}", "GET /attributes", "GET /attributes/{attribute}"},
    "which sources, receivers and words there are": {
        "GET /csourceRegistrations", "GET /csourceRegistrations/{id}", "GET /csourceSubscriptions",
        "GET /csourceSubscriptions/{id}", "GET /subscriptions", "GET /subscriptions/{id}", "GET /jsonldContexts",
        "GET /jsonldContexts/{id}", "GET /info/sourceIdentity"},
    "which ids there are, kept for who asked": {
        "GET /entityMaps", "POST /entityMaps", "GET /entityMaps/{id}", "PATCH /entityMaps/{id}",
        "DELETE /entityMaps/{id}", "GET /temporal/entityMaps", "POST /temporal/entityMaps"},
    "one's own copy: what was read for it is noted": {
        "GET /snapshots/{id}", "PATCH /snapshots/{id}", "DELETE /snapshots/{id}", "DELETE /snapshots",
        "POST /snapshots/{id}/clone"},
    "what a source tells is noted where it is read": {"POST /ngsi-ld/ex/remote-notify"},
    "words, which tell nothing of anybody": {"POST /jsonldContexts"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deed:
    """One deed: how it is asked for, what the account calls it, and what must be there before."""

    method: str
    path: str
    body: Any = None
    did: str = "read"
    before: tuple[tuple[str, str, Any], ...] = ()


def made(name: str) -> dict[str, Any]:
    """A case of this name."""
    return {"id": f"urn:x:{name}", "type": "Case", "name": NAME}


CASE, ONE = "urn:x:case", "/entities/urn:x:case"
PAST_ONE = "/temporal/entities/urn:x:case"
UPSERT = ("POST", "/entityOperations/upsert", [made("case")])
REGISTERED = ("POST", "/csourceRegistrations", {"id": "urn:x:r", **SOURCE})
SUBSCRIBED = ("POST", "/subscriptions", {"id": "urn:x:s", **SUBSCRIPTION})
LISTENING = ("POST", "/csourceSubscriptions", {"id": "urn:x:l", **SUBSCRIPTION})
CHANGED = {"name": {**NAME, "value": "else"}}
TOLD = {"name": [{**NAME, "observedAt": "2026-01-01T00:00:00Z"}]}
INSTANCE = "{instance}"


def fresh() -> dict[str, Any]:
    """A case that is not there yet."""
    return made(f"n{next(NUMBERS)}")


DONE: Mapping[str, Deed] = {
    "GET /entities": Deed("GET", "/entities?type=Case"),
    "GET /entities/{id}": Deed("GET", ONE),
    "POST /entityOperations/query": Deed("POST", "/entityOperations/query", {"type": "Query", "entities": KINDS}),
    "GET /temporal/entities": Deed("GET", f"/temporal/entities?type=Case&{SPAN}"),
    "GET /temporal/entities/{id}": Deed("GET", f"{PAST_ONE}?{SPAN}"),
    "POST /temporal/entityOperations/query": Deed(
        "POST", "/temporal/entityOperations/query", {"type": "Query", "entities": KINDS, "temporalQ": PAST}),
    "POST /snapshots": Deed("POST", "/snapshots", {"type": "Snapshot", "snapshotQueries": [
        {"type": "Query", "entities": KINDS}]}),
    "POST /entities": Deed("POST", "/entities", fresh, "create"),
    "POST /entityOperations/create": Deed("POST", "/entityOperations/create", lambda: [fresh()], "create"),
    "POST /entityOperations/upsert": Deed("POST", "/entityOperations/upsert", lambda: [fresh()], "create"),
    "POST /entityOperations/update": Deed(
        "POST", "/entityOperations/update", [{"id": CASE, "type": "Case", **CHANGED}], "change"),
    "POST /entityOperations/merge": Deed(
        "POST", "/entityOperations/merge", [{"id": CASE, "type": "Case", **CHANGED}], "change"),
    "POST /entityOperations/delete": Deed("POST", "/entityOperations/delete", [CASE], "delete"),
    "PUT /entities/{id}": Deed("PUT", ONE, {"id": CASE, "type": "Case", **CHANGED}, "change"),
    "PATCH /entities/{id}": Deed("PATCH", ONE, CHANGED, "change"),
    "DELETE /entities/{id}": Deed("DELETE", ONE, None, "delete"),
    "DELETE /entities": Deed("DELETE", "/entities?type=Case", None, "delete"),
    "POST /entities/{id}/attrs": Deed("POST", f"{ONE}/attrs", CHANGED, "change"),
    "PATCH /entities/{id}/attrs": Deed("PATCH", f"{ONE}/attrs", CHANGED, "change"),
    "PATCH /entities/{id}/attrs/{attribute}": Deed("PATCH", f"{ONE}/attrs/name", {"value": "x"}, "change"),
    "PUT /entities/{id}/attrs/{attribute}": Deed("PUT", f"{ONE}/attrs/name", {**NAME, "value": "y"}, "change"),
    "DELETE /entities/{id}/attrs/{attribute}": Deed("DELETE", f"{ONE}/attrs/name", None, "change"),
    "POST /temporal/entities": Deed("POST", "/temporal/entities", lambda: {**fresh(), **TOLD}, "change"),
    "POST /temporal/entities/{id}/attrs": Deed("POST", f"{PAST_ONE}/attrs", TOLD, "change"),
    "DELETE /temporal/entities/{id}": Deed("DELETE", PAST_ONE, None, "delete"),
    "DELETE /temporal/entities/{id}/attrs/{attribute}": Deed("DELETE", f"{PAST_ONE}/attrs/name", None, "change"),
    "PATCH /temporal/entities/{id}/attrs/{attribute}/{instance}": Deed(
        "PATCH", f"{PAST_ONE}/attrs/name/{INSTANCE}", CHANGED, "change"),
    "DELETE /temporal/entities/{id}/attrs/{attribute}/{instance}": Deed(
        "DELETE", f"{PAST_ONE}/attrs/name/{INSTANCE}", None, "change"),
    "POST /csourceRegistrations": Deed(*REGISTERED, "administer"),
    "PATCH /csourceRegistrations/{id}": Deed(
        "PATCH", "/csourceRegistrations/urn:x:r", {"registrationName": "x"}, "administer", (REGISTERED,)),
    "DELETE /csourceRegistrations/{id}": Deed(
        "DELETE", "/csourceRegistrations/urn:x:r", None, "administer", (REGISTERED,)),
    "POST /subscriptions": Deed(*SUBSCRIBED, "administer"),
    "PATCH /subscriptions/{id}": Deed("PATCH", "/subscriptions/urn:x:s", {"q": "name"}, "administer", (SUBSCRIBED,)),
    "DELETE /subscriptions/{id}": Deed("DELETE", "/subscriptions/urn:x:s", None, "administer", (SUBSCRIBED,)),
    "POST /csourceSubscriptions": Deed(*LISTENING, "administer"),
    "PATCH /csourceSubscriptions/{id}": Deed(
        "PATCH", "/csourceSubscriptions/urn:x:l", {"description": "x"}, "administer", (LISTENING,)),
    "DELETE /csourceSubscriptions/{id}": Deed(
        "DELETE", "/csourceSubscriptions/urn:x:l", None, "administer", (LISTENING,)),
    "DELETE /jsonldContexts/{id}": Deed("DELETE", "/jsonldContexts/{hosted}", None, "administer"),
}  # fmt: skip
NOWHERE = {("PATCH", "/entities"), ("PUT", "/entities")}  # an id is missing there: they only say so


def test_every_operation_is_accounted_for_or_not_by_rule() -> None:
    by_rule = set().union(*BY_RULE.values())
    assert not by_rule & DONE.keys()
    assert by_rule | DONE.keys() == {f"{method} {path}" for method, path in set(DRIVERS) - NOWHERE}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Protected]:
    """A town in which names are personal, and everybody who asks does so for somebody and for a purpose."""

    def identify(request: Request) -> Principal:
        return STRANGER if request.header(b"x-who") == "stranger" else CARER

    async with running(tmp_path_factory.mktemp("town"), identify=identify) as found:
        await found.broker.protect()
        house = await found.broker.town(None)
        await legal_records.mark_personal(house, [DEFAULT + "name"], ADMINISTRATOR)
        until = house.clock().replace(year=2027)
        own_use = Ground("work", Basis.OWN_USE, Whom.ROLE, Role.ADMINISTRATOR, "cases are worked on", until)
        await legal_records.put_ground(house, own_use, ADMINISTRATOR)
        url = f"http://127.0.0.1:{found.serving.port}"
        async with aiohttp.ClientSession(url, cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield Protected(found, session)


async def _prepared(town: Protected, deed: Deed) -> str:
    """The path of a deed, with all there that it needs."""
    assert (await town.ask("carer", *UPSERT)).status in (201, 204)
    for path in ("/csourceRegistrations/urn:x:r", "/subscriptions/urn:x:s", "/csourceSubscriptions/urn:x:l"):
        await town.ask("carer", "DELETE", path)
    for row in deed.before:
        assert (await town.ask("carer", *row)).status == 201
    if INSTANCE in deed.path:
        past = await town.ask("carer", "GET", f"{PAST_ONE}?{SPAN}")
        name = past.body["name"]
        return deed.path.replace(INSTANCE, (name if isinstance(name, dict) else name[0])["instanceId"])
    if "{hosted}" in deed.path:
        hosted = await town.ask("carer", "POST", "/jsonldContexts", {"@context": {"a": "urn:a"}})
        return deed.path.replace("{hosted}", hosted.headers["Location"].rpartition("/")[2])
    return deed.path


async def _entries(town: Protected, who: Principal) -> list[dict[str, Any]]:
    house = await town.town.broker.town(None)
    found = await town.town.broker.audit(house).search(Search(who=who.id), 10_000, ADMINISTRATOR)
    return list(found.entries)[::-1]


@pytest.mark.parametrize("name", DONE)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_deed_is_noted_with_for_whom_and_what_for(town: Protected, name: str) -> None:
    deed = DONE[name]
    path, body = await _prepared(town, deed), deed.body() if callable(deed.body) else deed.body
    seen = len(await _entries(town, CARER))
    told = await town.ask("carer", deed.method, path, body)
    assert told.status < 300, told.text
    async with asyncio.timeout(10):
        while not (fresh_ones := (await _entries(town, CARER))[seen:]):
            await asyncio.sleep(0)
    noted = [one for one in fresh_ones if one["did"] == deed.did]
    assert noted, fresh_ones
    assert {(one["for"], one["purpose"]) for one in fresh_ones} == {(CARER.on_behalf_of, CARER.purpose)}
    assert all(one["at"].endswith("Z") for one in noted)


@pytest.mark.parametrize("name", DONE)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_refusal_is_noted_with_for_whom_and_what_for(town: Protected, name: str) -> None:
    deed = DONE[name]
    path, body = await _prepared(town, deed), deed.body() if callable(deed.body) else deed.body
    seen = sum(one.get("times", 1) for one in await _entries(town, STRANGER))
    told = await town.ask("stranger", deed.method, path, body)
    if (
        deed.did == "read" and told.status < 300
    ):  # anybody may be one about whom there are data: these are none of theirs
        assert told.body in ([], None)
        return
    assert told.status in (403, 404), told.text
    entries = await _entries(town, STRANGER)
    assert sum(one.get("times", 1) for one in entries) > seen
    assert all("refused" in one for one in entries)
    assert {(one["for"], one["purpose"]) for one in entries} == {(STRANGER.on_behalf_of, STRANGER.purpose)}
