"""Is somebody out here when they are out at the city's own OpenID provider? Tried with a real one that tells."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from tests.apis.identity.test_provider import EMAIL, invite, provided, there_and_back
from tests.knowing import Known, Visitor, known
from tests.servers import openid_provider

from machinami.broker.identity.provider import BACK_CHANNEL

CLAIMS = {"email": EMAIL, "email_verified": True}
EVENT = "http://schemas.openid.net/event/backchannel-logout"
SIGNED_OUT = {"status": 200, "text": "", "kept": "no-store"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of a provider that runs while the tests of this module do."""
    with openid_provider() as address:
        yield address


async def told(town: Known, issuer: str, **asked: Any) -> list[dict[str, Any]]:
    """What the town answers to what the provider tells it."""
    async with aiohttp.ClientSession() as city:
        async with city.post(f"{issuer}/told", json={"to": town.url + BACK_CHANNEL, **asked}) as answer:
            assert answer.status == 200, await answer.text()
            found: list[dict[str, Any]] = await answer.json()
            return found


async def is_in(visitor: Visitor) -> bool:
    """Whether their session opens their account."""
    return (await visitor.get("/account")).path == "/account"


async def test_who_is_out_at_the_provider_is_out_here_and_nobody_else(issuer: str, tmp_path: Path) -> None:
    async with known(tmp_path, provided=provided(issuer)) as town:
        async with town.visitor() as first, town.visitor() as ken, town.visitor() as desk:
            await invite(first)
            for visitor, sid in ((ken, "s-1"), (desk, "s-2")):
                _, came = await there_and_back(visitor, issuer, "out-1", {**CLAIMS, "sid": sid})
                assert came.path == "/account"
            assert await told(town, issuer, claims={"sid": "s-1"}) == [SIGNED_OUT]
            assert (await is_in(ken), await is_in(desk), await is_in(first)) == (False, True, True)
            assert await told(town, issuer, claims={"sub": "out-1", "sid": "s-9"}) == [SIGNED_OUT]
            assert await is_in(desk)
            assert await told(town, issuer, claims={"sub": "out-1"}) == [SIGNED_OUT]
            assert (await is_in(desk), await is_in(first)) == (False, True)
            account = town.registry.named(EMAIL)
            assert account is not None
            assert await town.registry.store.records("identity-session") != {}  # aiko's
            assert town.registry.sessions_of(account.id) == []


async def test_a_session_of_which_the_provider_never_said_a_name_ends_with_its_person(
    issuer: str, tmp_path: Path
) -> None:
    async with known(tmp_path, provided=provided(issuer)) as town, town.visitor() as first, town.visitor() as ken:
        await invite(first)
        await there_and_back(ken, issuer, "out-2", CLAIMS)
        assert await told(town, issuer, claims={"sid": "s-1"}) == [SIGNED_OUT]
        assert await is_in(ken)
        assert await told(town, issuer, claims={"sub": "out-2", "sid": "s-1"}) == [SIGNED_OUT]
        assert not await is_in(ken)


async def test_who_came_in_by_password_stays_though_the_provider_says_they_are_out(issuer: str, tmp_path: Path) -> None:
    async with known(tmp_path, provided=provided(issuer)) as town:
        async with town.visitor() as first, town.visitor() as ken, town.visitor() as home:
            await first.become_first(EMAIL)
            await there_and_back(ken, issuer, "out-3", CLAIMS)
            await home.sign_in(EMAIL)
            assert await told(town, issuer, claims={"sub": "out-3"}) == [SIGNED_OUT]
            assert (await is_in(ken), await is_in(home)) == (False, True)


async def test_what_the_provider_tells_counts_once(issuer: str, tmp_path: Path) -> None:
    async with known(tmp_path, provided=provided(issuer)) as town, town.visitor() as first, town.visitor() as ken:
        await invite(first)
        await there_and_back(ken, issuer, "out-4", CLAIMS)
        first_time, again = await told(town, issuer, claims={"sub": "out-4", "jti": "j-1"}, times=2)
        assert (first_time, again["status"]) == (SIGNED_OUT, 400)
        await there_and_back(ken, issuer, "out-4", CLAIMS)
        assert [one["status"] for one in await told(town, issuer, claims={"sub": "out-4", "jti": "j-1"})] == [400]
        assert await is_in(ken)


