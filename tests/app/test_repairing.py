"""A town starts whatever is damaged, the other towns do not notice, and one command says and mends what is wrong."""

import asyncio
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

import aiohttp
import apsw
import orjson
import pytest
from tests.app.towns import town
from tests.running import running

from machinami.broker.policy_rows import STATE
from machinami.broker.subscriptions import RECORD
from machinami.cli.entrance import enter
from machinami.foundation.errors import StoreUnavailable
from machinami.store.sqlite.connection import PAGE

BASE = "/ngsi-ld/v1"
WISH = {"id": "urn:s:1", "type": "Subscription", "entities": [{"type": "Gauge"}],
        "notification": {"endpoint": {"uri": "http://127.0.0.1:9/"}}}  # fmt: skip


def file(folder: Path, name: str = "default") -> Path:
    return folder / "towns" / name / "town.sqlite"


def garble(folder: Path, kind: str, key: str, name: str = "default") -> None:
    connection = apsw.Connection(str(file(folder, name)))
    sql = "INSERT INTO record VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET doc = excluded.doc"
    connection.execute(sql, (kind, key, b'{"half'))
    connection.close()


async def ask(found, method: str, path: str, body: object = None, tenant: str = "") -> int:
    headers = {"NGSILD-Tenant": tenant} if tenant else {}
    async with aiohttp.ClientSession(found.serving.url, headers=headers) as session:
        async with session.request(method, BASE + path, json=body) as answer:
            await answer.read()
            return answer.status


def gauge(number: int) -> dict[str, object]:
    return {"id": f"urn:ngsi-ld:Gauge:{number}", "type": "Gauge", "level": {"type": "Property", "value": number}}


async def test_a_bad_row_of_each_kind_is_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with running(tmp_path) as found:
        assert await ask(found, "POST", "/subscriptions", WISH) == 201
        assert await ask(found, "POST", "/entities", gauge(1)) == 201
    for kind in (RECORD, "registration", "context", "csource-subscription", "settings"):
        garble(tmp_path, kind, "bad")
    async with running(tmp_path) as found:
        assert await ask(found, "GET", "/subscriptions/urn:s:1") == 200
        assert await ask(found, "GET", "/entities/urn:ngsi-ld:Gauge:1") == 200
        assert await ask(found, "POST", "/entities", gauge(2)) == 201
        assert any(f"{RECORD} bad" in one for one in found.broker.set_aside)


async def test_the_broken_file_of_one_town_stops_no_other(tmp_path: Path) -> None:
    async with running(tmp_path) as found:
        for name in ("aoyama", "kawabe"):
            assert await ask(found, "POST", "/entities", gauge(1), name) == 201
    file(tmp_path, "aoyama").write_bytes(b"nothing of a town" * 1_000)
    async with running(tmp_path) as found:
        assert await ask(found, "GET", "/entities/urn:ngsi-ld:Gauge:1", tenant="kawabe") == 200
        assert await ask(found, "GET", "/types") == 200
        assert await ask(found, "GET", "/entities/urn:ngsi-ld:Gauge:1", tenant="aoyama") in (404, 503)
        assert await ask(found, "POST", "/entities", gauge(2), "aoyama") == 503
        with pytest.raises(StoreUnavailable, match="/health"):
            await found.broker.town("aoyama")
        assert any("aoyama" in one and "restore a copy" in one for one in found.broker.set_aside)
    assert file(tmp_path, "aoyama").read_bytes().startswith(b"nothing of a town")


async def test_a_town_that_no_longer_knows_who_may_see_what_is_closed_to_everybody(tmp_path: Path) -> None:
    async with running(tmp_path) as found:
        assert await ask(found, "POST", "/entities", gauge(1)) == 201
    garble(tmp_path, STATE, "protected")
    async with running(tmp_path) as found:
        assert await ask(found, "GET", "/entities/urn:ngsi-ld:Gauge:1") in (401, 403)
        assert await ask(found, "POST", "/entities", gauge(2)) in (401, 403)
        assert any("closed to everybody" in one for one in found.broker.set_aside)


