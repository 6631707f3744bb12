"""Do people come in by the city's own OpenID provider? Tried with a real one, in a process of its own."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from tests.knowing import Visitor, known
from tests.servers import openid_provider

from machinami.broker.identity.provider import Provided

EMAIL = "ken@city.example"
LEVELS = {"urn:city:two": 2, "mfa": 2}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of a provider that runs while the tests of this module do."""
    with openid_provider() as address:
        yield address


def provided(issuer: str, **changes: Any) -> Provided:
    """How the town knows the provider."""
    acr = {level: name for name, level in LEVELS.items()}
    return Provided(issuer, "machinami", "a secret of the client", "City hall", levels=LEVELS, acr=acr, **changes)


async def invite(first: Visitor, name: str = EMAIL) -> None:
    """Have an account made for somebody."""
    await first.become_first()
    shown = await first.fill("/people", {"name": name, "role-officer": "yes"})
    assert shown.status == 200


async def there_and_back(visitor: Visitor, issuer: str, sub: str, claims: dict[str, Any], query: str = "") -> Any:
    """Go to the provider, sign in there, and come back."""
    async with aiohttp.ClientSession() as city, city.put(f"{issuer}/users/{sub}", json=claims) as made:
        assert made.status == 204
    async with visitor.session.get(f"/sign-in/provider?next=/account{query}", allow_redirects=False) as sent:
        assert sent.status == 303
        address = sent.headers["Location"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    async with aiohttp.ClientSession() as city:
        async with city.post(address, data={"sub": sub}, allow_redirects=False) as back:
            assert back.status == 302, await back.text()
            home = urlsplit(back.headers["Location"])
    return asked, await visitor.get(f"{home.path}?{home.query}")


async def test_a_person_of_the_city_comes_in_and_is_known_again(issuer: str, tmp_path: Path) -> None:
    async with known(tmp_path, provided=provided(issuer, identity=2)) as town:
        async with town.visitor() as first, town.visitor() as ken:
            await invite(first)
            claims = {"email": EMAIL, "email_verified": True, "acr": "urn:city:two"}
            asked, came = await there_and_back(ken, issuer, "k-1", claims, "&lang=en")
            assert (came.status, came.path) == (200, "/account")
            assert asked["code_challenge_method"] == "S256"
            account = town.registry.named(EMAIL)
            assert account is not None
            assert account.linked is not None
            assert (account.linked.subject, account.identity_assurance) == ("k-1", 2)
            assert [one.level for one in town.registry.sessions_of(account.id)] == [2]
        async with town.visitor() as again:
            _, came = await there_and_back(again, issuer, "k-1", {"email": "married@city.example"})
            assert came.path == "/account"
            assert account.id in {one.account for one in town.registry.sessions_of(account.id)}
            assert {one.level for one in town.registry.sessions_of(account.id)} == {1, 2}


@pytest.mark.parametrize(
    "claims",
    [
        {"email": EMAIL},
        {"email": EMAIL, "email_verified": False},
        {"email": "eve@city.example", "email_verified": True},
        {},
    ],
)
async def test_who_is_not_confirmed_or_not_registered_stays_outside(
    issuer: str, tmp_path: Path, claims: dict[str, Any]
) -> None:
    async with known(tmp_path, provided=provided(issuer)) as town, town.visitor() as first, town.visitor() as eve:
        await invite(first)
        _, came = await there_and_back(eve, issuer, f"e-{len(claims)}", claims)
        assert came.status == 401
        assert (await eve.get("/ngsi-ld/v1/entities?type=River")).status == 401


async def test_a_sign_in_that_another_browser_began_is_refused(issuer: str, tmp_path: Path) -> None:
    async with known(tmp_path, provided=provided(issuer)) as town, town.visitor() as eve, town.visitor() as victim:
        async with eve.session.get("/sign-in/provider", allow_redirects=False) as sent:
            state = parse_qs(urlsplit(sent.headers["Location"]).query)["state"][0]
        stolen = await victim.get(f"/sign-in/provider/return?code=anything&state={state}")
        assert stolen.status == 401


async def test_a_return_counts_once(issuer: str, tmp_path: Path) -> None:
    async with known(tmp_path, provided=provided(issuer)) as town, town.visitor() as first, town.visitor() as ken:
        await invite(first)
        claims = {"email": EMAIL, "email_verified": True}
        asked, came = await there_and_back(ken, issuer, "k-2", claims)
        assert came.path == "/account"
        again = await ken.get(f"/sign-in/provider/return?code=anything&state={asked['state']}")
        assert again.status == 401


async def test_a_surer_sign_in_is_asked_of_the_provider(issuer: str, tmp_path: Path) -> None:
    async with known(tmp_path, provided=provided(issuer)) as town, town.visitor() as first, town.visitor() as ken:
        await invite(first)
        claims = {"email": EMAIL, "email_verified": True, "amr": ["mfa"]}
        asked, _ = await there_and_back(ken, issuer, "k-3", claims, "&level=2")
        assert asked["prompt"] == "login"
        assert asked["acr_values"] in LEVELS
        account = town.registry.named(EMAIL)
        assert account is not None
        assert [one.level for one in town.registry.sessions_of(account.id)] == [2]


async def test_a_provider_that_is_away_is_said_so(tmp_path: Path) -> None:
    async with known(tmp_path, provided=provided("http://127.0.0.1:9")) as town, town.visitor() as ken:
        assert (await ken.get("/sign-in/provider")).status == 502


async def test_who_leaves_the_town_is_out_whatever_the_provider_says(issuer: str, tmp_path: Path) -> None:
    async with known(tmp_path, provided=provided(issuer)) as town, town.visitor() as first, town.visitor() as ken:
        await invite(first)
        claims = {"email": EMAIL, "email_verified": True}
        await there_and_back(ken, issuer, "k-4", claims)
        account = town.registry.named(EMAIL)
        assert account is not None
        await first.fill("/people", {"successor": ""}, f"/people/{account.id}/end")
        assert (await ken.get("/account")).path == "/sign-in"
        _, came = await there_and_back(ken, issuer, "k-4", claims)
        assert came.status == 401


LIES = [
    {"iss": "https://another.example"},
    {"aud": "another client"},
    {"aud": ["another client"]},
    {"aud": ["machinami", "another client"]},
    {"aud": ["machinami", "another client"], "azp": "another client"},
    {"exp": 1},
    {"iat": 32_503_680_000},
    {"nonce": "of another sign-in"},
]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: "-".join(f"{name}={value}" for name, value in lie.items()))
async def test_an_id_token_that_is_not_of_this_provider_for_this_town_and_sign_in_is_refused(
    issuer: str, tmp_path: Path, lie: dict[str, Any]
) -> None:
    async with known(tmp_path, provided=provided(issuer)) as town, town.visitor() as first, town.visitor() as ken:
        await invite(first)
        true = {"email": EMAIL, "email_verified": True}
        _, came = await there_and_back(ken, issuer, "k-5", {**true, **lie})
        assert came.status == 401
        assert town.registry.named(EMAIL).linked is None  # type: ignore[union-attr]  # it is there
        _, came = await there_and_back(ken, issuer, "k-5", {**true, "aud": ["machinami"]})
        assert came.path == "/account"