WRONG: dict[str, dict[str, Any]] = {
    "of another issuer": {"claims": {"iss": "https://another.example"}},
    "for another client": {"claims": {"aud": "another"}},
    "for nobody": {"claims": {"aud": None}},
    "of long ago": {"claims": {"iat": 1}},
    "of no time": {"claims": {"iat": None}},
    "of days to come": {"claims": {"iat": 32_503_680_000}},
    "over": {"claims": {"exp": 1}},
    "without an end": {"claims": {"exp": None}},
    "without an id": {"claims": {"jti": None}},
    "with an id that is a number": {"claims": {"jti": 7}},
    "without events": {"claims": {"events": None}},
    "of another event": {"claims": {"events": {"http://schemas.openid.net/event/other": {}}}},
    "of an event that is no object": {"claims": {"events": {EVENT: True}}},
    "with a nonce": {"claims": {"nonce": "n"}},
    "about nobody": {"claims": {"sub": None}},
    "about a list of people": {"claims": {"sub": ["out-5"]}},
    "of another type": {"header": {"typ": "JWT"}},
    "of no type": {"header": {"typ": None}},
    "signed by a stranger": {"signer": "stranger"},
    "signed by a stranger with a key of their own name": {"signer": "stranger", "header": {"kid": "mine"}},
    "signed by nobody": {"header": {"alg": "none"}},
    "signed with the public key as a secret": {"signer": "public", "header": {"alg": "HS256"}},
}


async def test_what_is_no_logout_token_of_this_provider_for_this_town_ends_nothing(issuer: str, tmp_path: Path) -> None:
    async with known(tmp_path, provided=provided(issuer)) as town, town.visitor() as first, town.visitor() as ken:
        await invite(first)
        await there_and_back(ken, issuer, "out-5", CLAIMS)
        for name, asked in WRONG.items():
            claims = {"sub": "out-5", **asked.get("claims", {})}
            [answer] = await told(town, issuer, **{**asked, "claims": claims})
            assert (name, answer["status"], answer["kept"]) == (name, 400, "no-store")
            assert '"error":"invalid_request"' in answer["text"]
        for form in ({}, {"logout_token": "x"}, {"logout_token": ""}, {str(number): "x" for number in range(99)}):
            assert (await ken.post(BACK_CHANNEL, form)).status == 400
        assert await is_in(ken)
        town.clock.ahead += timedelta(minutes=10)  # the provider's clock is ten minutes behind: as if it were replayed
        assert [one["status"] for one in await told(town, issuer, claims={"sub": "out-5"})] == [400]
        town.clock.ahead -= timedelta(minutes=10)
        assert await told(town, issuer, claims={"sub": "out-5"}) == [SIGNED_OUT]
        assert not await is_in(ken)


async def test_who_signs_out_here_is_told_that_they_are_still_in_there_and_can_go_out_there(
    issuer: str, tmp_path: Path
) -> None:
    async with known(tmp_path, provided=provided(issuer)) as town, town.visitor() as first, town.visitor() as ken:
        await invite(first)
        await there_and_back(ken, issuer, "out-6", CLAIMS)
        shown = await ken.fill("/account", {}, "/sign-out")
        assert (shown.status, shown.path) == (200, "/sign-out/provider")
        assert "City hall" in shown.text
        link = next(part for part in shown.text.split('"') if part.startswith(issuer)).replace("&amp;", "&")
        said = parse_qs(urlsplit(link).query)
        assert said == {"client_id": ["machinami"], "post_logout_redirect_uri": [f"{town.url}/"]}
        async with aiohttp.ClientSession() as browser, browser.get(link) as there:
            assert there.status == 200
        assert not await is_in(ken)


async def test_who_came_by_password_goes_home_after_signing_out(issuer: str, tmp_path: Path) -> None:
    async with known(tmp_path, provided=provided(issuer)) as town, town.visitor() as first:
        await first.become_first()
        assert (await first.fill("/account", {}, "/sign-out")).path == "/"


async def test_one_can_sign_out_here_while_the_provider_is_away(tmp_path: Path) -> None:
    async with known(tmp_path, provided=provided("http://127.0.0.1:9")) as town, town.visitor() as ken:
        shown = await ken.get("/sign-out/provider?lang=en")
        assert shown.status == 200
        assert "Sign out of City hall" not in shown.text
        assert (await ken.post(BACK_CHANNEL, {"logout_token": "a.b.c"})).status in (400, 502)
