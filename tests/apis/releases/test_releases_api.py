"""Programs and pages have releases made in the same way, and everyone is given what may be given."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.broker.releases.walkers import ADMIN, CLERK, HEAD, RESIDENT, WORK, People, people_in

from machinami.apis.releases.documents import read_description, write_description
from machinami.apis.releases.drafts import drafted
from machinami.apis.releases.office import Press
from machinami.apis.releases.routes import routes
from machinami.broker import legal_records
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, MachinamiError
from machinami.kit.frame import Frame
from machinami.kit.http import Request, Response
from machinami.kit.problem import describe
from machinami.kit.routing import Router
from machinami.model.legal import Basis, Ground
from machinami.model.policy import Whom
from machinami.model.principal import ANONYMOUS, Principal

RELEASES = "/governance/releases"
WANTED: dict[str, Any] = {
    "id": "steps",
    "title": {"ja": "歩数", "en": "Steps"},
    "type": "StepCount",
    "persons": "Walker",
    "person": "refWalker",
    "moment": "day",
    "from": "2026-06-01",
    "to": "2026-06-29",
    "columns": [
        {"name": "district", "attribute": "district", "of": "person", "part": "known"},
        {"name": "steps", "attribute": "steps", "part": "measure"},
    ],
}
PERSONS = {
    **WANTED,
    "id": "people",
    "method": "rows",
    "columns": [{"attribute": "district", "of": "person", "part": "known"}],
}


@dataclass(slots=True)
class Door:
    """The face over one town, asked as somebody."""

    people: People
    router: Router
    who: Principal = ANONYMOUS

    async def ask(self, who: Principal, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Status and body of the answer."""
        self.who = who
        match = self.router.match(method, path)
        said = b"" if body is None else json.dumps(body).encode()
        request = Request(method, path, "", [(b"content-type", b"application/json")], said, match.params)
        try:
            answer = match.route.handler(request)
            answer = answer if isinstance(answer, Response) else await answer
        except MachinamiError as error:
            status, details = describe(error)
            return status, json.dumps(details).encode()
        return answer.status, answer.body

    async def done(self, who: Principal, method: str, path: str, body: Any = None) -> Any:
        """The document of an answer that is no refusal."""
        status, said = await self.ask(who, method, path, body)
        assert status < 300, said
        return json.loads(said)

    async def town(self, name: str | None) -> Town:
        """The one town."""
        return self.people.town


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with people_in(tmp_path) as people:
        door = Door(people, Router([]))
        frame = Frame({"ja": "町"}, people.town.clock)
        door.router = Router(routes(Press(door, lambda _: door.who, frame, WORK)))
        yield door


async def test_a_program_makes_and_people_decide(door: Door) -> None:
    made = await door.done(CLERK, "POST", RELEASES, WANTED)
    assert (made["state"], made["rows"][0]) == ("prepared", ["上町", 45, 5120])  # the mean of 4,900 to 5,340
    assert any("no group of fewer than 10 people" in one["sentence"] for one in made["account"])
    assert (await door.ask(ANONYMOUS, "GET", "/open-data/steps/1.json"))[0] == 404
    assert (await door.ask(RESIDENT, "GET", RELEASES))[0] == 403
    assert (await door.ask(CLERK, "POST", f"{RELEASES}/steps/1/publication", {"reason": "x"}))[0] == 403
    done = await door.done(HEAD, "POST", f"{RELEASES}/steps/1/publication", {"reason": "for all"})
    assert done["decided"]["by"] == HEAD.id
    told = await door.done(ANONYMOUS, "GET", "/open-data/steps/1.json")
    assert (told["safety"], told["class"]) == ({"k": 10, "width": 5}, "statistics")
    assert "madeBy" not in told
    catalogue = await door.done(ANONYMOUS, "GET", "/open-data/catalogue.json")
    assert catalogue["dcat:dataset"][0]["@id"] == "/open-data/steps/1"
    await door.done(CLERK, "POST", f"{RELEASES}/steps/1/withdrawal", {"reason": "a wrong unit"})
    status, said = await door.ask(ANONYMOUS, "GET", "/open-data/steps/1.csv")
    assert (status, b"a wrong unit" in said) == (404, True)


