"""How does a browser register and show a passkey? The JSON that its script exchanges with the town."""

from urllib.parse import urlsplit

from machinami.apis.identity import openapi
from machinami.apis.identity.account import ACCOUNT
from machinami.apis.identity.keys import answer
from machinami.apis.identity.pages import Page, Pages, own_path
from machinami.broker.identity.passkeys import Passkeys
from machinami.foundation.errors import BadRequestData, Forbidden
from machinami.kit.bodies import json_object
from machinami.kit.forms import WAITING, carries_token, is_foreign, own_cookie, session_cookie
from machinami.kit.frame import see_other
from machinami.kit.http import Handler, Request, Response, Route
from machinami.kit.page import town_name

_ROOT = "/identity/passkeys"


def routes(pages: Pages) -> list[Route]:
    """The addresses of passkeys."""
    keys = Passkeys(pages.identity)
    return [
        openapi.route("POST", f"{_ROOT}/registration", _ask_to_register(pages, keys)),
        openapi.route("POST", _ROOT, _register(pages, keys)),
        openapi.route("POST", f"{_ROOT}/challenge", _ask_to_sign_in(pages, keys)),
        openapi.route("POST", f"{_ROOT}/session", _sign_in(pages, keys)),
        pages.frame.page("POST", f"{ACCOUNT}/passkeys/{{id}}/removal", _remove(pages, keys), "Let a passkey go"),
    ]


def _browser(pages: Pages, request: Request) -> str:
    """What only this browser knows: its session, or the cookie of its form. Raises Forbidden for other sites."""
    known = session_cookie(request) or own_cookie(request, WAITING)
    token = {"form_token": request.header(b"x-form-token") or ""}
    if is_foreign(request) or not known or not carries_token(request, token):
        raise Forbidden("Open this town's page and begin there")
    return known


def _origin(pages: Pages, request: Request) -> str:
    """The origin that passkeys are bound to: the installation's address, or this machine's own name.

    Passkeys are bound to a name, so a town without an address of its own has them at http://localhost:… alone.
    """
    home = pages.address
    origin = request.header(b"origin") or ""
    host = urlsplit(origin).hostname
    if origin == home and host not in ("127.0.0.1", "::1", None):
        return home
    if host == "localhost" and pages.asking.is_near(request):
        return origin
    raise BadRequestData(
        "Passkeys are bound to a name: set [network] address in machinami.toml, or open http://localhost instead"
    )


def _ask_to_register(pages: Pages, keys: Passkeys) -> Handler:
    def ask(request: Request) -> Response:
        account, _ = pages.changing(request)
        town = town_name(pages.frame.names, "ja")
        return answer(keys.ask_to_register(account, _browser(pages, request), _origin(pages, request), town))

    return ask


def _register(pages: Pages, keys: Passkeys) -> Handler:
    async def register(request: Request) -> Response:
        account, _ = pages.changing(request)
        body, browser = json_object(request.body), _browser(pages, request)
        name = str(body.pop("name", ""))
        await keys.register(pages.registry(request), account.id, browser, body, name)
        return answer({"next": f"{ACCOUNT}?done=passkey"}, 201)

    return register


def _ask_to_sign_in(pages: Pages, keys: Passkeys) -> Handler:
    def ask(request: Request) -> Response:
        return answer(keys.ask_to_sign_in(_browser(pages, request), _origin(pages, request)))

    return ask


def _sign_in(pages: Pages, keys: Passkeys) -> Handler:
    async def sign_in(request: Request) -> Response:
        body, browser, registry = json_object(request.body), _browser(pages, request), pages.registry(request)
        onward, before = own_path(str(body.pop("next", "/"))), pages.asking.live(request)
        begun = await keys.sign_in(registry, browser, body, pages.asking.where(request))
        if before is not None:
            await registry.end_sessions([before.session.id])
        answered = answer({"next": onward})
        answered.headers.append(pages.asking.session_field(request, begun.cookie))
        return answered

    return sign_in


def _remove(pages: Pages, keys: Passkeys) -> Page:
    async def take(request: Request) -> Response:
        pages.form(request)
        account, _ = pages.changing(request)
        try:
            key_id = bytes.fromhex(request.params["id"])
        except ValueError as error:
            raise BadRequestData("This is no passkey") from error
        await keys.remove(pages.registry(request), account.id, key_id)
        return see_other(f"{ACCOUNT}?done=passkey-off")

    return take
