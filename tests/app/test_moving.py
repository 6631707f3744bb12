"""Everything that is asked of a town before it moves out as a folder, and after, is answered in the same way."""

import random
import secrets
from collections.abc import Sequence
from hmac import digest
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.apis.ngsild.tenants import DRIVERS, Tenant
from tests.app.tenancy import ROOT, Installation, Said, installation, subscription

from machinami.app.keys import KeyRing
from machinami.broker.identity import codes, people
from machinami.broker.identity.identity import Where
from machinami.foundation.errors import NotFound
from machinami.model.identity.totp import code_at, window_of
from machinami.store.sqlite.connection import can_encrypt

_ALONE = ("entities", "temporal", "subscriptions", "csource", "entityOperations")
PASSWORD = "seven herons over the weir"


async def live(towns: Installation, name: str, steps: int) -> None:
    """Have a town written to in many ways."""
    tenant = Tenant(name, random.Random(7), lambda: None, lambda: None)
    places = [place for place in DRIVERS if place[0] != "GET" and place[1].split("/")[1].startswith(_ALONE)]
    places = [place for place in places if "emporal/entityMaps" not in place[1]]
    for _ in range(steps):
        method, path = place = tenant.random.choice(places)
        ask = DRIVERS[place](tenant)
        if "Registration" in path or "csource" in path:
            continue
        await towns.ask(method, ask.target, ask.body, name)
    await towns.ask("POST", f"{ROOT}/subscriptions", {**subscription(9), "isActive": False}, name)
    registration = {**tenant.registration(), "id": "urn:ngsi-ld:ContextSourceRegistration:9", "mode": "auxiliary"}
    registration["endpoint"] = "http://127.0.0.1:9"
    assert (await towns.ask("POST", f"{ROOT}/csourceRegistrations", registration, name)).status == 201
    context = {"@context": {"height": "http://words.test/height"}}
    assert (await towns.ask("POST", f"{ROOT}/jsonldContexts", context, name)).status == 201


def questions() -> Sequence[str]:
    """What is asked of a town."""
    ids = [f"urn:ngsi-ld:Gauge:{number}" for number in range(1, 31)]
    span = "timerel=after&timeAt=2020-01-01T00:00:00Z"
    return [
        "/entities?type=Gauge&options=sysAttrs&local=true&limit=100&count=true",
        "/entities?q=level&local=true&limit=100",
        "/entities?type=Gauge&georel=near%3BmaxDistance==5000&geometry=Point&coordinates=%5B138,35%5D&local=true",
        "/types?details=true&local=true",
        "/attributes?details=true&local=true",
        "/subscriptions?options=sysAttrs&limit=100",
        "/csourceRegistrations?type=Gauge",
        "/csourceRegistrations/urn:ngsi-ld:ContextSourceRegistration:9",
        f"/temporal/entities?{span}&type=Gauge&options=sysAttrs&local=true",
        *(f"/entities/{one}?local=true&options=sysAttrs" for one in ids),
        *(f"/temporal/entities/{one}?{span}&local=true" for one in ids),
    ]


async def answers(towns: Installation, name: str | None) -> list[tuple[str, int, str]]:
    """What a town answers to all of it."""
    said: list[tuple[str, Said]] = [(one, await towns.ask("GET", ROOT + one, None, name)) for one in questions()]
    listed = (await towns.ask("GET", f"{ROOT}/jsonldContexts?details=true", None, name)).body
    words = [(quote(str(one["URL"])), 200, str(one["kind"])) for one in listed]
    return [*((path, one.status, one.text) for path, one in said), *sorted(words)]