async def test_rows_of_persons_of_a_public_body_are_for_who_has_a_contract(door: Door) -> None:
    await door.done(CLERK, "POST", RELEASES, PERSONS)
    await door.done(HEAD, "POST", f"{RELEASES}/people/1/publication", {"reason": "proposal 7"})
    status, said = await door.ask(ANONYMOUS, "GET", "/open-data/people/1")
    assert status == 200
    assert "117" in said.decode()  # what the law wants to be published is there
    assert (await door.ask(RESIDENT, "GET", "/open-data/people/1.csv"))[0] == 403
    until = door.people.town.clock() + timedelta(days=100)
    contract = Ground("contract-7", Basis.RECEIVER_CONTRACT, Whom.PERSON, RESIDENT.id, "contract of 1 June", until)
    await legal_records.put_ground(door.people.town, contract, ADMIN)
    status, said = await door.ask(RESIDENT, "GET", "/open-data/people/1.csv")
    assert (status, len(said.splitlines())) == (200, 136)


async def test_only_the_town_s_own_machinery_has_the_ground_for_anonymising(door: Door) -> None:
    until = datetime(2029, 1, 1, tzinfo=UTC)
    ground = Ground("mine", Basis.ANONYMISING, Whom.PERSON, CLERK.id, "I would like to", until)
    with pytest.raises(BadRequestData, match="only program:urn:machinami:releases"):
        await legal_records.put_ground(door.people.town, ground, ADMIN)


async def test_a_budget_is_set_by_an_administrator(door: Door) -> None:
    body = {"type": "Walker", "epsilon": 2, "every": "quarter", "reason": "decided on 1 June"}
    assert (await door.ask(CLERK, "POST", "/governance/release-budgets", body))[0] == 403
    told = await door.done(ADMIN, "POST", "/governance/release-budgets", body)
    assert (told["left"], told["renews"]) == (2, "2026-07-01")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"id": "../x"}, "id: 1 to 60 letters"),
        ({"k": 2}, "k is a whole number from 3"),
        ({"k": 3.5}, "k: a whole number"),
        ({"method": "magic"}, "method: one of table, rows, noise"),
        ({"method": "noise", "epsilon": 0}, "domain"),
        ({"columns": []}, "columns: a list of 1 to 8"),
        ({"from": "yesterday"}, "from which day"),
        ({"odd": 1}, "has no member 'odd'"),
        ({"licence": "mine"}, "licence: one of"),
        ({"class": "personal"}, "class: administrative-anonymised"),
    ],
)
async def test_what_cannot_be_is_refused_with_where_and_how_to_mend_it(
    door: Door, more: Mapping[str, Any], said: str
) -> None:
    status, told = await door.ask(CLERK, "POST", RELEASES, {**WANTED, **more})
    assert (status, said in json.loads(told)["detail"]) == (400, True), told


def test_what_was_wanted_is_written_as_it_was_read() -> None:
    rich = {
        **WANTED,
        "columns": [
            {"name": "age", "attribute": "ageBand", "of": "person", "part": "known", "bands": [5, 10], "step": 1},
            {"name": "when", "attribute": "day", "part": "time", "grains": ["day", "month"], "step": 2},
            {"name": "steps", "attribute": "steps", "part": "measure", "cap": 30000.0, "title": {"ja": "歩数"}},
        ],
    }
    read = read_description(rich)
    assert read_description(write_description(read)) == read
    assert replace(read, note="x") != read


def test_a_form_says_the_same_as_a_document() -> None:
    form = {
        "id": "steps", "title.ja": "歩数", "title.en": "Steps", "type": "StepCount", "persons": "Walker",
        "person": "refWalker", "moment": "day", "from": "2026-06-01", "to": "2026-06-29", "method": "table", "k": "10",
        "p.district": "known", "r.steps": "measure", "r.day": "", "bands.p.district": "",
    }  # fmt: skip
    assert read_description(drafted(form)) == read_description({**WANTED, "k": 10})