async def test_repair_says_what_is_wrong_and_mends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(tmp_path) as found:
        for number in range(200):
            await ask(found, "POST", "/entities", gauge(number))
    assert await repair(tmp_path) == 0
    connection = apsw.Connection(str(file(tmp_path)))
    ((root,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'entity'").fetchall()
    connection.close()
    garble(tmp_path, "settings", "flood")
    with file(tmp_path).open("r+b") as torn:
        torn.seek((root - 1) * PAGE)
        torn.write(b"\xff" * PAGE)
    assert await repair(tmp_path) == 1
    assert "faults / 問題があります" in capsys.readouterr().out
    assert await repair(tmp_path, "--mend") == 0
    said = capsys.readouterr().out
    assert "made whole / 直しました" in said
    assert "record settings flood" in said
    assert len(list(file(tmp_path).parent.glob("*.damaged-*"))) == 1
    other = tmp_path / "settings.json"
    other.write_bytes(orjson.dumps({"level": 3}))
    assert await repair(tmp_path, "--put", "settings", "flood", str(other)) == 0
    assert await repair(tmp_path, "--forget") == 0
    async with running(tmp_path) as found:
        assert found.broker.set_aside == []
        for number in range(200):
            assert await ask(found, "GET", f"/entities/urn:ngsi-ld:Gauge:{number}") == 200
        assert await ask(found, "POST", "/entities", gauge(200)) == 201
    assert await repair(tmp_path, "--drop", "settings", "flood") == 0
    assert await repair(tmp_path, "--drop", "settings", "none") == 1


async def repair(folder: Path, *words: str) -> int:
    return await asyncio.to_thread(enter, ["repair", "--data", str(folder), *words])


def test_the_whole_installation_starts_and_health_says_what_was_set_aside(tmp_path: Path) -> None:
    with town(tmp_path) as found:
        assert found.get("/health")["status"] == "ok"
    garble(tmp_path, "settings", "flood")
    garble(tmp_path, RECORD, "urn:s:bad")
    with file(tmp_path).open("r+b") as torn:  # a torn page in the middle of a file that is whole otherwise
        torn.seek(PAGE * 3)
        torn.write(b"\x00" * PAGE)
    with town(tmp_path) as found:
        told = found.get("/health")
        assert told["status"] == "degraded"
        assert [part for part in told["parts"] if part["name"] == "set aside"]


def post(url: str, path: str, body: object) -> int:
    request = urllib.request.Request(url + path, orjson.dumps(body), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(answer.status)


def history_pages(folder: Path) -> list[int]:
    """The pages of the file of the default town on which its history lies."""
    connection = apsw.Connection(str(file(folder)))
    sql = "SELECT pageno FROM dbstat WHERE name = 'history' AND path <> '/' ORDER BY pageno"
    found = [page for (page,) in connection.execute(sql)]
    connection.close()
    return found


def test_pages_that_are_damaged_say_so_in_health_and_the_first_one_of_the_default_town_stops_nothing(
    tmp_path: Path,
) -> None:
    with town(tmp_path) as found:
        for number in range(30):
            text = {"type": "Property", "value": "x" * 3_000}
            assert post(found.url, f"{BASE}/entities", gauge(number) | {"text": text}) == 201
    with file(tmp_path).open("r+b") as torn:
        for page in (1, *history_pages(tmp_path)):
            torn.seek((page - 1) * PAGE)
            torn.write(b"\xff" * PAGE)
    with town(tmp_path) as found:  # it meets the first page, reads all out, and makes the history anew from the log
        assert found.get(f"{BASE}/entities/urn:ngsi-ld:Gauge:7")["level"]["value"] == 7
        assert found.get(f"{BASE}/temporal/entities/urn:ngsi-ld:Gauge:7")["level"][0]["value"] == 7
        told = [part["detail"] for part in found.get("/health")["parts"] if part["name"] == "set aside"]
        assert any("came back from the log" in one for one in told)
    pages = history_pages(tmp_path)  # other ones, as the file was made anew
    with file(tmp_path).open("r+b") as torn:
        for page in pages:
            torn.seek((page - 1) * PAGE)
            torn.write(b"\xff" * PAGE)
    with town(tmp_path) as found:
        refused = []
        for number in range(30):
            try:
                found.get(f"{BASE}/temporal/entities/urn:ngsi-ld:Gauge:{number}")
            except HTTPError as error:
                with error:
                    refused.append((error.code, "machinami repair" in error.read().decode()))
        assert set(refused) == {(503, True)}
        parts = found.get("/health")["parts"]
        assert any("machinami repair" in part["detail"] for part in parts if part["name"] == "file of the town default")