@pytest.mark.parametrize("encrypted", [False, pytest.param(True, marks=pytest.mark.skipif(
    not can_encrypt(), reason="this SQLite cannot encrypt (apsw-sqlite3mc is not there)"
))])  # fmt: skip
async def test_a_town_answers_the_same_at_home_away_and_back_again(tmp_path: Path, encrypted: bool) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    async with installation(home, encrypted=encrypted) as towns:
        await towns.act("found", town="east")
        await live(towns, "east", 150)
        before = await answers(towns, "east")
        moved = await towns.act("move", town="east", folder=str(away), key=encrypted)
        gone = await towns.ask("GET", f"{ROOT}/types", None, "east")
    async with installation(away) as alone:
        there = await answers(alone, None)
    async with installation(home, encrypted=encrypted) as towns:
        await towns.act("bring", folder=str(away), town="west")
        back = await answers(towns, "west")
        elsewhere = await towns.ask("GET", f"{ROOT}/entities?type=Gauge&local=true")

    assert moved["folder"] == str(away)
    assert gone.status == 404
    assert sum(status == 200 for _, status, _ in before) > 20
    assert there == before
    assert back == before
    assert elsewhere.body == []
    assert KeyRing(home).towns == (["default", "west"] if encrypted else [])


async def test_people_their_second_step_and_the_policy_move_along(tmp_path: Path) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    async with installation(home) as towns:
        link = (await towns.act("found", town="east", administrator="sato"))["link"]
        identity = towns.system.identity
        registry = identity.own("east")
        code = link.rpartition("#")[2]
        await people.accept(identity, registry, code, PASSWORD, Where())
        account = registry.administrators[0]
        seed = secrets.token_bytes(20)
        window = window_of(identity.supplies.clock()).to_bytes(8, "big")
        await codes.use_totp(identity, registry, account.id, seed, code_at(digest(seed, window, "sha1")))
        rows = [row.id for row in (await towns.system.broker.town("east")).policy.kept or ()]
        await towns.act("move", town="east", folder=str(away))
    async with installation(away) as alone:
        identity = alone.system.identity
        registry = identity.of(None)
        moved = registry.named("sato")
        assert moved is not None
        assert moved.totp is not None
        opened = identity.supplies.seal.open(moved.totp.seed, codes.sealed_about(moved))
        kept = [row.id for row in (await alone.system.broker.town(None)).policy.kept or ()]
        refused = await alone.ask("GET", f"{ROOT}/entities?type=Gauge")

    assert opened == seed
    assert kept == rows
    assert refused.status == 401


async def test_a_town_that_was_founded_while_it_runs_has_its_own_people_at_once(tmp_path: Path) -> None:
    async with installation(tmp_path) as towns:
        link = (await towns.act("found", town="east", administrator="sato"))["link"]
        host = {"Host": "east.localhost"}
        path, _, code = ("/" + link.split("/", 3)[3]).partition("#")
        page = await towns.ask("GET", path, **host)
        identity = towns.system.identity
        with pytest.raises(NotFound):
            await people.accept(identity, identity.own("default"), code, PASSWORD, Where())
        begun = await people.accept(identity, identity.own("east"), code, PASSWORD, Where())
        signed_in = {"Cookie": f"machinami={begun.cookie}"}
        staff = await towns.ask("GET", "/people", **host, **signed_in)
        own = await towns.ask("GET", f"{ROOT}/entities?type=Gauge", **host, **signed_in)
        foreign = [
            await towns.ask("GET", "/people", **signed_in, Accept="text/html"),
            await towns.ask("GET", f"{ROOT}/entities?type=Gauge", **signed_in),
            await towns.ask("GET", "/platform/towns", **signed_in),
            await towns.ask("GET", "/platform/towns", **host, **signed_in),
        ]
        mixed = await towns.ask("GET", f"{ROOT}/entities?type=Gauge", None, "default", **host, **signed_in)

    assert link.startswith("http://east.localhost:")
    assert page.status == 200
    assert staff.status == 200
    assert "sato" in staff.text
    assert own.status == 200
    assert [one.status for one in foreign] == [401, 401, 403, 403]
    assert mixed.status == 400
