"""How does a person come in by the city's OpenID provider, and go? There, and back; and what the provider tells."""

from urllib.parse import parse_qs

from machinami.apis.identity import openapi
from machinami.apis.identity.entrance import PARTING, SIGN_IN
from machinami.apis.identity.keys import answer
from machinami.apis.identity.pages import Page, Pages, own_path
from machinami.broker.identity.provider import BACK_CHANNEL, RETURN, Provider
from machinami.foundation.errors import BadGateway, CredentialRefused
from machinami.kit.forms import own_cookie
from machinami.kit.frame import see_other
from machinami.kit.http import Handler, Request, Response, Route

STATE = "machinami-provider"


def routes(pages: Pages, provider: Provider) -> list[Route]:
    """The addresses of a sign-in elsewhere, and of its end."""
    page = pages.frame.page
    return [
        page("GET", f"{SIGN_IN}/provider", _go(pages, provider), "Sign in at the city's provider"),
        page("GET", RETURN, _return(pages, provider), "Back from the city's provider"),
        page("GET", PARTING, _parting(pages, provider), "Sign out at the city's provider, too"),
        openapi.route("POST", BACK_CHANNEL, _back_channel(pages, provider)),
    ]


def _go(pages: Pages, provider: Provider) -> Page:
    async def go(request: Request) -> Response:
        level = request.arguments.get("level")
        wanted = int(level) if level in ("1", "2", "3") else None
        address, state = await provider.ask(own_path(request.arguments.get("next")), wanted)
        sent = see_other(address)
        sent.headers.append(pages.asking.waiting_field(request, STATE, state))
        return sent

    return go


def _return(pages: Pages, provider: Provider) -> Page:
    async def come(request: Request) -> Response:
        registry, where, kept = pages.registry(request), pages.asking.where(request), own_cookie(request, STATE) or ""
        before = pages.asking.live(request)
        begun, onward = await provider.came_back(registry, request.arguments, kept, where)
        if before is not None:
            await registry.end_sessions([before.session.id])
        return pages.entered(request, begun.cookie, onward)

    return come


def _parting(pages: Pages, provider: Provider) -> Page:
    """The page after a sign-out of who came by the provider, where they may still be signed in."""

    async def show(request: Request) -> Response:
        try:
            there = await provider.farewell()
        except BadGateway:
            there = None  # it is away: one is signed out here all the same
        return pages.show(request, "parting", name=pages.provider, there=there)

    return show


def _back_channel(pages: Pages, provider: Provider) -> Handler:
    """What the provider tells: it shows who it is by its signature alone, and no cookie opens anything here."""

    async def hear(request: Request) -> Response:
        pages.asking.admit(request)
        try:
            told = parse_qs(request.body.decode("utf-8", "replace"), max_num_fields=20).get("logout_token", [])
            if len(told) != 1:
                raise CredentialRefused("Exactly one logout_token is sent, as a form")
            await provider.heard(told[0], pages.asking.address(request))
        except (CredentialRefused, ValueError) as error:
            why = error.detail if isinstance(error, CredentialRefused) else "The form has too many fields"
            return answer({"error": "invalid_request", "error_description": why}, 400)
        return Response(200)

    return hear
