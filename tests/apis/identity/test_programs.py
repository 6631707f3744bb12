"""What opens for programs and devices, and what does not?"""

import base64
import json
import logging
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from tests.knowing import Known, Visitor

from machinami.app.console import CONSOLE
from machinami.app.keeping import Keeping
from machinami.broker.audit import Search
from machinami.foundation.settings import Settings

ENTITIES = "/ngsi-ld/v1/entities?type=River"


async def made(first: Visitor, **wanted: Any) -> dict[str, Any]:
    """A key that the administrator made."""
    wanted = {"name": "a map", "roles": ["officer"], **wanted}
    async with first.session.post("/identity/keys", json=wanted) as answer:
        found: dict[str, Any] = await answer.json()
        assert answer.status == 201, found
        return found


async def ask(town: Known, secret: str | None, header: str = "Authorization", **headers: str) -> int:
    """The status that a program without cookies is given."""
    if secret is not None:
        headers = {**headers, header: f"Bearer {secret}" if header == "Authorization" else secret}
    async with aiohttp.ClientSession(town.url, headers=headers) as program, program.get(ENTITIES) as answer:
        return answer.status


async def test_a_key_opens_until_it_is_revoked(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        key = await made(first)
        assert await ask(town, key["secret"]) == 200
        assert await ask(town, key["secret"], "X-API-Key") == 200
        async with first.session.delete(f"/identity/keys/{key['id']}") as gone:
            assert gone.status == 204
        assert await ask(town, key["secret"]) == 401


@pytest.mark.parametrize("wrong", ["", "mk_", "mk_0_0", "nonsense", "a.b.c", "mk_%s_0"])
async def test_what_is_no_key_is_refused_and_not_taken_for_nobody(town: Known, wrong: str) -> None:
    async with town.visitor() as first:
        await first.become_first()
        key = await made(first)
        assert await ask(town, wrong.replace("%s", key["id"])) == 401


async def test_a_key_ends_on_its_day(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        key = await made(first, days=10)
        town.clock.ahead += timedelta(days=10, minutes=1)
        assert await ask(town, key["secret"]) == 401


async def test_a_rotated_key_and_the_one_before_hold_together_for_a_while(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        key = await made(first)
        async with first.session.post(f"/identity/keys/{key['id']}/rotation") as answer:
            fresh = (await answer.json())["secret"]
        assert (await ask(town, key["secret"]), await ask(town, fresh)) == (200, 200)
        town.clock.ahead += timedelta(days=7, minutes=1)
        assert (await ask(town, key["secret"]), await ask(town, fresh)) == (401, 200)


async def test_a_key_is_bound_to_addresses_and_origins(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        far = await made(first, addresses=["192.0.2.0/24"])
        near = await made(first, addresses=["127.0.0.0/8"], origins=["https://map.example"])
        assert await ask(town, far["secret"]) == 401
        assert await ask(town, near["secret"]) == 401
        assert await ask(town, near["secret"], Origin="https://map.example") == 200


async def test_an_address_may_stand_for_a_program_until_a_day(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        place = await made(first, use="place", addresses=["127.0.0.1"], days=30)
        assert place["secret"] == ""
        shown = await first.get("/keys?lang=en")
        assert "Exception by address (dated)" in shown.text
        # an exception is sure of nobody, so it opens only what demands no assurance: not what officers do
        assert town.identity.by_address(town.registry, "127.0.0.1").id.endswith(place["id"])
        assert town.identity.by_address(town.registry, "192.0.2.1").id == "anonymous"
        town.clock.ahead += timedelta(days=31)
        assert town.identity.by_address(town.registry, "127.0.0.1").id == "anonymous"


async def test_an_exception_that_ends_or_ended_is_said_to_administrators(town: Known, tmp_path: Path) -> None:
    async with town.visitor() as first:
        await first.become_first()
        await made(first, name="old logger", use="place", addresses=["192.0.2.7"], days=40)
        await made(first, name="a map", days=40)
        keeping = Keeping(Settings(tmp_path), town.identity, town.clock)
        assert keeping.concerns() == []
        town.clock.ahead += timedelta(days=15)
        assert {(one.kind, one.name) for one in keeping.concerns()} == {("place", "old logger"), ("key", "a map")}
        town.clock.ahead += timedelta(days=30)
        assert [(one.kind, one.name) for one in keeping.concerns()] == [("place_over", "old logger")]
        await first.sign_in()
        shown = await first.get("/keys?lang=en")
        assert "old logger" in shown.text
        house = await town.broker.town(None)
        trail = await town.broker.audit(house).search(Search(what="place made"), 10, CONSOLE)
        assert ["old logger" in one["about"] for one in trail.entries] == [True]


@pytest.mark.parametrize(
    "wanted",
    [
        {"roles": ["administrator"]},
        {"roles": []},
        {"days": 0},
        {"days": 9_999},
        {"addresses": ["here"]},
        {"origins": ["*"]},
        {"use": "place"},
        {"colour": "red"},
        {"scopes": "all"},
    ],
)
async def test_a_key_that_cannot_be_is_refused(town: Known, wanted: dict[str, Any]) -> None:
    async with town.visitor() as first:
        await first.become_first()
        body = {"name": "a map", "roles": ["officer"], **wanted}
        async with first.session.post("/identity/keys", json=body) as answer:
            assert answer.status == 400


async def test_only_administrators_see_and_make_keys(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        key = await made(first)
        headers = {"Authorization": f"Bearer {key['secret']}"}
        async with aiohttp.ClientSession(town.url, headers=headers) as program:
            async with program.get("/identity/keys") as seen, program.post("/identity/keys", json={}) as tried:
                assert (seen.status, tried.status) == (403, 403)


async def test_the_keys_of_who_leaves_are_the_successors_and_soon_at_their_end(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as second:
        await first.become_first()
        key = await made(first)
        aiko = town.registry.administrators[0]
        shown = await first.fill("/people", {"name": "ken", "role-administrator": "yes"})
        code = shown.text.partition("/invitation#")[2][:48]
        word = "aaa long way home"
        await second.fill("/invitation", {"code": code, "password": word, "again": word})
        ken = town.registry.named("ken")
        assert ken is not None
        kept = await second.fill("/people", {"successor": ""}, f"/people/{aiko.id}/end")
        assert kept.status == 422
        await second.fill("/people", {"successor": ken.id}, f"/people/{aiko.id}/end")
        assert town.registry.keys.values[key["id"]].owner == ken.id
        assert await ask(town, key["secret"]) == 200
        town.clock.ahead += timedelta(days=8)
        assert await ask(town, key["secret"]) == 401


async def token_of(town: Known, client: dict[str, Any], **form: str) -> tuple[int, dict[str, Any]]:
    """What the token endpoint answers a client."""
    form = {"grant_type": "client_credentials", "client_id": client["id"], "client_secret": client["secret"], **form}
    async with aiohttp.ClientSession(town.url) as program, program.post("/oauth/token", data=form) as answer:
        return answer.status, await answer.json()


async def test_a_client_changes_its_secret_for_a_token_that_others_can_check(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        client = await made(first, use="client")
        status, given = await token_of(town, client)
        assert status == 200
        assert await ask(town, given["access_token"]) == 200
        assert await ask(town, client["secret"]) == 401  # the secret itself is for the token endpoint alone
        async with first.session.get("/.well-known/oauth-authorization-server") as answer:
            told = await answer.json()
        async with first.session.get(told["jwks_uri"]) as answer:
            keys = await answer.json()
        assert "d" not in keys["keys"][0]
        claims = jwt.decode(given["access_token"], KeySet.import_key_set(keys), algorithms=["ES256"]).claims
        assert (claims["iss"], claims["client_id"]) == (told["issuer"], client["id"])


async def test_basic_credentials_open_the_token_endpoint_too(town: Known) -> None:
    async with town.visitor() as first, aiohttp.ClientSession(town.url) as program:
        await first.become_first()
        client = await made(first, use="client")
        basic = base64.b64encode(f"{client['id']}:{client['secret']}".encode()).decode()
        form, headers = {"grant_type": "client_credentials"}, {"Authorization": f"Basic {basic}"}
        async with program.post("/oauth/token", data=form, headers=headers) as answer:
            assert answer.status == 200


async def test_the_tokens_of_a_revoked_client_open_nothing(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        client = await made(first, use="client")
        _, given = await token_of(town, client)
        assert await ask(town, given["access_token"]) == 200
        await first.session.delete(f"/identity/keys/{client['id']}")
        assert await ask(town, given["access_token"]) == 401
        assert (await token_of(town, client))[0] == 401


async def test_a_token_ends_after_ten_minutes(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        client = await made(first, use="client")
        _, given = await token_of(town, client)
        town.clock.ahead += timedelta(minutes=10, seconds=1)
        assert await ask(town, given["access_token"]) == 401


async def test_a_token_of_another_signer_is_refused(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        client = await made(first, use="client")
        _, given = await token_of(town, client)
        head, body, _ = given["access_token"].split(".")
        claims = json.loads(base64.urlsafe_b64decode(body + "=="))
        forged = jwt.encode({"alg": "ES256", "typ": "at+jwt"}, claims, ECKey.generate_key("P-256"))
        unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
        assert await ask(town, forged) == 401
        assert await ask(town, f"{unsigned}.{body}.") == 401
        assert await ask(town, f"{head}.{body}.AAAA") == 401


async def test_a_client_gets_no_more_scopes_than_it_has(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        client = await made(first, use="client", scopes=["read"])
        assert (await token_of(town, client, scope="read write"))[0] == 400
        status, given = await token_of(town, client, scope="read")
        assert (status, given["scope"]) == (200, "read")
        headers = {"Authorization": f"Bearer {given['access_token']}"}
        entity = {"id": "urn:x:1", "type": "River"}
        async with aiohttp.ClientSession(town.url, headers=headers) as program:
            async with program.post("/ngsi-ld/v1/entities", json=entity) as refused:
                assert refused.status == 403


@pytest.mark.parametrize("scope", ["standby", "metrics", "read standby"])
async def test_a_client_gives_itself_no_scope_that_opens_more_than_its_roles(town: Known, scope: str) -> None:
    async with town.visitor() as first:
        await first.become_first()
        client = await made(first, use="client")
        assert (await token_of(town, client, scope=scope))[0] == 400
        assert (await token_of(town, client, scope="read write subscribe:River"))[0] == 200


async def test_a_device_is_known_to_the_mqtt_broker_that_asks(town: Known) -> None:
    async with town.visitor() as first, aiohttp.ClientSession(town.url) as broker:
        await first.become_first()
        device = await made(first, use="device", roles=["service"])

        async def check(user: str, password: str) -> str:
            async with broker.post("/identity/devices/check", json={"username": user, "password": password}) as answer:
                return str((await answer.json())["result"])

        assert await check(device["id"], device["secret"]) == "allow"
        assert await check("other", device["secret"]) == "deny"
        assert await check(device["id"], "mk_wrong") == "deny"
        await first.session.delete(f"/identity/keys/{device['id']}")
        assert await check(device["id"], device["secret"]) == "deny"


async def test_no_key_or_token_is_ever_logged(town: Known, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with town.visitor() as first:
        await first.become_first()
        key, client = await made(first), await made(first, use="client")
        _, given = await token_of(town, client)
        await ask(town, key["secret"])
        await ask(town, given["access_token"])
        await ask(town, given["access_token"] + "x")
        for secret in (key["secret"].rpartition("_")[2], client["secret"].rpartition("_")[2], given["access_token"]):
            assert secret not in caplog.text


async def test_a_connection_by_which_a_key_was_shown_is_refused_as_soon_as_it_is_revoked(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        key, other = await made(first), await made(first)
        fields = {"Authorization": f"Bearer {key['secret']}"}
        async with aiohttp.ClientSession(town.url, headers=fields) as program:

            async def asked() -> int:
                async with program.get(ENTITIES) as answer:
                    return answer.status

            assert [await asked() for _ in range(3)] == [200] * 3  # known by then, byte by byte
            for one, status in ((other, 200), (key, 401)):
                async with first.session.delete(f"/identity/keys/{one['id']}") as gone:
                    assert gone.status == 204
                assert [await asked() for _ in range(2)] == [status] * 2


async def test_a_connection_by_which_a_key_was_shown_is_refused_as_soon_as_its_day_is_over(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        key = await made(first, days=10)
        fields = {"X-API-Key": key["secret"]}
        async with aiohttp.ClientSession(town.url, headers=fields) as program:
            for ahead, status in ((timedelta(), 200), (timedelta(days=9), 200), (timedelta(days=1, minutes=1), 401)):
                town.clock.ahead += ahead
                for _ in range(2):
                    async with program.get(ENTITIES) as answer:
                        assert answer.status == status


async def test_the_page_of_keys_takes_topics_and_certificates(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        form = {"name": "gauge", "use": "device", "days": "30", "role-service": "yes", "topics": "river/kami/#, rain/+"}
        shown = await first.fill("/keys?lang=en", form, "/keys")
        assert shown.status == 200
        (key,) = town.registry.keys.values.values()
        assert key.topics == ("river/kami/#", "rain/+")
        assert "river/kami/# rain/+" in shown.text
        bad = await first.fill("/keys?lang=en", {**form, "topics": "river/#/level"}, "/keys")
        assert bad.status == 422
        der = b"0 the bytes of a certificate"
        pem = f"-----BEGIN CERTIFICATE-----\n{b64encode(der).decode()}\n-----END CERTIFICATE-----\n"
        for wrong in (
            "",
            "x",
            pem.replace("END", "FIN"),
            "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----",
        ):
            refused = await first.fill("/keys?lang=en", {"certificate": wrong}, f"/keys/{key.id}/certificates")
            assert (refused.status, "no certificate" in refused.text) == (422, True)
        assert (await first.fill("/keys", {"certificate": pem}, f"/keys/{key.id}/certificates")).path == "/keys"
        digest = sha256(der).hexdigest()
        assert town.registry.certified[digest].id == key.id
        assert digest[:16] in (await first.get("/keys")).text
        await first.fill("/keys", {"digest": digest}, f"/keys/{key.id}/certificates/removal")
        assert town.registry.certified == {}
