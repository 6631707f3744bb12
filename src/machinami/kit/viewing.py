"""For whom is a page made? What a page reads and writes, it does as the person who looks at it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace

from machinami.foundation.errors import BadRequestData
from machinami.foundation.remembered import remembered
from machinami.kit.http import Handler, Request, Response, Route
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.purpose import is_name

Identify = Callable[[Request], Principal]
Oversees = Callable[[Request], bool]


@dataclass(frozen=True, slots=True)
class Called:
    """What a person is called, and the role in which they act."""

    name: str
    role: str


Person = Callable[[Request], Called | None]

PURPOSE = b"machinami-purpose"
_TENANT = b"ngsild-tenant"

VIEWER: ContextVar[Principal | None] = ContextVar("viewer", default=None)
WHENCE: ContextVar[str | None] = ContextVar("whence", default=None)
"""The address from which somebody asks, for as long as they are answered; None where nobody asks."""
Whence = Callable[[Request], str]


def anyone(request: Request) -> Principal:
    """Who asks, as long as nobody is asked to say so."""
    return ANONYMOUS


def wanted_for(by: Principal, request: Request) -> Principal:
    """Who asks, with the purpose for which they say that they want the data. Raises BadRequestData."""
    said = request.fields.get(PURPOSE)
    if said is None or by is ANONYMOUS:
        return by
    purpose = said.decode("latin-1").strip()
    if not is_name(purpose):
        raise BadRequestData(
            "Machinami-Purpose names a purpose: a-z, 0-9 and _ . : -, at most 100", header="Machinami-Purpose"
        )
    return _wanting(by, purpose)


@remembered(1_024)
def _wanting(by: Principal, purpose: str) -> Principal:
    """The same one each time, as who asks once asks again."""
    return replace(by, purpose=purpose)


def of_town(identify: Identify, town: str) -> Identify:
    """Who asks for a page of this town. Whoever names another town is known there by what they show, and nobody here:
    its people and their roles mean nothing in this one. Raises BadRequestData."""
    name = town.encode("latin-1")

    def known(request: Request) -> Principal:
        named = request.fields.get(_TENANT)
        if named is not None and named != name:
            raise BadRequestData(f"This page is of the town {town}; ask another town at its own host")
        return identify(request)

    return known


def everyone(request: Request) -> bool:
    """Whether who asks may see how the machine is run, as long as the town is open."""
    return True


def nobody(request: Request) -> Called | None:
    """What a person is called who is not known."""
    return None


def peer(request: Request) -> str:
    """Where a request comes from, where no proxy stands in front."""
    return request.client


def viewed(route: Route, identify: Identify, whence: Whence = peer) -> Route:
    """The route whose handler, and all that it calls, knows who looks, and from where."""
    return replace(route, handler=_viewed(route.handler, identify, whence))


def _viewed(handler: Handler, identify: Identify, whence: Whence) -> Handler:
    def show(request: Request) -> Response | Awaitable[Response]:
        by, address = identify(request), whence(request)
        token, place = VIEWER.set(by), WHENCE.set(address)
        try:
            outcome = handler(request)
        finally:
            VIEWER.reset(token)
            WHENCE.reset(place)
        if isinstance(outcome, Response):
            return outcome
        # a task of its own, as what is remembered of who looks must be of one context to the end
        return asyncio.ensure_future(_awaited(outcome, by, address))

    return show


async def _awaited(outcome: Awaitable[Response], by: Principal, address: str) -> Response:
    token, place = VIEWER.set(by), WHENCE.set(address)
    try:
        return await outcome
    finally:
        VIEWER.reset(token)
        WHENCE.reset(place)
