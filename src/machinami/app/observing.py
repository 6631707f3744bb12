"""What is counted and traced while an installation serves? What is off is not there: nothing is wrapped for it."""

from functools import partial

from machinami.apis.status.shapes import Metric, Part
from machinami.app.clock import utc_now
from machinami.app.tracing import SECONDS, Exporter, TracedCaller, TracedSender, trace_commits, trace_work
from machinami.app.watching import Faring, Installation
from machinami.foundation.settings import Settings
from machinami.kit.http import Route
from machinami.kit.measuring import STEPS, Tallies, Tally, measured
from machinami.kit.schedule import Job
from machinami.kit.tracing import Tracer, traced
from machinami.store.sqlite.backend import SqliteBackend
from machinami.wire.exchange import Caller
from machinami.wire.protocol import Sender

_REQUESTS = "http_request_seconds"


class Observing:
    """Counts the requests of one installation, and traces what it does where its settings want that."""

    def __init__(self, settings: Settings, version: str, caller: Caller, backend: SqliteBackend) -> None:
        self._tallies = Tallies() if settings.measure else None
        self._tracer = Tracer(settings.trace_share) if settings.trace_to else None
        self._exporter = None if self._tracer is None else Exporter(self._tracer, settings.trace_to, version, caller)
        if self._tracer is not None:
            backend.opened.append(partial(trace_commits, self._tracer))

    def sender(self, sender: Sender) -> Sender:
        """By what others are told: they hear to which trace it belongs."""
        return sender if self._tracer is None else TracedSender(sender, self._tracer)

    def caller(self, caller: Caller) -> Caller:
        """By what other brokers are asked, in the same way."""
        return caller if self._tracer is None else TracedCaller(caller, self._tracer)

    def route(self, route: Route) -> Route:
        """The route, of which every request is counted and traced as the settings want."""
        counted = route if self._tallies is None else measured(route, self._tallies)
        return counted if self._tracer is None else traced(counted, self._tracer)

    def start(self, watched: Installation, *others: Faring) -> None:
        """Have what is counted stand in /metrics, besides others; trace each run of a job, and send what was traced."""
        watched.others += [self, *others]
        if self._tracer is not None and self._exporter is not None:
            for job in watched.jobs:
                job.surround(partial(trace_work, self._tracer))
            watched.jobs.append(Job("traces", self._exporter.flush, utc_now, SECONDS))

    def parts(self) -> list[Part]:
        """Nothing that could fare ill: traces that are lost harm nobody."""
        return []

    def metrics(self) -> list[Metric]:
        """Requests by route, and traces."""
        found = [metric for tally in self._tallies or () for metric in _of_route(tally)]
        if self._exporter is not None:
            found.append(Metric("trace_spans_sent_total", "Spans that were sent", self._exporter.sent, "counter"))
            found.append(Metric("trace_spans_lost_total", "Spans that were not", self._exporter.lost, "counter"))
        return found


def _of_route(tally: Tally) -> list[Metric]:
    labels = {"method": tally.method, "route": tally.path}
    words, upto, rows = "How long requests took until their answer was ready", 0, []
    for step, count in zip((*STEPS, None), tally.counts, strict=True):
        upto += count
        end = "+Inf" if step is None else f"{step:g}"
        rows.append(Metric(_REQUESTS, words, upto, "histogram", {**labels, "le": end}, "_bucket"))
    rows.append(Metric(_REQUESTS, words, tally.seconds, "histogram", labels, "_sum"))
    rows.append(Metric(_REQUESTS, words, upto, "histogram", labels, "_count"))
    rows += [
        Metric("http_requests_total", "Requests by how they ended", count, "counter", {**labels, "status": str(status)})
        for status, count in sorted(tally.statuses.items())
    ]
    return rows
