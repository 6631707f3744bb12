"""Which addresses tell how the town fares, and how much of it to whom?"""

from collections.abc import Callable, Iterable

import orjson

from machinami.apis.status.shapes import Metric, Part, health, prometheus, verdict
from machinami.foundation.errors import SignInRequired
from machinami.kit.http import JSON, Handler, Request, Response, Route
from machinami.kit.openapi import OPERATION, Operation
from machinami.kit.viewing import Oversees, everyone

_HEALTH = {"description": "How every part fares", "content": {"application/json": {"schema": {"type": "object"}}}}
_METRICS = {"description": "The Prometheus text format", "content": {"text/plain": {"schema": {"type": "string"}}}}


def routes(
    version: str,
    parts: Callable[[], Iterable[Part]],
    metrics: Callable[[Request], Iterable[Metric]],
    oversees: Oversees = everyone,
) -> list[Route]:
    """/health (200 if every part is well, 503 if the store is not) and /metrics. Of whom `oversees` says nothing,
    /health tells only whether the town is well, and /metrics nothing. metrics: what who asks may know."""

    def tell_health(request: Request) -> Response:
        listed = list(parts())
        down = any(part.name == "store" and not part.ok for part in listed)
        told = health(listed, version) if oversees(request) else {"status": verdict(listed)}
        return Response(503 if down else 200, orjson.dumps(told), JSON)

    def tell_metrics(request: Request) -> Response:
        if not oversees(request):
            raise SignInRequired("The figures are for this machine itself, and for a key with the scope `metrics`")
        return Response(200, prometheus(metrics(request)), b"text/plain; version=0.0.4; charset=utf-8")

    return [
        _row("/health", tell_health, "Is the town well?", Operation(answers={200: _HEALTH, 503: _HEALTH})),
        _row("/metrics", tell_metrics, "Numbers for Prometheus", Operation(answers={200: _METRICS})),
    ]


def _row(path: str, handler: Handler, summary: str, operation: Operation) -> Route:
    return Route("GET", path, handler, summary, "Status", details={OPERATION: operation})
