"""How does a person come in by the city's OpenID provider? There, and back."""

from machinami.apis.identity.entrance import SIGN_IN
from machinami.apis.identity.pages import Page, Pages, own_path
from machinami.broker.identity.provider import RETURN, Provider
from machinami.kit.forms import own_cookie
from machinami.kit.frame import see_other
from machinami.kit.http import Request, Response, Route

STATE = "machinami-provider"


def routes(pages: Pages, provider: Provider) -> list[Route]:
    """The addresses of a sign-in elsewhere."""
    page = pages.frame.page
    return [
        page("GET", f"{SIGN_IN}/provider", _go(pages, provider), "Sign in at the city's provider"),
        page("GET", RETURN, _return(pages, provider), "Back from the city's provider"),
    ]


def _go(pages: Pages, provider: Provider) -> Page:
    async def go(request: Request) -> Response:
        level = request.arguments.get("level")
        wanted = int(level) if level in ("1", "2", "3") else None
        address, state = await provider.ask(own_path(request.arguments.get("next")), wanted)
        answer = see_other(address)
        answer.headers.append(pages.asking.waiting_field(request, STATE, state))
        return answer

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
