"""What ``tracing`` does with OpenTelemetry's SDK, which is in the extra ``otel``."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags
from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection, ExceptionContext

from config import version
from webapp.services.core.tracing import Attribute, Note

# Seconds for one sending, with its retries: a worker waits for it after each job.
PATIENCE = 3.0
LONGEST_STATEMENT = 2000
SPANS = "tracing.spans"

_clicked: ContextVar[str] = ContextVar("clicked", default="")


class Ids(RandomIdGenerator):
    """Random ids, but for the span of a click: those that follow from its ``request_id``."""

    def generate_trace_id(self) -> int:
        """Of the trace that begins."""
        clicked = _clicked.get()
        return ids_of(clicked)[0] if clicked else super().generate_trace_id()

    def generate_span_id(self) -> int:
        """Of the span that begins."""
        clicked = _clicked.get()
        return ids_of(clicked)[1] if clicked else super().generate_span_id()


def ids_of(request_id: str) -> tuple[int, int]:
    """The ids of a click's trace and of its first span."""
    digest = hashlib.sha256(request_id.encode()).digest()
    return int.from_bytes(digest[:16], "big"), int.from_bytes(digest[16:24], "big")


class Sender:
    """Makes spans and sends them to one collector. Headers, sampling and limits: the SDK's own variables (OTEL_…)."""

    def __init__(self, endpoint: str) -> None:
        named = {SERVICE_VERSION: version()}
        if not os.environ.get("OTEL_SERVICE_NAME"):
            named[SERVICE_NAME] = "quotewright"
        self._provider = TracerProvider(resource=Resource.create(named), id_generator=Ids())
        patience = None if os.environ.get("OTEL_EXPORTER_OTLP_TIMEOUT") else PATIENCE
        exporter = OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=patience)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("quotewright")
        event.listen(Engine, "before_cursor_execute", self._before_statement)
        event.listen(Engine, "after_cursor_execute", _after_statement)
        event.listen(Engine, "handle_error", _after_error)

    def stop(self) -> None:
        """Send what is left, and hear of no more statements."""
        event.remove(Engine, "before_cursor_execute", self._before_statement)
        event.remove(Engine, "after_cursor_execute", _after_statement)
        event.remove(Engine, "handle_error", _after_error)
        self._provider.shutdown()

    def flush(self) -> None:
        """Send what is left."""
        self._provider.force_flush()

    def here(self) -> object:
        """The context with the span that is open now."""
        return context.get_current()

    @contextmanager
    def click(self, request_id: str, name: str, attributes: Mapping[str, Attribute]) -> Iterator[Note]:
        """The first span of the click's trace."""
        token = _clicked.set(request_id)
        try:
            span = self._tracer.start_span(name, Context(), SpanKind.SERVER, attributes)
        finally:
            _clicked.reset(token)
        with _open(span) as note:
            yield note

    @contextmanager
    def work_of(self, request_id: str, name: str, attributes: Mapping[str, Attribute]) -> Iterator[Note]:
        """A span below that of the click, or without one the first of a trace of its own."""
        above = Context()
        if request_id:
            trace_id, span_id = ids_of(request_id)
            chosen = (
                self._provider.sampler.should_sample(None, trace_id, name).decision
                is Decision.RECORD_AND_SAMPLE
            )
            flags = TraceFlags(TraceFlags.SAMPLED if chosen else TraceFlags.DEFAULT)
            clicked = SpanContext(trace_id, span_id, is_remote=True, trace_flags=flags)
            above = trace.set_span_in_context(NonRecordingSpan(clicked), above)
        with _open(self._tracer.start_span(name, above, SpanKind.CONSUMER, attributes)) as note:
            yield note

    @contextmanager
    def call(self, name: str, parent: object, attributes: Mapping[str, Attribute]) -> Iterator[Note]:
        """A span below the one that is open in this thread, or else below ``parent``."""
        is_open = trace.get_current_span().get_span_context().is_valid
        above = parent if not is_open and isinstance(parent, Context) else context.get_current()
        with _open(self._tracer.start_span(name, above, SpanKind.CLIENT, attributes)) as note:
            yield note

    def _before_statement(
        self, connection: Connection, _cursor: Any, statement: str, _values: Any, _context: Any, _many: bool
    ) -> None:
        # Only what belongs to something: not the sweeper's looks every two seconds.
        if not trace.get_current_span().is_recording():
            return
        named = {"db.system.name": connection.dialect.name, "db.query.text": statement[:LONGEST_STATEMENT]}
        span = self._tracer.start_span(statement.split(maxsplit=1)[0], None, SpanKind.CLIENT, named)
        connection.info.setdefault(SPANS, []).append(span)


def _after_statement(connection: Connection, *_: Any) -> None:
    spans = connection.info.get(SPANS)
    if spans:
        spans.pop().end()


def _after_error(failed: ExceptionContext) -> None:
    spans = failed.connection.info.get(SPANS) if failed.connection is not None else None
    if spans:
        span = spans.pop()
        _mark(span, failed.original_exception)
        span.end()


@contextmanager
def _open(span: Span) -> Iterator[Note]:
    """``span`` is open in the block. Of what the block raises, the class is noted and not its text."""
    try:
        with trace.use_span(span, record_exception=False, set_status_on_exception=False):
            yield span.set_attribute
    except BaseException as error:
        _mark(span, error)
        raise
    finally:
        span.end()


def _mark(span: Span, error: BaseException) -> None:
    span.set_status(StatusCode.ERROR)
    span.set_attribute("error.type", type(error).__name__)
