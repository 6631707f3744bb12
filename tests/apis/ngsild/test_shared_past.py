"""Is the past of an entity told as a whole, where sources know parts of it? (5.7.3.4, 5.7.4.4)"""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from tests.apis.ngsild.test_sharing import ONE, Broker, broker
from tests.fakes.neighbours import FakeNeighbours, given

from machinami.broker.federation.merging_past import merge_past
from machinami.model.attribute import Attribute, Kind
from machinami.model.found import Instance
from machinami.model.query import TemporalQuery
from machinami.wire.exchange import Answer, Call, HttpCaller

PAST_OPERATIONS = ["retrieveTemporal", "queryTemporal"]
SINCE = "timerel=after&timeAt=2026-01-01T00:00:00Z"
ALL = f"/temporal/entities?type=Gauge&{SINCE}"


@pytest.fixture
async def others() -> FakeNeighbours:
    return FakeNeighbours()


@pytest.fixture
async def here(tmp_path: Path, others: FakeNeighbours) -> AsyncIterator[Broker]:
    async with broker(tmp_path / "here", others) as found:
        yield found


def day(number: int) -> str:
    return f"2026-05-{number:02d}T00:00:00Z"


def past(*days: int, value: float = 0, number: int = 1, **members: Any) -> dict[str, Any]:
    """The past of a gauge that stood as high as the day of the month, or at the value given."""
    level = [{"type": "Property", "value": value or each, "observedAt": day(each)} for each in days]
    return {"id": f"urn:ngsi-ld:Gauge:{number}", "type": "Gauge", "level": level, **members}


async def tell(city: Broker, document: dict[str, Any]) -> None:
    status, told, _ = await city.ask("POST", "/temporal/entities", document)
    assert status in (201, 204), told


def levels(document: dict[str, Any]) -> list[float]:
    body = document["level"]
    return [one["value"] for one in (body if isinstance(body, list) else [body])]


