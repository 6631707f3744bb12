"""Who governs a town, by its pages and by its API? Each cell of the table is tried; refusals leave no trace."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import aiohttp
import pytest
import pytest_asyncio
from tests.policy.test_faces import WHO, read_table
from tests.policy.test_pages import KnownTown, town_of

from machinami.broker.legal_records import law_of

# The columns are those of PEOPLE. v: it is answered. Everything else is refused.
GOVERNED = read_table("""
               nobody resident officer head mayor admin operator service neighbour weak gauge reader
read policy    .      .        .       .    .     v     .        .       .         .    .     .
explain        .      .        .       .    .     v     .        .       .         .    .     .
preview        .      .        .       .    .     v     .        .       .         .    .     .
allow          .      .        .       .    .     v     .        .       .         .    .     .
withdraw       .      .        .       .    .     v     .        .       .         .    .     .
mark           .      .        .       .    .     v     .        .       .         .    .     .
search         .      .        .       .    .     v     .        .       .         .    .     .
take out       .      .        .       .    .     v     .        .       .         .    .     .
verify         .      .        .       .    .     v     .        .       .         .    .     .
own record     .      v        v       v    v     v     v        v       v         v    v     v
""")
ROW = {"id": "mine", "who": "everyone", "deeds": ["read"], "types": ["Case"]}
SENT = {"row": json.dumps({**ROW, "id": "by-page"})}


@dataclass(frozen=True, slots=True)
class Way:
    """One request: by the API (a document) or by a page (a form)."""

    method: str
    path: str
    document: object = None
    form: Mapping[str, str] | None = None


WAYS: Mapping[str, Sequence[Way]] = {
    "read policy": [
        Way("GET", "/governance/policy"),
        Way("GET", "/governance/policy/rows/resident-reads"),
        Way("GET", "/governance/policy/usual"),
        Way("GET", "/policy"),
        Way("GET", "/policy/open"),
        Way("GET", "/policy/usual"),
        Way("GET", "/policy/new"),
        Way("GET", "/policy/personal"),
    ],
    "explain": [
        Way("GET", "/governance/policy/explanation?who=everyone&what=Case"),
        Way("GET", "/policy/explanation?who=everyone&what=Case"),
    ],
    "preview": [
        Way("POST", "/governance/policy/preview", ROW),
        Way("GET", "/policy/open?type=Case&look=1&extent=all"),
    ],
    "allow": [Way("POST", "/governance/policy/rows", ROW), Way("POST", "/policy/rows", form=SENT)],
    "withdraw": [
        Way("DELETE", "/governance/policy/rows/given"),
        Way("POST", "/policy/withdrawal", form={"row": "given-too"}),
    ],
    "mark": [Way("POST", "/policy/personal", form={"m.name": "on"})],
    "search": [Way("GET", "/governance/audit/entries"), Way("GET", "/audit")],
    "take out": [
        Way("GET", "/governance/audit/batches"),
        Way("GET", "/audit/entries.jsonl"),
        Way("GET", "/audit/entries.csv"),
    ],
    "verify": [
        Way("GET", "/governance/audit/head"),
        Way("GET", "/governance/audit/verification"),
        Way("GET", "/audit/verification"),
        Way("POST", "/audit/verification", form={"head": ""}),
    ],
    "own record": [Way("GET", "/governance/audit/own"), Way("GET", "/audit/own")],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[KnownTown, aiohttp.ClientSession]]:
    async with town_of(tmp_path_factory.mktemp("town")) as found:
        yield found


async def _status(session: aiohttp.ClientSession, who: str, way: Way) -> tuple[int, str]:
    headers = {"x-who": who, "Accept": "text/html" if not way.path.startswith("/governance") else "application/json"}
    sent = {"json": way.document} if way.document is not None else {"data": way.form} if way.form is not None else {}
    async with session.request(way.method, way.path, headers=headers, allow_redirects=False, **sent) as answer:
        return answer.status, await answer.text()


def test_every_row_of_the_table_is_tried() -> None:
    assert WAYS.keys() == GOVERNED.keys()


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("deed", WAYS)
@pytest.mark.asyncio(loop_scope="module")
async def test_somebody_governs_as_the_table_says(
    town: tuple[KnownTown, aiohttp.ClientSession], deed: str, who: str
) -> None:
    running, session = town
    house = await running.broker.town(None)
    if GOVERNED[deed][who]:
        for row_id in ("given", "given-too"):
            if all(one.id != row_id for one in house.policy.kept or ()):
                await _status(session, "administrator", Way("POST", "/governance/policy/rows", {**ROW, "id": row_id}))
        for way in WAYS[deed]:
            status, text = await _status(session, who, way)
            assert status in (200, 201, 204, 303), (way, text)
        for row_id in ("mine", "by-page"):
            await _status(session, "administrator", Way("DELETE", f"/governance/policy/rows/{row_id}"))
        return
    rows, marks = house.policy.kept, law_of(house).personal_marks
    for way in WAYS[deed]:
        status, text = await _status(session, who, way)
        assert status == (401 if who in ("nobody", "weak officer") and status == 401 else 403), (way, text)
        assert "resident-reads" not in text
    assert (house.policy.kept, law_of(house).personal_marks) == (rows, marks)


@pytest.mark.asyncio(loop_scope="module")
async def test_who_sees_their_own_record_sees_nobody_elses(town: tuple[KnownTown, aiohttp.ClientSession]) -> None:
    _, session = town
    await _status(session, "resident", Way("DELETE", "/ngsi-ld/v1/entities/urn:ngsi-ld:Case:1"))
    _, own = await _status(session, "resident", Way("GET", "/governance/audit/own?who=urn:person:administrator"))
    entries = json.loads(own)["entries"]
    assert entries
    assert {entry["who"] for entry in entries} == {"urn:person:resident"}


@pytest.mark.asyncio(loop_scope="module")
async def test_a_form_from_another_site_changes_nothing(town: tuple[KnownTown, aiohttp.ClientSession]) -> None:
    running, session = town
    rows = (await running.broker.town(None)).policy.kept
    headers = {"x-who": "administrator", "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for path, form in (
        ("/policy/rows", SENT),
        ("/policy/withdrawal", {"row": "resident-reads"}),
        ("/policy/usual", {}),
    ):
        async with session.post(path, data=form, headers=headers, allow_redirects=False) as answer:
            assert answer.status == 403, path
    assert (await running.broker.town(None)).policy.kept == rows


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_no_json_is_not_taken(town: tuple[KnownTown, aiohttp.ClientSession]) -> None:
    """A page of another site can send a text without asking first, but no JSON."""
    _, session = town
    headers = {"x-who": "administrator", "Content-Type": "text/plain"}
    async with session.post("/governance/policy/rows", data=json.dumps(ROW), headers=headers) as answer:
        assert answer.status == 415


@pytest.mark.asyncio(loop_scope="module")
async def test_a_program_governs_where_a_row_says_so(town: tuple[KnownTown, aiohttp.ClientSession]) -> None:
    _, session = town
    row = {"id": "keeper", "who": "program:urn:program:gauge", "deeds": ["administer"]}
    await _status(session, "administrator", Way("POST", "/governance/policy/rows", row))
    assert (await _status(session, "gauge", Way("GET", "/governance/policy")))[0] == 200
    shown = json.loads((await _status(session, "gauge", Way("POST", "/governance/policy/preview", ROW)))[1])
    assert (shown["count"], shown["example"]) == (0, None)  # a row for another type than those that are there
    case = {**ROW, "types": ["urn:type:Case"]}
    shown = json.loads((await _status(session, "gauge", Way("POST", "/governance/policy/preview", case)))[1])
    assert (shown["count"], shown["example"]) == (1, None)  # who may not read it is shown no example of it
    await _status(session, "administrator", Way("DELETE", "/governance/policy/rows/keeper"))
    assert (await _status(session, "gauge", Way("GET", "/governance/policy")))[0] == 403
