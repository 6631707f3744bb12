"""Who signed in by password alone is led to a surer sign-in where a service demands one, and back: in a Chromium."""

import contextlib
import hmac
import shutil
from base64 import b32decode
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest
from playwright.async_api import BrowserContext, Page, async_playwright
from tests.browser.test_passkeys import plug_in
from tests.knowing import PASSWORD
from tests.servers import free_port, openid_provider

from machinami.app.clock import utc_now
from machinami.app.running import TownOS
from machinami.broker.identity import codes, people
from machinami.broker.identity.identity import Where
from machinami.broker.identity.signing_in import begin
from machinami.foundation.settings import OpenIdSettings, Settings
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.forms import FIELD, SESSION, form_token
from machinami.kit.frame import Frame, read_form, see_other
from machinami.kit.http import HTML, Request, Response, Route
from machinami.kit.installed import Broken, Service
from machinami.kit.manifest import Assurance, Manifest, Text
from machinami.model.identity.account import Account
from machinami.model.identity.assurance import Way
from machinami.model.identity.totp import code_at, window_of
from machinami.model.principal import SYSTEM

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
GATE = "/services/gate"
TEXT = Text("水門", "Gate")
SEED = b"twenty bytes of seed"


@dataclass
class Gate:
    """The page of a service that opens a sluice gate: whoever does that must have signed in surely."""

    opened: list[str] = field(default_factory=list)

    def routes(self, city: City, desk: Desk) -> list[Route]:
        """A page with one button, and what the button does."""
        page = Frame.around(desk).page

        async def show(request: Request) -> Response:
            said = "open" if self.opened else "shut"
            token = f'<input type="hidden" name="{FIELD}" value="{form_token(request)}">'
            form = f'<form method="post" action="{GATE}/open">{token}<button id="open">Open</button></form>'
            return Response(200, f"<!doctype html><title>Gate</title><p id=gate>{said}</p>{form}".encode(), HTML)

        async def take(request: Request) -> Response:
            read_form(request)
            self.opened.append(desk.identify(request).id)
            return see_other(GATE)

        return [page("GET", GATE, show), page("POST", f"{GATE}/open", take)]


class GateTown(TownOS):
    """A town whose only service is the gate."""

    sluice: Gate

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """The gate, to open which authentication level 2 is demanded."""
        self.sluice = Gate()
        manifest = Manifest("gate", "1", "service", TEXT, TEXT, (), (), assurance=Assurance(1, 2))
        service = Service(
            "tests.gate", manifest, _rest, None, timedelta(days=1), SimpleNamespace(routes=self.sluice.routes)
        )
        return [service], []


async def _rest(city: City, now: datetime) -> None:
    """Nothing is to be done."""


@dataclass
class Opened:
    """The town, its officer, and a window in front of it."""

    town: GateTown
    officer: Account
    window: BrowserContext

    async def page(self) -> Page:
        """A fresh page."""
        page = await self.window.new_page()
        page.set_default_timeout(30_000)
        return page


@contextlib.asynccontextmanager
async def gate_town(settings: Settings, name: str = "ken") -> AsyncIterator[Opened]:
    """A protected town with an officer who has a password."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine; on Debian: apt-get install chromium")
    town = GateTown(settings, "test")
    await town.start()
    identity, registry, here = town.identity, town.identity.own(None), Where("127.0.0.1")
    await people.make_first(identity, registry, "aiko", "愛子", PASSWORD, here)
    made = await people.make_account(identity, registry, name, "健", frozenset({"officer"}), SYSTEM)
    code = await people.invite(identity, registry, made.id, SYSTEM)
    await people.accept(identity, registry, code, PASSWORD, here)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        window = await browser.new_context(base_url=town.address, locale="en")
        await window.add_cookies([{"name": "lang", "value": "en", "url": town.address}])
        yield Opened(town, registry.account(made.id), window)
        await browser.close()
    await town.stop()


@pytest.fixture
def issuer() -> Iterator[str]:
    """The address of the city's OpenID provider."""
    with openid_provider() as address:
        yield address


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    """A protected town with an officer who has a password."""
    async with gate_town(Settings(tmp_path, port=0)) as found:
        yield found


def code_of(seed: bytes) -> str:
    """What an authenticator app shows now."""
    return code_at(hmac.digest(seed, window_of(utc_now()).to_bytes(8, "big"), "sha1"))


async def show_code(page: Page, seed: bytes, button: str) -> None:
    """Type codes until one is taken: one that was typed at the end of its half-minute is over."""
    for _ in range(3):
        await page.fill("#code", code_of(seed))
        async with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
            await page.click(button)
        if (await answered.value).status != 422:
            return
        await page.wait_for_selector("#code")