async def test_a_provider_that_calls_itself_otherwise_is_not_believed(issuer: str, tmp_path: Path) -> None:
    async with known(tmp_path, provided=provided(f"{issuer}/")) as town, town.visitor() as ken:
        shown = await ken.get("/sign-in/provider?lang=en")
        assert shown.status == 502
        assert "calls itself" in shown.text


async def test_a_session_lasts_from_when_the_provider_saw_the_person(issuer: str, tmp_path: Path) -> None:
    async with known(tmp_path, provided=provided(issuer)) as town, town.visitor() as first, town.visitor() as ken:
        await invite(first)
        long_ago = int((town.clock() - timedelta(hours=11, minutes=50)).timestamp())
        claims = {"email": EMAIL, "email_verified": True, "auth_time": long_ago}
        asked, came = await there_and_back(ken, issuer, "k-6", claims)
        assert (asked["max_age"], came.path) == (str(12 * 3_600), "/account")
        assert "/account/passkeys" not in came.text
        assert 'id="add-passkey"' not in came.text  # nor does an old sign-in there let a way in be changed here
        town.clock.ahead += timedelta(minutes=11)
        assert (await ken.get("/account")).path == "/sign-in"


async def test_a_sign_in_at_the_provider_that_is_too_old_is_refused(issuer: str, tmp_path: Path) -> None:
    async with known(tmp_path, provided=provided(issuer)) as town, town.visitor() as first, town.visitor() as ken:
        await invite(first)
        claims = {"email": EMAIL, "email_verified": True}
        for query, age in (("", timedelta(hours=13)), ("&level=2", timedelta(minutes=10))):
            old = {**claims, "auth_time": int((town.clock() - age).timestamp())}
            asked, came = await there_and_back(ken, issuer, "k-7", old, query)
            assert came.status == 401
        assert asked["max_age"] == "0"
