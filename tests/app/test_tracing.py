"""Do traces tell where the time goes, across programs and without telling what anybody asked for?"""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.app.tenancy import installation

from machinami.app.observing import Observing
from machinami.app.tracing import Exporter, document
from machinami.foundation.errors import NotFound
from machinami.foundation.settings import Settings
from machinami.kit.http import Request, Response, Route
from machinami.kit.measuring import Tallies, measured
from machinami.kit.server import serve
from machinami.kit.tracing import SERVER, SPAN, Tracer, traced
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.wire.exchange import Answer, Call, HttpCaller

TOLD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def request(told: str = "") -> Request:
    fields = [(b"traceparent", told.encode())] if told else []
    return Request("GET", "/things/secret-name", "", fields, b"", {})


async def answered(route: Route, asked: Request) -> Response:
    outcome = route.handler(asked)
    return outcome if isinstance(outcome, Response) else await outcome


async def test_a_request_is_a_span_of_the_trace_that_its_caller_told_of() -> None:
    tracer, within = Tracer(), []

    async def handle(asked: Request) -> Response:
        await asyncio.sleep(0)
        within.append(SPAN.get())
        with tracer.within("inner"):
            return Response(201, b"{}")

    await answered(traced(Route("GET", "/things/{id}", handle), tracer), request(TOLD))
    inner, outer = tracer.over
    assert (outer.trace, outer.parent, outer.name, outer.kind) == (TOLD[3:35], TOLD[36:52], "GET /things/{id}", SERVER)
    assert (inner.trace, inner.parent) == (outer.trace, outer.id)
    assert within == [outer]
    assert SPAN.get() is None
    assert outer.said["http.response.status_code"] == 201
    assert "secret-name" not in json.dumps(document(list(tracer.over), "0"))


@pytest.mark.parametrize(
    ("told", "share", "spans"),
    [
        (TOLD, 0.0, 1),
        (TOLD[:-1] + "0", 1.0, 0),
        ("00-" + "0" * 32 + TOLD[35:], 1.0, 1),
        ("nonsense", 0.0, 0),
        ("", 1.0, 1),
        ("", 0.0, 0),
    ],
)
async def test_a_caller_decides_what_is_traced_and_else_the_share_does(told: str, share: float, spans: int) -> None:
    tracer = Tracer(share)
    route = traced(Route("GET", "/x", lambda _: Response(200)), tracer)
    await answered(route, request(told))
    assert len(tracer.over) == spans
    if spans and told != TOLD:
        assert tracer.over[0].trace != "0" * 32


async def test_a_request_that_fails_is_counted_and_traced_as_what_it_becomes() -> None:
    tracer, tallies = Tracer(), Tallies()

    async def fail(_: Request) -> Response:
        raise ValueError("odd")

    def refuse(_: Request) -> Response:
        raise NotFound("nothing")

    for handler, status, ok in ((fail, 500, False), (refuse, 404, True)):
        route = traced(measured(Route("GET", f"/{status}", handler), tallies), tracer)
        with suppress(ValueError, NotFound):
            await answered(route, request())
        assert tallies.of("GET", f"/{status}").statuses == {status: 1}
        assert (tracer.over[-1].ok, tracer.over[-1].said["http.response.status_code"]) == (ok, status)


async def test_what_is_off_is_not_there(tmp_path: Path) -> None:
    observing = Observing(Settings(tmp_path, measure=False), "0", HttpCaller(), open_backend(tmp_path, StoreSettings()))
    route = Route("GET", "/x", lambda _: Response(200))
    caller, sender = HttpCaller(), object()
    assert observing.route(route) is route
    assert observing.caller(caller) is caller
    assert observing.sender(sender) is sender  # type: ignore[arg-type,comparison-overlap]
    assert observing.metrics() == []


class Collector:
    """Takes what is sent, or is away."""

    def __init__(self, status: int | None) -> None:
        self.status = status
        self.calls: list[Call] = []

    async def call(self, call: Call) -> Answer:
        self.calls.append(call)
        return Answer(self.status)


@pytest.mark.parametrize(("status", "sent", "lost"), [(200, 3, 0), (503, 0, 3), (None, 0, 3)])
async def test_spans_are_sent_as_otlp_and_let_go_where_nobody_takes_them(
    status: int | None, sent: int, lost: int
) -> None:
    tracer, collector = Tracer(), Collector(status)
    for _ in range(3):
        with tracer.within("job x"):
            pass
    exporter = Exporter(tracer, "https://otel.example/v1/traces", "1.2", collector)
    await exporter.flush()
    assert (exporter.sent, exporter.lost, len(tracer.over)) == (sent, lost, 0)
    (scope,) = json.loads(collector.calls[0].body)["resourceSpans"][0]["scopeSpans"]
    assert [len(one["traceId"]) for one in scope["spans"]] == [32] * 3
    assert all(int(one["endTimeUnixNano"]) >= int(one["startTimeUnixNano"]) for one in scope["spans"])


async def test_a_running_town_sends_the_spans_of_requests_commits_and_jobs(tmp_path: Path) -> None:
    taken: list[Any] = []
    told = asyncio.Event()

    async def take(asked: Request) -> Response:
        for scope in json.loads(asked.body)["resourceSpans"][0]["scopeSpans"]:
            taken.extend(scope["spans"])
        names = {one["name"] for one in taken}
        if {"commit", "POST /ngsi-ld/v1/entities"} <= names and any(name.startswith("job ") for name in names):
            told.set()
        return Response(200, b"{}")

    collector = await serve([Route("POST", "/v1/traces", take)])
    try:
        async with installation(tmp_path, trace_to=f"{collector.url}/v1/traces") as towns:
            body = {"id": "urn:ngsi-ld:Gauge:planted-name", "type": "Gauge"}
            assert (await towns.ask("POST", "/ngsi-ld/v1/entities", body, traceparent=TOLD)).status == 201
            async with asyncio.timeout(60):
                await told.wait()
            metrics = (await towns.ask("GET", "/metrics")).text
    finally:
        await collector.stop()
    ours = [one for one in taken if one["traceId"] == TOLD[3:35]]
    assert {one["name"] for one in ours} >= {"POST /ngsi-ld/v1/entities", "commit"}
    assert "planted-name" not in json.dumps(taken)
    assert 'machinami_http_request_seconds_bucket{method="POST",route="/ngsi-ld/v1/entities",le="+Inf"} 1' in metrics
    assert 'machinami_http_requests_total{method="POST",route="/ngsi-ld/v1/entities",status="201"} 1' in metrics
    for name in ("disk_free_bytes", "memory_used_bytes", "workers_waiting", "store_commits", "trace_spans_sent_total"):
        assert f"\nmachinami_{name}" in metrics
    assert metrics.count("# TYPE machinami_http_request_seconds histogram") == 1
