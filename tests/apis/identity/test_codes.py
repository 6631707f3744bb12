"""What does a second step add to a sign-in?"""

import hmac
import re
from base64 import b32decode
from datetime import UTC, datetime, timedelta

import pytest
from tests.knowing import PASSWORD, Known, Visitor

from machinami.model.identity.totp import code_at, window_of

ENTITIES = "/ngsi-ld/v1/entities?type=River"


@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")],
)
def test_codes_are_those_of_rfc_6238(second: int, code: str) -> None:
    window = window_of(datetime.fromtimestamp(second, UTC))
    assert code_at(hmac.digest(b"12345678901234567890", window.to_bytes(8, "big"), "sha1")) == code


def code_of(seed: str, town: Known) -> str:
    """What an authenticator app would show."""
    key = b32decode(seed + "=" * (-len(seed) % 8))
    return code_at(hmac.digest(key, window_of(town.clock()).to_bytes(8, "big"), "sha1"))


async def set_up(town: Known, visitor: Visitor) -> tuple[str, list[str]]:
    """The seed and the recovery codes of an authenticator that was taken into use."""
    await visitor.become_first()
    shown = await visitor.fill("/account", {"password": PASSWORD}, "/account/totp/begin")
    found = re.search(r'id="seed">([A-Z2-7]+)<', shown.text)
    token = re.search(r'form_token" value="(\w+)"', shown.text)
    assert found is not None
    assert token is not None
    seed = found.group(1)
    form = {"seed": seed, "code": code_of(seed, town), "form_token": token.group(1)}
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
