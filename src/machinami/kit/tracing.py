"""Where does the time of a request go, across programs? Spans, as OpenTelemetry has them, tied by W3C Trace Context.

Off, nothing of this is called: routes, stores, senders and jobs are wrapped only where an installation sends traces.
A span says the pattern of a route, the name of a job, the host of a receiver: never whom or what a request was about.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field, replace
from os import urandom
from random import Random

from machinami.kit.http import Request, Response, Route
from machinami.kit.problem import describe

PARENT = b"traceparent"
SERVER, CLIENT, INTERNAL = 2, 3, 1  # the kinds of spans, as OTLP numbers them
_WAITING = 4_096
_FORM = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})\Z")
_NOTHING = ("0" * 32, "0" * 16)


@dataclass(slots=True)
class Span:
    """A piece of work: its trace, its own id, in which other one it was done, and from when to when (ns)."""

    trace: str
    id: str
    parent: str
    name: str
    kind: int
    begin: int
    end: int = 0
    ok: bool = True
    said: dict[str, str | int] = field(default_factory=dict)

    @property
    def traceparent(self) -> str:
        """As others are told of it."""
        return f"00-{self.trace}-{self.id}-01"


SPAN: ContextVar[Span | None] = ContextVar("span", default=None)
"""The span within which what happens now is done; None where it is not traced."""


class Tracer:
    """Makes spans, and keeps those that are over until they are sent. share: of how many of all that begins here;
    what a caller wants to be traced, or not, is done as the caller says."""

    def __init__(
        self, share: float = 1.0, clock: Callable[[], int] = time.time_ns, chance: Random | None = None
    ) -> None:
        self._share = share
        self._clock = clock
        self._chance = chance or Random(urandom(16))
        self.over: deque[Span] = deque(maxlen=_WAITING)

    def begin(self, name: str, kind: int, told: str = "", within: Span | None = None) -> Span | None:
        """A new span, within another or as a caller told of one; None where it is not to be traced."""
        now = self._clock()
        if within is not None:
            return Span(within.trace, urandom(8).hex(), within.id, name, kind, now)
        found = _FORM.match(told)
        if found is not None and found[1] != _NOTHING[0] and found[2] != _NOTHING[1]:
            return Span(found[1], urandom(8).hex(), found[2], name, kind, now) if int(found[3], 16) & 1 else None
        if self._chance.random() >= self._share:
            return None
        return Span(urandom(16).hex(), urandom(8).hex(), "", name, kind, now)

    def end(self, span: Span, ok: bool = True, **said: str | int) -> None:
        """A span is over."""
        span.end, span.ok = self._clock(), ok
        span.said.update(said)
        self.over.append(span)

    @contextmanager
    def within(self, name: str, kind: int = INTERNAL) -> Iterator[Span | None]:
        """What is done in the block is a span; it failed if it raises."""
        span = self.begin(name, kind, within=SPAN.get())
        if span is None:
            yield None
            return
        token = SPAN.set(span)
        try:
            yield span
        except BaseException:
            self.end(span, ok=False)
            raise
        else:
            self.end(span, span.ok)
        finally:
            SPAN.reset(token)


def traced(route: Route, tracer: Tracer) -> Route:
    """The route, each request of which is a span."""
    handler, name = route.handler, f"{route.method} {route.path}"
    said: dict[str, str | int] = {"http.request.method": route.method, "http.route": route.path}

    def run(request: Request) -> Response | Awaitable[Response]:
        span = tracer.begin(name, SERVER, request.header(PARENT) or "")
        if span is None:
            return handler(request)
        span.said.update(said)
        context = copy_context()
        context.run(SPAN.set, span)
        try:
            outcome = context.run(handler, request)
        except Exception as error:
            _end(tracer, span, describe(error)[0])
            raise
        if isinstance(outcome, Response):
            _end(tracer, span, outcome.status)
            return outcome
        loop = asyncio.get_running_loop()
        return loop.create_task(_followed(outcome, tracer, span), context=context)

    return replace(route, handler=run)


async def _followed(outcome: Awaitable[Response], tracer: Tracer, span: Span) -> Response:
    try:
        response = await outcome
    except Exception as error:
        _end(tracer, span, describe(error)[0])
        raise
    _end(tracer, span, response.status)
    return response


def _end(tracer: Tracer, span: Span, status: int) -> None:
    tracer.end(span, status < 500, **{"http.response.status_code": status})