async def test_instances_of_several_places_become_one_series(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: given(past(2, 4, 5))
    await here.register("http://there.test", operations=PAST_OPERATIONS)
    await tell(here, past(1, 4))
    _, told, headers = await here.ask("GET", f"/temporal/entities/{ONE}?{SINCE}")
    assert (levels(told), "NGSILD-Warning" in headers) == ([1, 2, 4, 5], False)
    _, told, _ = await here.ask("GET", f"/temporal/entities/{ONE}?{SINCE}&lastN=2")
    assert sorted(levels(told)) == [4, 5]
    assert "lastN=2" in others.calls[-1].url
    _, told, _ = await here.ask("GET", f"/temporal/entities/{ONE}?{SINCE}&format=aggregatedValues&aggrMethods=sum")
    assert told["level"]["sum"][0][0] == 12
    _, told, _ = await here.ask("GET", f"/temporal/entities/{ONE}?{SINCE}&local=true")
    assert levels(told) == [1, 4]


async def test_of_two_instances_of_one_moment_the_one_written_later_stands(
    here: Broker, others: FakeNeighbours
) -> None:
    late = {"type": "Property", "value": 9, "observedAt": day(1), "modifiedAt": "2030-01-01T00:00:00Z"}
    others.answers["http://there.test"] = lambda _: given({**past(), "level": [late]})
    await here.register("http://there.test", operations=PAST_OPERATIONS)
    await tell(here, past(1))
    _, told, _ = await here.ask("GET", f"/temporal/entities/{ONE}?{SINCE}")
    assert levels(told) == [9]


async def test_an_auxiliary_source_offers_nothing_of_the_past(here: Broker, others: FakeNeighbours) -> None:
    document = {"id": "urn:r:1", "type": "ContextSourceRegistration", "endpoint": "http://there.test"}
    document |= {"information": [{"entities": [{"type": "Gauge"}]}], "mode": "auxiliary", "operations": PAST_OPERATIONS}
    status, _, _ = await here.ask("POST", "/csourceRegistrations", document)
    assert status == 400  # 5.9.2.4


async def test_a_source_that_fails_is_named_and_the_rest_is_told(here: Broker, others: FakeNeighbours) -> None:
    await here.register("http://there.test", operations=PAST_OPERATIONS)
    await tell(here, past(1))
    for path in (f"/temporal/entities/{ONE}?{SINCE}", ALL):
        status, told, headers = await here.ask("GET", path)
        assert (status, levels(told[0] if isinstance(told, list) else told)) == (200, [1])
        assert headers["NGSILD-Warning"].startswith('199 - "urn:r:1')
    others.answers["http://there.test"] = lambda _: Answer(200, {}, b"[{]")
    _, _, headers = await here.ask("GET", ALL)
    assert headers["NGSILD-Warning"].startswith("111")
    others.answers["http://there.test"] = lambda _: Answer(404)
    _, _, headers = await here.ask("GET", ALL)
    assert "NGSILD-Warning" not in headers


async def test_nobody_knows_an_entity_of_which_nobody_tells(here: Broker, others: FakeNeighbours) -> None:
    others.answers["http://there.test"] = lambda _: Answer(404)
    await here.register("http://there.test", operations=PAST_OPERATIONS)
    status, _, _ = await here.ask("GET", f"/temporal/entities/{ONE}?{SINCE}")
    assert status == 404


async def test_sources_are_asked_only_for_what_and_when_they_know_something(
    here: Broker, others: FakeNeighbours
) -> None:
    others.answers["http://there.test"] = lambda _: given([past(2, secret=[{"type": "Property", "value": 1}])])
    interval = {"startAt": day(1), "endAt": day(10)}
    information = [{"entities": [{"type": "Gauge"}], "propertyNames": ["level"]}]
    members = {"operations": PAST_OPERATIONS, "observationInterval": interval, "information": information}
    await here.register("http://there.test", **members)
    _, told, _ = await here.ask("GET", f"/temporal/entities?type=Gauge&timerel=after&timeAt={day(11)}")
    assert (told, others.calls) == ([], [])
    _, told, _ = await here.ask("GET", f"/temporal/entities?type=Gauge&timerel=before&timeAt={day(5)}")
    assert [sorted(one) for one in told] == [["id", "level", "type"]]
    asked = parse_qs(urlsplit(others.calls[-1].url).query)
    assert asked["attrs"] == ["level"]
    assert asked["timerel"] == ["before"]
    await here.register("http://other.test", id="urn:r:2")
    await here.ask("GET", ALL)
    assert not any(call.url.startswith("http://other.test") for call in others.calls)  # it offers no past


async def test_pages_of_two_cities_are_complete_and_without_doubles(tmp_path: Path) -> None:
    caller = HttpCaller()
    async with broker(tmp_path / "a", caller, "a") as a, broker(tmp_path / "b", caller, "b") as b:
        await a.register(b.url, operations=PAST_OPERATIONS)
        for number in range(7):
            await tell(a if number % 3 == 0 else b, past(1, 2, number=number))
        await tell(a, past(3, number=1))
        found: list[str] = []
        for offset in range(0, 8, 2):
            _, told, headers = await a.ask("GET", f"{ALL}&limit=2&count=true&offset={offset}")
            assert headers["NGSILD-Results-Count"] == "7"
            found += [one["id"] for one in told]
        assert sorted(found) == [f"urn:ngsi-ld:Gauge:{number}" for number in range(7)]
        _, told, _ = await a.ask("GET", f"{ALL}&limit=50&q=level%3E2")
        assert [(one["id"], levels(one)) for one in told] == [("urn:ngsi-ld:Gauge:1", [3])]
        query = {"type": "Query", "entities": [{"type": "Gauge"}], "splitEntities": True, "q": "level>2"}
        query["temporalQ"] = {"timerel": "after", "timeAt": "2026-01-01T00:00:00Z"}
        _, told, _ = await a.ask("POST", "/temporal/entityOperations/query", query)
        assert [(one["id"], levels(one)) for one in told] == [("urn:ngsi-ld:Gauge:1", [1, 2, 3])]
        status, _, _ = await a.ask("GET", f"{ALL}&orderBy=id")
        assert status == 400
    await caller.close()


async def test_a_long_answer_is_read_to_its_end(here: Broker, others: FakeNeighbours) -> None:
    def answer(call: Call) -> Answer:
        asked = parse_qs(urlsplit(call.url).query)
        first = int(re.search(r"-(\d\d)T", asked["timeAt"][0])[1]) if "-05-" in asked["timeAt"][0] else 1  # type: ignore[index]
        last = min(first + 2, 9)
        found = given(past(*range(first, last + 1)), 206 if last < 9 else 200)
        span = f"date-time {asked['timeAt'][0]}-{day(last)}/*"
        return Answer(found.status, {"content-range": span}, found.body)

    others.answers["http://there.test"] = answer
    await here.register("http://there.test", operations=PAST_OPERATIONS)
    _, told, headers = await here.ask("GET", f"/temporal/entities/{ONE}?{SINCE}")
    assert (levels(told), len(others.calls)) == (list(range(1, 10)), 4)
    assert "NGSILD-Warning" not in headers


async def test_an_answer_that_does_not_say_where_it_ends_is_said_to_be_a_part(
    here: Broker, others: FakeNeighbours
) -> None:
    others.answers["http://there.test"] = lambda _: given(past(1), 206)
    await here.register("http://there.test", operations=PAST_OPERATIONS)
    _, told, headers = await here.ask("GET", f"/temporal/entities/{ONE}?{SINCE}")
    assert (levels(told), "only a part" in headers["NGSILD-Warning"]) == ([1], True)


async def test_a_deletion_there_is_part_of_the_past(tmp_path: Path) -> None:
    caller = HttpCaller()
    async with broker(tmp_path / "a", caller, "a") as a, broker(tmp_path / "b", caller, "b") as b:
        await a.register(b.url, operations=PAST_OPERATIONS)
        value = {"type": "Property", "value": 1}
        await b.ask("POST", "/entities", {"id": ONE, "type": "Gauge", "level": value, "name": value})
        await b.ask("DELETE", f"/entities/{ONE}/attrs/level")
        asked = f"/temporal/entities/{ONE}?timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=deletedAt"
        _, told, _ = await a.ask("GET", asked)
        assert levels(told) == ["urn:ngsi-ld:null"]
    await caller.close()


_MOMENTS = st.integers(0, 5).map(lambda hours: datetime(2026, 5, 1, tzinfo=UTC) + timedelta(hours=hours))
_INSTANCES = st.builds(
    lambda at, modified, value, dataset: Instance(
        ONE, "urn:level", Attribute(Kind.PROPERTY, value, dataset, at, modified_at=modified)
    ),
    _MOMENTS,
    _MOMENTS,
    st.integers(0, 3),
    st.sampled_from([None, "urn:d:1"]),
)


@drawn(st.lists(_INSTANCES), st.lists(_INSTANCES))
def test_merging_knows_each_moment_once_and_loses_none(mine: list[Instance], theirs: list[Instance]) -> None:
    def slots(instances: Any) -> set[Any]:
        return {(one.value.dataset_id, one.value.observed_at) for one in instances}

    merged = [one for series in merge_past([*mine, *theirs], (), TemporalQuery()) for one in series.instances]
    assert len(merged) == len(slots(merged))
    assert slots(merged) == slots([*mine, *theirs])
    assert [one.value.observed_at for one in merged] == sorted(one.value.observed_at for one in merged)
    again = [one for series in merge_past([*merged, *merged], (), TemporalQuery()) for one in series.instances]
    assert again == merged
    with_less = [one for series in merge_past(mine, theirs, TemporalQuery()) for one in series.instances]
    assert {one.value.observed_at for one in with_less} == {one.value.observed_at for one in [*mine, *theirs]}
