"""Do the settings by which a town is held to level 2 of the ASVS do what they say?"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from tests.app.tenancy import installation
from tests.knowing import NAVIGATED, Visitor

from machinami.app import watching
from machinami.app.bounds import pace_of, targets_of
from machinami.app.clock import utc_now
from machinami.app.configuration import read
from machinami.app.console import CONSOLE
from machinami.app.running import TownOS
from machinami.broker.audit import Search
from machinami.foundation.errors import SettingsError
from machinami.foundation.settings import MqttSettings, Settings
from machinami.kit.attempts import Attempts
from machinami.kit.schedule import Job
from machinami.model.audit import Chain, Head
from machinami.store.protocol import Transaction
from machinami.wire.targets import Targets

Taken = list[tuple[dict[str, str], list[dict[str, Any]]]]
ENTITIES = "/ngsi-ld/v1/entities"
SECRET, SHELF = "heron-7-weir", "audit/00000000"


@contextlib.asynccontextmanager
async def served(folder: Path, **settings: object) -> AsyncIterator[tuple[TownOS, Visitor]]:
    """A town with one administrator, and their browser."""
    town = TownOS(Settings(folder, port=0, **settings), "test")  # type: ignore[arg-type]  # as each test says
    serving = await town.start()
    jar = aiohttp.CookieJar(unsafe=True)
    try:
        async with Visitor(aiohttp.ClientSession(serving.url, cookie_jar=jar, headers=NAVIGATED)) as first:
            yield town, first
    finally:
        await town.stop()


@pytest.mark.parametrize("lane", [True, False])
async def test_one_who_asks_too_often_is_told_to_wait_in_their_language_and_the_others_go_on(
    tmp_path: Path, lane: bool
) -> None:
    async with served(tmp_path, requests_per_client=1, fast_lane=lane) as (town, first):
        await first.become_first()

        async def refused(path: str) -> aiohttp.ClientResponse:
            async with asyncio.timeout(60):
                while True:
                    async with first.session.get(path) as answer:
                        if answer.status == 429:
                            await answer.read()
                            return answer
                        assert answer.status == 200

        problem = await refused(f"{ENTITIES}?type=River")
        assert (problem.content_type, problem.headers["Retry-After"]) == ("application/json", "1")
        for language, said in (("ja", "少しお待ちください"), ("en", "Please wait a moment")):
            for path in ("/", "/people", "/audit", "/data"):
                await refused(f"{ENTITIES}?type=River")
                page = await refused(f"{path}?lang={language}")
                assert (page.content_type, page.headers["Retry-After"]) == ("text/html", "1")
                assert said in await page.text()
        async with aiohttp.ClientSession(town.address) as stranger, stranger.get(f"{ENTITIES}?type=River") as other:
            assert other.status == 401  # another one, who is refused for another reason


async def test_half_a_town_behind_one_router_reads_the_same_page_and_one_who_has_much_made_is_told_to_wait(
    tmp_path: Path,
) -> None:
    async with served(tmp_path, requests_per_client=20) as (town, first):
        await first.become_first()
        async with aiohttp.ClientSession(town.address) as router:

            async def statuses(*paths: str) -> set[int]:
                async def one(path: str) -> int:
                    async with router.get(path) as answer:
                        await answer.read()
                        return answer.status

                return set(await asyncio.gather(*(one(path) for path in paths)))

            file = "/static/icons/machinami.svg"
            for _ in range(10):
                assert await statuses("/") == {200}
            assert await statuses(*["/", file] * 150) == {200}
            assert 429 in await statuses(*(f"/?made={number}" for number in range(150)))


def test_an_open_town_and_one_at_its_own_machine_count_nobody(tmp_path: Path) -> None:
    assert pace_of(Settings(tmp_path)) is None
    assert pace_of(Settings(tmp_path, host="0.0.0.0")) is not None
    assert pace_of(Settings(tmp_path, host="0.0.0.0", requests_per_client=0)) is None


def test_a_town_in_a_network_tells_nobody_anything_in_the_clear_unless_it_says_so(tmp_path: Path) -> None:
    assert targets_of(Settings(tmp_path)) == Targets(private=True, plain=True)
    for afar in ({"host": "0.0.0.0"}, {"trust_proxy": True}):
        assert targets_of(Settings(tmp_path, **afar)) == Targets(private=False, plain=False)
        assert targets_of(Settings(tmp_path, **afar, plain_targets=True)) == Targets(private=False, plain=True)


async def test_a_broker_of_sensors_is_not_listened_to_in_the_clear(tmp_path: Path) -> None:
    (tmp_path / "mqtt.toml").write_text("", encoding="utf-8")
    rows = (MqttSettings("mqtt://broker.example", tmp_path / "mqtt.toml"),)
    town = TownOS(Settings(tmp_path, port=0, trust_proxy=True, mqtt=rows), "test")
    try:
        with pytest.raises(SettingsError):
            await town.start()
    finally:
        await town.stop()


async def test_passwords_in_addresses_are_sealed_where_they_are_kept_and_masked_where_they_are_told(
    tmp_path: Path,
) -> None:
    uri = f"http://town:{SECRET}@127.0.0.1:9/notify"
    subscription = {
        "id": "urn:ngsi-ld:Subscription:1",
        "type": "Subscription",
        "entities": [{"type": "River"}],
        "notification": {"endpoint": {"uri": uri}},
    }
    registration = {
        "id": "urn:ngsi-ld:ContextSourceRegistration:1",
        "type": "ContextSourceRegistration",
        "information": [{"entities": [{"type": "River"}]}],
        "endpoint": f"http://town:{SECRET}@127.0.0.1:9",
    }
    async with served(tmp_path) as (_, first):
        for path, document in (("subscriptions", subscription), ("csourceRegistrations", registration)):
            async with first.session.post(f"/ngsi-ld/v1/{path}", json=document) as made:
                assert made.status == 201, await made.text()
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert SECRET.encode() not in kept
    assert b"urn:machinami:sealed:" in kept
    async with served(tmp_path) as (_, first):
        async with first.session.get("/ngsi-ld/v1/subscriptions/urn:ngsi-ld:Subscription:1") as found:
            assert (await found.json())["notification"]["endpoint"]["uri"] == uri.replace(SECRET, "********")


@contextlib.asynccontextmanager
async def receiving(answers: list[int]) -> AsyncIterator[tuple[str, Taken]]:
    """A machine that keeps records: its address, and what it took. answers: what it says first; then all is well."""
    taken: Taken = []

    async def take(request: web.Request) -> web.Response:
        lines = [orjson.loads(line) for line in (await request.read()).splitlines()]
        if answers:
            return web.Response(status=answers.pop(0))
        taken.append((dict(request.headers), lines))
        return web.Response(status=204)

    application = web.Application()
    application.router.add_post("/records", take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/records", taken
    finally:
        await runner.cleanup()


async def test_the_account_is_sent_elsewhere_as_it_is_kept_whole_and_in_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWN_ACCOUNT", SECRET)
    async with receiving([503]) as (address, taken):
        told = {"account_to": address, "account_secret_env": "TOWN_ACCOUNT"}

        async def until(enough: Callable[[str], bool]) -> None:
            async with asyncio.timeout(60):
                while not enough(orjson.dumps([lines for _, lines in taken]).decode()):
                    await asyncio.sleep(0.05)

        async with served(tmp_path, **told) as (_, first):
            await first.become_first()
            await until(lambda said: "signed in" in said)
        before = len(taken)
        async with served(tmp_path, **told) as (town, first):
            await first.sign_in(password="a wrong one, and no name of anybody")
            await until(lambda said: "sign-in refused" in said)
            head = await town.broker.audit(await town.broker.town(None)).head(CONSOLE)
            chain = Chain(Head(head.number, head.digest))
            for _, lines in taken:
                for batch in lines:
                    chain.follow(batch)
    assert len(taken) > before
    assert chain.faults() == []
    assert {headers["Authorization"] for headers, _ in taken} == {f"Bearer {SECRET}"}
    assert {headers["Machinami-Town"] for headers, _ in taken} == {"default"}
    numbers = [batch["number"] for _, lines in taken for batch in lines]
    assert numbers == list(range(1, len(numbers) + 1))  # none is missing, none comes twice


def test_the_account_is_sent_over_tls_only(tmp_path: Path) -> None:
    file = tmp_path / "machinami.toml"
    for address in ("https://records.example/x", "http://127.0.0.1:9/x", "http://x.example"):
        file.write_text(f'[account]\nsend_to = "{address}"\n', encoding="utf-8")
        if address != "http://x.example":
            assert read(tmp_path).account_to == address
        else:
            with pytest.raises(SettingsError, match="https"):
                read(tmp_path)


@pytest.mark.parametrize("lane", [True, False])
async def test_what_is_no_request_is_told_in_the_log_once_a_minute(
    tmp_path: Path, lane: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(tmp_path, fast_lane=lane) as (town, first):
        await first.become_first()
        for _ in range(5):
            assert (await first.get(f"{ENTITIES}?type=River&limit=many\n")).status == 400
            assert (await first.post("/people", {"name": "eve"})).status == 403  # a form without its token
        reader, writer = await asyncio.open_connection("127.0.0.1", town._serving.port)  # type: ignore[union-attr]
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
        await reader.read()
        writer.close()
        told = [record.getMessage() for record in caplog.records if record.name == "machinami.attempts"]
    assert [line for line in told if f"400: GET {ENTITIES} from 127.0.0.1" in line]
    assert [line for line in told if "403: POST /people from 127.0.0.1" in line]
    assert len(told) == 2  # the others are counted


@pytest.mark.parametrize("proxied", [True, False])
async def test_behind_a_proxy_the_log_says_who_tried_and_not_the_proxy(
    tmp_path: Path, proxied: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(tmp_path, trust_proxy=proxied) as (_, first):
        for address in ("192.0.2.7", "forged, 192.0.2.8"):
            first.session.headers["X-Forwarded-For"] = address
            assert (await first.get(f"{ENTITIES}?type=River&limit=many")).status == 400
            assert (await first.post("/people", {"name": "eve"})).status == 403
        told = [record.getMessage() for record in caplog.records if record.name == "machinami.attempts"]
    seen = {line.rpartition(" from ")[2] for line in told}
    assert seen == ({"192.0.2.7", "192.0.2.8"} if proxied else {"127.0.0.1"})


def test_however_many_try_the_log_stays_short(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    attempts = Attempts(clock=lambda: now[0])
    for at in range(5_000):
        attempts.note(400, f"client {at}", "GET", "/")
        attempts.note(200, f"client {at}", "GET", "/")
    assert len(caplog.records) == 1_000
    caplog.clear()
    attempts.note(400, "client 1", "GET", "/")
    now[0] = 61.0
    attempts.note(400, "client 1", "GET", "/x\r\ny")
    (said,) = [record.getMessage() for record in caplog.records]  # the log makes one line of it
    assert said == "refused with 400: GET /x\r\ny from client 1, and 1 more since it was told last"


async def test_who_guesses_and_must_wait_is_in_the_account(tmp_path: Path) -> None:
    async with served(tmp_path) as (town, first):
        await first.become_first()
        for _ in range(8):
            await first.sign_in(password="a wrong one, and no name of anybody")
        audit = town.broker.audit(await town.broker.town(None))
        found = await audit.search(Search(what="made to wait for guessing"), 50, CONSOLE)
    assert 1 <= len(found.entries) <= 2  # after the sixth miss; while one waits nothing is looked at
    assert found.entries[0]["from"] == "127.0.0.1"


async def test_all_that_is_found_of_the_record_is_taken_out_however_much_it_is(tmp_path: Path) -> None:
    async with served(tmp_path) as (town, first):
        await first.become_first()
        audit = town.broker.audit(await town.broker.town(None))
        for at in range(25_000):
            audit.administered(CONSOLE, f"looked at drawer {at}")
        async with first.session.get("/audit/entries.jsonl?who=urn:machinami:console") as answer:
            assert answer.status == 200
            lines = [orjson.loads(line) for line in (await answer.read()).splitlines()]
        assert [one["what"] for one in lines] == [f"looked at drawer {at}" for at in range(24_999, -1, -1)]
        async with first.session.get("/audit/entries.csv?who=urn:machinami:console") as answer:
            assert len((await answer.text()).splitlines()) == 25_001
        async with aiohttp.ClientSession(town.address) as stranger, stranger.get("/audit/entries.jsonl") as refused:
            assert refused.status == 401
        noted = await audit.search(
            Search(did="read", who=town.identity.own(None).administrators[0].principal_id), 50, CONSOLE
        )
        assert len([one for one in noted.entries if "looked at the record" in one["what"]]) == 2  # once for each file


@pytest.mark.parametrize(
    ("language", "said"), [("ja", "書き換えられています"), ("en", "was changed"), ("easy", "きかえられて")]
)
async def test_what_is_wrong_with_the_record_is_said_in_the_readers_language(
    tmp_path: Path, language: str, said: str
) -> None:
    async with served(tmp_path) as (town, first):
        await first.become_first()
        house = await town.broker.town(None)
        await town.broker.audit(house).keep()
        place, batch = next(
            (place, one) for place, one in (await house.store.records(SHELF)).items() if "aiko" in one["entries"]
        )

        def change(tx: Transaction) -> None:
            tx.put_record(SHELF, place, {**batch, "entries": batch["entries"].replace("aiko", "ken")})

        await house.store.transact(change)
        shown = await first.fill(f"/audit/verification?lang={language}", {"head": ""}, "/audit/verification")
        assert said in re.sub("<rt>.*?</rt>|<[^>]+>", "", shown.text)


async def test_the_figures_tell_of_the_jobs_of_every_town_and_not_what_they_met(tmp_path: Path) -> None:
    async with installation(tmp_path) as house:
        await house.act("found", town="matsukawa")
        job = Job("drawers", _rest, utc_now, 60.0)
        job.health.last_error = "ValueError: urn:ngsi-ld:Case:7 of Tanaka Hanako"
        house.system.tenants.open["matsukawa"].jobs.append(job)
        metrics = (await house.ask("GET", "/metrics")).text
        assert 'machinami_job_runs_total{job="drawers",town="matsukawa"}' in metrics
        assert 'machinami_job_runs_total{job="who is signed in"}' in metrics
        said = [part.detail for part in watching.parts(house.system.watched) if "matsukawa" in part.name]
        assert "ValueError" in said
        assert "Tanaka" not in str(said)


async def _rest() -> None:
    """Nothing is to be done."""