async def test_who_has_no_second_step_makes_one_and_comes_back(opened: Opened) -> None:
    page = await opened.page()
    await page.goto(f"/sign-in?next={GATE}")
    await page.fill("#name", "ken")
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_url(f"**{GATE}")
    await page.click("#open")
    await page.wait_for_selector("text=Please sign in")
    assert opened.town.sluice.opened == []

    await page.click("main a.button >> nth=0")
    await page.wait_for_url("**/account?done=surer**")
    assert "surer sign-in" in await page.inner_text("main")
    await page.fill("#password-on", PASSWORD)
    await page.click("form[action^='/account/totp'] button[type=submit]")
    seed = await page.inner_text("#seed")
    await show_code(page, b32decode(seed + "=" * (-len(seed) % 8)), "form[action^='/account/totp'] button[type=submit]")
    await page.click("text=Go on where you were")
    await page.wait_for_url(f"**{GATE}")
    await page.click("#open")
    await page.wait_for_selector("#gate:text('open')")
    assert opened.town.sluice.opened == [opened.officer.principal_id]


async def test_who_has_a_second_step_is_led_to_it_and_back(opened: Opened) -> None:
    identity, registry = opened.town.identity, opened.town.identity.own(None)
    await codes.use_totp(identity, registry, opened.officer.id, SEED, code_of(SEED))
    account = registry.account(opened.officer.id)
    assert account.totp is not None
    account = replace(account, totp=replace(account.totp, last_window=0))  # no code was shown yet
    await registry.put_account(account)
    # A sign-in that knew the password alone, as a provider of lower assurance would have made it.
    begun = await begin(identity, registry, account, frozenset({Way.PASSWORD}), Where("127.0.0.1"))
    await opened.window.add_cookies([{"name": SESSION, "value": begun.cookie, "url": opened.town.address}])
    page = await opened.page()
    await page.goto(GATE)
    await page.click("#open")
    await page.wait_for_selector("text=Please sign in")
    await page.click("main a.button >> nth=0")
    await page.wait_for_selector("#code")
    await show_code(page, SEED, "main button[type=submit]")
    await page.wait_for_url(f"**{GATE}")
    await page.click("#open")
    await page.wait_for_selector("#gate:text('open')")
    assert opened.town.sluice.opened == [opened.officer.principal_id]


async def test_who_is_nobody_is_led_to_sign_in(opened: Opened) -> None:
    page = await opened.page()
    await page.goto(GATE)
    await page.click("#open")
    await page.wait_for_selector("text=Please sign in")
    await page.click("main a.button >> nth=0")
    await page.wait_for_selector("#password")
    assert opened.town.sluice.opened == []


async def test_who_has_a_passkey_is_led_to_it_and_back(tmp_path: Path) -> None:
    port = free_port()
    async with gate_town(Settings(tmp_path, port=port, address=f"http://localhost:{port}")) as opened:
        page = await opened.page()
        await plug_in(page)
        await sign_in(page)
        await page.goto("/account")
        await page.click("#add-passkey button")
        await page.wait_for_url("**/account?done=passkey")
        await page.click("form[action='/sign-out'] button")
        await sign_in(page)  # by the password alone
        await page.goto(GATE)
        await page.click("#open")
        await page.wait_for_selector("text=Please sign in")
        assert opened.town.sluice.opened == []
        await page.click("main a.button >> nth=0")
        await page.click("#by-passkey button")
        await page.wait_for_url(f"**{GATE}")
        await page.click("#open")
        await page.wait_for_selector("#gate:text('open')")
        assert opened.town.sluice.opened == [opened.officer.principal_id]


async def test_who_comes_by_the_provider_is_led_to_a_surer_sign_in_there_and_back(issuer: str, tmp_path: Path) -> None:
    told = OpenIdSettings(issuer, "machinami", "a secret of the client", "City hall", levels={"urn:city:two": 2})
    async with gate_town(Settings(tmp_path, port=0, openid=told), name="ken@city.example") as opened:
        page = await opened.page()

        async def there(claims: dict[str, object]) -> None:
            known = {"email": "ken@city.example", "email_verified": True, **claims}
            async with aiohttp.ClientSession() as city, city.put(f"{issuer}/users/k-9", json=known) as made:
                assert made.status == 204
            await page.click("main a.button[href^='/sign-in/provider']")
            await page.fill("input[name=sub]", "k-9")
            await page.keyboard.press("Enter")

        await page.goto(f"/sign-in?next={GATE}")
        await there({})
        await page.wait_for_url(f"**{GATE}")
        await page.click("#open")
        await page.wait_for_selector("text=Please sign in")
        assert opened.town.sluice.opened == []
        await page.click("main a.button >> nth=0")
        await there({"acr": "urn:city:two"})
        await page.wait_for_url(f"**{GATE}")
        await page.click("#open")
        await page.wait_for_selector("#gate:text('open')")
        assert opened.town.sluice.opened == [opened.officer.principal_id]


async def sign_in(page: Page) -> None:
    """Sign in by the password alone."""
    await page.goto(f"/sign-in?next={GATE}")
    await page.fill("#name", "ken")
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_url(f"**{GATE}")
