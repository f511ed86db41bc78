"""Tracing: spans of what this process does, told to a collector of OpenTelemetry.

OpenTelemetry is an extra (`pip install` of `otel`), and is used where its standard variables name an endpoint.
Elsewhere a span is nothing, and the trace of a request passes through as it came (`origin.py`).

A span has names, methods, routes and the text of statements, whose values are apart; no paths, tokens or bodies.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from enum import Enum
from typing import Any

from shared import VERSION
from shared.config import settings
from shared.telemetry.origin import Origin, origin, working_for

LONGEST_STATEMENT = 1000

Attributes = Mapping[str, str | int]

log = logging.getLogger(__name__)


class SpanKind(Enum):
    """On which side of a call a span is, by the names that OpenTelemetry has for it."""

    SERVER = "SERVER"
    CLIENT = "CLIENT"
    INTERNAL = "INTERNAL"


class NoSpan:
    """A span that nobody records."""

    def set_attributes(self, attributes: Attributes) -> None:
        """Say more of the span, once it is known."""

    def update_name(self, name: str) -> None:
        """Call it something else, once that is known."""


_NOTHING: AbstractContextManager[Any] = nullcontext(NoSpan())
_tracers: dict[str, Any] = {}


def wanted() -> bool:
    """Whether spans are to be told to anybody."""
    return bool(settings.otlp_endpoint or settings.otlp_traces_endpoint) and not settings.otel_disabled


def span(
    app: str, name: str, kind: SpanKind = SpanKind.INTERNAL, attributes: Attributes | None = None
) -> AbstractContextManager[Any]:
    """A span `name` of `app` around what is done within; it belongs to the trace of what the thread works for."""
    if not (tracer := _tracers.get(app)):
        return _NOTHING
    return _recorded(tracer, name, kind, attributes or {})


def answered(span: NoSpan, method: str, route: str, status: int) -> None:
    """Say what became of the request that `span` is of."""
    if type(span) is not NoSpan:
        span.update_name(f"{method} {route}")
        facts: Attributes = {"http.request.method": method, "http.route": route, "http.response.status_code": status}
        span.set_attributes(facts)


def record_statement(app: str, statement: str, started: int) -> None:
    """A span of a statement that `app` began at `started` (nanoseconds since 1970) and that has just ended.

    Within a span only: what a process looks after by itself, every few seconds, would fill the collector.
    """
    if not (tracer := _tracers.get(app)) or not origin().traceparent:
        return
    from opentelemetry import trace

    attributes = {"db.system.name": "postgresql", "db.query.text": statement[:LONGEST_STATEMENT]}
    name = statement.split(None, 1)[0].upper() if statement.strip() else "SQL"
    tracer.start_span(name, _parent(origin()), trace.SpanKind.CLIENT, attributes, start_time=started).end()


def _parent(request: Origin) -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract(request.as_headers())


@contextmanager
def _recorded(tracer: Any, name: str, kind: SpanKind, attributes: Attributes) -> Iterator[Any]:
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    before = origin()
    with tracer.start_as_current_span(name, _parent(before), trace.SpanKind[kind.value], attributes) as made:
        headers: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(headers)
        ids = {name: headers.get(name, "") for name in ("traceparent", "tracestate")}
        with working_for(replace(before, **ids)):
            yield made


def after_fork(apps: set[str]) -> None:
    """Begin to tell the spans of `apps`, in a worker process: what sends them is a thread, and none survives a fork."""
    if not wanted():
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("an endpoint for OpenTelemetry is set, but the extra is not installed: there are no traces")
        return
    for app in apps:
        resource = Resource.create({"service.name": app, "service.namespace": "patchbay", "service.version": VERSION})
        provider = TracerProvider(resource=resource)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        _tracers[app] = provider.get_tracer("patchbay")
