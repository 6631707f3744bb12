"""For whom is a page made? What a page reads and writes, it does as the person who looks at it."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import replace

from machinami.kit.http import Handler, Request, Response, Route
from machinami.model.principal import ANONYMOUS, Principal

Identify = Callable[[Request], Principal]
Oversees = Callable[[Request], bool]

VIEWER: ContextVar[Principal | None] = ContextVar("viewer", default=None)


def anyone(request: Request) -> Principal:
    """Who asks, as long as nobody is asked to say so."""
    return ANONYMOUS


def everyone(request: Request) -> bool:
    """Whether who asks may see how the machine is run, as long as the town is open."""
    return True


def viewed(route: Route, identify: Identify) -> Route:
    """The route whose handler, and all that it calls, knows who looks."""
    return replace(route, handler=_viewed(route.handler, identify))


def _viewed(handler: Handler, identify: Identify) -> Handler:
    def show(request: Request) -> Response | Awaitable[Response]:
        token = VIEWER.set(identify(request))
        try:
            outcome = handler(request)
        finally:
            VIEWER.reset(token)
        return outcome if isinstance(outcome, Response) else _awaited(outcome, identify(request))

    return show


async def _awaited(outcome: Awaitable[Response], by: Principal) -> Response:
    token = VIEWER.set(by)
    try:
        return await outcome
    finally:
        VIEWER.reset(token)
