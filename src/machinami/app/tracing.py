"""How do traces leave an installation? As OTLP over HTTP with JSON, a batch every few seconds; and what is traced?"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import orjson

from machinami.kit.schedule import Work
from machinami.kit.tracing import CLIENT, SPAN, Span, Tracer
from machinami.store.protocol import TownStore, Transaction
from machinami.wire.exchange import Answer, Call, Caller
from machinami.wire.protocol import Channel, Delivery, Sender

SECONDS = 5.0
_BATCH = 512
_PATIENCE = 10.0
_LOG = logging.getLogger("machinami.tracing")
T = TypeVar("T")


class Exporter:
    """Sends what is traced to where the settings say. What cannot be sent is let go: traces are no record."""

    def __init__(self, tracer: Tracer, url: str, version: str, caller: Caller) -> None:
        self._tracer = tracer
        self._url = url
        self._version = version
        self._caller = caller
        self.sent = 0
        self.lost = 0

    async def flush(self) -> None:
        """Send the spans that are over."""
        over = self._tracer.over
        while over:
            batch = [over.popleft() for _ in range(min(_BATCH, len(over)))]
            body = orjson.dumps(document(batch, self._version))
            headers = {"content-type": "application/json"}
            answer = await self._caller.call(Call("POST", self._url, headers, body, _PATIENCE, limit=100_000))
            if answer.status is not None and 200 <= answer.status < 300:
                self.sent += len(batch)
            else:
                self.lost += len(batch)
                _LOG.info("traces cannot be sent: %s", answer.reason or answer.status)
                return


def document(spans: list[Span], version: str) -> dict[str, Any]:
    """Spans as OTLP writes them in JSON: ids in hexadecimal, times in nanoseconds as text."""
    about = _said({"service.name": "machinami", "service.version": version})
    scope = {"scope": {"name": "machinami", "version": version}, "spans": [_span(one) for one in spans]}
    return {"resourceSpans": [{"resource": {"attributes": about}, "scopeSpans": [scope]}]}


def _span(span: Span) -> dict[str, Any]:
    told: dict[str, Any] = {
        "traceId": span.trace,
        "spanId": span.id,
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.begin),
        "endTimeUnixNano": str(span.end),
        "attributes": _said(span.said),
        "status": {} if span.ok else {"code": 2},
    }
    return {**told, "parentSpanId": span.parent} if span.parent else told


def _said(said: Mapping[str, str | int]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in said.items()
    ]


class TracedSender:
    """Notifications, each of which is a span that its receiver is told of."""

    def __init__(self, sender: Sender, tracer: Tracer) -> None:
        self._sender = sender
        self._tracer = tracer

    async def send(
        self, uri: str, body: bytes, headers: Mapping[str, str], timeout: float, channel: Channel = ()
    ) -> Delivery:
        """Deliver it."""
        with self._tracer.within("notification", CLIENT) as span:
            if span is None:
                return await self._sender.send(uri, body, headers, timeout, channel)
            span.said["server.address"] = urlsplit(uri).hostname or ""
            delivery = await self._sender.send(
                uri, body, {**headers, "traceparent": span.traceparent}, timeout, channel
            )
            span.ok = delivery.ok
            return delivery

    async def close(self) -> None:
        """Let go of connections."""
        await self._sender.close()


class TracedCaller:
    """Questions to other brokers, each of which is a span that they are told of."""

    def __init__(self, caller: Caller, tracer: Tracer) -> None:
        self._caller = caller
        self._tracer = tracer

    async def call(self, call: Call) -> Answer:
        """Ask."""
        if SPAN.get() is None:
            return await self._caller.call(call)
        with self._tracer.within(f"{call.method} to a neighbour", CLIENT) as span:
            if span is None:
                return await self._caller.call(call)
            span.said["server.address"] = urlsplit(call.url).hostname or ""
            told = {**call.headers, "traceparent": span.traceparent}
            answer = await self._caller.call(replace(call, headers=told))
            span.ok = answer.status is not None and answer.status < 500
            return answer


def trace_commits(tracer: Tracer, name: str, store: TownStore) -> None:
    """Have what is written to a town be a span each, from when it is queued until it is committed."""
    plain = store.transact

    def transact(work: Callable[[Transaction], T]) -> Awaitable[T]:
        span = tracer.begin("commit", 1, within=SPAN.get()) if SPAN.get() is not None else None
        outcome = plain(work)
        if span is not None:
            span.said["machinami.town"] = name
            cast(Any, outcome).add_done_callback(partial(_committed, tracer, span))
        return outcome

    vars(store)["transact"] = transact


def _committed(tracer: Tracer, span: Span, done: Any) -> None:
    tracer.end(span, not done.cancelled() and done.exception() is None)


def trace_work(tracer: Tracer, name: str, work: Work) -> Work:
    """The work of a job, each run of which is a span."""

    async def run() -> None:
        with tracer.within(f"job {name}"):
            await work()

    return run
