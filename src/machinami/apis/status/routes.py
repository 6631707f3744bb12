"""Which addresses tell how the town fares?"""

from collections.abc import Callable, Iterable

import orjson

from machinami.apis.status.shapes import Metric, Part, health, prometheus
from machinami.kit.http import JSON, Handler, Request, Response, Route
from machinami.kit.openapi import OPERATION, Operation

_HEALTH = {"description": "How every part fares", "content": {"application/json": {"schema": {"type": "object"}}}}
_METRICS = {"description": "The Prometheus text format", "content": {"text/plain": {"schema": {"type": "string"}}}}


def routes(version: str, parts: Callable[[], Iterable[Part]], metrics: Callable[[], Iterable[Metric]]) -> list[Route]:
    """/health (200 if every part is well, 503 if the store is not) and /metrics."""

    def tell_health(_: Request) -> Response:
        listed = list(parts())
        down = any(part.name == "store" and not part.ok for part in listed)
        return Response(503 if down else 200, orjson.dumps(health(listed, version)), JSON)

    def tell_metrics(_: Request) -> Response:
        return Response(200, prometheus(metrics()), b"text/plain; version=0.0.4; charset=utf-8")

    return [
        _row("/health", tell_health, "Is the town well?", Operation(answers={200: _HEALTH, 503: _HEALTH})),
        _row("/metrics", tell_metrics, "Numbers for Prometheus", Operation(answers={200: _METRICS})),
    ]


def _row(path: str, handler: Handler, summary: str, operation: Operation) -> Route:
    return Route("GET", path, handler, summary, "Status", details={OPERATION: operation})
