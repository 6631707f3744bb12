"""Does GeoReport v2 answer every method, in both forms the same, with its filters, keys and errors?"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import orjson
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from tests.policy.inhabited import AWAY, Crowd, Inhabited, inhabited
from tests.policy.towns import PEOPLE
from tests.services.visiting import Visit, visited

from machinami.app.identifying import issue_key
from machinami.broker.identity.programs import Wanted
from machinami.kit.installed import load
from machinami.model.identity.key import Use
from machinami.model.view import Point, Words
from machinami.services.civic_reports import api, page
from machinami.services.civic_reports.logic import georeport
from machinami.services.civic_reports.model import Category, Report
from machinami.services.civic_reports.service import PACKAGE, starters

ROOT = "/services/civic_reports/georeport/v2"
POST = {
    "service_code": "road",
    "lat": "34.81",
    "long": "137.41",
    "description": "Pothole <deep> & wide",
    "attribute[danger]": "yes",
}
NOW = datetime(2026, 6, 30, 3, tzinfo=UTC)


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[Visit]:
    def routes(city: Any, desk: Any) -> Any:
        return [*page.routes(city, desk), *api.routes(city, desk)]

    async with visited(PACKAGE, tmp_path, routes, "/services/civic_reports") as visit:
        yield visit


async def ask(town: Visit, path: str, **asked: str | list[str]) -> tuple[int, Any, ElementTree.Element]:
    """The answer in both forms: the status, the JSON and the XML."""
    query = f"?{urlencode(asked, doseq=True)}" if asked else ""
    status, kind, body = await town.fetch(f"{path}.json{query}")
    xml_status, xml_kind, xml = await town.fetch(f"{path}.xml{query}")
    assert (status, kind, xml_kind) == (xml_status, "application/json", "text/xml")
    assert xml.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    return status, orjson.loads(body), ElementTree.fromstring(xml)


async def post(town: Visit, form: str = "json", **fields: str) -> tuple[int, Any]:
    url = f"{town._url}{ROOT}/requests.{form}"
    async with town._session.post(url, data={**POST, **fields}) as answer:
        body = await answer.read()
        return answer.status, orjson.loads(body) if form == "json" else ElementTree.fromstring(body)


def as_rows(element: ElementTree.Element) -> Any:
    """An element as what JSON says: rows of texts."""
    lists = {"attributes", "values", "endpoints", "formats", "services", "service_requests", "errors"}
    if element.tag in lists:
        return [as_rows(one) for one in element]
    return {one.tag: as_rows(one) for one in element} if len(element) else element.text


def texts(value: Any) -> Any:
    """JSON as texts, as XML has them."""
    if isinstance(value, dict):
        return {name: texts(one) for name, one in value.items()} or None
    if isinstance(value, list):
        return [texts(one) for one in value]
    return georeport.as_text(value) or None


async def test_services_are_listed_and_defined_in_both_forms(town: Visit) -> None:
    status, rows, xml = await ask(town, f"{ROOT}/services")
    assert status == 200
    assert [row["service_code"] for row in rows] == [one.category_code for one in starters()]
    assert rows[0]["metadata"] is True
    assert (rows[0]["type"], xml.tag, xml[0].tag) == ("realtime", "services", "service")
    assert as_rows(xml) == texts(rows)
    status, rows, xml = await ask(town, f"{ROOT}/services/road", locale="en")
    assert (status, xml.tag) == (200, "service_definition")
    assert rows["attributes"][0]["values"][0] == {"key": "yes", "name": "Yes, at once"}
    assert as_rows(xml) == texts(rows)
    assert (await ask(town, f"{ROOT}/services/nothing"))[0] == 404


async def test_a_request_is_posted_read_and_found_again(town: Visit) -> None:
    status, (row,) = await post(town)
    assert status == 201
    number = row["service_request_id"]
    assert "/services/civic_reports/mine/" in row["service_notice"]
    assert row["account_id"] is None
    status, xml = await post(town, "xml", service_code="tree")
    assert (status, xml.tag, xml[0][0].tag) == (201, "service_requests", "request" and "service_request_id")
    status, (told,), xml = await ask(town, f"{ROOT}/requests/{number}")
    assert status == 200
    assert (told["status"], told["service_code"], told["lat"], told["long"]) == ("open", "road", 34.81, 137.41)
    assert told["requested_datetime"] == "2026-06-30T12:00:00+09:00"
    assert told["expected_datetime"] == "2026-07-14T12:00:00+09:00"
    assert told["description"] is None  # an officer has not looked yet
    assert as_rows(xml) == texts([told])
    (report, _) = await town.city.find(Report)
    await town.send("look", report=report.id, text="yes")
    _, (told,), xml = await ask(town, f"{ROOT}/requests/{number}")
    assert told["description"] == "Pothole <deep> & wide"
    assert as_rows(xml) == texts([told])
    token = report.id.rpartition(":")[2]
    status, rows, xml = await ask(town, f"{ROOT}/tokens/{token}")
    assert (status, rows) == (200, [{"service_request_id": number, "token": token}])
    assert as_rows(xml) == rows
    assert (await ask(town, f"{ROOT}/tokens/none"))[0] == 404
    await town.send("proceed", report=report.id, state="mended", answer="直しました")
    _, (told,), _ = await ask(town, f"{ROOT}/requests/{number}")
    assert (told["status"], told["status_notes"], told["agency_responsible"]) == ("closed", "直しました", "道路河川課")


async def test_a_place_and_a_kind_are_enough_as_the_standard_has_it(town: Visit) -> None:
    assert (await post(town, description=""))[0] == 201
    status, _ = await post(town, description="あ" * 4000)
    assert status == 201
    (first, _) = await town.city.find(Report)
    assert first.text is None
    await town.send("proceed", report=first.id, state="mended", answer="x")
    closed = town.city.now()
    town.wait(days=3)
    await town.send("look", report=first.id, text="yes")
    _, (told,), _ = await ask(town, f"{ROOT}/requests/{first.report_id}")
    assert datetime.fromisoformat(told["updated_datetime"]) == closed  # the date the request was closed


async def test_requests_are_filtered_as_asked(town: Visit) -> None:
    await post(town)
    town.wait(days=80)
    await post(town, service_code="tree")
    first, second = await town.city.find(Report)
    await town.send("proceed", report=second.id, state="mended", answer="x")

    async def numbers(**asked: str) -> list[str]:
        status, rows, _ = await ask(town, f"{ROOT}/requests", **asked)
        assert status == 200, rows
        return [row["service_request_id"] for row in rows]

    one, two = first.report_id or "", second.report_id or ""
    assert await numbers() == [two, one]  # the newest first
    assert await numbers(status="open") == [one]
    assert await numbers(status="open,closed") == [two, one]
    assert await numbers(service_code="tree,park") == [two]
    assert await numbers(start_date="2026-07-01T00:00:00Z") == [two]
    assert await numbers(end_date="2026-07-01T09:00:00+09:00") == [one]
    assert await numbers(service_request_id=f"{one},x", status="closed") == [one]
    assert await numbers(service_request_id=one, start_date="whenever", service_code="tree") == [one]  # overrides all
    _, rows, _ = await ask(town, f"{ROOT}/requests", service_code=["tree", "road"])  # as with a comma
    assert [row["service_request_id"] for row in rows] == [two, one]
    town.wait(days=20)
    assert await numbers() == [two]  # the last 90 days


@pytest.mark.parametrize(
    ("path", "asked", "status", "said"),
    [
        ("requests", {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}, 400, "90 days"),
        ("requests", {"start_date": "2026-06-02T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}, 400, "later"),
        ("requests", {"start_date": "yesterday"}, 400, "W3C"),
        ("requests", {"status": "waiting"}, 400, "open or closed"),
        ("requests", {"jurisdiction_id": "elsewhere.example"}, 404, "jurisdiction_id"),
        ("requests/20990101-001", {}, 404, "service_request_id"),
        ("nothing", {}, 404, "nothing"),
    ],
)
async def test_what_cannot_be_answered_is_said_with_its_code_in_both_forms(
    town: Visit, path: str, asked: dict[str, str], status: int, said: str
) -> None:
    found, rows, xml = await ask(town, f"{ROOT}/{path}", **asked)
    assert found == status
    assert rows[0]["code"] == status
    assert said in rows[0]["description"]
    assert xml.tag == "errors"
    assert as_rows(xml) == texts(rows)


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"service_code": ""}, 400, "service_code was not provided"),
        ({"service_code": "nothing"}, 404, "service_code nothing was not found"),
        ({"lat": "", "long": ""}, 400, "address_string"),
        ({"lat": "north"}, 400, "degrees"),
        ({"lat": "99"}, 400, "-90 to 90"),
        ({"attribute[danger]": "perhaps"}, 400, "answered by one of"),
        ({"description": "x" * 4001}, 400, "4000"),
        ({"jurisdiction_id": "elsewhere"}, 404, "jurisdiction_id"),
    ],
)
async def test_a_post_that_will_not_do_is_refused_in_both_forms(
    town: Visit, fields: dict[str, str], status: int, said: str
) -> None:
    found, rows = await post(town, **fields)
    assert (found, rows[0]["code"]) == (status, status)
    assert said in rows[0]["description"]
    found, xml = await post(town, "xml", **fields)
    assert (found, as_rows(xml)) == (status, texts(rows))
    assert await town.city.find(Report) == []


async def test_the_discovery_leads_to_the_endpoint(town: Visit) -> None:
    status, row, xml = await ask(town, "/services/civic_reports/georeport/discovery")
    assert status == 200
    (endpoint,) = row["endpoints"]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["url"].endswith(ROOT)
    assert endpoint["formats"] == ["text/xml", "application/json"]
    assert as_rows(xml) == texts(row)
    assert (await town.fetch(f"{ROOT}/services"))[0] == 404
    assert (await town.fetch(f"{ROOT}/services.html"))[0] == 404


class Reporting(Inhabited):
    """An installation that has this service alone."""

    def services(self) -> Any:
        """It."""
        return [load(PACKAGE)], []


async def test_a_protected_town_takes_and_shows_nothing_without_a_key(tmp_path: Path) -> None:
    async with inhabited(tmp_path, Reporting) as crowd:
        secret = await key_of(crowd)

        async def send(form: str = "json", **fields: str) -> tuple[int, str]:
            url = f"{ROOT}/requests.{form}"
            async with crowd.session.post(url, data={**POST, **fields}, headers=AWAY) as answer:
                return answer.status, await answer.text()

        async def see(query: str) -> int:
            async with crowd.session.get(f"{ROOT}/requests.json{query}", headers=AWAY) as answer:
                return answer.status

        assert (await send())[0] == 403
        status, text = await send("xml", api_key="mk_wrong")
        assert status == 403
        assert "<code>403</code>" in text
        assert (await send(api_key=secret))[0] == 201
        assert await see("") == 403
        assert await see(f"?api_key={secret}") == 200
        async with crowd.session.get(f"{ROOT}/services.json", headers=AWAY) as answer:
            assert answer.status == 200


async def key_of(crowd: Crowd) -> str:
    """A key of the town for a program."""
    wanted = Wanted("app", Use.KEY, frozenset({"resident"}), 300)
    return (await issue_key(crowd.town.identity, "default", wanted, PEOPLE["administrator"]))[1]


TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
WORDS = st.dictionaries(st.sampled_from(["ja", "en"]), TEXT, min_size=1).map(Words)
REPORTS = st.builds(
    Report, st.just("urn:ngsi-ld:IssueReporting:1"), TEXT.filter(bool), st.sampled_from(["road", "x"]),
    st.sampled_from(["received", "mended", "declined"]), st.none() | WORDS, st.none() | TEXT,
    st.none() | st.builds(Point, st.floats(-180, 180), st.floats(-90, 90)), department_id=st.none() | TEXT,
    requested_at=st.none() | st.just(NOW), updated_at=st.none() | st.just(NOW + timedelta(hours=1)),
    answer=st.none() | WORDS,
    media=st.none() | st.lists(st.just("a-1"), max_size=2), removal=st.none() | TEXT,
)  # fmt: skip
CATEGORIES = st.builds(Category, st.just("c"), TEXT.filter(bool), WORDS, WORDS, WORDS, st.lists(TEXT, max_size=3))


@given(st.lists(REPORTS, max_size=3), st.lists(CATEGORIES, max_size=3))
def test_xml_and_json_say_the_same_whatever_the_words_are(reports: list[Report], categories: list[Category]) -> None:
    for root, child, rows in (
        (
            "service_requests",
            "request",
            georeport.requests(reports, reports, starters(), "en", "Asia/Tokyo", "http://x/"),
        ),
        ("services", "service", georeport.services(categories, "ja")),
    ):
        said = orjson.loads(georeport.in_json(rows))
        xml = ElementTree.fromstring(georeport.in_xml(root, child, rows))
        lines = [
            {n: v.replace("\r\n", "\n").replace("\r", "\n") if v else v for n, v in row.items()}
            for row in texts(said) or []
        ]
        assert [as_rows(one) for one in xml] == lines


@given(st.lists(st.tuples(st.sampled_from([*POST, "attribute[x][]", "media_url", "address_string"]), TEXT), max_size=8))
def test_no_form_breaks_the_reading_of_it(fields: list[tuple[str, str]]) -> None:
    try:
        posted = georeport.read_post(fields)
    except georeport.Fault:
        return
    assert posted.code
    assert posted.place or posted.address
