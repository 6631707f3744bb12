"""Does what is about a person reach anybody else by the pages of their own data? And what do these say?"""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from tests.approving import approve
from tests.policy.inhabited import Crowd, Told, inhabited

from machinami.broker import consents, holdings, legal_records, operations
from machinami.broker.town import Town
from machinami.model.attribute import Attribute, Kind
from machinami.model.consent import Terms
from machinami.model.entity import Entity
from machinami.model.legal import LegalClass, Mark
from machinami.model.principal import Principal, Role

SECRET = "qz7personalqz"
DIARY, TEXT, WRITER, COUNT = (
    f"https://uri.etsi.org/ngsi-ld/default-context/{n}" for n in ("Diary", "diaryText", "diaryWriter", "diaryCount")
)
RULER = Principal("urn:person:ruler", frozenset({Role.ADMINISTRATOR}), None, None, 3, 3)
ENTITY = "urn:ngsi-ld:Diary:1"
OTHERS = ("nobody", "officer", "department-head", "mayor", "administrator", "operator")
READING = (
    "/my-data",
    "/my-data/kept?type=Diary",
    "/my-data/reads?all=yes",
    "/my-data/export",
    "/my-data/names",
    "/my-data/consents",
    "/my-data/corrections",
    "/my-data/erasure",
    "/me/data?past=100",
    "/me/reads",
    "/me/export",
    "/me/corrections",
    "/me/erasure",
    "/desk",
    "/desk/person?name=resident",
)


@dataclass
class Written:
    """The town, its people, and what is marked as about one of them."""

    crowd: Crowd
    house: Town
    person: str
    instance: str = ""

    async def get(self, who: str, path: str, **more: Any) -> Told:
        """What somebody is answered."""
        return await self.crowd.ask(who, "GET", path, **more)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Written]:
    async with inhabited(tmp_path_factory.mktemp("town")) as crowd:
        house = await crowd.town.broker.town(None)
        person = f"urn:machinami:person:{crowd.accounts['resident']}"
        await legal_records.put_mark(house, Mark(LegalClass.PERSONAL, DIARY, "", WRITER), RULER)
        said = {
            TEXT: (Attribute(Kind.PROPERTY, f"=HYPERLINK({SECRET})"),),
            COUNT: (Attribute(Kind.PROPERTY, -7, observed_at=house.clock()),),
            WRITER: (Attribute(Kind.RELATIONSHIP, person),),
        }
        await operations.create(house, Entity(ENTITY, (DIARY,), said), RULER)
        one = await holdings.one_held(house, ENTITY, [person])
        past = await holdings.past_of(house, one, 5)
        instance = next(str(i.value.instance_id) for i in past.instances if i.attribute == TEXT)
        yield Written(crowd, house, person, instance)


@pytest.mark.parametrize("path", READING)
@pytest.mark.asyncio(loop_scope="module")
async def test_nobody_else_sees_anything_of_it(town: Written, path: str) -> None:
    for who in OTHERS:
        told = await town.crowd.session.get(path, headers={"Accept": "text/html", **town.crowd.fields(who)})
        body = await told.read()
        text = body.decode("utf-8", "replace")
        if body[:2] == b"PK":
            bundle = zipfile.ZipFile(io.BytesIO(body))
            text = "".join(bundle.read(name).decode() for name in bundle.namelist())
        assert SECRET not in text, (who, path)
        assert ENTITY not in text, (who, path)
        assert who != "nobody" or told.status == 401
        assert told.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("who", OTHERS)
@pytest.mark.asyncio(loop_scope="module")
async def test_nobody_else_opens_what_they_know_the_id_of(town: Written, who: str) -> None:
    query = f"entity={ENTITY}&attribute=diaryText&instance={town.instance}"
    told = await town.get(who, f"/my-data/corrections/new?{query}")
    assert told.status in (401, 404)
    assert SECRET not in told.text
    body = {"entity": ENTITY, "attribute": "diaryText", "instanceId": town.instance, "wanted": "x", "reason": "x"}
    assert (await town.crowd.ask(who, "POST", "/me/corrections", body=body)).status in (401, 404)
    entity = await town.crowd.ask(who, "GET", f"/ngsi-ld/v1/entities/{ENTITY}", Accept="application/json")
    assert entity.status in (401, 403, 404)


