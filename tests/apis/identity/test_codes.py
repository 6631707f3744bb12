"""What does a second step add to a sign-in?"""

import hmac
import re
from base64 import b32decode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.knowing import PASSWORD, Known, Visitor, known

from machinami.app.identifying import demands_of
from machinami.foundation.settings import Settings
from machinami.model.identity.account import RANKS
from machinami.model.identity.demand import Demands, Second, needs_second
from machinami.model.identity.totp import code_at, window_of
from machinami.model.principal import Role

ENTITIES = "/ngsi-ld/v1/entities?type=River"


@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")],
)
def test_codes_are_those_of_rfc_6238(second: int, code: str) -> None:
    window = window_of(datetime.fromtimestamp(second, UTC))
    assert code_at(hmac.digest(b"12345678901234567890", window.to_bytes(8, "big"), "sha1")) == code


def code_of(seed: str, town: Known, algorithm: str = "sha1") -> str:
    """What an authenticator app would show."""
    key = b32decode(seed + "=" * (-len(seed) % 8))
    return code_at(hmac.digest(key, window_of(town.clock()).to_bytes(8, "big"), algorithm))


async def begun(visitor: Visitor) -> tuple[str, str]:
    """The seed of an authenticator that is to be taken into use, and the token of the form."""
    shown = await visitor.fill("/account", {"password": PASSWORD}, "/account/totp/begin")
    found = re.search(r'id="seed">([A-Z2-7]+)<', shown.text)
    token = re.search(r'form_token" value="(\w+)"', shown.text)
    assert found is not None
    assert token is not None
    return found.group(1), token.group(1)


async def set_up(town: Known, visitor: Visitor, algorithm: str = "sha1") -> tuple[str, list[str]]:
    """The seed and the recovery codes of an authenticator that was taken into use."""
    await visitor.become_first()
    seed, token = await begun(visitor)
    form = {"seed": seed, "code": code_of(seed, town, algorithm), "form_token": token}
    done = await visitor.post("/account/totp", form)
    codes = re.search(r'id="recovery">([^<]+)<', done.text)
    assert codes is not None
    return seed, codes.group(1).split()


