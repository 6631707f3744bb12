"""How is a second step set up and used? Codes of an authenticator app, and recovery codes."""

from base64 import b32decode
from binascii import Error

import segno

from machinami.apis.identity.account import ACCOUNT, shown
from machinami.apis.identity.entrance import SIGN_IN
from machinami.apis.identity.entrance import shown as sign_in_page
from machinami.apis.identity.pages import Page, Pages, own_path, status_of
from machinami.broker.identity import codes
from machinami.broker.identity.signing_in import step_up
from machinami.foundation.errors import BadRequestData, CredentialRefused, MachinamiError
from machinami.kit.frame import see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.page import town_name
from machinami.model.identity.assurance import Way
from machinami.model.identity.totp import address, written


def routes(pages: Pages) -> list[Route]:
    """The addresses of second steps."""
    page = pages.frame.page
    return [
        page("POST", f"{SIGN_IN}/code", _code(pages), "Sign in, second step"),
        page("POST", f"{ACCOUNT}/totp/begin", _begin(pages), "Set up an authenticator app"),
        page("POST", f"{ACCOUNT}/totp", _use(pages), "Take an authenticator app into use"),
        page("POST", f"{ACCOUNT}/totp/end", _end(pages), "Let an authenticator app go"),
    ]


def _code(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        form, live = pages.form(request), pages.asking.live(request)
        onward = own_path(form.get("next"))
        if live is None:
            return see_other(f"{SIGN_IN}?next={onward}")
        registry, where = pages.registry(request), pages.asking.where(request)
        try:
            begun = await codes.with_code(pages.identity, registry, live, form.get("code", "")[:40], where)
        except MachinamiError as error:
            fault, status = pages.fault(request, error), status_of(error)
            return sign_in_page(pages, request, onward, status, fault)
        return pages.entered(request, begun.cookie, onward)

    return take


def _set_up(pages: Pages, request: Request, seed: bytes, status: int = 200, fault: str = "") -> Response:
    account, _ = pages.asking.beginner(request)
    town = town_name(pages.frame.town, pages.words(request).language)
    told = address(seed, town, account.name)
    picture = segno.make(told, error="m").svg_data_uri(scale=5, border=3, dark="#000", light="#fff")
    return shown(pages, request, status, fault, seed=written(seed), picture=picture)


def _begin(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        await _demand_password(pages, request, pages.form(request))
        return _set_up(pages, request, codes.draw_seed(pages.identity))

    async def guarded(request: Request) -> Response:
        try:
            return await take(request)
        except CredentialRefused as error:
            return shown(pages, request, 422, pages.fault(request, error))

    return guarded


def _use(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        form = pages.form(request)
        account, live = pages.changing(request)
        registry, seed = pages.registry(request), _seed(form.get("seed", ""))
        try:
            made = await codes.use_totp(pages.identity, registry, account.id, seed, form.get("code", ""))
        except BadRequestData as error:
            return _set_up(pages, request, seed, 422, pages.fault(request, error))
        page = shown(pages, request, codes=made)
        begun = await step_up(pages.identity, registry, live, Way.CODE, pages.asking.where(request))
        await registry.end_all(account.id, but=begun.session.id)
        page.headers.append(pages.asking.session_field(request, begun.cookie))
        return page

    return take


def _end(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        account, _ = pages.changing(request)
        try:
            await _demand_password(pages, request, pages.form(request))
        except CredentialRefused as error:
            return shown(pages, request, 422, pages.fault(request, error))
        await codes.drop_totp(pages.identity, pages.registry(request), account.id)
        return see_other(f"{ACCOUNT}?done=totp-off")

    return take


async def _demand_password(pages: Pages, request: Request, form: dict[str, str]) -> None:
    """Raise CredentialRefused unless the person shows the password anew, if there is one: ways in change by nobody
    else's hand. Raises SignInRequired where they signed in too long ago."""
    account, _ = pages.changing(request)
    if account.password is None:
        return  # who comes by a passkey or the provider has just done so
    where = pages.asking.where(request)
    pages.identity.throttle.check(account.name, where.address)
    if not await pages.identity.supplies.passwords.check(account.password, form.get("password", "")[:1_000]):
        pages.identity.throttle.missed(account.name, where.address)
        raise CredentialRefused("The present password is wrong", key="identity.wrong_password")


def _seed(text: str) -> bytes:
    try:
        return b32decode(text.strip().upper() + "=" * (-len(text.strip()) % 8))
    except Error as error:
        raise BadRequestData("This is no seed of an authenticator; begin anew") from error