@pytest.mark.asyncio(loop_scope="module")
async def test_the_person_sees_it_on_every_page_and_in_every_language(town: Written) -> None:
    for path in READING[:8]:
        for language in ("ja", "en", "easy"):
            mark = "&" if "?" in path else "?"
            told = await town.get("resident", f"{path}{mark}lang={language}")
            assert told.status == 200, told.text
    kept = await town.get("resident", "/my-data/kept?type=Diary")
    assert SECRET in kept.text
    held = json.loads((await town.get("resident", "/me/data")).text)["held"]
    assert [one["id"] for one in held] == [ENTITY]


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_taken_away_is_read_by_a_spreadsheet_and_runs_nothing_in_it(town: Written) -> None:
    async with town.crowd.session.get("/my-data/export", headers=town.crowd.fields("resident")) as answer:
        bundle = zipfile.ZipFile(io.BytesIO(await answer.read()))
    assert sorted(bundle.namelist()) == ["consents.csv", "held.csv", "my-data.json", "reads.csv"]
    table = bundle.read("held.csv")
    assert table.startswith(b"\xef\xbb\xbf")
    assert f"'=HYPERLINK({SECRET})" in table.decode()
    assert ",-7," in table.decode()
    assert json.loads(bundle.read("my-data.json"))["account"]["name"] == "resident"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_consent_that_names_attributes_alone_is_taken_away_like_any_other(town: Written) -> None:
    recipients = ("program:urn:program:reader",)
    await approve(town.house, "reading", recipients, attributes=(TEXT,))
    await legal_records.publish(town.house, "reading", {"ja": "読む", "en": "Reading", "easy": "よむ"}, RULER)
    until = town.house.clock() + timedelta(days=9)
    terms = Terms(recipients, "reading", until, attributes=(TEXT,), text="1", language="ja")
    await consents.give(
        town.house, town.person, terms, Principal(town.person, frozenset({Role.RESIDENT}), None, None, 3, 3)
    )
    async with town.crowd.session.get("/my-data/export", headers=town.crowd.fields("resident")) as answer:
        bundle = zipfile.ZipFile(io.BytesIO(await answer.read()))
    assert ",reading," in bundle.read("consents.csv").decode()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_desk_finds_a_person_by_their_whole_name_alone_and_they_see_that_it_looked(town: Written) -> None:
    assert (await town.get("officer", "/desk/person?name=resid")).status == 404
    assert (await town.get("officer", "/desk/person?name=officer")).status == 403
    assert (await town.get("officer", "/desk/person?name=resident")).status == 200
    reads = json.loads((await town.get("resident", "/me/reads")).text)["reads"]
    officer = f"urn:machinami:person:{town.crowd.accounts['officer']}"
    assert any(one["who"] == officer and one["what"] == "desk" and "officer" in one["roles"] for one in reads)


@pytest.mark.asyncio(loop_scope="module")
async def test_an_officer_is_shown_a_value_only_once_its_person_asks_for_its_correction(town: Written) -> None:
    assert SECRET not in (await town.get("officer", "/corrections")).text
    form = {
        "entity": ENTITY,
        "attribute": "diaryText",
        "instance": town.instance,
        "wanted": "mended",
        "reason": "typing",
    }
    told = await town.crowd.ask("resident", "POST", "/my-data/corrections", form=form)
    assert told.status == 303, told.text[:3000]
    assert SECRET in (await town.get("officer", "/corrections")).text
    (asked,) = json.loads((await town.get("officer", "/correction-requests")).text)
    decision = f"/correction-requests/{asked['id']}/decision"
    assert (await town.crowd.ask("resident", "POST", decision, body={"accept": True})).status == 403
    refused = await town.crowd.ask("officer", "POST", decision, body={"accept": False, "answer": ""})
    assert refused.status == 400
    done = await town.crowd.ask("officer", "POST", decision, body={"accept": True})
    assert done.status == 200, done.text
    assert "mended" in (await town.get("resident", "/my-data/kept?type=Diary")).text
    assert (await town.get("officer", f"/ngsi-ld/v1/entities/{ENTITY}", Accept="application/json")).status == 404


@pytest.mark.asyncio(loop_scope="module")
async def test_an_erasure_is_confirmed_has_a_report_and_is_the_last_thing_here(town: Written) -> None:
    unsure = await town.crowd.ask("resident", "POST", "/my-data/erasure", form={"what": "all"})
    assert unsure.status == 422
    assert (await town.crowd.ask("resident", "POST", "/me/erasure", body={})).status == 400
    told = await town.crowd.ask("resident", "POST", "/my-data/erasure", form={"what": "all", "sure": "yes"})
    assert told.status == 303, told.text
    report = await town.get("resident", told.headers["Location"])
    assert report.status == 200
    assert SECRET not in report.text
    assert (await town.get("officer", told.headers["Location"])).status == 404
    assert json.loads((await town.get("resident", "/me/data")).text)["held"] == []
    assert SECRET not in (await town.get("resident", "/me/export")).text  # what was said in a request went with its key
    assert SECRET not in (await town.get("officer", "/correction-requests")).text
    assert SECRET not in repr(await town.house.store.records("correction-request"))