async def test_a_password_alone_opens_nothing_where_a_code_is_due(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as again:
        seed, _ = await set_up(town, first)
        half = await again.sign_in()
        assert half.path == "/sign-in"
        assert (await again.get(ENTITIES)).status == 401
        assert (await again.get("/account")).path == "/sign-in"
        town.clock.ahead += timedelta(seconds=30)
        whole = await again.fill("/sign-in", {"code": code_of(seed, town), "next": "/account"}, "/sign-in/code")
        assert whole.path == "/account"
        assert "AAL 2" in whole.text


async def test_no_code_is_taken_twice(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as one, town.visitor() as two:
        seed, _ = await set_up(town, first)
        town.clock.ahead += timedelta(seconds=30)
        code = code_of(seed, town)
        for visitor in (one, two):
            await visitor.sign_in()
        assert (await one.fill("/sign-in", {"code": code, "next": "/account"}, "/sign-in/code")).path == "/account"
        assert (await two.fill("/sign-in", {"code": code, "next": "/account"}, "/sign-in/code")).status == 422


async def test_a_recovery_code_opens_once(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as one, town.visitor() as two:
        _, codes = await set_up(town, first)
        assert len(set(codes)) == 10
        assert all(len(code.replace("-", "")) * 4 == 112 for code in codes)  # bits, as they were drawn
        assert len({code[:4] for code in codes}) > 5
        for visitor in (one, two):
            await visitor.sign_in()
        assert (await one.fill("/sign-in", {"code": codes[3], "next": "/account"}, "/sign-in/code")).path == "/account"
        assert (await two.fill("/sign-in", {"code": codes[3], "next": "/account"}, "/sign-in/code")).status == 422


async def test_half_a_sign_in_waits_five_minutes_and_no_longer(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as again:
        seed, _ = await set_up(town, first)
        await again.sign_in()
        shown = await again.get("/sign-in")
        token = re.search(r'form_token" value="(\w+)"', shown.text)
        assert token is not None
        town.clock.ahead += timedelta(minutes=5, seconds=1)
        late = await again.post("/sign-in/code", {"code": code_of(seed, town), "form_token": token.group(1)})
        assert late.path == "/sign-in"
        assert (await again.get(ENTITIES)).status == 401


async def test_who_guesses_codes_must_wait(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as again:
        await set_up(town, first)
        await again.sign_in()
        statuses = [
            (await again.fill("/sign-in", {"code": f"{n:06}"}, "/sign-in/code")).status for n in range(1_000, 1_007)
        ]
        assert statuses == [422] * 5 + [429] * 2


async def test_the_seed_is_kept_sealed(town: Known) -> None:
    async with town.visitor() as first:
        seed, codes = await set_up(town, first)
        account = town.registry.administrators[0]
        assert account.totp is not None
        assert b32decode(seed + "=" * (-len(seed) % 8)) not in account.totp.seed
        assert not any(code.encode() in kept for code in codes for kept in account.recovery)


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
async def test_an_authenticator_is_known_by_the_hash_function_that_it_uses(town: Known, algorithm: str) -> None:
    async with town.visitor() as first, town.visitor() as again:
        seed, _ = await set_up(town, first, algorithm)
        account = town.registry.administrators[0]
        assert account.totp is not None
        assert account.totp.algorithm == algorithm
        town.clock.ahead += timedelta(seconds=30)
        other = "sha1" if algorithm == "sha256" else "sha256"
        await again.sign_in()
        assert (await again.fill("/sign-in", {"code": code_of(seed, town, other)}, "/sign-in/code")).status == 422
        right = await again.fill("/sign-in", {"code": code_of(seed, town, algorithm)}, "/sign-in/code")
        assert right.path == "/"


async def test_a_town_may_refuse_authenticators_that_know_only_sha_1(tmp_path: Path) -> None:
    async with known(tmp_path, demands=Demands(sha1=False)) as town, town.visitor() as first:
        await first.become_first()
        for algorithm, status, said in (("sha1", 422, "SHA-256"), ("sha256", 200, "recovery")):
            seed, token = await begun(first)
            form = {"seed": seed, "code": code_of(seed, town, algorithm), "form_token": token}
            shown = await first.post("/account/totp?lang=en", form)
            assert (shown.status, said in shown.text) == (status, True)


@pytest.mark.parametrize("seconds", [-30, 30])
async def test_a_code_lives_for_its_half_minute_only(town: Known, seconds: int) -> None:
    async with town.visitor() as first, town.visitor() as again:
        seed, _ = await set_up(town, first)
        town.clock.ahead += timedelta(minutes=2)
        await again.sign_in()
        present, town.clock.ahead = town.clock.ahead, town.clock.ahead + timedelta(seconds=seconds)
        code, town.clock.ahead = code_of(seed, town), present
        assert (await again.fill("/sign-in", {"code": code}, "/sign-in/code")).status == 422


async def test_where_clocks_differ_it_is_said_when_an_authenticator_is_set_up(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        seed, token = await begun(first)
        form = {"seed": seed, "code": code_of(seed, town), "form_token": token}
        town.clock.ahead += timedelta(minutes=3)
        shown = await first.post("/account/totp?lang=en", form)
        assert (shown.status, "clocks" in shown.text) == (422, True)


async def test_ways_in_are_changed_only_by_who_signed_in_lately(town: Known) -> None:
    async with town.visitor() as first:
        seed, _ = await set_up(town, first)
        town.clock.ahead += timedelta(minutes=6)
        shown = await first.get("/account?lang=en")
        assert "Sign in anew" in shown.text
        for path in ("/account/totp/end", "/account/passkeys/00/removal"):
            refused = await first.fill("/account", {"password": PASSWORD}, path)
            assert refused.status == 401
        async with first.session.post("/identity/passkeys/registration", json={}, headers=await _token(first)) as asked:
            assert asked.status == 401
        assert town.registry.administrators[0].totp is not None
        await first.sign_in()
        await first.fill("/sign-in", {"code": code_of(seed, town)}, "/sign-in/code")
        assert (await first.fill("/account", {"password": PASSWORD}, "/account/totp/end")).path == "/account"
        assert town.registry.administrators[0].totp is None


async def _token(visitor: Visitor) -> dict[str, str]:
    found = re.search(r'form_token" value="(\w+)"', (await visitor.get("/account")).text)
    assert found is not None
    return {"X-Form-Token": found.group(1), "Origin": str(visitor.session._base_url).rstrip("/")}


async def test_where_two_factors_are_demanded_a_password_opens_nothing_but_their_making(tmp_path: Path) -> None:
    async with known(tmp_path, demands=Demands(Second.EVERYONE)) as town, town.visitor() as first:
        await first.become_first()
        for path in (ENTITIES, "/people", "/keys"):
            assert (await first.get(path)).status == 401
        refused = await first.fill("/account", {"old": PASSWORD, "password": "x", "again": "x"}, "/account/password")
        assert refused.status == 401
        shown = await first.sign_in()
        assert (shown.path, "two factors" in shown.text) == ("/account", True)
        seed, token = await begun(first)
        await first.post("/account/totp", {"seed": seed, "code": code_of(seed, town), "form_token": token})
        for path in (ENTITIES, "/people", "/keys"):
            assert (await first.get(path)).status == 200


@pytest.mark.parametrize(
    ("demanded", "of"),
    [
        (Second.NOBODY, set()),
        (Second.ADMINISTRATORS, {Role.ADMINISTRATOR, Role.OPERATOR}),
        (Second.STAFF, set(RANKS) - {Role.RESIDENT}),
        (Second.EVERYONE, set(RANKS)),
    ],
)
def test_of_whom_two_factors_are_demanded(demanded: Second, of: set[Role]) -> None:
    assert {role for role in RANKS if needs_second(demanded, {role})} == of


def test_administrators_of_a_town_in_a_network_need_two_factors_unless_it_says_otherwise(tmp_path: Path) -> None:
    assert demands_of(Settings(tmp_path)).second is Second.NOBODY
    for afar in (Settings(tmp_path, host="0.0.0.0"), Settings(tmp_path, trust_proxy=True)):
        assert demands_of(afar).second is Second.ADMINISTRATORS
    assert demands_of(Settings(tmp_path, host="0.0.0.0", second_factor="nobody")).second is Second.NOBODY
