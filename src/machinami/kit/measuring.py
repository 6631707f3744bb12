"""How many requests come, how long do they take, and how do they end? Counted for each route, in steps of time."""

import asyncio
from bisect import bisect_left
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter

from machinami.kit.http import Request, Response, Route
from machinami.kit.problem import describe

STEPS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The upper ends of the steps, in seconds; what takes longer is in none."""


@dataclass(slots=True)
class Tally:
    """The requests of one route: how many within each step (and beyond all), how many seconds together, how many ended
    with each status."""

    method: str
    path: str
    counts: list[int] = field(default_factory=lambda: [0] * (len(STEPS) + 1))
    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)

    def note(self, seconds: float, status: int) -> None:
        """Count one."""
        self.counts[bisect_left(STEPS, seconds)] += 1
        self.seconds += seconds
        self.statuses[status] = self.statuses.get(status, 0) + 1


class Tallies:
    """The requests of every route."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Tally] = {}

    def of(self, method: str, path: str) -> Tally:
        """The tally of a route."""
        return self._kept.setdefault((method, path), Tally(method, path))

    def __iter__(self) -> Iterator[Tally]:
        """Those of which something came."""
        return (one for one in self._kept.values() if one.statuses)


def measured(route: Route, tallies: Tallies) -> Route:
    """The route, of which every request is counted."""
    handler, tally = route.handler, tallies.of(route.method, route.path)

    def run(request: Request) -> Response | Awaitable[Response]:
        began = perf_counter()
        try:
            outcome = handler(request)
        except Exception as error:
            tally.note(perf_counter() - began, describe(error)[0])
            raise
        if type(outcome) is Response:
            tally.note(perf_counter() - began, outcome.status)
            return outcome
        if isinstance(outcome, asyncio.Future):  # which the fast lane follows as it is
            outcome.add_done_callback(partial(_noted, tally, began))
            return outcome
        return _followed(outcome, tally, began)  # type: ignore[arg-type]  # it is one or the other

    return replace(route, handler=run)


def _noted(tally: Tally, began: float, done: "asyncio.Future[Response]") -> None:
    error = asyncio.CancelledError() if done.cancelled() else done.exception()
    status = done.result().status if error is None else describe(error)[0] if isinstance(error, Exception) else 499
    tally.note(perf_counter() - began, status)


async def _followed(outcome: Awaitable[Response], tally: Tally, began: float) -> Response:
    try:
        response = await outcome
    except Exception as error:
        tally.note(perf_counter() - began, describe(error)[0])
        raise
    tally.note(perf_counter() - began, response.status)
    return response
