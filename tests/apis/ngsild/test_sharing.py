"""Does the broker share its work with registered sources, no more and no less than they offer?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson
import pytest
from tests.fakes.neighbours import FakeNeighbours, given
from tests.running import running

from machinami.apis.ngsild.parameters import Paging
from machinami.wire.exchange import Answer, Call, Caller, HttpCaller

ROOT = "/ngsi-ld/v1"
ONE = "urn:ngsi-ld:Gauge:1"


@dataclass
class Broker:
    """A running broker, as its clients see it."""

    session: aiohttp.ClientSession
    url: str

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
        """Status, JSON and header fields of an answer."""
        async with self.session.request(method, self.url + ROOT + path, json=body, headers=headers) as answer:
            text = await answer.read()
            return answer.status, orjson.loads(text) if text else None, answer.headers

    async def register(self, endpoint: str, **members: Any) -> None:
        """Register a source."""
        document = {
            "id": "urn:r:1",
            "type": "ContextSourceRegistration",
            "endpoint": endpoint,
            "information": [{"entities": [{"type": "Gauge"}]}],
            **members,
        }
        status, told, _ = await self.ask("POST", "/csourceRegistrations", document)
        assert status == 201, told


@asynccontextmanager
async def broker(folder: Path, caller: Caller, alias: str = "here") -> AsyncIterator[Broker]:
    """A broker that asks others through this caller."""
    folder.mkdir(exist_ok=True)
    async with (
        running(folder, caller=caller, alias=alias, paging=Paging(default=2, largest=100)) as town,
        aiohttp.ClientSession() as session,
    ):
        yield Broker(session, town.serving.url)


@pytest.fixture
async def others() -> FakeNeighbours:
    return FakeNeighbours()


@pytest.fixture
async def here(tmp_path: Path, others: FakeNeighbours) -> AsyncIterator[Broker]:
    async with broker(tmp_path / "here", others) as found:
        yield found


def gauge(number: int = 1, **attributes: Any) -> dict[str, Any]:
    return {"id": f"urn:ngsi-ld:Gauge:{number}", "type": "Gauge", **attributes}


def level(value: float, **members: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value, **members}


async def test_two_brokers_show_one_entity(tmp_path: Path) -> None:
    caller = HttpCaller()
    async with broker(tmp_path / "a", caller, "a") as a, broker(tmp_path / "b", caller, "b") as b:
        await a.ask("POST", "/entities", gauge(level=level(1, observedAt="2026-06-30T00:00:00Z")))
        await b.ask("POST", "/entities", gauge(level=level(2, observedAt="2026-06-30T01:00:00Z"), name=level(7)))
        await a.register(b.url)
        status, told, _ = await a.ask("GET", f"/entities/{ONE}?format=simplified")
        assert (status, told) == (200, {"id": ONE, "type": "Gauge", "level": 2, "name": 7})
        status, told, _ = await a.ask("GET", f"/entities/{ONE}?format=simplified&local=true")
        assert told == {"id": ONE, "type": "Gauge", "level": 1}
    await caller.close()


async def test_two_brokers_that_know_each_other_do_not_go_in_circles(tmp_path: Path) -> None:
    caller = HttpCaller()
    async with broker(tmp_path / "a", caller, "a") as a, broker(tmp_path / "b", caller, "b") as b:
        await a.register(b.url)
        await b.register(a.url)
        await b.ask("POST", "/entities?local=true", gauge(level=level(2)))
        status, told, headers = await a.ask("GET", "/entities?type=Gauge&format=simplified")
        assert (status, [one["id"] for one in told]) == (200, [ONE])
        assert "199" in headers["NGSILD-Warning"]
    await caller.close()


async def test_an_auxiliary_source_only_adds(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: given([gauge(level=level(5), name=level(7))])
    await here.ask("POST", "/entities", gauge(level=level(1)))
    await here.register("http://there.test", mode="auxiliary")
    _, told, _ = await here.ask("GET", "/entities?type=Gauge&format=simplified")
    assert told == [{"id": ONE, "type": "Gauge", "level": 1, "name": 7}]


async def test_a_source_is_asked_for_no_more_than_it_registered(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: given(gauge(level=level(5), secret=level(9)))
    entities = [{"type": "Gauge", "id": ONE}]
    await here.register("http://there.test", information=[{"entities": entities, "propertyNames": ["level"]}])
    _, told, _ = await here.ask("GET", f"/entities/{ONE}?format=simplified")
    assert told == {"id": ONE, "type": "Gauge", "level": 5}
    assert "attrs=level" in others.calls[0].url
    await here.ask("GET", "/entities/urn:ngsi-ld:Gauge:2")
    await here.ask("GET", f"/entities/{ONE}?attrs=other")
    await here.ask("GET", "/entities?type=Shelter")
    assert len(others.calls) == 1


async def test_nothing_of_the_asker_is_told_unless_the_registration_names_it(
    here: Broker, others: FakeNeighbours
) -> None:
    info = [
        {"key": "X-Purpose", "value": "urn:ngsi-ld:request"},
        {"key": "X-Key", "value": "abc"},
        {"key": "Via", "value": "1.1 evil"},
        {"key": "Host", "value": "evil.test"},
    ]
    await here.register("http://there.test", contextSourceInfo=info, tenant="north")
    secrets = {"Authorization": "Bearer secret", "Cookie": "a=b", "X-Purpose": "rescue", "X-Other": "x"}
    await here.ask("GET", f"/entities/{ONE}", **secrets)
    told = others.calls[0].headers
    assert told["X-Purpose"] == "rescue"
    assert told["X-Key"] == "abc"
    assert told["NGSILD-Tenant"] == "north"
    assert told["Via"] == "1.1 here"
    assert not {name.lower() for name in told} & {"authorization", "cookie", "x-other", "host"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(None, reason="no answer within 3 s", late=True), "199"),
        (Answer(200, {}, b"no json"), "111"),
        (given([{"no": "entity"}]), "111"),
        (given({}, 403), "299"),
    ],
)
async def test_a_source_that_fails_makes_the_answer_partial_and_says_so(
    here: Broker, others: FakeNeighbours, answer: Answer, code: str
) -> None:
    others.answers["http://there.test"] = lambda _: answer
    await here.ask("POST", "/entities", gauge(level=level(1)))
    await here.register("http://there.test")
    status, told, headers = await here.ask("GET", "/entities?type=Gauge")
    assert (status, len(told)) == (200, 1)
    assert headers["NGSILD-Warning"].startswith(code)


async def test_a_source_that_has_nothing_is_no_failure(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: given({}, 404)
    await here.register("http://there.test")
    status, _, headers = await here.ask("GET", f"/entities/{ONE}")
    assert status == 404
    assert "NGSILD-Warning" not in headers


async def test_a_source_that_failed_rests_as_long_as_its_registration_says(
    here: Broker, others: FakeNeighbours
) -> None:
    await here.register("http://there.test", management={"cooldown": 3_600_000})
    for _ in range(3):
        _, _, headers = await here.ask("GET", "/entities?type=Gauge")
        assert "199" in headers["NGSILD-Warning"]
    assert len(others.calls) == 1
    _, told, _ = await here.ask("GET", "/csourceRegistrations/urn:r:1")
    assert (told["status"], told["timesSent"], told["timesFailed"]) == ("failed", 1, 1)


async def test_pages_of_a_shared_query_are_complete_and_without_doubles(here: Broker, others: FakeNeighbours) -> None:
    there = [gauge(number, level=level(number)) for number in range(3, 9)]

    def answer(call: Call) -> Answer:
        return given([row for row in there if "id=" not in call.url or row["id"] in call.url])

    others.answers["http://there.test"] = answer
    for number in range(1, 5):
        await here.ask("POST", "/entities", gauge(number, level=level(number)))
    await here.register("http://there.test")
    seen: list[str] = []
    path: str | None = "/entities?type=Gauge&limit=3&count=true"
    while path is not None:
        _, told, headers = await here.ask("GET", path)
        assert headers["NGSILD-Results-Count"] == "8"
        seen += [one["id"] for one in told]
        following = [link for link in headers.getall("Link", []) if 'rel="next"' in link]
        path = following[0].partition(ROOT)[2].partition(">")[0] if following else None
        there.reverse()  # a source may order as it likes
    assert sorted(seen) == [f"urn:ngsi-ld:Gauge:{number}" for number in range(1, 9)]


async def test_filters_wait_for_the_whole_where_entities_are_split(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: given([gauge(height=level(9))])
    await here.ask("POST", "/entities", gauge(level=level(1)))
    await here.register("http://there.test")
    _, told, _ = await here.ask("GET", "/entities?type=Gauge&q=level==1;height==9&splitEntities=true")
    assert [one["id"] for one in told] == [ONE]
    assert "q=" not in others.calls[-1].url
    _, told, _ = await here.ask(
        "GET", "/entities?type=Gauge&q=level==1;height==9&splitEntities=true&csf=keeper==%22x%22"
    )
    assert told == []


async def test_what_one_source_alone_holds_is_never_kept_here(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: Answer(201)
    information = [{"entities": [{"type": "Gauge", "id": ONE}], "propertyNames": ["level"]}]
    await here.register("http://there.test", mode="exclusive", information=information, operations=["redirectionOps"])
    status, _, headers = await here.ask("POST", "/entities", gauge(level=level(1), name=level(7)))
    assert (status, headers["Location"]) == (201, f"{ROOT}/entities/{ONE}")
    assert orjson.loads(others.calls[0].body) == gauge(level=level(1))
    _, told, _ = await here.ask("GET", f"/entities/{ONE}?local=true&format=simplified")
    assert told == {"id": ONE, "type": "Gauge", "name": 7}
    status, _, _ = await here.ask("PATCH", f"/entities/{ONE}/attrs", {"level": level(2), "name": level(8)})
    assert status == 204
    assert orjson.loads(others.calls[1].body) == {"level": level(2)}


@pytest.mark.parametrize(
    ("reply", "status"),
    [(Answer(None, late=True), 504), (Answer(404), 404), (Answer(403), 502), (Answer(409), 409), (Answer(508), 508)],
)
async def test_the_error_of_the_only_holder_is_the_error_of_the_whole(
    here: Broker, others: FakeNeighbours, reply: Answer, status: int
) -> None:
    others.answers["http://there.test"] = lambda _: reply
    await here.register("http://there.test", mode="redirect", operations=["redirectionOps"])
    answered, told, _ = await here.ask("DELETE", f"/entities/{ONE}?type=Gauge")
    assert (answered, told["status"]) == (status, status)


async def test_a_holder_that_does_not_offer_it_is_a_conflict(here: Broker, others: FakeNeighbours) -> None:
    await here.register("http://there.test", mode="redirect", operations=["retrieveOps"])
    status, told, _ = await here.ask("POST", "/entities", gauge(level=level(1)))
    assert (status, told["type"].rpartition("/")[2]) == (409, "Conflict")
    assert others.calls == []


async def test_a_change_that_half_succeeds_says_which_half(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: Answer(409)
    await here.register("http://there.test", operations=["redirectionOps"])
    status, told, _ = await here.ask("POST", "/entities", gauge(level=level(1)))
    assert (status, told["success"]) == (207, [ONE])
    assert told["errors"][0]["registrationId"] == "urn:r:1"
    status, told, _ = await here.ask("PATCH", f"/entities/{ONE}/attrs", {"level": level(2)})
    assert (status, told["updated"]) == (207, ["level"])
    assert told["notUpdated"][0]["registrationId"] == "urn:r:1"


async def test_what_is_no_valid_request_is_told_to_nobody(here: Broker, others: FakeNeighbours) -> None:
    await here.register("http://there.test", operations=["redirectionOps"])
    status, _, _ = await here.ask("POST", "/entities", {"id": "no uri", "type": "Gauge"})
    assert status == 400
    assert others.calls == []


async def test_a_request_that_comes_back_to_us_is_a_loop(here: Broker, others: FakeNeighbours) -> None:
    await here.register("http://there.test", mode="redirect", operations=["redirectionOps"])
    status, _, _ = await here.ask("DELETE", f"/entities/{ONE}", Via="1.1 elsewhere, 1.1 here")
    assert status == 508
    assert others.calls == []


async def test_a_batch_is_divided_among_those_who_hold_its_entities(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: Answer(201)
    information = [{"entities": [{"type": "Gauge", "id": ONE}], "propertyNames": ["level"]}]
    operations = ["createBatch", "deleteEntity"]
    await here.register("http://there.test", mode="exclusive", information=information, operations=operations)
    rows = [gauge(1, level=level(1)), gauge(2, level=level(2))]
    status, told, _ = await here.ask("POST", "/entityOperations/create", rows)
    assert (status, sorted(told)) == (201, [ONE, "urn:ngsi-ld:Gauge:2"])
    assert orjson.loads(others.calls[0].body) == [rows[0]]
    assert (await here.ask("GET", f"/entities/{ONE}?local=true"))[0] == 404
    others.answers["http://there.test"] = lambda _: Answer(204)
    status, _, _ = await here.ask("POST", "/entityOperations/delete", [ONE, "urn:ngsi-ld:Gauge:2"])
    assert status == 204
    assert (others.calls[1].method, others.calls[1].url) == ("DELETE", f"http://there.test{ROOT}/entities/{ONE}")


async def test_a_source_is_spoken_to_in_the_words_that_it_wants(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: Answer(201)
    info = [{"key": "contentType", "value": "application/ld+json"}]
    await here.register("http://there.test", operations=["createEntity"], contextSourceInfo=info)
    await here.ask("POST", "/entities", gauge(level=level(1)))
    said = orjson.loads(others.calls[0].body)
    assert others.calls[0].headers["Content-Type"] == "application/ld+json"
    assert said["@context"].startswith("https://uri.etsi.org/")


async def test_a_registration_outlives_a_restart(tmp_path: Path) -> None:
    others = FakeNeighbours()
    others.answers["http://there.test"] = lambda _: given([gauge(level=level(5))])
    async with broker(tmp_path / "here", others) as first:
        await first.register("http://there.test")
    async with broker(tmp_path / "here", others) as second:
        _, told, _ = await second.ask("GET", "/entities?type=Gauge")
        assert [one["id"] for one in told] == [ONE]


async def test_with_nobody_registered_nobody_is_asked(here: Broker, others: FakeNeighbours) -> None:
    await here.register("http://there.test")
    await here.ask("DELETE", "/csourceRegistrations/urn:r:1")
    assert (await here.ask("GET", "/entities?type=Gauge"))[0] == 200
    assert others.calls == []


async def test_a_shared_batch_says_of_which_entity_the_context_cannot_be_had(
    here: Broker, others: FakeNeighbours
) -> None:
    others.answers["http://there.test"] = lambda _: given([f"{ONE[:-1]}2"], 201)
    await here.register("http://there.test", operations=["upsertBatch"], mode="redirect")
    rows = [{**gauge(1), "@context": "http://nowhere.test/words.jsonld"}, {**gauge(2), "@context": []}]
    status, told, _ = await here.ask(
        "POST", "/entityOperations/upsert", rows, **{"Content-Type": "application/ld+json"}
    )
    assert (status, told["success"], [one["entityId"] for one in told["errors"]]) == (207, [f"{ONE[:-1]}2"], [ONE])
    assert told["errors"][0]["error"]["type"].endswith("/LdContextNotAvailable")


async def test_a_source_purges_no_more_than_it_registered(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: Answer(204)
    information = [
        {
            "entities": [{"type": "Gauge", "id": ONE}, {"type": "Gauge", "idPattern": "urn:x:.*"}],
            "propertyNames": ["level"],
        },
        {"entities": [{"type": "Shelter"}]},
    ]
    await here.register("http://there.test", information=information, operations=["purgeEntity"])

    async def told(query: str) -> list[str]:
        others.calls.clear()
        status, _, _ = await here.ask("DELETE", f"/entities?{query}")
        assert status == 204
        return [call.url.partition("?")[2] for call in others.calls]

    gauges = [f"type=Gauge&id={ONE}", "type=Gauge&idPattern=urn:x:.*"]
    assert await told("type=Gauge,Shelter") == [*(f"{one}&drop=level" for one in gauges), "type=Shelter"]
    assert await told("type=Gauge&keep=name") == [f"{one}&drop=level" for one in gauges]
    assert await told("type=Gauge&keep=level") == []
    assert await told("type=Gauge&drop=name,level&q=level%3E5") == [f"{one}&q=level%3E5&drop=level" for one in gauges]
    assert await told("type=Shelter&keep=name") == ["type=Shelter&keep=name"]
    assert await told(f"type=Gauge&id={ONE},urn:y:1") == [f"{gauges[0]}&drop=level"]


async def test_the_source_of_an_exclusive_registration_purges_as_was_asked(
    here: Broker, others: FakeNeighbours
) -> None:
    others.answers["http://there.test"] = lambda _: Answer(204)
    information = [{"entities": [{"type": "Gauge", "id": ONE}], "propertyNames": ["level"]}]
    await here.register("http://there.test", information=information, operations=["purgeEntity"], mode="exclusive")
    status, _, _ = await here.ask("DELETE", "/entities?type=Gauge&keep=name")
    assert (status, [call.url.partition("?")[2] for call in others.calls]) == (204, ["type=Gauge&keep=name"])


async def test_a_purge_that_no_request_can_say_is_refused(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: Answer(204)
    information = [{"entities": [{"type": "Gauge", "idPattern": "urn:x:.*"}]}]
    await here.register("http://there.test", information=information, operations=["purgeEntity"])
    status, told, _ = await here.ask("DELETE", "/entities?type=Gauge&idPattern=.*:1")
    assert (status, others.calls) == (207, [])
    assert "idPattern" in orjson.dumps(told).decode()


async def test_what_is_asked_about_is_not_all_that_is_shown(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: given([gauge(level=level(5), name=level(7))])
    await here.register("http://there.test")
    _, told, _ = await here.ask("GET", "/entities?type=Gauge&q=level%3E2&format=simplified")
    assert told == [{"id": ONE, "type": "Gauge", "level": 5, "name": 7}]
    assert "attrs" not in others.calls[0].url


async def test_linked_entities_are_got_from_sources_where_their_type_is_named(
    here: Broker, others: FakeNeighbours
) -> None:
    shelter = {"id": "urn:s:1", "type": "Shelter", "room": level(40)}
    others.answers["http://there.test"] = lambda call: (
        given(shelter) if call.url.partition("?")[0].endswith("urn:s:1") else Answer(404)
    )
    await here.register("http://there.test", information=[{"entities": [{"type": "Shelter"}]}])
    link = {"type": "Relationship", "object": "urn:s:1"}
    await here.ask("POST", "/entities", gauge(1, near={**link, "objectType": "Shelter"}))
    await here.ask("POST", "/entities", gauge(2, near=link))
    asked = "?join=inline&local=false"
    _, told, _ = await here.ask("GET", f"/entities/{ONE}{asked}")
    assert told["near"]["entity"]["room"]["value"] == 40
    _, told, _ = await here.ask("GET", f"/entities/urn:ngsi-ld:Gauge:2{asked}")
    assert "entity" not in told["near"]
    for number, shown in ((1, True), (2, False)):
        _, told, _ = await here.ask("GET", f"/entities?type=Gauge&id=urn:ngsi-ld:Gauge:{number}&join=inline")
        assert ["entity" in one["near"] for one in told] == [shown]


async def test_a_map_over_two_brokers_is_followed_to_the_last_and_asks_no_others(tmp_path: Path) -> None:
    caller = HttpCaller()
    async with broker(tmp_path / "a", caller, "a") as a, broker(tmp_path / "b", caller, "b") as b:
        for number in range(1, 6):
            await (a if number < 3 else b).ask("POST", "/entities", gauge(number, level=level(number)))
        await a.register(b.url)

        status, made, _ = await a.ask("GET", "/entityMaps?type=Gauge")
        assert status == 201
        assert [where for _, where in sorted(made["entityMap"].items())] == [["@none"]] * 2 + [["urn:r:1"]] * 3
        assert made["linkedMaps"]["urn:r:1"].startswith("/ngsi-ld/v1/entityMaps/urn:ngsi-ld:EntityMap:")
        await b.ask("POST", "/entities", gauge(9, level=level(9)))
        await b.ask("DELETE", "/entities/urn:ngsi-ld:Gauge:3")

        seen, counts = [], []
        for offset in (0, 2):
            path = f"/entities?type=Gauge&limit=2&offset={offset}&count=true&format=simplified"
            status, page, headers = await a.ask("GET", path, **{"NGSILD-EntityMap": made["id"]})
            assert (status, headers["NGSILD-EntityMap"].rpartition("/")[2]) == (200, made["id"])
            seen += [one["level"] for one in page]
            counts.append(headers["NGSILD-Results-Count"])
        assert seen == [1, 2, 4, 5]
        assert counts == ["5", "4"]
    await caller.close()


async def test_one_entity_is_asked_for_where_its_map_says_that_it_is(here: Broker, others: FakeNeighbours) -> None:
    await here.register("http://one.test")
    others.answers["http://one.test"] = lambda _: given(gauge(level=level(1)))
    status, _, headers = await here.ask("GET", f"/entities/{ONE}?entityMap=true")
    assert status == 200
    named = headers["NGSILD-EntityMap"]
    assert (await here.ask("GET", named.removeprefix(ROOT)))[1]["entityMap"] == {ONE: ["urn:r:1"]}
    await here.register("http://two.test", id="urn:r:2")
    before = len(others.calls)

    status, told, headers = await here.ask("GET", f"/entities/{ONE}?format=simplified", **{"NGSILD-EntityMap": named})

    assert (status, told["level"], headers["NGSILD-EntityMap"]) == (200, 1, named)
    assert [call.url.startswith("http://one.test") for call in others.calls[before:]] == [True]


async def test_a_source_of_an_earlier_version_is_told_in_its_words(here: Broker, others: FakeNeighbours) -> None:
    await here.register(
        "http://old.test",
        mode="redirect",
        operations=["redirectionOps"],
        contextSourceInfo=[{"key": "ngsildConformance", "value": "1.5"}],
    )
    others.answers["http://old.test"] = lambda _: Answer(201)

    await here.ask("POST", "/entities", gauge(state={"type": "VocabProperty", "vocab": "open"}))

    assert orjson.loads(others.calls[-1].body)["state"] == {"type": "Property", "value": "open"}
    assert "ngsildConformance" not in others.calls[-1].headers


async def test_what_is_in_several_places_is_counted_once(here: Broker, others: FakeNeighbours) -> None:
    def answer(call: Call) -> Answer:
        if "/entityMaps" in call.url:
            entries = {f"urn:ngsi-ld:Gauge:{number}": ["@none"] for number in (1, 2, 3)}
            return Answer(
                201, {"ngsild-entitymap": "/ngsi-ld/v1/entityMaps/theirs"}, orjson.dumps({"entityMap": entries})
            )
        return given([gauge(number) for number in (1, 2, 3)])

    others.answers["http://there.test"] = answer
    others.answers["http://other.test"] = lambda _: given([gauge(3), gauge(4)])
    await here.ask("POST", "/entities?local=true", gauge(1))
    await here.register("http://there.test", operations=["federationOps", "createEntityMapQueryEntity"])
    await here.register("http://other.test", id="urn:r:2")
    for page in ("limit=0", "limit=1", "limit=1&offset=2"):
        _, _, headers = await here.ask("GET", f"/entities?type=Gauge&count=true&{page}")
        assert headers["NGSILD-Results-Count"] == "4", page
        assert any('rel="next"' in link for link in headers.getall("Link", ())) == (page != "limit=0")
    there = [urlsplit(call.url).path for call in others.calls if call.url.startswith("http://there.test")]
    assert there[0].endswith("/entityMaps")  # who only counts needs no more than ids
    assert not any(path.endswith("/entityMaps") for path in there[1:])


async def test_types_and_attributes_are_those_of_all_who_may_tell_them(tmp_path: Path) -> None:
    caller = HttpCaller()
    async with broker(tmp_path / "a", caller, "a") as a, broker(tmp_path / "b", caller, "b") as b:
        await a.ask("POST", "/entities", gauge(level=level(1)))
        await b.ask("POST", "/entities", gauge(2, name=level(7)))
        await b.ask("POST", "/entities", {"id": "urn:ngsi-ld:Lamp:1", "type": "Lamp", "light": level(1)})
        await a.register(b.url)  # of gauges only
        _, told, _ = await a.ask("GET", "/types")
        assert told["typeList"] == ["Gauge"]
        _, told, _ = await a.ask("GET", "/types?details=true")
        assert [(one["typeName"], one["attributeNames"]) for one in told] == [("Gauge", ["level", "name"])]
        _, told, _ = await a.ask("GET", "/types/Gauge")
        assert (told["entityCount"], len(told["attributeDetails"])) == (2, 2)
        _, told, _ = await a.ask("GET", "/attributes/name")
        assert (told["attributeCount"], told["attributeTypes"], told["typeNames"]) == (1, ["Property"], ["Gauge"])
        assert (await a.ask("GET", "/attributes/name?local=true"))[0] == 404
        assert (await a.ask("GET", "/attributes/nothing"))[0] == 404
        await a.register(b.url, id="urn:r:2", information=[{"entities": [{"type": "Lamp"}]}])
        _, told, _ = await a.ask("GET", "/types?local=false")
        assert told["typeList"] == ["Gauge", "Lamp"]
        _, told, _ = await a.ask("GET", "/attributes?details=true")
        assert [one["attributeName"] for one in told] == ["level", "light", "name"]
        assert (await a.ask("GET", "/types/Lamp"))[1]["entityCount"] == 1
    await caller.close()


async def test_a_source_that_tells_nonsense_of_its_types_is_not_believed(here: Broker, others: FakeNeighbours) -> None:
    await here.ask("POST", "/entities?local=true", gauge(level=level(1)))
    await here.register("http://there.test")
    for document in (
        [1, {"id": 5}, {"typeName": "Gauge", "attributeDetails": [7]}],
        {"id": "urn:t", "attributeDetails": 7},
        {"typeList": 3},
        "x",
        7,
        None,
    ):
        others.answers["http://there.test"] = lambda _, document=document: given(document)
        for path in ("/types", "/types?details=true", "/types/Gauge", "/attributes", "/attributes/level"):
            assert (await here.ask("GET", path))[0] == 200, (path, document)
    others.answers.clear()
    status, told, headers = await here.ask("GET", "/types")
    assert (status, told["typeList"], headers["NGSILD-Warning"][:3]) == (200, ["Gauge"], "199")
